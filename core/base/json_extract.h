/* json_extract.h - a few members out of a JSON object's text, without making a tree of it.
 *
 * For rows of which many are read and little is used. Members are looked for by a table; what it
 * does not name is passed over, and not checked beyond its brackets and quotes. Members may come in
 * any order; of equal names the last counts. */
#ifndef ZC_BASE_JSON_EXTRACT_H
#define ZC_BASE_JSON_EXTRACT_H

#include <stddef.h>
#include <zerocarb/plugin.h>

/* A piece of the text; not terminated. */
typedef struct {
  const char *text; /* NULL: it is not there */
  size_t length;
} zc_span;

/* Where a member goes, by its type:
 *   ZC_JSON_NUMBER   a double; finite
 *   ZC_JSON_BOOLEAN  an int: 0 or 1
 *   ZC_JSON_STRING   a zc_span of the text between the quotes; one with an escape in it is left out
 *   ZC_JSON_OBJECT   its own members, `offset` of each counted from the same beginning
 * A member that is missing or of another type leaves its place as it was. */
typedef struct zc_json_field zc_json_field;
struct zc_json_field {
  const char *key;
  int type;
  size_t offset;
  const zc_json_field *members; /* of an object */
  size_t n_members;
};

/* `text` is terminated behind `length` bytes. ZC_EDATA where it is not one object with balanced
 * brackets; what was found until then has been set. */
int zc_json_extract(const char *text, size_t length, const zc_json_field *fields, size_t n,
                    void *to);

#endif
