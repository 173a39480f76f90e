/* The loop does not sleep past what is due. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "core/base/time_text.h"
#include "core/io/loop.h"

/* A timer started by one of uv's own timers (as curl's are) is seen before uv sleeps again. */
typedef struct {
  zc_loop *loop;
  zc_timer near, far;
  bool late, fired;
} sleeper;

static void near_fires(zc_timer *timer) {
  sleeper *s = timer->user;
  assert_false(s->late);
  s->fired = true;
  zc_loop_stop(s->loop);
}

static void far_fires(zc_timer *timer) {
  (void)timer;
  fail_msg("the loop slept past a timer that was due");
}

static void start_near(uv_timer_t *timer) {
  sleeper *s = timer->data;
  zc_timer_after(s->loop, &s->near, 0, near_fires, s);
}

static void mark_late(uv_timer_t *timer) {
  ((sleeper *)timer->data)->late = true;
}

static void a_timer_started_by_uvs_own_is_not_slept_past(void **state) {
  (void)state;
  zc_clock clock;
  sleeper s = {0};
  uv_timer_t begin, mark;
  zc_clock_init_real(&clock);
  assert_int_equal(zc_loop_create(&clock, &s.loop), ZC_OK);
  uv_timer_init(zc_loop_uv(s.loop), &begin);
  uv_timer_init(zc_loop_uv(s.loop), &mark);
  begin.data = mark.data = &s;
  uv_timer_start(&begin, start_near, 0, 0); /* due before the first sleep */
  uv_timer_start(&mark, mark_late, 300, 0);
  zc_timer_after(s.loop, &s.far, 20000, far_fires, &s);
  zc_loop_run(s.loop, ZC_TIME_MAX);
  assert_true(s.fired);
  zc_timer_stop(s.loop, &s.far);
  uv_close((uv_handle_t *)&begin, NULL);
  uv_close((uv_handle_t *)&mark, NULL);
  assert_int_equal(zc_loop_destroy(s.loop), ZC_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_timer_started_by_uvs_own_is_not_slept_past),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
