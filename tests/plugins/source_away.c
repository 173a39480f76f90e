/* A source of half hours, low in the afternoon, that answers for any time, but is away for a whole
 * day: from 2026-01-01 06:00 to 2026-01-02 06:00 it knows nothing of. */
#include <stdbool.h>

#include "flat_source.h"

#define AWAY      INT64_C(1767247200000)
#define BACK      INT64_C(1767333600000)
#define HALF_HOUR INT64_C(1800000)
#define DAY       INT64_C(86400000)
#define LOW_FROM  (INT64_C(13) * 3600000)
#define LOW_UNTIL (INT64_C(16) * 3600000)
#define SLOTS_MAX 512

static double value_at(zc_time time) {
  zc_time of_day = time % DAY;
  return of_day >= LOW_FROM && of_day < LOW_UNTIL ? 60 : 260;
}

static int answer(const flat_source *source, const zc_query *query, zc_op *op, uint32_t flags) {
  const zc_signal signal = {
      .size = sizeof signal, .kind = ZC_GRID_INTENSITY, .basis = ZC_BASIS_LIFECYCLE};
  zc_point points[SLOTS_MAX];
  size_t n = 0;
  for (zc_time from = query->from - query->from % HALF_HOUR; from < query->to && n < SLOTS_MAX;
       from += HALF_HOUR) {
    points[n++] =
        (zc_point){.from = from, .to = from + HALF_HOUR, .value = value_at(from), .flags = flags};
  }
  return source->host->emit(op, &signal, points, n, sizeof points[0]);
}

static int ask(const flat_source *source, const zc_query *query, zc_op *op, uint32_t flags) {
  zc_time now = source->host->now(source->self);
  bool away = now >= AWAY && now < BACK;
  int status = away ? ZC_EREMOTE : answer(source, query, op, flags);
  source->host->done(op, status, away ? "there is nobody" : NULL);
  return ZC_OK;
}

static int observe(void *state, const zc_query *query, zc_op *op) {
  return ask(state, query, op, ZC_POINT_OBSERVED);
}

static int forecast(void *state, const zc_query *query, zc_op *op) {
  return ask(state, query, op, ZC_POINT_FORECAST);
}

static const zc_source_ops ops = {
    .size = sizeof ops, .flags = ZC_SOURCE_RECORDED, .observe = observe, .forecast = forecast};

FLAT_PLUGIN("source_away", "Half hours, away for a day.", ops);
ZC_DEFINE_PLUGIN(source_away, plugin)
