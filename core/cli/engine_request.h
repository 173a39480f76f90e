/* engine_request.h - what commands ask of the running engine, over its control socket. */
#ifndef ZC_CLI_ENGINE_REQUEST_H
#define ZC_CLI_ENGINE_REQUEST_H

#include "core/base/buffer.h"
#include "core/cli/cli.h"

/* ZC_EXIT_FINE with the answer's body (cap: ZC_CLIENT_ANSWER_MAX) and its HTTP status, whatever
 * that is; else why there is none was printed, and it is the exit status: ZC_EXIT_UNAVAILABLE where
 * no engine answers. */
int zc_cli_ask_engine(const char *state_dir, const char *method, const char *path,
                      zc_buffer *answer, int *ret_http_status);

#endif
