/* sections.h - the core's own sections of the file, as tables.
 *
 * The rows of each section and how sections nest: checking, defaults, the JSON Schema and
 * docs/CONFIG.md all come from here. */
#ifndef ZC_CONFIG_SECTIONS_H
#define ZC_CONFIG_SECTIONS_H

#include <stddef.h>
#include <zerocarb/plugin.h>

enum {
  ZC_SECTION_LIST = 1,     /* a list of such mappings */
  ZC_SECTION_REQUIRED = 2, /* with at least one entry, where it is a list */
  ZC_SECTION_REGIONS = 4,  /* has `regions:` of a source: a list, or rows of region_options */
  ZC_SECTION_LAYERED = 8   /* its required rows may stand here or in `defaults:` */
};

/* What a name may be made of. */
typedef struct {
  const char *option;     /* the row that it is about */
  const char *characters; /* as in a regular expression's brackets: "a-z0-9-" */
  unsigned longest;
} zc_name_rule;

typedef struct zc_section zc_section;
struct zc_section {
  const char *key, *help;
  uint32_t flags;
  uint32_t plugin_kind; /* entries name a plugin and carry its options; 0: none */
  size_t most;          /* entries of a list */
  const zc_option *options;
  size_t n_options;
  const zc_section *const *children; /* ended by NULL; NULL: none */
  zc_name_rule name;
};

extern const zc_section zc_section_root, zc_section_engine, zc_section_log, zc_section_sources,
    zc_section_policies, zc_section_use, zc_section_defaults, zc_section_energy,
    zc_section_workload, zc_section_pipelines, zc_section_trigger, zc_section_sinks,
    zc_section_limits, zc_section_insights, zc_section_rollups;

/* Whether text is 1 .. rule->longest characters of the rule's. */
int zc_name_fits(const zc_name_rule *rule, const char *text);

/* The plugins by kind and name, so that generated files do not depend on the order in which they
 * were found. To be freed; NULL where memory was refused. */
const zc_plugin **zc_plugins_sorted(const zc_plugin *const *plugins, size_t n);

#endif
