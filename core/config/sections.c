#include "core/config/sections.h"

#include <stdlib.h>
#include <string.h>

#include "core/config/config.h"

#define ROWS(table) .options = (table), .n_options = sizeof(table) / sizeof((table)[0])

/* ---- engine --------------------------------------------------------------------------------- */

static const zc_option log_rows[] = {
    {"level", ZC_ENUM, 0, "info", "error|warning|info|debug", "The least that is logged."},
    {"format", ZC_ENUM, 0, "text", "text|json", "One line an event: for people, or for machines."},
};

const zc_section zc_section_log = {.key = "log", .help = "Messages on stderr.", ROWS(log_rows)};

static const zc_option engine_rows[] = {
    {"state_dir", ZC_PATH, 0, "./state", NULL,
     "Folder of the journal and the control socket; a volume in a container."},
    {"shutdown_timeout", ZC_DURATION, 0, "5s", "0s..6s",
     "How long a stop waits for what runs; Docker kills after 10 s."},
    {"outbox_max", ZC_INTEGER, 0, "1000000", "1000..100000000",
     "Rows that may wait for a sink; beyond it intensity history is left out. Runs never are."},
    {"plugin_dirs", ZC_STRING_LIST, 0, NULL, NULL,
     "Folders searched for plugins before the installed one; relative ones lie beside this file."},
};
static const zc_section *const engine_children[] = {&zc_section_log, NULL};

const zc_section zc_section_engine = {
    .key = "engine", .help = "The process itself.", ROWS(engine_rows), .children = engine_children};

/* ---- sources, policies, sinks --------------------------------------------------------------- */

#define PLUGIN_ROW                                                                                 \
  { "plugin", ZC_STRING, ZC_REQUIRED, NULL, NULL, "The plugin's name." }
#define NAME_ROW                                                                                   \
  { "name", ZC_STRING, 0, NULL, NULL, "What it is called in logs; by default the plugin's name." }
#define INSTANCE_NAME                                                                              \
  { "name", "A-Za-z0-9._-", 64 }

static const zc_option source_rows[] = {
    PLUGIN_ROW,
    NAME_ROW,
    {"every", ZC_DURATION, 0, "30m", "10s..24h", "How often it is asked."},
    {"max_age", ZC_DURATION, 0, "3h", "1m..7d",
     "How long its forecasts and its newest observation stay fresh; then the next source counts."},
    {"timeout", ZC_DURATION, 0, "30s", "1s..5m", "The deadline of one question to it."},
    {"min_plausible", ZC_NUMBER, 0, "0", "0..100000",
     "Intensities below it are refused, gCO2eq/kWh; the next source counts then."},
    {"max_plausible", ZC_NUMBER, 0, "2000", "0..100000", "The same for those above it."},
    {"max_beside_zero", ZC_NUMBER, 0, "60", ">0..100000",
     "A 0 whose neighbours are all at least this is refused, as a fault of telemetry, gCO2eq/kWh."},
};

const zc_section zc_section_sources = {
    .key = "sources",
    .help = "Where carbon data comes from; their order is their precedence, per region and signal.",
    .flags = ZC_SECTION_LIST | ZC_SECTION_REQUIRED | ZC_SECTION_REGIONS,
    .plugin_kind = ZC_SOURCE,
    .most = ZC_SOURCES_MAX,
    ROWS(source_rows),
    .name = INSTANCE_NAME};

static const zc_option use_rows[] = {PLUGIN_ROW, NAME_ROW};

const zc_section zc_section_use = {.key = "use",
                                   .help = "The policies, in the order in which they are asked.",
                                   .flags = ZC_SECTION_LIST,
                                   .plugin_kind = ZC_POLICY,
                                   .most = ZC_POLICIES_MAX,
                                   ROWS(use_rows),
                                   .name = INSTANCE_NAME};

static const zc_option policies_rows[] = {
    {"combine", ZC_ENUM, 0, "first", "first|best",
     "Take the first proposal, or the one with the lowest expected emissions."},
};
static const zc_section *const policies_children[] = {&zc_section_use, NULL};

const zc_section zc_section_policies = {.key = "policies",
                                        .help = "What decides when and where a run starts.",
                                        ROWS(policies_rows),
                                        .children = policies_children};

static const zc_option limits_rows[] = {
    {"max_parallel", ZC_INTEGER, 0, "0", "0..100000",
     "How many runs may be under way at once. 0: any number."},
    {"max_parallel_per_region", ZC_INTEGER, 0, "0", "0..100000",
     "The same for each region in which they run."},
    {"at_deadline", ZC_ENUM, 0, "start", "start|wait",
     "What a run does that has no place yet when its deadline comes: start all the same, or wait "
     "on."},
};

const zc_section zc_section_limits = {
    .key = "limits",
    .help = "So that a clean hour does not start everything at once: a run beyond these waits for "
            "a place, the nearest deadline first.",
    ROWS(limits_rows)};

static const zc_option sink_rows[] = {PLUGIN_ROW, NAME_ROW};

const zc_section zc_section_sinks = {.key = "sinks",
                                     .help = "Where records go.",
                                     .flags = ZC_SECTION_LIST,
                                     .plugin_kind = ZC_SINK,
                                     .most = ZC_SINKS_MAX,
                                     ROWS(sink_rows),
                                     .name = INSTANCE_NAME};

/* ---- defaults and pipelines ----------------------------------------------------------------- */

static const zc_option energy_rows[] = {
    {"watts_per_vcpu", ZC_NUMBER, 0, "10", "0..1000", "Mean power of one vCPU, W."},
    {"memory_kwh_per_gb_hour", ZC_NUMBER, 0, "0.000392", "0..1",
     "Energy of memory, kWh per GB and hour."},
    {"energy_pue", ZC_NUMBER, 0, "1", "1..10",
     "Factor on the energy; leave it at 1 where a source knows the PUE, which counts once."},
    {"embodied_g_per_vcpu_hour", ZC_NUMBER, 0, "2.5", "0..10000",
     "Embodied emissions of the hardware, gCO2eq per vCPU and hour."},
};

const zc_section zc_section_energy = {
    .key = "energy", .help = "Energy and embodied emissions of a run.", ROWS(energy_rows)};

static const zc_option workload_rows[] = {
    {"duration_minutes", ZC_NUMBER, ZC_REQUIRED, NULL, "0.001..10080", "How long one run takes."},
    {"vcpu_count", ZC_NUMBER, ZC_REQUIRED, NULL, ">0..4096", "How many vCPUs it keeps busy."},
    {"memory_gb", ZC_NUMBER, ZC_REQUIRED, NULL, "0..65536", "How much memory it holds, GB."},
};

const zc_section zc_section_workload = {.key = "workload",
                                        .help = "One run's size: all three, here or in `defaults`.",
                                        .flags = ZC_SECTION_LAYERED,
                                        ROWS(workload_rows)};

/* The rows of a pipeline; those from auto_trigger on are also those of `defaults:`. */
enum { PIPELINE_ONLY = 6, DEFAULTS_ROWS = 8 };
static const zc_option pipeline_rows[PIPELINE_ONLY + DEFAULTS_ROWS] = {
    {"name", ZC_STRING, ZC_REQUIRED, NULL, NULL, "The pipeline's name, unique."},
    {"team", ZC_STRING, 0, NULL, NULL, "Whose it is."},
    {"region", ZC_STRING, ZC_REQUIRED, NULL, NULL, "The default region, one of regions."},
    {"relocate_to", ZC_STRING_LIST, 0, NULL, "..64",
     "Other regions where it may run, each one of regions; of equally good ones the first of "
     "regions is taken."},
    {"schedule", ZC_STRING, 0, NULL, NULL,
     "When it is due: minute hour day-of-month month day-of-week, or @hourly, @daily and so on; "
     "without it, on request only."},
    {"time_zone", ZC_STRING, 0, NULL, NULL,
     "The schedule's time zone, such as Europe/London; UTC unless said."},
    {"auto_trigger", ZC_BOOLEAN, 0, "true", NULL, "false: decide and record, but start nothing."},
    {"min_savings_defer", ZC_NUMBER, 0, "15", "0..100",
     "The least saving of intensity that is worth waiting for, percent."},
    {"max_defer_hours", ZC_NUMBER, 0, "24", "0..168", "How long a run may wait, hours."},
    {"pipeline_timeout", ZC_NUMBER, 0, "30", "1..10080",
     "When a run that has not ended counts as timed out, minutes."},
    {"catch_up", ZC_ENUM, 0, "latest", "none|latest|all",
     "Which slots are made up for that came while the engine was away: the newest, while its "
     "deadline lasts; or the newest catch_up_max, whatever their age. The others are counted."},
    {"catch_up_max", ZC_INTEGER, 0, "24", "1..1000",
     "How many slots catch_up: all makes up for at the most, the newest ones."},
    {"overlap", ZC_ENUM, 0, "allow", "skip|queue|allow",
     "What becomes of a run that is due while another of the pipeline has not ended. skip: it is "
     "recorded as CANCELLED; queue: it starts when no other runs, after its deadline too; allow: "
     "they run side by side."},
    {"max_parallel", ZC_INTEGER, 0, "0", "0..100000",
     "How many of its runs may be under way at once; a further one waits, see limits. 0: any "
     "number."},
};

static const zc_section *const defaults_children[] = {&zc_section_energy, &zc_section_workload,
                                                      NULL};

const zc_section zc_section_defaults = {
    .key = "defaults",
    .help = "What holds for every pipeline that says nothing else; each key also per pipeline.",
    .options = pipeline_rows + PIPELINE_ONLY,
    .n_options = DEFAULTS_ROWS,
    .children = defaults_children};

static const zc_option trigger_rows[] = {PLUGIN_ROW};

const zc_section zc_section_trigger = {
    .key = "trigger",
    .help = "What starts the pipeline; required unless auto_trigger is false.",
    .plugin_kind = ZC_TRIGGER,
    ROWS(trigger_rows)};

static const zc_section *const pipeline_children[] = {&zc_section_workload, &zc_section_energy,
                                                      &zc_section_trigger, NULL};

const zc_section zc_section_pipelines = {
    .key = "pipelines",
    .help = "What is to be run. What a pipeline does not say is as in `defaults`.",
    .flags = ZC_SECTION_LIST | ZC_SECTION_REQUIRED,
    .most = ZC_PIPELINES_MAX,
    ROWS(pipeline_rows),
    .children = pipeline_children,
    .name = {"name", "A-Za-z0-9._@-", 100}};

/* ---- derived tables ------------------------------------------------------------------------- */

static const zc_option insights_rows[] = {
    {"threshold", ZC_NUMBER, 0, "100", "0..10000",
     "Up to this intensity a region counts as one of regions_below_threshold, gCO2eq/kWh."},
};

const zc_section zc_section_insights = {
    .key = "insights", .help = "What regional_insights tells of an hour.", ROWS(insights_rows)};

static const zc_option rollups_rows[] = {
    {"every", ZC_DURATION, 0, "1h", "15m..24h",
     "How often the derived tables are brought up to date from what has changed."},
};

const zc_section zc_section_rollups = {
    .key = "rollups",
    .help = "The tables made from runs and history: pipeline_analytics, regional_insights, "
            "carbon_leaderboard.",
    ROWS(rollups_rows)};

/* ---- the whole file ------------------------------------------------------------------------- */

static const zc_option root_rows[] = {
    {"regions", ZC_STRING_LIST, ZC_REQUIRED, NULL, "1..64",
     "The regions' names; their order decides ties."},
};
static const zc_section *const root_children[] = {&zc_section_engine,   &zc_section_sources,
                                                  &zc_section_policies, &zc_section_limits,
                                                  &zc_section_defaults, &zc_section_pipelines,
                                                  &zc_section_sinks,    &zc_section_insights,
                                                  &zc_section_rollups,  NULL};

const zc_section zc_section_root = {.key = "",
                                    .help = "The whole file.",
                                    ROWS(root_rows),
                                    .children = root_children,
                                    .name = {"regions", "a-z0-9-", 64}};

/* Whether c is in the class: single characters and ranges; a '-' at the end is itself. */
static int is_in_class(const char *class, char c) {
  for (const char *p = class; *p; p++) {
    if (p[1] == '-' && p[2]) {
      if (c >= p[0] && c <= p[2]) return 1;
      p += 2;
    } else if (*p == c) {
      return 1;
    }
  }
  return 0;
}

int zc_name_fits(const zc_name_rule *rule, const char *text) {
  size_t n = strlen(text);
  for (size_t i = 0; i < n; i++) {
    if (!is_in_class(rule->characters, text[i])) return 0;
  }
  return n >= 1 && n <= rule->longest;
}

static int by_kind_and_name(const void *a, const void *b) {
  const zc_plugin *left = *(const zc_plugin *const *)a, *right = *(const zc_plugin *const *)b;
  if (left->kind != right->kind) return left->kind < right->kind ? -1 : 1;
  return strcmp(left->name, right->name);
}

const zc_plugin **zc_plugins_sorted(const zc_plugin *const *plugins, size_t n) {
  const zc_plugin **sorted = calloc(n + 1, sizeof(void *));
  if (!sorted) return NULL;
  for (size_t i = 0; i < n; i++)
    sorted[i] = plugins[i];
  qsort(sorted, n, sizeof(void *), by_kind_and_name);
  return sorted;
}
