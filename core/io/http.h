/* http.h - the HTTP client: curl's multi interface on the loop.
 *
 * Bounded in size, time and attempts; redirects off (a 3xx is an answer); http and https only, as
 * HTTP/1.1; connections are reused; a User-Agent is sent. Retries by full jitter (base 0.5 s, cap
 * 20 s) on no connection, 429 and 5xx, Retry-After honoured up to 5 minutes and never past the
 * request's own deadline: an answer that asks for more is handed over as it is. Waits between
 * attempts are of the engine's clock, attempts of real time.
 *
 * The proxies of the environment (http_proxy, https_proxy, no_proxy) are used, but never for
 * loopback (localhost, 127.0.0.0/8, ::1) and link-local hosts (169.254.0.0/16, and fd00:ec2::23 and
 * ::254 of AWS). TLS is verified against the system's authorities, or those of the file that
 * SSL_CERT_FILE names.
 *
 * curl sends a request again by itself where a connection that was kept open turns out to be dead,
 * even if the remote may have acted on it. So a request that changes something and may be sent once
 * only (max_attempts 1, no GET or HEAD, not ZC_HTTP_REPEATABLE) gets a new connection. */
#ifndef ZC_IO_HTTP_H
#define ZC_IO_HTTP_H

#include "core/base/random.h"
#include "core/io/http_check.h"
#include "core/io/loop.h"

#define ZC_HTTP_MAX_RUNNING  64       /* requests in flight; more wait */
#define ZC_HTTP_MAX_LIVE     4096     /* begun and not yet answered, waiting ones included */
#define ZC_HTTP_MAX_ATTEMPTS 10       /* a larger max_attempts means this */
#define ZC_HTTP_MAX_ANSWER   67108864 /* a larger max_body means this */
#define ZC_HTTP_MAX_HEADERS  65536    /* bytes of an answer's headers */

typedef struct zc_http zc_http;                   /* the client; one a loop */
typedef struct zc_http_transfer zc_http_transfer; /* one request with its retries */

typedef void (*zc_http_callback)(void *user, const zc_http_response *response);

int zc_http_create(zc_loop *loop, uint64_t seed, zc_http **ret);
/* Cancels what is in flight (no callbacks) and closes; run the loop afterwards until it is empty,
 * or destroy it. Not from a callback of zc_http_start(). */
void zc_http_destroy(zc_http *http);

/* Copies the request. The callback comes once, on a later turn; *ret (ret may be NULL) is valid
 * until it returns. deadline_ms (> 0): of all attempts and waits together, from now. `owner` is
 * named in the watch on slow callbacks; copied.
 *
 * Refused, without a callback: ZC_ECONFLICT where ZC_HTTP_MAX_LIVE requests are under way,
 * ZC_ENOMEM, and ZC_EINVAL for a URL, method, header or size that cannot be sent. To have a request
 * signed (sigv4) its URL must have no query and no percent-encoding in its path, and its headers
 * must be of different names, none the beginning of another, none of X-Amz-Date, Authorization,
 * Expect and Accept: curl 7.88 signs all else wrongly. It takes the time from the system. */
int zc_http_start(zc_http *http, const zc_http_request *request, int64_t deadline_ms,
                  const char *owner, zc_http_callback callback, void *user, zc_http_transfer **ret);
/* Why zc_http_start() would refuse the request with ZC_EINVAL: zc_http_request_check(), and beyond
 * it what is wrong with the parts of the URL. ZC_OK, ZC_EINVAL, ZC_ENOMEM. */
int zc_http_check(const zc_http_request *request, zc_error *error);
/* No callback comes after this. */
void zc_http_cancel(zc_http_transfer *transfer);

/* The last value of a header of the answer (name in any case), NULL where there is none. For the
 * pointer that the callback was given, and until it returns. */
const char *zc_http_header_of(const zc_http_response *response, const char *name);

#endif
