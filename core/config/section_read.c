/* What every section has in common: its keys, its rows, its names. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"
#include "core/config/settings.h"

#define KEYS_MAX    192 /* candidates for "did you mean" */
#define KEYS_SHOWN  12  /* up to so many valid keys are listed instead */
#define KEYS_TEXT   512
#define SECRET_TEXT 64

static bool is_child(const zc_section *section, const char *key) {
  for (size_t i = 0; section->children && section->children[i]; i++) {
    if (strcmp(section->children[i]->key, key) == 0) return true;
  }
  return section->flags & ZC_SECTION_REGIONS && strcmp(key, "regions") == 0;
}

/* All keys that would be right, and of secrets NAME_file too, which `files` holds. */
typedef struct {
  const char *keys[KEYS_MAX];
  size_t n;
  char files[KEYS_MAX][SECRET_TEXT];
  size_t n_files;
} known_keys;

static void add_key(known_keys *known, const char *key) {
  if (known->n < KEYS_MAX) known->keys[known->n++] = key;
}

static void add_rows(known_keys *known, const zc_option *rows, size_t n) {
  for (size_t i = 0; i < n; i++) {
    add_key(known, rows[i].name);
    if (!(rows[i].flags & ZC_SECRET) || known->n_files == KEYS_MAX) continue;
    char *file = known->files[known->n_files++];
    snprintf(file, SECRET_TEXT, "%s_file", rows[i].name);
    add_key(known, file);
  }
}

static void collect_keys(known_keys *known, const zc_section *section, const zc_plugin *plugin) {
  add_rows(known, section->options, section->n_options);
  if (section->flags & ZC_SECTION_REGIONS) add_key(known, "regions");
  for (size_t i = 0; section->children && section->children[i]; i++)
    add_key(known, section->children[i]->key);
  if (plugin) add_rows(known, plugin->options, plugin->n_options);
}

static void join_keys(const known_keys *known, char *text, size_t size) {
  size_t used = 0;
  *text = '\0';
  for (size_t i = 0; i < known->n && used < size; i++) {
    int n = snprintf(text + used, size - used, "%s%s", i ? ", " : "", known->keys[i]);
    used += (size_t)n;
  }
}

/* Names the nearest of the keys, or all of them where they are few. */
static void report_unknown(zc_check *check, const known_keys *known, const zc_node *member) {
  char key[ZC_EXCERPT_TEXT], all[KEYS_TEXT];
  zc_excerpt(member->key->text, key, sizeof key);
  char *colon = strchr(key, ':');
  if (colon) { /* `{token:secret}` is one long key: its end is not to be shown */
    *colon = '\0';
    zc_check_key_error(check, member, "unknown key '%s:…': a blank must follow the colon", key);
    return;
  }
  const char *near = zc_check_nearest(check, member->key->text, known->keys, known->n);
  if (near) {
    zc_check_key_error(check, member, "unknown key '%s': did you mean '%s'?", key, near);
  } else if (known->n == 0) {
    zc_check_key_error(check, member, "unknown key '%s': there are none here", key);
  } else if (known->n <= KEYS_SHOWN) {
    join_keys(known, all, sizeof all);
    zc_check_key_error(check, member, "unknown key '%s': known are %s", key, all);
  } else {
    zc_check_key_error(check, member, "unknown key '%s'", key);
  }
}

void zc_section_check_keys(zc_reader *reader, const zc_section *section, const zc_plugin *plugin,
                           const zc_node *node) {
  known_keys *known = NULL;
  for (const zc_node *member = node->first; member; member = member->next) {
    const char *key = member->key->text;
    if (is_child(section, key) || zc_options_know(section->options, section->n_options, key) ||
        (plugin && zc_options_know(plugin->options, plugin->n_options, key))) {
      continue;
    }
    if (!known) {
      if (!(known = calloc(1, sizeof *known))) {
        reader->check.status = ZC_ENOMEM;
        return;
      }
      collect_keys(known, section, plugin);
    }
    report_unknown(&reader->check, known, member);
  }
  free(known);
}

zc_config *zc_section_read(zc_reader *reader, const zc_section *section, const zc_node *node,
                           unsigned flags) {
  const zc_node *mapping = zc_check_mapping(&reader->check, node) ? node : NULL;
  if (mapping && !section->plugin_kind) zc_section_check_keys(reader, section, NULL, mapping);
  return zc_options_read(&reader->check, mapping, section->options, section->n_options, flags);
}

bool zc_section_check_name(zc_reader *reader, const zc_section *section, const zc_node *node) {
  if (zc_name_fits(&section->name, node->text)) return true;
  char shown[ZC_EXCERPT_TEXT];
  zc_check_error(&reader->check, node, "\"%s\" is not a valid name: it takes 1 to %u of [%s]",
                 zc_excerpt(node->text, shown, sizeof shown), section->name.longest,
                 section->name.characters);
  return false;
}

bool zc_region_find(zc_reader *reader, const zc_node *node, const char *name, uint32_t *ret) {
  const zc_settings *settings = reader->settings;
  if (settings->n_regions == 0) return false; /* `regions:` itself was reported */
  for (size_t i = 0; i < settings->n_regions; i++) {
    if (strcmp(settings->regions[i], name) == 0) return *ret = (uint32_t)i, true;
  }
  char shown[ZC_EXCERPT_TEXT];
  zc_node place = *node;
  if (node->key && node->key->text == name) {
    place.line = node->key->line, place.column = node->key->column;
  }
  zc_excerpt(name, shown, sizeof shown);
  const char *near = zc_check_nearest(&reader->check, name, (const char *const *)settings->regions,
                                      settings->n_regions);
  zc_check_error(&reader->check, &place, "\"%s\" is not among regions%s%s%s", shown,
                 near ? ": did you mean \"" : "", near ? near : "", near ? "\"?" : "");
  return false;
}
