/* zone.h - offsets of a time zone from the system's tz database (TZif, RFC 8536).
 *
 * glibc knows one zone a process (TZ); schedules need one each. */
#ifndef ZC_MODEL_ZONE_H
#define ZC_MODEL_ZONE_H

#include "core/base/error.h"

#define ZC_ZONE_FILE_MAX                                                                           \
  ((size_t)256 * 1024)                 /* bytes of a TZif file; the largest shipped has 4 KiB */
#define ZC_ZONE_OFFSET_MAX (26 * 3600) /* s: no zone was ever further from UTC */

typedef struct zc_zone zc_zone;

/* Reads /usr/share/zoneinfo/NAME ("Europe/London"; names with "..", a leading "/" or odd characters
 * are refused). ZC_ENOTFOUND, ZC_EDATA for a file that is not TZif, ZC_ENOMEM, ZC_EIO. */
int zc_zone_load(const char *name, zc_zone **ret, zc_error *error);
/* The same from bytes: for tests and fuzzing. Files that count leap seconds ("right/…") are
 * ZC_EDATA: our times do not. */
int zc_zone_parse(const void *bytes, size_t n, zc_zone **ret);
void zc_zone_free(zc_zone *zone); /* NULL is fine */

/* Seconds east of UTC at an instant, the footer's rule used after the last transition. NULL: 0. */
int32_t zc_zone_offset(const zc_zone *zone, zc_time at);

/* The first transition strictly after `at` (instant of the new offset), or ZC_ENOTFOUND. Changes of
 * name alone are no transitions. */
int zc_zone_next_transition(const zc_zone *zone, zc_time at, zc_time *ret);

#endif
