/* answer.h - what an HTTP answer of Electricity Maps means before its body is read as data. */
#ifndef ZC_EM_ANSWER_H
#define ZC_EM_ANSWER_H

#include <stdbool.h>
#include <zerocarb/plugin.h>

/* ZC_OK where the body is to be read. Otherwise a status with a sentence in `why`, and whether this
 * endpoint of this zone is to be left alone for a while. A 401 says many things: a wrong token, a
 * plan without this zone or endpoint, or too many requests; only its text tells. */
int zc_em_judge(const zc_host *host, const zc_http_response *response, char *why, size_t why_size,
                bool *ret_pause);

#endif
