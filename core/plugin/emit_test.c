/* What sources emit: what is taken, and what the log says of the rest. */
#include <math.h>

#include "core/plugin/operation_fixture.h"

#define AHEAD (5 * ZC_MINUTE)

/* ---- points ---- */

static struct {
  zc_signal signal;
  zc_point point;
} emitted;

static int emits(const zc_host *host, zc_self *self, const zc_query *query, zc_op *op) {
  (void)self;
  (void)query;
  current.status = host->emit(op, &emitted.signal, &emitted.point, 1, sizeof emitted.point);
  host->done(op, ZC_OK, NULL);
  return ZC_OK;
}

static const struct {
  uint32_t kind, flags, index;
  zc_time from, to;
  double value;
  int status;
} points[] = {
    {ZC_GRID_INTENSITY, ZC_POINT_OBSERVED, 0, 0, 1, 0, ZC_OK}, /* a true zero */
    {ZC_GRID_INTENSITY, ZC_POINT_FORECAST, 5, 0, 1, 1e6, ZC_OK},
    {ZC_GRID_INTENSITY, ZC_POINT_STATIC, 0, 0, 0, 10, ZC_OK},
    {ZC_PUE, 0, 0, 0, 0, 1.1, ZC_OK},
    {ZC_RENEWABLE_SHARE, 0, 0, 0, 0, 1, ZC_OK},
    {ZC_GRID_INTENSITY, ZC_POINT_OBSERVED, 0, 0, 1, -0.1, ZC_EDATA},
    {ZC_GRID_INTENSITY, ZC_POINT_OBSERVED, 0, 0, 1, NAN, ZC_EDATA},
    {ZC_GRID_INTENSITY, ZC_POINT_OBSERVED, 0, 0, 1, INFINITY, ZC_EDATA},
    {ZC_GRID_INTENSITY, ZC_POINT_OBSERVED, 0, 1, 1, 1, ZC_EDATA},
    {ZC_GRID_INTENSITY, ZC_POINT_OBSERVED, 0, 2, 1, 1, ZC_EDATA},
    {ZC_GRID_INTENSITY, ZC_POINT_OBSERVED, 0, INT64_MIN, 1, 1, ZC_EDATA},
    {ZC_GRID_INTENSITY, ZC_POINT_OBSERVED, 0, 0, INT64_MAX, 1, ZC_EDATA},
    {ZC_GRID_INTENSITY, ZC_POINT_OBSERVED, 6, 0, 1, 1, ZC_EDATA},
    {ZC_GRID_INTENSITY, 0, 0, 0, 1, 1, ZC_EDATA},
    {ZC_GRID_INTENSITY, ZC_POINT_OBSERVED | ZC_POINT_FORECAST, 0, 0, 1, 1, ZC_EDATA},
    {ZC_GRID_INTENSITY, ZC_POINT_OBSERVED | 0x100, 0, 0, 1, 1, ZC_EDATA},
    {ZC_PUE, 0, 0, 0, 0, 0.99, ZC_EDATA},
    {ZC_PUE, 0, 0, 0, 0, 113.5, ZC_EDATA}, /* in percent */
    {ZC_RENEWABLE_SHARE, 0, 0, 0, 0, 1.01, ZC_EDATA},
    {0, ZC_POINT_OBSERVED, 0, 0, 1, 1, ZC_EINVAL},
    {4, ZC_POINT_OBSERVED, 0, 0, 1, 1, ZC_EINVAL},
    /* What was observed has begun, but for clocks that differ a little. */
    {ZC_GRID_INTENSITY, ZC_POINT_OBSERVED, 0, START, START + ZC_HOUR, 1, ZC_OK},
    {ZC_GRID_INTENSITY, ZC_POINT_ESTIMATED, 0, START + AHEAD, START + ZC_HOUR, 1, ZC_OK},
    {ZC_GRID_INTENSITY, ZC_POINT_OBSERVED, 0, START + AHEAD + 1, START + ZC_HOUR, 1, ZC_EDATA},
    {ZC_GRID_INTENSITY, ZC_POINT_ESTIMATED, 0, START + AHEAD + 1, START + ZC_HOUR, 1, ZC_EDATA},
    {ZC_GRID_INTENSITY, ZC_POINT_FORECAST, 0, START + ZC_DAY, START + 2 * ZC_DAY, 1, ZC_OK},
};

static void points_are_checked(void **state) {
  fixture *f = *state;
  outcome o;
  zc_instance *source = open_source(f, "scripted");
  current.observe = emits;
  for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
    emitted.signal = (zc_signal){.size = sizeof emitted.signal, .kind = points[i].kind};
    emitted.point = (zc_point){.from = points[i].from,
                               .to = points[i].to,
                               .value = points[i].value,
                               .flags = points[i].flags,
                               .index = points[i].index};
    ask(f, source, &o);
    run(f);
    if (current.status != points[i].status) fail_msg("row %zu: %d", i, current.status);
    assert_int_equal(o.n_points, points[i].status == ZC_OK);
  }
  assert_int_equal(zc_instance_faults(source), 18);
  zc_instance_destroy(source);
}

/* Emits what the row holds; each fault in an instance of its own, as lines of one are bounded. */
static const struct {
  uint32_t size, kind, basis, flags;
  zc_time issued_at;
  size_t n, stride;
  const char *line;
} emits_refused[] = {
    {4, 1, 0, 1, 0, 2, 40, "the signal's size is too small: set .size = sizeof(zc_signal)"},
    {32, 9, 0, 1, 0, 2, 40, "the signal's kind is unknown"},
    {32, 1, 4, 1, 0, 2, 40, "the signal's basis is unknown"},
    {32, 1, 0, 1, INT64_MIN, 2, 40, "the signal's issued_at is out of all time"},
    {32, 1, 0, 1, START / 1000, 2, 40,
     "the signal's issued_at lies before the year 2000: in seconds instead of milliseconds?"},
    {32, 1, 0, 1, START + ZC_DAY + 1, 2, 40,
     "the signal's issued_at lies more than a day in the future"},
    {32, 1, 0, 1, 0, ZC_EMIT_MAX + 1, 40, "there are more than 100000 at once"},
    {32, 1, 0, 1, 0, 2, 16, "the stride is smaller than a zc_point"},
    {32, 1, 0, 1, 0, 2, 44, "the stride is no multiple of 8"},
    {32, 1, 0, 5, 0, 2, 32,
     "it needs exactly one flag of observed, estimated, forecast, static; it has two; none of the "
     "2 "
     "is taken"},
    {32, 1, 0, 0, 0, 2, 32, "it has none; none of the 2 is taken"},
    {32, 1, 0, 17, 0, 2, 32, "it has a flag that is unknown; none of the 2 is taken"},
};

static size_t refused_row;

static int emits_a_row(const zc_host *host, zc_self *self, const zc_query *query, zc_op *op) {
  (void)self;
  (void)query;
  const zc_point two[3] = {{.to = 1, .flags = emits_refused[refused_row].flags},
                           {.to = 1, .flags = ZC_POINT_OBSERVED}};
  const zc_signal signal = {.size = emits_refused[refused_row].size,
                            .kind = emits_refused[refused_row].kind,
                            .basis = emits_refused[refused_row].basis,
                            .issued_at = emits_refused[refused_row].issued_at};
  current.status =
      host->emit(op, &signal, two, emits_refused[refused_row].n, emits_refused[refused_row].stride);
  host->done(op, ZC_OK, NULL);
  return ZC_OK;
}

static void a_refused_emit_says_what_is_wrong(void **state) {
  fixture *f = *state;
  outcome o;
  assert_int_equal(sizeof(zc_signal), 32);
  assert_int_equal(sizeof(zc_point), 32);
  for (refused_row = 0; refused_row < sizeof emits_refused / sizeof *emits_refused; refused_row++) {
    zc_instance *source = open_source(f, "scripted");
    current.observe = emits_a_row;
    ask(f, source, &o);
    run(f);
    assert_true(current.status == ZC_EINVAL || current.status == ZC_EDATA);
    assert_int_equal(o.n_points, 0);
    assert_logged(f, emits_refused[refused_row].line);
    zc_instance_destroy(source);
  }
}

static int no_such_region(void *user, const zc_signal *signal, const zc_point *given, size_t n,
                          size_t stride, size_t *ret_bad) {
  (void)user;
  (void)signal;
  (void)given;
  (void)n;
  (void)stride;
  (void)ret_bad;
  return ZC_ENOTFOUND;
}

static void a_region_that_is_not_configured_is_named(void **state) {
  fixture *f = *state;
  outcome o = {.f = f};
  zc_operation operation;
  zc_instance *source = open_source(f, "scripted");
  const zc_query query = {.size = sizeof query, .region = "eu-west-2"};
  const zc_operation_events events = {.user = &o, .points = no_such_region, .done = take_done};
  emitted.signal =
      (zc_signal){.size = sizeof emitted.signal, .kind = ZC_GRID_INTENSITY, .region = "mars"};
  emitted.point = (zc_point){.to = 1, .flags = ZC_POINT_OBSERVED};
  current.observe = emits;
  assert_int_equal(zc_operation_start_source(source, false, &query, 1000, &events, &operation),
                   ZC_OK);
  run(f);
  assert_int_equal(current.status, ZC_ENOTFOUND);
  assert_logged(f, "warning source:scripted: emitted 1 points for \"mars\", which is no configured "
                   "region: none is taken\n");
  zc_instance_destroy(source);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      FIXTURE_TEST(points_are_checked),
      FIXTURE_TEST(a_refused_emit_says_what_is_wrong),
      FIXTURE_TEST(a_region_that_is_not_configured_is_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
