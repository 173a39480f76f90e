/* Files that a sink would write and that are something else's already. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"
#include "core/config/settings.h"

typedef struct {
  char text[PATH_MAX];
} real_path;

/* Through links and "..", as far as there is something; a path that is too long is left as it is.
 */
static void resolve(const char *path, real_path *ret) {
  char folder[PATH_MAX], real[PATH_MAX];
  const char *slash = strrchr(path, '/');
  zc_copy_text(ret->text, sizeof ret->text, path);
  if (realpath(path, real)) {
    zc_copy_text(ret->text, sizeof ret->text, real);
  } else if (slash && (size_t)(slash - path) < sizeof folder) {
    snprintf(folder, sizeof folder, "%.*s/", (int)(slash - path), path);
    if (!realpath(folder, real)) return;
    int length = snprintf(ret->text, sizeof ret->text, "%s%s", real, slash);
    if (length >= (int)sizeof ret->text) zc_copy_text(ret->text, sizeof ret->text, path);
  }
}

static bool is_file(const char *path, const real_path *file) {
  real_path other;
  resolve(path, &other);
  return strcmp(other.text, file->text) == 0;
}

/* What a sink's `path` names, if it has one that is a file. */
static const char *path_of(const zc_plugin_settings *sink) {
  for (uint32_t i = 0; i < sink->plugin->n_options; i++) {
    const zc_option *option = &sink->plugin->options[i];
    if (option->type == ZC_PATH && strcmp(option->name, "path") == 0) {
      return zc_config_text(sink->options, option->name);
    }
  }
  return NULL;
}

static bool names_file(const zc_option *options, size_t n, const zc_config *config,
                       const real_path *file) {
  for (size_t i = 0; i < n; i++) {
    if (options[i].type != ZC_PATH || !zc_config_has(config, options[i].name)) continue;
    if (is_file(zc_config_text(config, options[i].name), file)) return true;
  }
  return false;
}

static bool reads_file(const zc_plugin_settings *source, const real_path *file) {
  const zc_plugin *plugin = source->plugin;
  if (names_file(plugin->options, plugin->n_options, source->options, file)) return true;
  for (size_t i = 0; i < source->n_regions; i++) {
    const zc_config *row = zc_config_region_config(source->options, i);
    if (names_file(plugin->region_options, plugin->n_region_options, row, file)) return true;
  }
  return false;
}

static bool is_of_state_dir(const zc_settings *settings, const real_path *file) {
  static const char *const names[] = {"journal.db", "journal.db-wal", "journal.db-shm",
                                      "engine.lock", "engine.sock"};
  char path[PATH_MAX];
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    int length = snprintf(path, sizeof path, "%s/%s", settings->state_dir, names[i]);
    if (length < (int)sizeof path && is_file(path, file)) return true;
  }
  return false;
}

static void check_sink(zc_reader *reader, const zc_node *node, size_t sink) {
  const zc_settings *settings = reader->settings;
  const char *path = path_of(&settings->sinks[sink]);
  real_path file;
  if (!path) return;
  resolve(path, &file);
  if (is_of_state_dir(settings, &file)) {
    zc_check_error(&reader->check, node,
                   "%s is a file of the engine's own, in state_dir: set another path", path);
  }
  for (size_t i = 0; i < settings->n_sources; i++) {
    if (!reads_file(&settings->sources[i], &file)) continue;
    zc_check_error(&reader->check, node, "%s is what the source %s reads: set another path", path,
                   settings->sources[i].name);
  }
  for (size_t i = 0; i < sink; i++) {
    const char *other = path_of(&settings->sinks[i]);
    if (!other || !is_file(other, &file)) continue;
    zc_check_error(&reader->check, node, "%s is the file of the sink %s, too: one sink a file",
                   path, settings->sinks[i].name);
  }
}

void zc_file_check(zc_reader *reader, const zc_node *root) {
  const zc_node *sinks = zc_node_get(root, "sinks");
  const zc_node *entry = sinks ? sinks->first : NULL;
  for (size_t i = 0; entry && i < reader->settings->n_sinks; entry = entry->next, i++) {
    const zc_node *path = zc_node_get(entry, "path");
    check_sink(reader, path ? path : entry, i);
  }
}
