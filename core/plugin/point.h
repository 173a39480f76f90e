/* point.h - which points of a source can be taken; the host's rule and the testkit's. */
#ifndef ZC_PLUGIN_POINT_H
#define ZC_PLUGIN_POINT_H

#include <zerocarb/plugin.h>

#define ZC_EMIT_MAX  100000 /* points of one emit */
#define ZC_PUE_MAX   10     /* a hall that burns ten times its use; more is a percentage */
#define ZC_AHEAD_MAX 300000 /* ms: how far clocks differ; what was observed has begun by then */

/* Each says why it cannot be taken, or gives NULL. A signal; the table of points as such; a point
 * of a signal of this kind. */
const char *zc_signal_fault(const zc_signal *signal, zc_time now);
const char *zc_points_fault(const zc_point *points, size_t n, size_t stride);
const char *zc_point_fault(uint32_t kind, const zc_point *point, zc_time now);

/* Points with a time, held against the span that a query asked for. Zeroed at first. */
typedef struct {
  size_t n, within; /* within: those that share an instant with the span */
  zc_time latest;   /* the end of the last one */
} zc_span_count;

void zc_span_add(zc_span_count *count, zc_time from, zc_time to, const zc_point *point);
/* What is odd about an answer none of whose points lies in the span; NULL: nothing. */
const char *zc_span_doubt(const zc_span_count *count);

#endif
