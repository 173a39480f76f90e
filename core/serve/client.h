/* client.h - one blocking request to the engine's control socket: for commands. */
#ifndef ZC_SERVE_CLIENT_H
#define ZC_SERVE_CLIENT_H

#include "core/base/buffer.h"
#include "core/base/error.h"

#define ZC_CLIENT_TIMEOUT_MS 15000
#define ZC_CLIENT_ANSWER_MAX ((size_t)16 * 1024 * 1024)

/* path is percent-encoded, see zc_client_escape(). method: GET, or POST without a body. *ret_status
 * is the HTTP status; the answer's body is appended to `to`. ZC_ENOTFOUND: no engine runs there (no
 * socket, or nobody answers on it); ZC_EREMOTE, ZC_ETIMEDOUT, ZC_EINVAL, ZC_ENOMEM with a sentence.
 */
int zc_client_request(const char *state_dir, const char *method, const char *path, zc_buffer *to,
                      int *ret_status, zc_error *error);

/* The sentence of an answer that is an error, or one made from the HTTP status; gives `text`. */
const char *zc_client_error(const zc_buffer *answer, int http_status, char *text, size_t size);

/* Appends a path's segment, percent-encoded. */
void zc_client_escape(zc_buffer *to, const char *segment);

#endif
