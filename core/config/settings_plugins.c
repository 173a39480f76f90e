/* Entries that name a plugin: of sources, policies.use, sinks, and a pipeline's trigger. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"
#include "core/config/settings.h"

#define PLUGIN_NAMES_MAX 128
#define NAMES_TEXT       400

void zc_plugin_settings_finish(zc_plugin_settings *settings) {
  free(settings->name);
  zc_config_free(settings->options);
  free(settings->regions);
  memset(settings, 0, sizeof *settings);
}

/* The names that there are, as far as they fit. */
static void join_names(const char *const *names, size_t n, char *text, size_t size) {
  size_t used = 0;
  for (size_t i = 0; i < n && used < size; i++)
    used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "", names[i]);
}

/* The finder's own sentence, and what may have been meant. */
static void report_missing_plugin(zc_reader *reader, uint32_t kind, const zc_node *node,
                                  const zc_error *error) {
  const zc_plugin_finder *finder = reader->options->finder;
  const char *names[PLUGIN_NAMES_MAX], *near = NULL;
  char all[NAMES_TEXT] = "";
  size_t n = 0;
  if (finder && finder->names && !zc_check_is_full(&reader->check)) {
    n = finder->names(finder->user, kind, names, PLUGIN_NAMES_MAX);
    near = zc_check_nearest(&reader->check, node->text, names, n);
    join_names(names, n, all, sizeof all);
  }
  if (near && strcmp(near, node->text) == 0) { /* it is there, but cannot be used */
    zc_check_error(&reader->check, node, "%s", error->text);
  } else if (near) {
    zc_check_error(&reader->check, node, "%s: did you mean \"%s\"?", error->text, near);
  } else {
    zc_check_error(&reader->check, node, "%s%s%s", error->text, n ? "; there are " : "", all);
  }
}

static const zc_plugin *find_plugin(zc_reader *reader, uint32_t kind, const zc_node *node) {
  if (reader->last_plugin && reader->last_kind == kind &&
      strcmp(reader->last_name, node->text) == 0) {
    return reader->last_plugin;
  }
  const zc_plugin_finder *finder = reader->options->finder;
  zc_error error = {.text = "no plugins can be had here"};
  const zc_plugin *plugin = finder ? finder->find(finder->user, kind, node->text, &error) : NULL;
  if (!plugin) {
    report_missing_plugin(reader, kind, node, &error);
  } else if (strlen(node->text) < sizeof reader->last_name) {
    zc_copy_text(reader->last_name, sizeof reader->last_name, node->text);
    reader->last_kind = kind;
    reader->last_plugin = plugin;
  }
  return plugin;
}

static char *copy_text(zc_reader *reader, const char *text) {
  char *copy = zc_duplicate(text);
  if (text && !copy) reader->check.status = ZC_ENOMEM;
  return copy;
}

/* Without `plugin:` no other key can be judged: what the plugin takes is not known. */
static void report_plugin_key(zc_reader *reader, const zc_node *node) {
  static const char *const key = "plugin";
  for (const zc_node *member = node->first; member; member = member->next) {
    char shown[ZC_EXCERPT_TEXT];
    if (!zc_check_nearest(&reader->check, member->key->text, &key, 1)) continue;
    zc_check_key_error(&reader->check, member, "unknown key '%s': did you mean '%s'?",
                       zc_excerpt(member->key->text, shown, sizeof shown), key);
  }
}

static void read_common(zc_reader *reader, const zc_section *section, const zc_node *node,
                        zc_plugin_settings *ret) {
  zc_config *common = zc_section_read(reader, section, node, 0);
  if (!common) return;
  const zc_node *plugin = zc_node_get(node, "plugin"), *name = zc_node_get(node, "name");
  if (!plugin && node->kind == ZC_NODE_MAPPING) report_plugin_key(reader, node);
  if (plugin && zc_config_has(common, "plugin") && !zc_check_is_full(&reader->check)) {
    ret->plugin = find_plugin(reader, section->plugin_kind, plugin);
  }
  if (zc_config_has(common, "name")) {
    zc_section_check_name(reader, section, name);
    ret->name = copy_text(reader, name->text);
  } else if (ret->plugin) {
    ret->name = copy_text(reader, ret->plugin->name);
  }
  ret->every_ms = zc_config_integer(common, "every");
  ret->max_age_ms = zc_config_integer(common, "max_age");
  ret->timeout_ms = zc_config_integer(common, "timeout");
  ret->plausibility = (zc_plausibility){.min = zc_config_number(common, "min_plausible"),
                                        .max = zc_config_number(common, "max_plausible"),
                                        .beside_zero = zc_config_number(common, "max_beside_zero")};
  if (ret->plausibility.min > ret->plausibility.max) {
    zc_check_error(&reader->check, node, "min_plausible is above max_plausible: nothing is taken");
  }
  zc_config_free(common);
}

void zc_read_plugin_entry(zc_reader *reader, const zc_section *section, const zc_node *node,
                          zc_plugin_settings *ret) {
  if (!zc_check_entry(&reader->check, node)) return;
  ret->line = node->line;
  ret->column = node->column;
  read_common(reader, section, node, ret);
  if (!ret->plugin) return;
  zc_section_check_keys(reader, section, ret->plugin, node);
  ret->options =
      zc_options_read(&reader->check, node, ret->plugin->options, ret->plugin->n_options, 0);
  if (section->flags & ZC_SECTION_REGIONS && ret->options) {
    zc_read_source_regions(reader, node, ret);
  }
}

/* Names tell instances apart in logs, records and the journal. */
static void check_unique(zc_reader *reader, const zc_node *node, const char *key,
                         const zc_plugin_settings *entries, size_t i) {
  for (size_t j = 0; j < i && entries[i].name; j++) {
    if (!entries[j].name || strcmp(entries[i].name, entries[j].name) != 0) continue;
    const zc_node *name = zc_node_get(node, "name");
    char shown[ZC_EXCERPT_TEXT];
    zc_check_error(&reader->check, name ? name : node,
                   "the name \"%s\" is that of %s[%zu], too: give one of them another `name:`",
                   zc_excerpt(entries[i].name, shown, sizeof shown), key, j);
    return;
  }
}

void zc_read_plugin_list(zc_reader *reader, const zc_section *section, const zc_node *list,
                         zc_plugin_settings **ret, size_t *ret_n) {
  if (!zc_check_list(&reader->check, list, section->most)) return;
  zc_plugin_settings *entries = calloc(list->n + 1, sizeof *entries);
  if (!entries) {
    reader->check.status = ZC_ENOMEM;
    return;
  }
  *ret = entries;
  for (const zc_node *node = list->first; node; node = node->next) {
    zc_read_plugin_entry(reader, section, node, &entries[*ret_n]);
    check_unique(reader, node, section->key, entries, *ret_n);
    (*ret_n)++;
  }
}
