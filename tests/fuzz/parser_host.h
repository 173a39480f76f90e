/* parser_host.h - as much of a host as a payload parser asks for: JSON and times. */
#ifndef ZC_FUZZ_PARSER_HOST_H
#define ZC_FUZZ_PARSER_HOST_H

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <zerocarb/plugin.h>

#include "core/base/json.h"
#include "core/base/time_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const zc_host parser_host = {.size = sizeof parser_host,
                                    .abi_major = ZC_ABI_MAJOR,
                                    .json_at = zc_json_at,
                                    .json_type = zc_json_type,
                                    .json_count = zc_json_count,
                                    .json_member = zc_json_member,
                                    .json_number = zc_json_number,
                                    .json_text = zc_json_text,
                                    .json_boolean = zc_json_boolean,
                                    .time_parse = zc_time_parse,
                                    .time_format = zc_time_format};

/* What every point must hold, whatever the remote wrote. */
static inline void check_points(const zc_point *points, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (points[i].to <= points[i].from) abort();
    if (!isfinite(points[i].value) || points[i].value < 0 || points[i].value > 5000) abort();
    if (points[i].flags != ZC_POINT_OBSERVED && points[i].flags != ZC_POINT_ESTIMATED &&
        points[i].flags != ZC_POINT_FORECAST) {
      abort();
    }
  }
}

#endif
