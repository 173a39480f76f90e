/* point.h - which points of a source can be taken; the host's rule and the testkit's. */
#ifndef ZC_PLUGIN_POINT_H
#define ZC_PLUGIN_POINT_H

#include <zerocarb/plugin.h>

#define ZC_EMIT_MAX 100000 /* points of one emit */

/* Each says why it cannot be taken, or gives NULL. A signal; the table of points as such; a point
 * of a signal of this kind. */
const char *zc_signal_fault(const zc_signal *signal, zc_time now);
const char *zc_points_fault(const zc_point *points, size_t n, size_t stride);
const char *zc_point_fault(uint32_t kind, const zc_point *point);

#endif
