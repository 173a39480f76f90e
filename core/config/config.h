/* config.h - the whole configuration, checked and typed.
 *
 * YAML -> tree with file:line:col (tree.h) -> checked against option tables (options.h) -> this.
 * All errors come in one pass. The same tables make the JSON Schema (schema.h) and docs/CONFIG.md.
 */
#ifndef ZC_CONFIG_CONFIG_H
#define ZC_CONFIG_CONFIG_H

#include <stdbool.h>

#include "core/base/buffer.h"
#include "core/base/error.h"
#include "core/model/cron.h"
#include "core/model/decide.h"
#include "core/model/plausibility.h"
#include "core/model/workload.h"

#define ZC_REGIONS_MAX   64
#define ZC_SOURCES_MAX   16
#define ZC_SINKS_MAX     8
#define ZC_PIPELINES_MAX 20000
#define ZC_FINDINGS_MAX  100

/* How the loader asks for a plugin's descriptor (the plugin registry implements it). Returns NULL
 * with a sentence in *error where it cannot be had. A second call with the same name gives the
 * same. */
typedef struct {
  void *user;
  const zc_plugin *(*find)(void *user, uint32_t kind, const char *name, zc_error *error);
  /* Names of the plugins of a kind that are there, for "did you mean"; returns how many of max. */
  size_t (*names)(void *user, uint32_t kind, const char **ret, size_t max);
} zc_plugin_finder;

/* Names of environment variables, each once. */
#define ZC_VARIABLES_MAX      128
#define ZC_VARIABLE_NAME_SIZE 129
typedef struct {
  char **names;
  size_t n;
} zc_variables;

/* One entry of sources:, policies.use:, sinks:, or a pipeline's trigger:. */
typedef struct {
  const zc_plugin *plugin;
  char *name; /* `name:`, by default the plugin's; unique within the kind (not for triggers) */
  zc_config *options;
  int line, column;
  /* sources only */
  int64_t every_ms, max_age_ms, timeout_ms;
  zc_plausibility plausibility;
  size_t n_regions;
  uint32_t *regions; /* positions in zc_settings.regions, in the order of the options' regions */
} zc_plugin_settings;

/* In the order of the words of `catch_up:` and `overlap:`. */
typedef enum { ZC_CATCH_UP_NONE, ZC_CATCH_UP_LATEST, ZC_CATCH_UP_ALL } zc_catch_up;
typedef enum { ZC_OVERLAP_SKIP, ZC_OVERLAP_QUEUE, ZC_OVERLAP_ALLOW } zc_overlap;

typedef struct {
  char *name, *team;
  uint32_t
      *regions; /* [0] the default, then relocate_to, ascending: positions in zc_settings.regions */
  uint32_t n_regions;
  zc_workload workload;
  zc_energy_model energy;
  bool auto_trigger;
  double min_savings_defer, max_defer_hours, pipeline_timeout_minutes;
  zc_catch_up catch_up;
  int64_t catch_up_max;
  zc_overlap overlap;
  int64_t max_parallel; /* 0: any number */
  bool has_schedule;
  char *schedule, *time_zone; /* time_zone NULL: UTC */
  zc_cron cron;
  zc_zone *zone;    /* shared among pipelines, owned by zc_settings */
  bool has_trigger; /* false only where auto_trigger is false */
  zc_plugin_settings trigger;
  int line;
} zc_pipeline_settings;

typedef struct {
  char *path;      /* as given; "-" for text */
  char *directory; /* absolute: what relative paths lie beside */
  char *state_dir; /* absolute */
  int log_level;   /* ZC_LOG_… */
  bool log_json;
  int64_t shutdown_ms; /* engine.shutdown_timeout */
  int64_t outbox_max;  /* rows */
  int64_t rollup_every_ms;
  double insights_threshold; /* gCO2eq/kWh */
  size_t n_plugin_dirs;
  char **plugin_dirs;
  size_t n_regions, n_sources, n_policies, n_sinks, n_pipelines;
  char **regions;
  zc_plugin_settings *sources, *policies, *sinks;
  zc_combine combine;
  zc_variables secret_variables; /* that the file's secret options refer to: ${NAME} */
  int64_t max_parallel, max_parallel_per_region; /* runs under way; 0: any number */
  bool implicit;                                 /* the file was found, not asked for */
  bool wait_past_deadline;                       /* limits.at_deadline: wait */
  zc_pipeline_settings *pipelines;
  zc_pipeline_settings **pipelines_by_name; /* ascending by strcmp */
  void *owned;                              /* zones and whatever else the loader shares */
  unsigned holders;
} zc_settings;

/* One message of the check. */
typedef struct {
  bool warning;
  int line, column; /* from 1; 0 where there is no place */
  char *text;       /* "regions.eu-west-2.pue: …" with what is wrong, and what now */
} zc_finding;

typedef struct {
  zc_finding *items; /* at most ZC_FINDINGS_MAX; an error takes the place of a warning */
  size_t n, capacity;
  size_t errors;   /* how many are no warnings, those left out counted too */
  size_t left_out; /* found, but not kept */
} zc_findings;

void zc_findings_finish(zc_findings *findings);
void zc_findings_add(zc_findings *findings, bool warning, int line, int column, const char *format,
                     ...) __attribute__((format(printf, 5, 6)));
void zc_findings_sort(zc_findings *findings); /* by position; zc_config_load() has done it */
/* "zerocarb.yaml:12:5: error: …\n" each, and at the end "… and N more". */
void zc_findings_print(const zc_findings *findings, const char *path, zc_buffer *to);

/* Reads and checks. ZC_OK with *ret and perhaps warnings; ZC_EINVAL with findings, all of them;
 * ZC_EIO where the file cannot be read (also a finding). Plugin dirs named in the file are in force
 * when `finder` is asked: `prepare` (may be NULL) is called with them first. */
typedef struct {
  const zc_plugin_finder *finder; /* NULL: no plugin can be had */
  void (*prepare)(void *user, char *const *plugin_dirs, size_t n);
  const char *state_dir; /* where not NULL: another one is an error, it needs a restart */
  /* Nobody asked for this very file: it is refused where others than root and the running user may
   * have written it. One that was asked for is taken with a warning. */
  bool implicit;
} zc_config_options;

int zc_config_load(const char *path, const zc_config_options *options, zc_settings **ret,
                   zc_findings *findings);
int zc_config_load_text(const char *text, size_t length, const char *path,
                        const zc_config_options *options, zc_settings **ret, zc_findings *findings);
/* Only engine.state_dir of the file, whatever else of it is wrong or refers to what is not there:
 * for commands that talk to an engine or read its journal. Findings only on failure. */
int zc_config_state_dir(const char *path, bool implicit, char **ret, zc_findings *findings);
/* Counted: the loader's caller holds the first share. Not for two threads at a time. */
zc_settings *zc_settings_hold(zc_settings *settings);
void zc_settings_free(
    zc_settings *settings); /* NULL is fine; with the last share secrets are wiped */
/* The pipeline of that name, or NULL. */
const zc_pipeline_settings *zc_settings_pipeline(const zc_settings *settings, const char *name);

/* Accessors of a zc_config, as documented at zc_host's members. */
int zc_config_has(const zc_config *config, const char *name);
/* Whether the option table has it, given or not. */
bool zc_config_declares(const zc_config *config, const char *name);
const char *zc_config_text(const zc_config *config, const char *name);
int64_t zc_config_integer(const zc_config *config, const char *name);
double zc_config_number(const zc_config *config, const char *name);
size_t zc_config_count(const zc_config *config, const char *name);
const char *zc_config_item(const zc_config *config, const char *name, size_t i);
size_t zc_config_n_regions(const zc_config *config);
const char *zc_config_region_name(const zc_config *config, size_t i);
const zc_config *zc_config_region_config(const zc_config *config, size_t i);

/* A zc_config from "name", "value" pairs checked against an option table: for tests, fuzzers and
 * the testkit. A list's value is YAML text ("[a, b]"), other values are taken as they are; relative
 * paths lie beside the working directory. Also ZC_EINVAL for a malformed range or default. Free
 * with zc_config_free. */
int zc_config_make(const zc_option *options, size_t n, const char *const (*pairs)[2],
                   size_t n_pairs, zc_config **ret, zc_error *error);
/* Counted, like settings: an instance holds its options for as long as its plugin's state lives. */
zc_config *zc_config_hold(zc_config *config); /* NULL is fine */
void zc_config_free(zc_config *config);       /* NULL is fine; wiped with the last share */
/* The same options with the same values, regions too. */
bool zc_config_equal(const zc_config *a, const zc_config *b);
/* A number that options with other values have not, but by chance: of those that are no secret.
 * Defaults leave it as it is, so that a version with more options gives the same. `rows`: the n
 * that it was read by. */
uint64_t zc_config_sum(const zc_config *config, const zc_option *rows, size_t n);
/* Appends a row of a source's `regions:`; owns `region` from then on, also on failure. ZC_ENOMEM.
 */
int zc_config_add_region(zc_config *config, const char *name, zc_config *region);

/* The JSON Schema of the whole file, and docs/CONFIG.md, from the core's tables and the plugins
 * given. */
int zc_config_schema(const zc_plugin *const *plugins, size_t n, zc_buffer *to);
int zc_config_markdown(const zc_plugin *const *plugins, size_t n, zc_buffer *to);

#endif
