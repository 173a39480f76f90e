/* `defaults:` and `pipelines:`. */
#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"
#include "core/config/settings.h"

/* What `defaults:` says, table defaults applied; workload has none. */
typedef struct {
  zc_config *rows, *energy, *workload;
} layer;

static void layer_finish(layer *l) {
  zc_config_free(l->rows);
  zc_config_free(l->energy);
  zc_config_free(l->workload);
}

/* flags: of rows and energy. What workload lacks is known only once both layers are read. */
static layer layer_read(zc_reader *reader, const zc_section *section, const zc_node *node,
                        unsigned flags) {
  layer l;
  l.rows = zc_section_read(reader, section, node, flags);
  l.energy = zc_section_read(reader, &zc_section_energy, zc_node_get(node, "energy"), flags);
  l.workload = zc_section_read(reader, &zc_section_workload, zc_node_get(node, "workload"),
                               ZC_READ_NO_DEFAULTS);
  return l;
}

static double number_of(const zc_config *own, const zc_config *shared, const char *name) {
  return zc_config_number(zc_config_has(own, name) ? own : shared, name);
}

static int64_t integer_of(const layer *own, const layer *shared, const char *name) {
  return zc_config_integer(zc_config_has(own->rows, name) ? own->rows : shared->rows, name);
}

static char *copy_text(zc_reader *reader, const char *text) {
  char *copy = zc_duplicate(text);
  if (text && !copy) reader->check.status = ZC_ENOMEM;
  return copy;
}

/* ---- parts of a pipeline -------------------------------------------------------------------- */

static void read_numbers(const layer *own, const layer *shared, zc_pipeline_settings *ret) {
  ret->auto_trigger = integer_of(own, shared, "auto_trigger") != 0;
  ret->catch_up = (zc_catch_up)integer_of(own, shared, "catch_up");
  ret->catch_up_max = integer_of(own, shared, "catch_up_max");
  ret->overlap = (zc_overlap)integer_of(own, shared, "overlap");
  ret->max_parallel = integer_of(own, shared, "max_parallel");
  ret->min_savings_defer = number_of(own->rows, shared->rows, "min_savings_defer");
  ret->max_defer_hours = number_of(own->rows, shared->rows, "max_defer_hours");
  ret->pipeline_timeout_minutes = number_of(own->rows, shared->rows, "pipeline_timeout");
  ret->energy = (zc_energy_model){
      .watts_per_vcpu = number_of(own->energy, shared->energy, "watts_per_vcpu"),
      .memory_kwh_per_gb_hour = number_of(own->energy, shared->energy, "memory_kwh_per_gb_hour"),
      .energy_pue = number_of(own->energy, shared->energy, "energy_pue"),
      .embodied_g_per_vcpu_hour =
          number_of(own->energy, shared->energy, "embodied_g_per_vcpu_hour")};
  ret->workload = (zc_workload){
      .duration_minutes = number_of(own->workload, shared->workload, "duration_minutes"),
      .vcpu_count = number_of(own->workload, shared->workload, "vcpu_count"),
      .memory_gb = number_of(own->workload, shared->workload, "memory_gb")};
}

/* Each part of the workload stands in the pipeline or in the defaults. */
static void check_workload(zc_reader *reader, const zc_node *node, const zc_node *defaults) {
  const zc_node *own = zc_node_get(node, "workload");
  const zc_node *shared = zc_node_get(defaults, "workload");
  if (own && own->kind != ZC_NODE_MAPPING && !zc_node_is_null(own)) return; /* reported */
  if (!own && !shared) {
    zc_check_missing(&reader->check, node, "workload", "");
    return;
  }
  for (size_t i = 0; i < zc_section_workload.n_options; i++) {
    const char *name = zc_section_workload.options[i].name;
    if (zc_node_get(own, name) || zc_node_get(shared, name)) continue;
    zc_check_missing(&reader->check, own ? own : node, own ? name : "workload", "");
    if (!own) return;
  }
}

static void add_region(zc_reader *reader, const zc_node *node, zc_pipeline_settings *ret) {
  uint32_t position;
  if (!zc_region_find(reader, node, node->text, &position)) return;
  for (uint32_t i = 0; i < ret->n_regions; i++) {
    if (ret->regions[i] != position) continue;
    zc_check_error(&reader->check, node, "\"%s\" is %s", node->text,
                   i == 0 ? "the default region already" : "there twice");
    return;
  }
  ret->regions[ret->n_regions++] = position;
}

/* Ties between regions are settled by the order of the config's `regions:`, so the others come in
 * it, whatever the order in which they are permitted. */
static void sort_others(zc_pipeline_settings *ret) {
  for (uint32_t i = 2; i < ret->n_regions; i++) {
    for (uint32_t j = i; j > 1 && ret->regions[j] < ret->regions[j - 1]; j--) {
      uint32_t position = ret->regions[j];
      ret->regions[j] = ret->regions[j - 1];
      ret->regions[j - 1] = position;
    }
  }
}

static void read_regions(zc_reader *reader, const zc_node *node, const zc_config *own,
                         zc_pipeline_settings *ret) {
  const zc_node *region = zc_node_get(node, "region"), *others = zc_node_get(node, "relocate_to");
  size_t n = zc_config_count(own, "relocate_to");
  if (!zc_config_has(own, "region")) {
    if (!region) zc_check_missing(&reader->check, node, "region", "");
    return;
  }
  if (!(ret->regions = calloc(n + 1, sizeof *ret->regions))) {
    reader->check.status = ZC_ENOMEM;
    return;
  }
  add_region(reader, region, ret);
  if (ret->n_regions == 0 || n == 0) return;
  for (const zc_node *item = others->first; item; item = item->next)
    add_region(reader, item, ret);
  sort_others(ret);
}

static void read_schedule(zc_reader *reader, const zc_node *node, const zc_config *own,
                          zc_pipeline_settings *ret) {
  zc_error error = {0};
  const char *text = zc_config_text(own, "schedule");
  if (!text || zc_check_is_full(&reader->check)) return;
  ret->schedule = copy_text(reader, text);
  if (zc_cron_parse(text, &ret->cron, &error) == ZC_OK) {
    ret->has_schedule = true;
  } else {
    zc_check_error(&reader->check, zc_node_get(node, "schedule"), "%s", error.text);
  }
}

/* ---- time zones, each loaded once ----------------------------------------------------------- */

static bool reserve_zone(zc_shared *shared) {
  if (shared->n < shared->capacity) return true;
  size_t capacity = shared->capacity ? shared->capacity * 2 : 8;
  void *zones = realloc(shared->zones, capacity * sizeof *shared->zones);
  if (!zones) return false;
  shared->zones = zones;
  shared->capacity = capacity;
  return true;
}

static zc_zone *load_zone(zc_reader *reader, const zc_node *node) {
  zc_shared *shared = reader->settings->owned;
  for (size_t i = 0; i < shared->n; i++) {
    if (strcmp(shared->zones[i].name, node->text) == 0) return shared->zones[i].zone;
  }
  zc_error error = {0};
  zc_zone *zone = NULL;
  char *name = reserve_zone(shared) ? copy_text(reader, node->text) : NULL;
  int status = name ? zc_zone_load(node->text, &zone, &error) : ZC_ENOMEM;
  if (status == ZC_ENOMEM) reader->check.status = status;
  if (status != ZC_OK) {
    zc_check_error(&reader->check, node, "%s", error.text);
    free(name);
    return NULL;
  }
  shared->zones[shared->n].name = name;
  shared->zones[shared->n++].zone = zone;
  return zone;
}

static void read_time_zone(zc_reader *reader, const zc_node *node, const zc_config *own,
                           zc_pipeline_settings *ret) {
  const char *name = zc_config_text(own, "time_zone");
  if (!name || strcmp(name, "UTC") == 0 || zc_check_is_full(&reader->check)) return;
  if (!zc_config_has(own, "schedule"))
    zc_check_warning(&reader->check, zc_node_get(node, "time_zone"),
                     "without a schedule it says nothing");
  ret->time_zone = copy_text(reader, name);
  ret->zone = load_zone(reader, zc_node_get(node, "time_zone"));
}

/* ---- pipelines ------------------------------------------------------------------------------ */

static void read_trigger(zc_reader *reader, const zc_node *node, zc_pipeline_settings *ret) {
  const zc_node *trigger = zc_node_get(node, "trigger");
  if (trigger && !zc_node_is_null(trigger)) {
    zc_read_plugin_entry(reader, &zc_section_trigger, trigger, &ret->trigger);
    ret->has_trigger = ret->trigger.plugin != NULL;
  } else if (ret->auto_trigger) {
    zc_check_missing(&reader->check, node, "trigger", " (unless auto_trigger is false)");
  }
}

static void read_pipeline(zc_reader *reader, const zc_node *node, const zc_node *defaults_node,
                          const layer *defaults, zc_pipeline_settings *ret) {
  if (!zc_check_entry(&reader->check, node)) return;
  layer own = layer_read(reader, &zc_section_pipelines, node, ZC_READ_NO_DEFAULTS);
  ret->line = node->line;
  if (zc_config_has(own.rows, "name")) {
    zc_section_check_name(reader, &zc_section_pipelines, zc_node_get(node, "name"));
    ret->name = copy_text(reader, zc_config_text(own.rows, "name"));
  } else if (!zc_node_get(node, "name")) {
    zc_check_missing(&reader->check, node, "name", "");
  }
  ret->team = copy_text(reader, zc_config_text(own.rows, "team"));
  read_numbers(&own, defaults, ret);
  read_regions(reader, node, own.rows, ret);
  check_workload(reader, node, defaults_node);
  read_schedule(reader, node, own.rows, ret);
  read_time_zone(reader, node, own.rows, ret);
  read_trigger(reader, node, ret);
  layer_finish(&own);
}

static int by_name(const void *a, const void *b) {
  const zc_pipeline_settings *left = *(const zc_pipeline_settings *const *)a;
  const zc_pipeline_settings *right = *(const zc_pipeline_settings *const *)b;
  int order = strcmp(left->name, right->name);
  return order ? order : (left > right) - (left < right);
}

static void report_same_name(zc_reader *reader, const zc_node *list,
                             const zc_pipeline_settings *pipeline,
                             const zc_pipeline_settings *first) {
  size_t i = (size_t)(pipeline - reader->settings->pipelines);
  const zc_node *node = list->first;
  while (i-- > 0 && node->next)
    node = node->next;
  char shown[ZC_EXCERPT_TEXT];
  zc_check_error(&reader->check, zc_node_get(node, "name"),
                 "the name \"%s\" is that of the pipeline on line %d, too",
                 zc_excerpt(pipeline->name, shown, sizeof shown), first->line);
}

static void sort_by_name(zc_reader *reader, const zc_node *list) {
  zc_settings *settings = reader->settings;
  zc_pipeline_settings **sorted = calloc(settings->n_pipelines + 1, sizeof *sorted);
  size_t n = 0;
  if (!sorted) {
    reader->check.status = ZC_ENOMEM;
    return;
  }
  settings->pipelines_by_name = sorted;
  for (size_t i = 0; i < settings->n_pipelines; i++) {
    if (settings->pipelines[i].name) sorted[n++] = &settings->pipelines[i];
  }
  qsort(sorted, n, sizeof *sorted, by_name);
  for (size_t i = 1, first = 0; i < n && !zc_check_is_full(&reader->check); i++) {
    if (strcmp(sorted[i]->name, sorted[first]->name) != 0) {
      first = i;
    } else {
      report_same_name(reader, list, sorted[i], sorted[first]);
    }
  }
}

static int name_to_pipeline(const void *name, const void *pipeline) {
  return strcmp(name, (*(zc_pipeline_settings *const *)pipeline)->name);
}

const zc_pipeline_settings *zc_settings_pipeline(const zc_settings *settings, const char *name) {
  zc_pipeline_settings **found = bsearch(name, settings->pipelines_by_name, settings->n_pipelines,
                                         sizeof *settings->pipelines_by_name, name_to_pipeline);
  return found ? *found : NULL;
}

static void read_list(zc_reader *reader, const zc_node *list, const zc_node *defaults_node,
                      const layer *defaults) {
  zc_settings *settings = reader->settings;
  settings->pipelines = calloc(list->n + 1, sizeof *settings->pipelines);
  if (!settings->pipelines) {
    reader->check.status = ZC_ENOMEM;
    return;
  }
  for (const zc_node *node = list->first; node && !reader->check.status; node = node->next) {
    read_pipeline(reader, node, defaults_node, defaults,
                  &settings->pipelines[settings->n_pipelines++]);
  }
  sort_by_name(reader, list);
}

void zc_read_pipelines(zc_reader *reader, const zc_node *root) {
  const zc_node *defaults_node = zc_node_get(root, "defaults");
  const zc_node *list = zc_node_get(root, "pipelines");
  layer defaults = layer_read(reader, &zc_section_defaults, defaults_node, 0);
  if (zc_check_list(&reader->check, list, zc_section_pipelines.most)) {
    read_list(reader, list, defaults_node, &defaults);
  }
  layer_finish(&defaults);
}

void zc_pipeline_settings_finish(zc_pipeline_settings *pipeline) {
  free(pipeline->name);
  free(pipeline->team);
  free(pipeline->regions);
  free(pipeline->schedule);
  free(pipeline->time_zone);
  zc_plugin_settings_finish(&pipeline->trigger);
}
