/* http_retry.h - when an attempt is repeated, and after how long. Pure. */
#ifndef ZC_IO_HTTP_RETRY_H
#define ZC_IO_HTTP_RETRY_H

#include <stdbool.h>
#include <zerocarb/plugin.h>

#include "core/base/random.h"

#define ZC_HTTP_RETRY_BASE_MS      500
#define ZC_HTTP_RETRY_CAP_MS       20000
#define ZC_HTTP_MAX_RETRY_AFTER_MS 300000

/* 429, 500, 502, 503, 504 */
bool zc_http_is_transient(int status);

/* Full jitter: anything below base × 2^(attempt - 1), the cap at most. attempt: of the one that
 * failed, from 1. In ms. */
int64_t zc_http_backoff(zc_random *random, uint32_t attempt);

/* What a Retry-After asks for, in ms, >= 0: seconds, or an HTTP date, which is taken against the
 * answer's Date where it has one (NULL: none), else against now. -1 where it cannot be read. */
int64_t zc_http_retry_after(const char *value, const char *date, zc_time now);

#endif
