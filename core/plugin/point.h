/* point.h - which points of a source can be taken; the host's rule and the testkit's. */
#ifndef ZC_PLUGIN_POINT_H
#define ZC_PLUGIN_POINT_H

#include <zerocarb/plugin.h>

/* Why a point of a signal of this kind cannot be taken, or NULL. */
const char *zc_point_fault(uint32_t kind, const zc_point *point);

#endif
