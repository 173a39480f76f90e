#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/time_text.h"
#include "core/io/work.h"

typedef struct {
  zc_loop *loop;
  uv_sem_t gate, begun;
  uv_thread_t loop_thread;
  bool ran, ran_elsewhere;
  int n_after, n_canceled;
  zc_time ended_at;
  zc_timer timer;
} scene;

static void run(void *user) {
  scene *s = user;
  uv_thread_t self = uv_thread_self();
  s->ran = true;
  s->ran_elsewhere = !uv_thread_equal(&self, &s->loop_thread);
}

static void after(void *user, int status) {
  scene *s = user;
  s->n_after++;
  s->n_canceled += status == ZC_ECANCELED;
  s->ended_at = zc_loop_now(s->loop);
}

static void nothing(zc_timer *timer) {
  (void)timer;
}

static void begin(scene *s, zc_clock *clock) {
  memset(s, 0, sizeof *s);
  zc_clock_init_virtual(clock, 1000);
  assert_int_equal(zc_loop_create(clock, &s->loop), ZC_OK);
  s->loop_thread = uv_thread_self();
}

static void test_runs_on_a_thread_while_time_stands_still(void **state) {
  (void)state;
  scene s;
  zc_clock clock;
  begin(&s, &clock);
  assert_int_equal(zc_work_start(s.loop, run, after, &s), ZC_OK);
  zc_timer_after(s.loop, &s.timer, ZC_DAY, nothing, NULL);
  assert_int_equal(s.n_after, 0);
  zc_loop_run(s.loop, ZC_TIME_MAX);
  assert_true(s.ran && s.ran_elsewhere);
  assert_int_equal(s.n_after, 1);
  assert_int_equal(s.n_canceled, 0);
  assert_int_equal(s.ended_at, 1000);
  assert_int_equal(zc_loop_destroy(s.loop), ZC_OK);
}

static void wait_at_gate(void *user) {
  scene *s = user;
  uv_sem_post(&s->begun);
  uv_sem_wait(&s->gate);
  uv_sem_post(&s->gate);
}

static void open_gate(uv_timer_t *timer) {
  scene *s = timer->data;
  uv_sem_post(&s->gate);
  uv_close((uv_handle_t *)timer, NULL);
}

static void test_is_bounded_and_canceled_when_the_loop_goes(void **state) {
  (void)state;
  scene s;
  zc_clock clock;
  begin(&s, &clock);
  assert_int_equal(uv_sem_init(&s.gate, 0), 0);
  assert_int_equal(uv_sem_init(&s.begun, 0), 0);
  for (int i = 0; i < ZC_WORK_MAX; i++)
    assert_int_equal(zc_work_start(s.loop, wait_at_gate, after, &s), ZC_OK);
  assert_int_equal(zc_work_start(s.loop, wait_at_gate, after, &s), ZC_ECONFLICT);
  uv_sem_wait(&s.begun); /* one at least cannot be canceled any more */
  uv_timer_t opener; /* rings while the loop closes, long after the waiting ones were canceled */
  opener.data = &s;
  uv_timer_init(zc_loop_uv(s.loop), &opener);
  uv_timer_start(&opener, open_gate, 1, 0);
  zc_loop *loop = s.loop;
  assert_int_equal(zc_loop_destroy(loop), ZC_OK);
  assert_int_equal(s.n_after, ZC_WORK_MAX);
  /* All but those that the threads (4 by default) may hold. */
  assert_true(s.n_canceled > ZC_WORK_MAX / 2 && s.n_canceled < ZC_WORK_MAX);
  uv_sem_destroy(&s.gate);
  uv_sem_destroy(&s.begun);
}

int main(void) {
  alarm(120);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_runs_on_a_thread_while_time_stands_still),
      cmocka_unit_test(test_is_bounded_and_canceled_when_the_loop_goes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
