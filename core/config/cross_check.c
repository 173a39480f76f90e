/* What is allowed and yet hardly meant: figures that count twice, regions compared by unlike
 * figures, and parts that nothing uses. */
#include <stdio.h>
#include <string.h>

#include "core/config/settings.h"

#define NAMES_TEXT 400
#define SEEN_MAX   ZC_FINDINGS_MAX

/* Sets of regions have a bit for each position in zc_settings.regions. */
typedef uint64_t region_set;
#define BIT(region) (UINT64_C(1) << (region))

/* What the sources say of the regions. */
typedef struct {
  region_set covered, dynamic, constant; /* by any source, by one that changes, by one that not */
  region_set adjusted;                   /* by a PUE or a renewable share */
  region_set pue_above_1;
  char pue[ZC_REGIONS_MAX][96];             /* who gives it, for messages */
  uint32_t basis[ZC_REGIONS_MAX];           /* ZC_BASIS_… of the first dynamic source */
  const char *basis_source[ZC_REGIONS_MAX]; /* its name */
} region_facts;

/* The same trouble in a thousand pipelines is told once: sets of regions, or other figures that say
 * what is the same. */
typedef struct {
  size_t n;
  struct {
    int kind;
    uint64_t left, right;
  } items[SEEN_MAX];
} seen_list;

static bool is_new(seen_list *seen, int kind, uint64_t left, uint64_t right) {
  for (size_t i = 0; i < seen->n; i++) {
    if (seen->items[i].kind == kind && seen->items[i].left == left &&
        seen->items[i].right == right) {
      return false;
    }
  }
  if (seen->n == SEEN_MAX) return false;
  seen->items[seen->n].kind = kind;
  seen->items[seen->n].left = left;
  seen->items[seen->n++].right = right;
  return true;
}

/* ---- what the sources say ------------------------------------------------------------------- */

static bool has_row(const zc_plugin *plugin, const char *name) {
  return zc_options_know(plugin->region_options, plugin->n_region_options, name);
}

static bool is_constant(const zc_plugin *plugin) {
  const zc_source_ops *ops = plugin->ops;
  return ops && ops->flags & ZC_SOURCE_CONSTANT;
}

/* A source says by an option what its intensities count: emission_factor_type where there is a
 * choice, basis where it is fixed. */
static uint32_t basis_of(const zc_config *source, const zc_config *region) {
  static const char *const options[] = {"emission_factor_type", "basis"};
  static const struct {
    const char *word;
    uint32_t basis;
  } words[] = {{"direct", ZC_BASIS_OPERATIONAL},
               {"operational", ZC_BASIS_OPERATIONAL},
               {"lifecycle", ZC_BASIS_LIFECYCLE},
               {"marginal", ZC_BASIS_MARGINAL}};
  const char *text = NULL;
  for (size_t i = 0; i < 2 && !text; i++) {
    text = zc_config_text(region, options[i]);
    if (!text) text = zc_config_text(source, options[i]);
  }
  for (size_t i = 0; text && i < sizeof words / sizeof *words; i++) {
    if (strcmp(words[i].word, text) == 0) return words[i].basis;
  }
  return ZC_BASIS_UNKNOWN;
}

static const char *basis_text(uint32_t basis) {
  static const char *const texts[] = {"unknown", "operational", "lifecycle", "marginal"};
  return texts[basis <= ZC_BASIS_MARGINAL ? basis : 0];
}

static void note_pue(region_facts *facts, const zc_plugin_settings *source, uint32_t region,
                     const zc_config *row) {
  bool given = zc_config_has(row, "pue");
  double pue = zc_config_number(row, "pue");
  if (!has_row(source->plugin, "pue") || (given && pue <= 1) || facts->pue_above_1 & BIT(region)) {
    return;
  }
  facts->pue_above_1 |= BIT(region);
  if (given) {
    snprintf(facts->pue[region], sizeof facts->pue[region], "%s: %g", source->name, pue);
  } else {
    snprintf(facts->pue[region], sizeof facts->pue[region], "%s: its own figure", source->name);
  }
}

static void note_region(region_facts *facts, const zc_plugin_settings *source, uint32_t region,
                        const zc_config *row) {
  facts->covered |= BIT(region);
  if (has_row(source->plugin, "pue") || has_row(source->plugin, "renewable_pct")) {
    facts->adjusted |= BIT(region);
  }
  note_pue(facts, source, region, row);
  if (is_constant(source->plugin)) {
    facts->constant |= BIT(region);
  } else if (!(facts->dynamic & BIT(region))) {
    facts->dynamic |= BIT(region);
    facts->basis[region] = basis_of(source->options, row);
    facts->basis_source[region] = source->name;
  }
}

static void collect_facts(const zc_settings *settings, region_facts *ret) {
  memset(ret, 0, sizeof *ret);
  for (size_t i = 0; i < settings->n_sources; i++) {
    const zc_plugin_settings *source = &settings->sources[i];
    for (size_t j = 0; j < source->n_regions; j++)
      note_region(ret, source, source->regions[j], zc_config_region_config(source->options, j));
  }
}

static void join_names(const zc_settings *settings, region_set set, char *text) {
  size_t used = 0;
  *text = '\0';
  for (size_t i = 0; i < settings->n_regions && used < NAMES_TEXT; i++) {
    if (!(set & BIT(i))) continue;
    used += (size_t)snprintf(text + used, NAMES_TEXT - used, "%s%s", used ? ", " : "",
                             settings->regions[i]);
  }
}

/* ---- the file as a whole -------------------------------------------------------------------- */

static void check_regions(zc_reader *reader, const zc_node *root, const region_facts *facts) {
  const zc_node *list = zc_node_get(root, "regions");
  for (const zc_node *item = list->first; item; item = item->next) {
    if (!(facts->covered & BIT(item->index))) {
      zc_check_warning(&reader->check, item, "no source covers %s", item->text);
    }
  }
}

static void check_renewable(zc_reader *reader, const zc_node *entry,
                            const zc_plugin_settings *source) {
  const zc_node *regions = zc_node_get(entry, "regions");
  for (size_t i = 0; i < source->n_regions; i++) {
    const char *name = zc_config_region_name(source->options, i);
    double share = zc_config_number(zc_config_region_config(source->options, i), "renewable_pct");
    const zc_node *row = zc_node_get(regions, name);
    if (share <= 0) continue;
    zc_check_warning(&reader->check, row ? row : regions,
                     "renewable_pct %g is a market-based measure, which the SCI specification does "
                     "not admit: records also carry location_based figures without it",
                     share);
  }
}

static void check_parts(zc_reader *reader, const zc_node *root) {
  const zc_settings *settings = reader->settings;
  const zc_node *policies = zc_node_get(root, "policies"), *sinks = zc_node_get(root, "sinks");
  if (settings->n_policies == 0) {
    const zc_node *at = policies ? policies : root;
    zc_findings_add(reader->check.findings, true, at->line, at->column,
                    "policies: none: every run starts at once, in its default region");
  }
  if (settings->n_sinks == 0) {
    const zc_node *at = sinks ? sinks : root;
    zc_findings_add(reader->check.findings, true, at->line, at->column,
                    "sinks: none: nothing is recorded");
  }
}

/* ---- pipelines ------------------------------------------------------------------------------ */

typedef struct {
  zc_reader *reader;
  const region_facts *facts;
  bool averages_unused; /* a policy would relocate to yearly averages, but is not allowed to */
  seen_list seen;
} pipeline_check;

enum { SEEN_PUE, SEEN_ADJUSTED, SEEN_BASIS, SEEN_STATIC, SEEN_TIMEOUT };

static region_set regions_of(const zc_pipeline_settings *pipeline) {
  region_set set = 0;
  for (uint32_t i = 0; i < pipeline->n_regions; i++)
    set |= BIT(pipeline->regions[i]);
  return set;
}

static void check_pue(pipeline_check *check, const zc_pipeline_settings *pipeline,
                      const zc_node *node) {
  const zc_settings *settings = check->reader->settings;
  region_set twice = regions_of(pipeline) & check->facts->pue_above_1;
  if (pipeline->energy.energy_pue <= 1 || !twice || !is_new(&check->seen, SEEN_PUE, twice, 0)) {
    return;
  }
  size_t first = 0;
  while (!(twice & BIT(first)))
    first++;
  zc_check_warning(&check->reader->check, node,
                   "PUE counts twice: energy_pue is %g, and the intensity of %s has one in it, too "
                   "(%s): leave energy_pue at 1",
                   pipeline->energy.energy_pue, settings->regions[first], check->facts->pue[first]);
}

static void check_adjusted(pipeline_check *check, const zc_pipeline_settings *pipeline,
                           const zc_node *node) {
  char with[NAMES_TEXT], without[NAMES_TEXT];
  region_set all = regions_of(pipeline) & check->facts->covered;
  region_set adjusted = all & check->facts->adjusted, plain = all & ~adjusted;
  if (!adjusted || !plain || !is_new(&check->seen, SEEN_ADJUSTED, adjusted, plain)) return;
  join_names(check->reader->settings, adjusted, with);
  join_names(check->reader->settings, plain, without);
  zc_check_warning(&check->reader->check, node,
                   "compares unlike figures: %s with PUE or renewable share, %s without", with,
                   without);
}

static void check_basis(pipeline_check *check, const zc_pipeline_settings *pipeline,
                        const zc_node *node) {
  const region_facts *facts = check->facts;
  const zc_settings *settings = check->reader->settings;
  region_set dynamic = regions_of(pipeline) & facts->dynamic, sets[ZC_BASIS_MARGINAL + 1] = {0};
  for (size_t i = 0; i < settings->n_regions; i++) {
    if (dynamic & BIT(i)) sets[facts->basis[i]] |= BIT(i);
  }
  char text[3 * NAMES_TEXT];
  size_t used = 0, kinds = 0;
  for (uint32_t basis = ZC_BASIS_OPERATIONAL; basis <= ZC_BASIS_MARGINAL; basis++) {
    char names[NAMES_TEXT];
    if (!sets[basis]) continue;
    join_names(settings, sets[basis], names);
    used += (size_t)snprintf(text + used, sizeof text - used, "%s%s (%s)", kinds ? ", " : "", names,
                             basis_text(basis));
    if (used >= sizeof text) used = sizeof text - 1;
    kinds++;
  }
  region_set operational = sets[ZC_BASIS_OPERATIONAL], lifecycle = sets[ZC_BASIS_LIFECYCLE];
  if (kinds < 2 || !is_new(&check->seen, SEEN_BASIS, operational, lifecycle)) return;
  zc_check_warning(&check->reader->check, node, "compares unlike bases: %s", text);
}

static void check_static(pipeline_check *check, const zc_pipeline_settings *pipeline,
                         const zc_node *node) {
  const region_facts *facts = check->facts;
  region_set others = regions_of(pipeline) & ~BIT(pipeline->regions[0]);
  region_set averages = others & facts->constant & ~facts->dynamic;
  if (!check->averages_unused || !averages || !is_new(&check->seen, SEEN_STATIC, averages, 0)) {
    return;
  }
  char names[NAMES_TEXT];
  join_names(check->reader->settings, averages, names);
  zc_check_warning(&check->reader->check, node,
                   "never relocated to %s: known only by a yearly average, and allow_static is "
                   "false",
                   names);
}

/* A run that takes as long as its workload says is ended before. */
static void check_timeout(pipeline_check *check, const zc_pipeline_settings *pipeline,
                          const zc_node *node) {
  double takes = pipeline->workload.duration_minutes, limit = pipeline->pipeline_timeout_minutes;
  uint64_t left = (uint64_t)(takes * 1000), right = (uint64_t)(limit * 1000);
  if (!pipeline->auto_trigger || takes <= limit || !is_new(&check->seen, SEEN_TIMEOUT, left, right))
    return;
  zc_check_warning(&check->reader->check, node,
                   "workload.duration_minutes is %g, and pipeline_timeout ends a run after %g: set "
                   "a longer pipeline_timeout",
                   takes, limit);
}

static bool averages_unused(const zc_settings *settings) {
  bool unused = false;
  for (size_t i = 0; i < settings->n_policies; i++) {
    const zc_config *options = settings->policies[i].options;
    if (!zc_config_has(options, "allow_static")) continue;
    if (zc_config_integer(options, "allow_static")) return false;
    unused = true;
  }
  return unused;
}

/* The leaderboard has one row a name, for pipelines and teams alike. */
static void check_team(pipeline_check *check, const zc_pipeline_settings *pipeline,
                       const zc_node *node) {
  const zc_settings *settings = check->reader->settings;
  const zc_pipeline_settings *same =
      pipeline->team ? zc_settings_pipeline(settings, pipeline->team) : NULL;
  if (!same) return;
  zc_check_error(
      &check->reader->check, zc_node_get(node, "team"),
      "a pipeline (line %d) has the name of this team, and the leaderboard has one row a "
      "name: rename one of them",
      same->line);
}

static void check_pipelines(zc_reader *reader, const zc_node *root, const region_facts *facts) {
  pipeline_check check = {.reader = reader, .facts = facts};
  check.averages_unused = averages_unused(reader->settings);
  const zc_pipeline_settings *pipeline = reader->settings->pipelines;
  const zc_node *node = zc_node_get(root, "pipelines")->first;
  for (; node; node = node->next, pipeline++) {
    check_pue(&check, pipeline, node);
    check_adjusted(&check, pipeline, node);
    check_basis(&check, pipeline, node);
    check_static(&check, pipeline, node);
    check_timeout(&check, pipeline, node);
    check_team(&check, pipeline, node);
  }
}

void zc_cross_check(zc_reader *reader, const zc_node *root) {
  region_facts facts;
  const zc_node *entry = zc_node_get(root, "sources")->first;
  collect_facts(reader->settings, &facts);
  check_regions(reader, root, &facts);
  for (size_t i = 0; entry; entry = entry->next, i++)
    check_renewable(reader, entry, &reader->settings->sources[i]);
  check_parts(reader, root);
  check_pipelines(reader, root, &facts);
}
