/* http_check.h - which requests can be sent; the client's rule and the testkit's. */
#ifndef ZC_IO_HTTP_CHECK_H
#define ZC_IO_HTTP_CHECK_H

#include "core/base/error.h"
#include <zerocarb/plugin.h>

#define ZC_HTTP_MAX_BODY        16777216 /* bytes of a request */
#define ZC_HTTP_MAX_URL         8192
#define ZC_HTTP_MAX_HEADER      16384 /* bytes of one of the request's headers */
#define ZC_HTTP_MAX_HEADERS_OUT 64

/* ZC_OK; or ZC_EINVAL, and *error (may be NULL) names what is wrong as a noun with its place: "a
 * URL with a space at byte 41: percent-encode it". Never a piece of the URL or of a header's value,
 * for these may hold a token. What only the client's own parser of URLs sees (a port of 99999)
 * passes. */
int zc_http_request_check(const zc_http_request *request, zc_error *error);

#endif
