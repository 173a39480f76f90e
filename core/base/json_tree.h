/* json_tree.h - a parsed JSON text; for json.c and json_parse.c alone.
 *
 * All of it is one block of memory: the values in the order of the text, the lists of members, and
 * a copy of the text in which strings have been decoded in place. So a parse either has its memory
 * or fails, with nothing half made. */
#ifndef ZC_BASE_JSON_TREE_H
#define ZC_BASE_JSON_TREE_H

#include "core/base/json.h"

struct zc_json {
  int type;          /* ZC_JSON_… */
  int boolean;       /* of a boolean */
  const char *key;   /* of an object's member, else NULL */
  const char *text;  /* of a string, ended by NUL; of a number its digits, not ended by NUL but by
                        what is no part of a number */
  size_t n;          /* bytes of text; members of an object or array */
  zc_json **members; /* of an object or array */
  struct zc_json *next; /* while it is parsed: the member behind this one */
};

#endif
