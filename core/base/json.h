/* json.h - reading JSON from strangers, and writing it.
 *
 * Reading is RFC 8259, strictly: one text, UTF-8, depth 32, at most 50,000 values, no trailing
 * bytes, no NaN, no infinity. Of several members of one name the last one counts. A zc_json is
 * borrowed from the tree that zc_json_parse() gave. Writing formats numbers itself: the shortest
 * text that reads back as the same double, whole numbers without a fraction.
 */
#ifndef ZC_BASE_JSON_H
#define ZC_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <zerocarb/plugin.h>

#include "core/base/buffer.h"

#define ZC_JSON_DEPTH 32
/* Values of one text, objects and arrays among them. A value takes 64 bytes beside its text: this
 * bounds the memory, and how long the loop is held. */
#define ZC_JSON_VALUES_MAX 50000

/* ZC_OK with *ret (free with zc_json_free), ZC_EDATA where it is not one valid JSON text,
 * ZC_ENOMEM. */
int zc_json_parse(const char *text, size_t length, zc_json **ret);
/* Where and why zc_json_parse() refuses a text: "line 1, byte 17: that is not JSON", both from 1;
 * "" where it does not. */
void zc_json_fault(const char *text, size_t length, char *ret, size_t size);
void zc_json_free(zc_json *json); /* NULL is fine; only what zc_json_parse() gave */

/* As documented at zc_host's members of the same names. */
const zc_json *zc_json_at(const zc_json *json, const char *path);
int zc_json_type(const zc_json *json);
size_t zc_json_count(const zc_json *json);
const zc_json *zc_json_member(const zc_json *json, size_t i, const char **ret_key);
int zc_json_number(const zc_json *json, double *ret);
int zc_json_text(const zc_json *json, const char **ret, size_t *ret_length);
int zc_json_boolean(const zc_json *json, int *ret);
int zc_json_digits(const zc_json *json, char *text, size_t size);

/* The member of that exact name ('/' is nothing special), or NULL. */
const zc_json *zc_json_get(const zc_json *json, const char *key);
/* The text of a member, or NULL where there is none or it is not a string. */
const char *zc_json_get_text(const zc_json *json, const char *key);
/* A finite number member; false where there is none. */
bool zc_json_get_number(const zc_json *json, const char *key, double *ret);

/* Appends a quoted, escaped string; bytes that are not UTF-8 become U+FFFD. */
void zc_json_write_text(zc_buffer *to, const char *text);
/* Appends a finite number: integers as such, others in the shortest form that reads back the same.
 * Sets the buffer failed (ZC_EDATA) for NaN and infinities. */
void zc_json_write_number(zc_buffer *to, double value);
/* The same into text; size >= 32. ZC_EDATA for NaN and infinities. */
int zc_format_number(double value, char *text, size_t size);
/* Appends a value as compact JSON, numbers as they were written. */
void zc_json_write(zc_buffer *to, const zc_json *json);

#endif
