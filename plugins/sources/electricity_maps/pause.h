/* pause.h - leaving one endpoint of one zone alone for a while after it refused us.
 *
 * Plans differ in what they allow, and refusals count against the quota: each further refusal
 * doubles the wait, a success ends it. */
#ifndef ZC_EM_PAUSE_H
#define ZC_EM_PAUSE_H

#include <stdbool.h>
#include <zerocarb/plugin.h>

#define ZC_EM_PAUSE_MIN_MS INT64_C(900000)   /* 15 min */
#define ZC_EM_PAUSE_MAX_MS INT64_C(86400000) /* 24 h */

typedef struct {
  zc_time until;
  int64_t length_ms; /* of the last pause; 0: none since the last success */
  int status;        /* why: ZC_EAUTH or ZC_ERATE */
  char reason[256];
} zc_em_pause;

/* retry_after: the header's text, whole seconds, or NULL; other forms count as NULL. */
void zc_em_pause_begin(zc_em_pause *pause, zc_time now, int status, const char *reason,
                       const char *retry_after);
void zc_em_pause_end(zc_em_pause *pause);
bool zc_em_pause_active(const zc_em_pause *pause, zc_time now);

#endif
