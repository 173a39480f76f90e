/* `engine:`, `limits:`, and what is told by the derived tables. */
#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"
#include "core/config/settings.h"

static void read_log(zc_reader *reader, const zc_node *engine) {
  zc_config *log = zc_section_read(reader, &zc_section_log, zc_node_get(engine, "log"), 0);
  /* The words of `level` stand in the order of ZC_LOG_ERROR …, from 1. */
  reader->settings->log_level = (int)zc_config_integer(log, "level") + ZC_LOG_ERROR;
  reader->settings->log_json = zc_config_integer(log, "format") == 1;
  zc_config_free(log);
}

static void read_plugin_dirs(zc_reader *reader, const zc_node *list, const zc_config *engine) {
  static const zc_option path_option = {.name = "plugin_dirs", .type = ZC_PATH};
  zc_settings *settings = reader->settings;
  size_t n = zc_config_count(engine, "plugin_dirs");
  if (n == 0) return;
  if (!(settings->plugin_dirs = calloc(n, sizeof *settings->plugin_dirs))) {
    reader->check.status = ZC_ENOMEM;
    return;
  }
  for (const zc_node *item = list->first; item; item = item->next) {
    zc_config_value path = {0};
    if (!zc_value_read(&reader->check, &path_option, item, &path)) continue;
    settings->plugin_dirs[settings->n_plugin_dirs++] = path.text;
    path.text = NULL;
    zc_value_finish(&path);
  }
}

static void check_state_dir(zc_reader *reader, const zc_node *engine) {
  const char *wanted = reader->options->state_dir, *found = reader->settings->state_dir;
  const zc_node *row = zc_node_get(engine, "state_dir");
  if (!wanted || !found || strcmp(wanted, found) == 0) return;
  zc_findings_add(reader->check.findings, false, row ? row->line : 0, row ? row->column : 0,
                  "engine.state_dir: the running engine's is %s: another one needs a restart",
                  wanted);
}

void zc_read_engine(zc_reader *reader, const zc_node *root) {
  const zc_node *node = zc_node_get(root, "engine");
  zc_config *engine = zc_section_read(reader, &zc_section_engine, node, 0);
  zc_settings *settings = reader->settings;
  if (!engine) return;
  settings->state_dir = zc_duplicate(zc_config_text(engine, "state_dir"));
  if (!settings->state_dir && zc_config_has(engine, "state_dir")) {
    reader->check.status = ZC_ENOMEM;
  }
  check_state_dir(reader, node);
  settings->shutdown_ms = zc_config_integer(engine, "shutdown_timeout");
  settings->outbox_max = zc_config_integer(engine, "outbox_max");
  read_plugin_dirs(reader, zc_node_get(node, "plugin_dirs"), engine);
  read_log(reader, node);
  zc_config_free(engine);
}

void zc_read_derived(zc_reader *reader, const zc_node *root) {
  zc_settings *settings = reader->settings;
  zc_config *insights =
      zc_section_read(reader, &zc_section_insights, zc_node_get(root, "insights"), 0);
  zc_config *rollups =
      zc_section_read(reader, &zc_section_rollups, zc_node_get(root, "rollups"), 0);
  if (insights) settings->insights_threshold = zc_config_number(insights, "threshold");
  if (rollups) settings->rollup_every_ms = zc_config_integer(rollups, "every");
  zc_config_free(insights);
  zc_config_free(rollups);
}

void zc_read_limits(zc_reader *reader, const zc_node *root) {
  zc_config *limits = zc_section_read(reader, &zc_section_limits, zc_node_get(root, "limits"), 0);
  zc_settings *settings = reader->settings;
  settings->max_parallel = zc_config_integer(limits, "max_parallel");
  settings->max_parallel_per_region = zc_config_integer(limits, "max_parallel_per_region");
  settings->wait_past_deadline = zc_config_integer(limits, "at_deadline") == 1;
  zc_config_free(limits);
}
