/* settings.h - from the checked tree to zc_settings, one file a section.
 *
 * Every reader goes on after an error, so that all are found in one pass; what could not be read
 * stays empty, and zc_settings_free() takes it so. */
#ifndef ZC_CONFIG_SETTINGS_H
#define ZC_CONFIG_SETTINGS_H

#include "core/config/options.h"
#include "core/config/sections.h"

typedef struct {
  zc_check check;
  const zc_config_options *options;
  zc_settings *settings;
  /* The last plugin asked for: thousands of pipelines name the same. */
  uint32_t last_kind;
  char last_name[64];
  const zc_plugin *last_plugin;
} zc_reader;

/* What zc_settings.owned points to. */
typedef struct {
  size_t n, capacity;
  struct {
    char *name;
    zc_zone *zone; /* NULL: it could not be loaded */
  } * zones;
} zc_shared;

/* Reads a section's own rows; node may be absent or no mapping: all defaults then. Unknown keys are
 * reported, unless entries of the section name plugins, which know more keys. NULL only for want of
 * memory. */
zc_config *zc_section_read(zc_reader *reader, const zc_section *section, const zc_node *node,
                           unsigned flags);
/* Reports keys that neither the section nor the plugin (may be NULL) has. */
void zc_section_check_keys(zc_reader *reader, const zc_section *section, const zc_plugin *plugin,
                           const zc_node *node);
/* Whether the name fits the section's rule; reports where it does not. */
bool zc_section_check_name(zc_reader *reader, const zc_section *section, const zc_node *node);

/* The position of a region's name in zc_settings.regions; reports an unknown one. */
bool zc_region_find(zc_reader *reader, const zc_node *node, const char *name, uint32_t *ret);

/* A mapping with `plugin:`. Without the plugin ret->plugin stays NULL, and it was reported. */
void zc_read_plugin_entry(zc_reader *reader, const zc_section *section, const zc_node *node,
                          zc_plugin_settings *ret);
/* A list of them into *ret. */
void zc_read_plugin_list(zc_reader *reader, const zc_section *section, const zc_node *list,
                         zc_plugin_settings **ret, size_t *ret_n);
void zc_plugin_settings_finish(zc_plugin_settings *settings);

void zc_read_source_regions(zc_reader *reader, const zc_node *entry, zc_plugin_settings *source);
void zc_read_engine(zc_reader *reader, const zc_node *root);
void zc_read_derived(zc_reader *reader, const zc_node *root);
void zc_read_limits(zc_reader *reader, const zc_node *root);
void zc_read_pipelines(zc_reader *reader, const zc_node *root);
void zc_pipeline_settings_finish(zc_pipeline_settings *pipeline);

/* On settings without errors: what is allowed and yet hardly meant (warnings), and names that would
 * meet in a table (errors). */
void zc_cross_check(zc_reader *reader, const zc_node *root);
/* Likewise: files that a sink would write and that are something else's. */
void zc_file_check(zc_reader *reader, const zc_node *root);

#endif
