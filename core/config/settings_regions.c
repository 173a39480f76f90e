/* A source's `regions:`: a list of names, or rows of the plugin's region options. */
#include <stdlib.h>
#include <string.h>

#include "core/config/settings.h"

/* Adds one region with its options; `seen` has a bit for each one already there. */
static void add_region(zc_reader *reader, const zc_node *node, const char *name, zc_config *config,
                       zc_plugin_settings *source, uint64_t *seen) {
  uint32_t position;
  if (!config) return;
  if (!zc_region_find(reader, node, name, &position)) {
    zc_config_free(config);
  } else if (*seen >> position & 1) {
    zc_check_error(&reader->check, node, "\"%s\" is there twice", name);
    zc_config_free(config);
  } else if (zc_config_add_region(source->options, name, config) != ZC_OK) {
    reader->check.status = ZC_ENOMEM;
  } else {
    *seen |= UINT64_C(1) << position;
    source->regions[source->n_regions++] = position;
  }
}

/* All defaults, as of an empty row; what is required is missing then. */
static zc_config *read_empty_row(zc_reader *reader, const zc_node *node, const zc_plugin *plugin) {
  char shown[ZC_EXCERPT_TEXT];
  zc_config *config =
      zc_options_read(&reader->check, NULL, plugin->region_options, plugin->n_region_options, 0);
  for (uint32_t i = 0; i < plugin->n_region_options; i++) {
    const zc_option *option = &plugin->region_options[i];
    if (option->def || !(option->flags & ZC_REQUIRED)) continue;
    if (node->key) {
      zc_check_missing(&reader->check, node, option->name, "");
    } else {
      zc_excerpt(node->text, shown, sizeof shown);
      zc_check_error(&reader->check, node,
                     "%s is required for each region: write {%s: {%s: …}} instead of a list",
                     option->name, shown, option->name);
    }
  }
  return config;
}

static zc_config *read_row(zc_reader *reader, const zc_node *node, const zc_plugin *plugin) {
  const zc_section rows = {.options = plugin->region_options,
                           .n_options = plugin->n_region_options};
  if (node->kind == ZC_NODE_INVALID) return NULL;
  if (zc_node_is_null(node)) return read_empty_row(reader, node, plugin);
  if (node->kind == ZC_NODE_MAPPING) return zc_section_read(reader, &rows, node, 0);
  return zc_options_read_first(&reader->check, node, rows.options, rows.n_options);
}

static void read_list(zc_reader *reader, const zc_node *list, zc_plugin_settings *source) {
  uint64_t seen = 0;
  for (const zc_node *item = list->first; item; item = item->next) {
    if (!zc_check_text(&reader->check, item)) continue;
    zc_config *config = read_empty_row(reader, item, source->plugin);
    add_region(reader, item, item->text, config, source, &seen);
  }
}

static void read_mapping(zc_reader *reader, const zc_node *mapping, zc_plugin_settings *source) {
  uint64_t seen = 0;
  if (source->plugin->n_region_options == 0) {
    zc_check_error(&reader->check, mapping,
                   "%s has no options per region: a list of names is wanted here",
                   source->plugin->name);
    return;
  }
  for (const zc_node *row = mapping->first; row; row = row->next) {
    zc_config *config = read_row(reader, row, source->plugin);
    add_region(reader, row, row->key->text, config, source, &seen);
  }
}

void zc_read_source_regions(zc_reader *reader, const zc_node *entry, zc_plugin_settings *source) {
  const zc_node *regions = zc_node_get(entry, "regions");
  if (!regions || zc_node_is_null(regions)) {
    zc_check_missing(&reader->check, entry, "regions", "");
    return;
  }
  if (regions->kind == ZC_NODE_INVALID) return;
  if (regions->kind == ZC_NODE_SCALAR) {
    zc_check_error(&reader->check, regions, "a list of regions or a mapping is wanted");
    return;
  }
  if (regions->n == 0 || regions->n > ZC_REGIONS_MAX) {
    zc_check_error(&reader->check, regions, "%u regions: from 1 to %d are wanted",
                   (unsigned)regions->n, ZC_REGIONS_MAX);
    return;
  }
  source->regions = calloc(regions->n, sizeof *source->regions);
  if (!source->regions) {
    reader->check.status = ZC_ENOMEM;
  } else if (regions->kind == ZC_NODE_LIST) {
    read_list(reader, regions, source);
  } else {
    read_mapping(reader, regions, source);
  }
}
