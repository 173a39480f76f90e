/* row.h - one line of a recording, cut into fields, and what a field may hold. */
#ifndef ZC_TRACE_ROW_H
#define ZC_TRACE_ROW_H

#include <stdbool.h>
#include <zerocarb/plugin.h>

#define ZC_TRACE_FIELDS_MAX 512
#define ZC_TRACE_LINE_MAX   16384 /* bytes */

/* Cuts a terminated line at its commas, in place, and takes the blanks around each field away.
 * Returns the number of fields, or 0 where there are more than ZC_TRACE_FIELDS_MAX. */
size_t zc_trace_split(char *line, char **ret_fields);

/* RFC 3339 in UTC: with Z or +00:00, a T or a blank. ZC_EINVAL otherwise. */
int zc_trace_time(const zc_host *host, const char *text, zc_time *ret);

/* A decimal number, finite and not negative. ZC_EDATA otherwise. */
int zc_trace_value(const char *text, double *ret);

#endif
