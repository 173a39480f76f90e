/* source_answers.h - asking one source once, for each of its regions, outside the engine: what it
 * gives, or why not, and how long it took. */
#ifndef ZC_CLI_SOURCE_ANSWERS_H
#define ZC_CLI_SOURCE_ANSWERS_H

#include "core/base/buffer.h"
#include "core/cli/session.h"
#include "core/model/grid.h"

#define ZC_SOURCE_POINTS_MAX 20000 /* of one answer; more is an error of the source */

typedef struct {
  zc_point point;
  uint32_t basis;
  zc_time issued_at;
} zc_source_point;

/* What came of observe or forecast for one region. */
typedef struct {
  bool asked; /* the source has that operation */
  bool done;
  int error;     /* ZC_OK, or why it failed */
  char *message; /* of the failure, may be NULL */
  int64_t begun_ns, latency_ms;
  zc_time from, to;        /* the span asked for */
  zc_source_point *points; /* grid intensity, ascending by `from` */
  size_t n_points, capacity;
} zc_source_answer;

typedef struct {
  const char *name;
  zc_source_answer observed, forecast;
  bool has_pue, has_renewable_share, has_static;
  double pue, renewable_share, static_intensity;
  uint32_t static_basis;
} zc_source_region;

typedef struct {
  zc_source_region *regions;
  size_t n;
} zc_source_answers;

/* Blocks, running the session's loop, until all have answered or run into the source's timeout.
 * only: that region alone, NULL: all. Failures of single questions stand in the answers; ZC_EINVAL
 * where the instance cannot be made, ZC_ENOTFOUND where the source has no such region, ZC_ENOMEM.
 */
int zc_source_ask(zc_session *session, const zc_plugin_settings *source, const char *only,
                  zc_source_answers *ret, zc_error *error);
void zc_source_answers_finish(zc_source_answers *answers);

/* Whether the region gave anything at all; and whether nothing that was asked of it failed. */
bool zc_source_region_gave(const zc_source_region *region);
bool zc_source_region_fine(const zc_source_region *region);

/* The point that tells the value at an instant: the one that holds then, else the last one before
 * it where that is an observation which ended no longer than max_age_ms ago (*ret_held); else NULL.
 */
const zc_source_point *zc_source_point_at(const zc_source_answer *answer, zc_time at,
                                          int64_t max_age_ms, bool *ret_held);
/* What is odd about an answer that is no error, as one sentence; NULL for nothing. */
const char *zc_source_answer_doubt(const zc_source_answer *answer);

#endif
