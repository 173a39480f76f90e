/* payload.h - Electricity Maps' answers, read as points.
 *
 * An answer must be about the zone and the emission factors that were asked for: the API answers
 * for the caller's own place when it cannot tell the zone. A value that is null, text or out of
 * range is left out; it never becomes a number. */
#ifndef ZC_EM_PAYLOAD_H
#define ZC_EM_PAYLOAD_H

#include <stdbool.h>
#include <zerocarb/plugin.h>

#define ZC_EM_ROWS_MAX      2048 /* 72 h in steps of 5 min are 864 */
#define ZC_EM_INTENSITY_MAX 5000.0

enum { ZC_EM_LATEST, ZC_EM_HISTORY, ZC_EM_PAST, ZC_EM_FORECAST, ZC_EM_ENDPOINTS };

typedef struct {
  int endpoint;
  const char *zone;    /* NULL: any, where a data centre's zone is not known */
  const char *factors; /* "lifecycle" or "direct" */
  zc_time now;
} zc_em_question;

typedef struct {
  zc_point *points;
  size_t n;
  size_t without_value; /* rows left out */
} zc_em_answer;

/* ZC_OK with at least one point; ZC_EDATA with a sentence in `why` otherwise; ZC_ENOMEM. */
int zc_em_read(const zc_host *host, const zc_json *json, const zc_em_question *question,
               zc_em_answer *ret, char *why, size_t why_size);
void zc_em_answer_finish(zc_em_answer *answer);

const char *zc_em_endpoint_word(int endpoint); /* "latest", "past-range", … */

#endif
