/* source_answers.h - asking one source once, for each of its regions, outside the engine: what it
 * gives, or why not, and how long it took. */
#ifndef ZC_CLI_SOURCE_ANSWERS_H
#define ZC_CLI_SOURCE_ANSWERS_H

#include "core/base/buffer.h"
#include "core/cli/session.h"
#include "core/model/grid.h"
#include "core/model/plausibility.h"
#include "core/plugin/point.h"

typedef struct {
  zc_point point;
  uint32_t basis;
  zc_time issued_at;
} zc_source_point;

/* What came of observe or forecast for one region, as the engine takes it: what cannot be true is
 * refused, doubles and overlaps are merged, forecasts older than the source's max_age left out. */
typedef struct {
  bool asked; /* the source has that operation */
  bool done;
  int error;     /* ZC_OK, or why it failed */
  char *message; /* of the failure, may be NULL */
  int64_t begun_ns, latency_ms;
  zc_time from, to;        /* the span asked for */
  zc_source_point *points; /* grid intensity that is taken, ascending by `from` */
  size_t n_points;
  size_t emitted;      /* intensities with a time that came, refused ones too */
  zc_refusal refusal;  /* of those that cannot be true */
  zc_span_count count; /* of those that can, held against the span */
  bool has_now, held;  /* the value at the instant of the question; held: of a slot that is over */
  zc_source_point now;
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

/* What is odd about an answer that is no error, as sentences: `text` gets the first one, "; " and
 * the next. False: nothing. */
bool zc_source_answer_doubt(const zc_source_answer *answer, char *text, size_t size);
/* Why nothing came where nothing failed ("no points"); NULL where something did. */
const char *zc_source_nothing(const zc_source_region *region, const zc_source_answer *answer);

#endif
