#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/log.h"
#include "core/base/random.h"
#include "core/base/time_text.h"
#include "core/io/loop.h"

#define START INT64_C(1767312245000) /* 2026-01-02T00:04:05Z */

typedef struct {
  zc_clock clock;
  zc_loop *loop;
  size_t n_fired;
  int order[64];
  int64_t times[64];
} scene;

static void begin_virtual(scene *s) {
  memset(s, 0, sizeof *s);
  zc_clock_init_virtual(&s->clock, START);
  assert_int_equal(zc_loop_create(&s->clock, &s->loop), ZC_OK);
}

static void begin_real(scene *s) {
  memset(s, 0, sizeof *s);
  zc_clock_init_real(&s->clock);
  assert_int_equal(zc_loop_create(&s->clock, &s->loop), ZC_OK);
}

static void end(scene *s) {
  assert_int_equal(zc_loop_destroy(s->loop), ZC_OK);
}

typedef struct {
  zc_timer timer;
  scene *s;
  int name;
} named;

static void note(zc_timer *timer) {
  named *n = timer->user;
  n->s->times[n->s->n_fired] = zc_loop_now(n->s->loop) - START;
  n->s->order[n->s->n_fired++] = n->name;
}

static void assert_order(const scene *s, const int *names, size_t n) {
  assert_int_equal(s->n_fired, n);
  for (size_t i = 0; i < n; i++)
    assert_int_equal(s->order[i], names[i]);
}

/* ---- virtual time -------------------------------------------------------------------------- */

static void test_order_is_by_due_time_then_start(void **state) {
  (void)state;
  scene s;
  begin_virtual(&s);
  named t[6] = {0};
  for (int i = 0; i < 6; i++) {
    t[i].s = &s;
    t[i].name = i;
  }
  zc_timer_after(s.loop, &t[0].timer, 500, note, &t[0]);
  zc_timer_at(s.loop, &t[1].timer, START + 500, note, &t[1]);
  zc_timer_after(s.loop, &t[2].timer, 0, note, &t[2]);
  zc_timer_at(s.loop, &t[3].timer, START - ZC_DAY, note, &t[3]);
  zc_timer_after(s.loop, &t[4].timer, 500, note, &t[4]);
  zc_timer_at(s.loop, &t[5].timer, START + 365 * ZC_DAY, note, &t[5]);
  assert_int_equal(s.n_fired, 0);
  zc_loop_run(s.loop, ZC_TIME_MAX);
  assert_order(&s, (const int[]){2, 3, 0, 1, 4, 5}, 6);
  const int64_t times[] = {0, 0, 500, 500, 500, 365 * ZC_DAY};
  assert_memory_equal(s.times, times, sizeof times);
  assert_int_equal(zc_loop_now(s.loop), START + 365 * ZC_DAY);
  end(&s);
}

static void test_until_stops_the_clock_there(void **state) {
  (void)state;
  scene s;
  begin_virtual(&s);
  named t[2] = {{.s = &s, .name = 0}, {.s = &s, .name = 1}};
  zc_timer_after(s.loop, &t[0].timer, ZC_HOUR, note, &t[0]);
  zc_timer_after(s.loop, &t[1].timer, 2 * ZC_HOUR, note, &t[1]);
  zc_loop_run(s.loop, START + ZC_HOUR);
  assert_order(&s, (const int[]){0}, 1);
  assert_int_equal(zc_loop_now(s.loop), START + ZC_HOUR);
  zc_loop_run(s.loop, START + 90 * ZC_MINUTE);
  assert_int_equal(s.n_fired, 1);
  assert_int_equal(zc_loop_now(s.loop), START + 90 * ZC_MINUTE);
  assert_true(zc_timer_active(&t[1].timer));
  zc_loop_run(s.loop, ZC_TIME_MAX);
  assert_order(&s, (const int[]){0, 1}, 2);
  end(&s);
}

typedef struct {
  named own;
  named *victim, *other;
  int left;
} meddler;

static void meddle(zc_timer *timer) {
  meddler *m = (meddler *)timer->user;
  scene *s = m->own.s;
  assert_false(zc_timer_active(timer));
  s->times[s->n_fired] = zc_loop_now(s->loop) - START;
  s->order[s->n_fired++] = m->own.name;
  zc_timer_stop(s->loop, &m->victim->timer);
  zc_timer_after(s->loop, &m->other->timer, 5, note, m->other); /* moves it */
  if (m->left-- > 0) zc_timer_after(s->loop, timer, 10, meddle, m);
}

static void test_callbacks_may_start_and_stop_any_timer(void **state) {
  (void)state;
  scene s;
  begin_virtual(&s);
  named victim = {.s = &s, .name = 7}, other = {.s = &s, .name = 8};
  meddler m = {.own = {.s = &s, .name = 9}, .victim = &victim, .other = &other, .left = 2};
  zc_timer_after(s.loop, &m.own.timer, 10, meddle, &m);
  zc_timer_after(s.loop, &victim.timer, 10, note, &victim); /* due at the same instant */
  zc_timer_after(s.loop, &other.timer, 12, note, &other);
  zc_loop_run(s.loop, ZC_TIME_MAX);
  assert_order(&s, (const int[]){9, 8, 9, 8, 9, 8}, 6);
  const int64_t times[] = {10, 15, 20, 25, 30, 35};
  assert_memory_equal(s.times, times, sizeof times);
  assert_false(zc_timer_active(&victim.timer));
  end(&s);
}

typedef struct {
  zc_timer timer;
  zc_loop *loop;
  size_t *n_fired;
  const int64_t *last_due;
  int64_t due;
} one_of_many;

static int64_t last_due;

static void check_ascending(zc_timer *timer) {
  one_of_many *one = timer->user;
  assert_true(one->due >= last_due);
  assert_int_equal(zc_loop_now(one->loop), one->due);
  last_due = one->due;
  ++*one->n_fired;
}

static void test_ten_thousand_timers(void **state) {
  (void)state;
  enum { N = 10000 };
  scene s;
  begin_virtual(&s);
  zc_random random;
  zc_random_init(&random, 42);
  one_of_many *all = calloc(N, sizeof *all);
  assert_non_null(all);
  size_t n_fired = 0, n_stopped = 0;
  last_due = 0;
  for (int round = 0; round < 2; round++) { /* each is started, and then moved */
    for (size_t i = 0; i < N; i++) {
      all[i].loop = s.loop;
      all[i].n_fired = &n_fired;
      all[i].due = START + (int64_t)zc_random_below(&random, 3000);
      zc_timer_at(s.loop, &all[i].timer, all[i].due, check_ascending, &all[i]);
    }
  }
  for (size_t i = 0; i < N; i += 3, n_stopped++)
    zc_timer_stop(s.loop, &all[i].timer);
  zc_loop_run(s.loop, ZC_TIME_MAX);
  assert_int_equal(n_fired, N - n_stopped);
  free(all);
  end(&s);
}

/* ---- real things under a virtual clock ----------------------------------------------------- */

typedef struct {
  scene *s;
  uv_timer_t real;
  zc_time left_at;
} real_thing;

static void real_thing_ends(uv_timer_t *timer) {
  real_thing *thing = timer->data;
  thing->left_at = zc_loop_now(thing->s->loop);
  zc_loop_leave(thing->s->loop);
  uv_close((uv_handle_t *)timer, NULL);
}

static void test_time_stands_still_while_something_real_runs(void **state) {
  (void)state;
  scene s;
  begin_virtual(&s);
  named now = {.s = &s, .name = 1}, later = {.s = &s, .name = 2};
  real_thing thing = {.s = &s};
  thing.real.data = &thing;
  uv_timer_init(zc_loop_uv(s.loop), &thing.real);
  uv_timer_start(&thing.real, real_thing_ends, 20, 0);
  zc_loop_enter(s.loop);
  zc_timer_after(s.loop, &now.timer, 0, note, &now); /* due already: fires meanwhile */
  zc_timer_after(s.loop, &later.timer, ZC_DAY, note, &later);
  zc_loop_run(s.loop, ZC_TIME_MAX);
  assert_order(&s, (const int[]){1, 2}, 2);
  assert_int_equal(thing.left_at, START);
  assert_int_equal(s.times[1], ZC_DAY);
  end(&s);
}

/* ---- real time ----------------------------------------------------------------------------- */

static void test_real_timers_fire_in_order(void **state) {
  (void)state;
  scene s;
  begin_real(&s);
  named t[3] = {{.s = &s, .name = 0}, {.s = &s, .name = 1}, {.s = &s, .name = 2}};
  /* Started in this order, so that a halt of the machine in between changes nothing. */
  zc_timer_after(s.loop, &t[2].timer, 0, note, &t[2]);
  zc_timer_at(s.loop, &t[1].timer, zc_loop_now(s.loop) + 15, note, &t[1]);
  zc_timer_after(s.loop, &t[0].timer, 30, note, &t[0]);
  zc_loop_run(s.loop, ZC_TIME_MAX);
  assert_order(&s, (const int[]){2, 1, 0}, 3);
  assert_true(zc_clock_elapsed(&s.clock) >= t[0].timer.due); /* never early */
  end(&s);
}

/* The system's clock, set forward by a test. */
static int64_t clock_step_s;
int clock_gettime(clockid_t id, struct timespec *to) __attribute__((visibility("default")));
int clock_gettime(clockid_t id, struct timespec *to) {
  long result = syscall(SYS_clock_gettime, id, to);
  if (id == CLOCK_REALTIME) to->tv_sec += clock_step_s;
  return (int)result;
}

static void set_system_clock(uv_prepare_t *handle) {
  clock_step_s = 3600; /* while the loop goes to sleep */
  uv_prepare_stop(handle);
}

static void test_a_wall_timer_follows_the_system_clock(void **state) {
  (void)state;
  scene s;
  begin_real(&s);
  named wall = {.s = &s, .name = 1};
  uv_prepare_t setter;
  uv_prepare_init(zc_loop_uv(s.loop), &setter);
  uv_prepare_start(&setter, set_system_clock);
  uv_unref((uv_handle_t *)&setter);
  zc_timer_at(s.loop, &wall.timer, zc_loop_now(s.loop) + ZC_HOUR, note, &wall);
  zc_loop_run(s.loop, ZC_TIME_MAX); /* an hour would be too long for main's alarm */
  assert_order(&s, (const int[]){1}, 1);
  clock_step_s = 0;
  uv_close((uv_handle_t *)&setter, NULL);
  end(&s);
}

static void stop_from_signal(uv_signal_t *handle, int number) {
  (void)number;
  zc_loop_stop(handle->data);
}

static void raise_signal(zc_timer *timer) {
  (void)timer;
  kill(getpid(), SIGUSR1);
}

static void test_a_signal_stops_the_loop(void **state) {
  (void)state;
  for (int is_virtual = 0; is_virtual < 2; is_virtual++) {
    scene s;
    if (is_virtual)
      begin_virtual(&s);
    else
      begin_real(&s);
    uv_signal_t handle;
    uv_signal_init(zc_loop_uv(s.loop), &handle);
    handle.data = s.loop;
    uv_signal_start(&handle, stop_from_signal, SIGUSR1);
    named never = {.s = &s};
    zc_timer raiser = {0};
    zc_timer_after(s.loop, &raiser, 0, raise_signal, NULL);
    zc_loop_enter(s.loop); /* or virtual time would run ahead of the signal */
    zc_timer_after(s.loop, &never.timer, ZC_DAY, note, &never);
    zc_loop_run(s.loop, ZC_TIME_MAX);
    assert_int_equal(s.n_fired, 0);
    zc_loop_leave(s.loop);
    zc_timer_stop(s.loop, &never.timer);
    uv_close((uv_handle_t *)&handle, NULL);
    end(&s);
  }
}

static void stop_loop(zc_timer *timer) {
  zc_loop_stop(timer->user);
}

static void test_stop_leaves_what_is_due_for_the_next_run(void **state) {
  (void)state;
  scene s;
  begin_virtual(&s);
  named after = {.s = &s, .name = 3};
  zc_timer stopper = {0};
  zc_timer_after(s.loop, &stopper, 1, stop_loop, s.loop);
  zc_timer_after(s.loop, &after.timer, 1, note, &after);
  zc_loop_run(s.loop, ZC_TIME_MAX);
  assert_int_equal(s.n_fired, 0);
  zc_loop_run(s.loop, ZC_TIME_MAX);
  assert_order(&s, (const int[]){3}, 1);
  end(&s);
}

/* Timers that keep restarting at once must not starve I/O: a byte in a pipe is still read. */
typedef struct {
  zc_timer timer;
  zc_loop *loop;
  bool *readable;
} busy;

static void stay_busy(zc_timer *timer) {
  busy *b = timer->user;
  if (!*b->readable) zc_timer_after(b->loop, timer, 0, stay_busy, b);
}

static void pipe_readable(uv_poll_t *poll, int status, int events) {
  assert_int_equal(status, 0);
  assert_int_equal(events, UV_READABLE);
  *(bool *)poll->data = true;
  uv_close((uv_handle_t *)poll, NULL);
}

static void test_timers_do_not_starve_io(void **state) {
  (void)state;
  for (int is_virtual = 0; is_virtual < 2; is_virtual++) {
    scene s;
    if (is_virtual)
      begin_virtual(&s);
    else
      begin_real(&s);
    enum { N = 500 };
    bool readable = false;
    busy all[N] = {0};
    for (size_t i = 0; i < N; i++) {
      all[i].loop = s.loop;
      all[i].readable = &readable;
      zc_timer_after(s.loop, &all[i].timer, 0, stay_busy, &all[i]);
    }
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "x", 1), 1);
    uv_poll_t poll;
    poll.data = &readable;
    uv_poll_init(zc_loop_uv(s.loop), &poll, ends[0]);
    uv_poll_start(&poll, UV_READABLE, pipe_readable);
    zc_loop_run(s.loop, ZC_TIME_MAX);
    assert_true(readable);
    close(ends[0]);
    close(ends[1]);
    end(&s);
  }
}

/* ---- the watch, and closing ---------------------------------------------------------------- */

static void hold_the_loop(zc_timer *timer) {
  (void)timer;
  int64_t begun = zc_clock_real_ns();
  while (zc_clock_real_ns() - begun <= ZC_SLOW_CALLBACK_NS)
    continue;
}

static void test_a_slow_callback_is_named(void **state) {
  (void)state;
  scene s;
  begin_virtual(&s);
  char *text = NULL;
  size_t size;
  FILE *stream = open_memstream(&text, &size);
  assert_non_null(stream);
  zc_log_setup(ZC_LOG_INFO, false, &s.clock, stream);
  zc_timer slow = {.owner = "source:tardy"};
  zc_timer_after(s.loop, &slow, 0, hold_the_loop, NULL);
  zc_loop_run(s.loop, ZC_TIME_MAX);
  zc_log_setup(ZC_LOG_INFO, false, NULL, NULL);
  fclose(stream);
  assert_int_equal(zc_loop_slow_callbacks(s.loop), 1);
  assert_true(zc_loop_longest_callback_ns(s.loop) > ZC_SLOW_CALLBACK_NS);
  assert_non_null(strstr(text, "source:tardy: a callback (timer) held the loop for "));
  free(text);
  end(&s);
}

static void test_a_slow_callback_that_is_expected_is_for_debugging(void **state) {
  (void)state;
  scene s;
  begin_virtual(&s);
  char *text = NULL;
  size_t size;
  FILE *stream = open_memstream(&text, &size);
  assert_non_null(stream);
  zc_log_setup(ZC_LOG_INFO, false, &s.clock, stream);
  zc_loop_expect_slow(s.loop, true);
  zc_timer slow = {.owner = "source:tardy"};
  zc_timer_after(s.loop, &slow, 0, hold_the_loop, NULL);
  zc_loop_run(s.loop, ZC_TIME_MAX);
  zc_log_setup(ZC_LOG_INFO, false, NULL, NULL);
  fclose(stream);
  assert_int_equal(zc_loop_slow_callbacks(s.loop), 1);
  assert_string_equal(text, "");
  free(text);
  end(&s);
}

static void test_an_open_handle_is_reported(void **state) {
  (void)state;
  scene s;
  begin_virtual(&s);
  char *text = NULL;
  size_t size;
  FILE *stream = open_memstream(&text, &size);
  assert_non_null(stream);
  zc_log_setup(ZC_LOG_INFO, false, &s.clock, stream);
  uv_timer_t forgotten;
  uv_timer_init(zc_loop_uv(s.loop), &forgotten);
  assert_int_equal(zc_loop_destroy(s.loop), ZC_ESYSTEM);
  zc_log_setup(ZC_LOG_INFO, false, NULL, NULL);
  fclose(stream);
  assert_non_null(strstr(text, "left open on the loop: timer"));
  free(text);
  uv_close((uv_handle_t *)&forgotten, NULL);
  uv_run(zc_loop_uv(s.loop), UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(zc_loop_uv(s.loop)), 0);
  free(s.loop);
}

static void test_nothing_to_do_returns_at_once(void **state) {
  (void)state;
  scene s;
  begin_real(&s);
  zc_loop_run(s.loop, ZC_TIME_MAX);
  end(&s);
  begin_virtual(&s);
  zc_loop_run(s.loop, ZC_TIME_MAX);
  assert_int_equal(zc_loop_now(s.loop), START);
  end(&s);
  assert_int_equal(zc_loop_destroy(NULL), ZC_OK);
}

int main(void) {
  alarm(120); /* a loop that never ends is a failure */
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_order_is_by_due_time_then_start),
      cmocka_unit_test(test_until_stops_the_clock_there),
      cmocka_unit_test(test_callbacks_may_start_and_stop_any_timer),
      cmocka_unit_test(test_ten_thousand_timers),
      cmocka_unit_test(test_time_stands_still_while_something_real_runs),
      cmocka_unit_test(test_real_timers_fire_in_order),
      cmocka_unit_test(test_a_wall_timer_follows_the_system_clock),
      cmocka_unit_test(test_a_signal_stops_the_loop),
      cmocka_unit_test(test_stop_leaves_what_is_due_for_the_next_run),
      cmocka_unit_test(test_timers_do_not_starve_io),
      cmocka_unit_test(test_a_slow_callback_is_named),
      cmocka_unit_test(test_a_slow_callback_that_is_expected_is_for_debugging),
      cmocka_unit_test(test_an_open_handle_is_reported),
      cmocka_unit_test(test_nothing_to_do_returns_at_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
