/* options.h - a mapping, checked against a table of options, as a zc_config.
 *
 * Plugins' options and the core's own sections go the same way. */
#ifndef ZC_CONFIG_OPTIONS_H
#define ZC_CONFIG_OPTIONS_H

#include "core/config/check.h"
#include "core/config/hidden.h"
#include "core/config/range.h"

#define ZC_LIST_MAX     256                 /* items of a ZC_STRING_LIST */
#define ZC_SECRET_BYTES ((size_t)64 * 1024) /* of a NAME_file's content */

typedef struct {
  char *name;
  bool present;     /* given, or by default */
  bool by_default;  /* present, and not given */
  zc_hidden hidden; /* what of it is secret */
  char *text;       /* scalars: as written; paths absolute */
  int64_t integer;
  double number;
  size_t n_items;
  char **items;
} zc_config_value;

typedef struct {
  char *name;
  zc_config *config;
} zc_config_row; /* of a source's `regions:` */

struct zc_config {
  unsigned holders;
  size_t n, n_regions;
  zc_config_row *regions;
  zc_config_value values[];
};

enum { ZC_READ_NO_DEFAULTS = 1 }; /* what is not given stays absent; nothing is required */

/* Reads the rows' values out of a mapping; keys that are no row's are not looked at. mapping NULL:
 * all defaults. What is wrong is reported and its value absent. NULL only where memory was refused
 * (check->status says so, too). */
zc_config *zc_options_read(zc_check *check, const zc_node *mapping, const zc_option *rows, size_t n,
                           unsigned flags);

/* A config of one value: the row's that is first in the table, and defaults for the others. For
 * `eu-west-2: national`. */
zc_config *zc_options_read_first(zc_check *check, const zc_node *value, const zc_option *rows,
                                 size_t n);

/* Whether a key is a row's name, or NAME_file of a secret one. */
bool zc_options_know(const zc_option *rows, size_t n, const char *key);

/* One value by its type. True with *ret filled (name not); false where it was reported, or memory
 * was refused. */
bool zc_value_read(zc_check *check, const zc_option *option, const zc_node *node,
                   zc_config_value *ret);
/* The same from text that stands in no file: a default, a pair of zc_config_make(). Lists are YAML,
 * and so is everything where `yaml` says so. */
void zc_value_from_text(zc_check *check, const zc_option *option, const char *text, bool yaml,
                        zc_config_value *ret);
void zc_value_default(zc_check *check, const zc_option *option, zc_config_value *ret);
void zc_value_finish(zc_config_value *value); /* wiped */
/* "a number (0 to 100)", "one of first, best" … */
void zc_option_wanted(const zc_option *option, char *text, size_t size);

/* All values absent; NULL where memory was refused. */
zc_config *zc_config_create(zc_check *check, const zc_option *rows, size_t n);
/* NULL where it is absent. */
const zc_config_value *zc_config_find(const zc_config *config, const char *name);

#endif
