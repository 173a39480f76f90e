/* recording.h - a CSV file of carbon intensity, read into slots.
 *
 *   timestamp,<column>,…    a slot ends where the next begins, the last one is as long as the one
 *                           before it. The first column may also be called time or datetime.
 *   from,to,<column>,…      a slot ends at `to`, so that rows may be missing
 *
 * Lines that begin with # are skipped above the header. Times are RFC 3339 in UTC, ascending. An
 * empty value is a gap. Everything else that is not a number, or negative, is an error that names
 * the line. */
#ifndef ZC_TRACE_RECORDING_H
#define ZC_TRACE_RECORDING_H

#include <zerocarb/plugin.h>

#define ZC_TRACE_NEIGHBOURS_MIN 60.0 /* mean of the two values around a false zero */

typedef struct {
  double *values;       /* one a slot, gCO2eq/kWh; NaN: a gap */
  size_t n_false_zeros; /* made gaps: half-hourly zeros between high values */
  zc_time first_false_zero;
} zc_trace_column;

typedef struct {
  size_t n, capacity;
  zc_time *from, *to; /* of n slots, ascending, never overlapping */
  size_t n_columns;
  zc_trace_column *columns; /* in the order of the names asked for */
} zc_recording;

/* Reads `length` bytes of text, which is terminated and is cut up in the course. `name` is the
 * file's, for messages. ZC_EDATA with "name:line: reason" in `why`; ZC_ENOMEM. */
int zc_recording_parse(const zc_host *host, char *text, size_t length, const char *name,
                       const char *const *columns, size_t n_columns, zc_recording *ret, char *why,
                       size_t why_size);
void zc_recording_finish(zc_recording *recording);

/* Position of the first slot that ends after `time`; n where none does. */
size_t zc_recording_find(const zc_recording *recording, zc_time time);

#endif
