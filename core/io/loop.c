#include "core/io/loop.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>

#include "core/base/log.h"
#include "core/base/text.h"
#include "core/base/time_text.h"
#include "core/io/child.h"
#include "core/io/loop_private.h"

/* How much fires between two looks at I/O. */
#define MAX_TIMERS_A_TURN 200
#define MAX_TURN_NS       INT64_C(10000000)
/* The longest sleep while wall timers wait: the system's clock may be set meanwhile. */
#define MAX_SLEEP_MS      INT64_C(1000)
#define CLOCK_STEP_MS     ZC_MINUTE
#define CLOSE_LIMIT_MS    6000 /* what is still under way then is left open */
#define MAX_CLOSING_TURNS 8
/* What a child has left between TERM and KILL once the loop is destroyed. */
#define CLOSE_GRACE_MS 1000

int zc_loop_create(zc_clock *clock, zc_loop **ret) {
  zc_loop *loop = calloc(1, sizeof *loop);
  if (!loop) return ZC_ENOMEM;
  loop->clock = clock;
  if (uv_loop_init(&loop->uv) != 0) {
    free(loop);
    return ZC_ENOMEM;
  }
  uv_timer_init(&loop->uv, &loop->alarm);
  signal(SIGPIPE, SIG_IGN); /* a remote that hangs up is an error of one write, not our end */
  *ret = loop;
  return ZC_OK;
}

uv_loop_t *zc_loop_uv(zc_loop *loop) {
  return &loop->uv;
}

zc_clock *zc_loop_clock(zc_loop *loop) {
  return loop->clock;
}

zc_time zc_loop_now(zc_loop *loop) {
  return zc_clock_now(loop->clock);
}

/* ---- timers -------------------------------------------------------------------------------- */

/* Something is due by our clock that uv does not know of. Called from one of uv's own timers it has
 * not slept yet, and must not. */
static void wake(zc_loop *loop) {
  if (loop->in_uv) uv_stop(&loop->uv);
}

static void run_uv(zc_loop *loop, uv_run_mode mode) {
  loop->in_uv = true;
  uv_run(&loop->uv, mode);
  loop->in_uv = false;
}

static void start_timer(zc_loop *loop, zc_timer *timer, int64_t due, int64_t now, bool wall,
                        zc_timer_callback callback, void *user) {
  zc_timer_stop(loop, timer);
  /* Never before now: a timer that starts itself again and again in the past would else stay ahead
   * of all others. */
  timer->due = due > now ? due : now;
  timer->sequence = loop->next_sequence++;
  timer->wall = wall;
  timer->callback = callback;
  timer->user = user;
  zc_timer_heap_add(wall ? &loop->wall : &loop->elapsed, timer);
  wake(loop);
}

void zc_timer_at(zc_loop *loop, zc_timer *timer, zc_time wall, zc_timer_callback callback,
                 void *user) {
  start_timer(loop, timer, wall, zc_clock_now(loop->clock), true, callback, user);
}

void zc_timer_after(zc_loop *loop, zc_timer *timer, int64_t ms, zc_timer_callback callback,
                    void *user) {
  int64_t now = zc_clock_elapsed(loop->clock);
  int64_t due = ms < ZC_TIME_MAX - now ? now + ms : ZC_TIME_MAX;
  start_timer(loop, timer, due, now, false, callback, user);
}

void zc_timer_stop(zc_loop *loop, zc_timer *timer) {
  if (!timer->callback) return;
  zc_timer_heap_remove(timer->wall ? &loop->wall : &loop->elapsed, timer);
  timer->callback = NULL;
}

bool zc_timer_active(const zc_timer *timer) {
  return timer->callback != NULL;
}

/* ---- the system's clock is set -------------------------------------------------------------- */

static int64_t clock_offset(const zc_loop *loop) {
  return zc_clock_now(loop->clock) - zc_clock_elapsed(loop->clock);
}

void zc_loop_on_clock_set(zc_loop *loop, void (*callback)(void *user, int64_t ms), void *user) {
  loop->clock_set = callback;
  loop->clock_set_user = user;
  loop->clock_offset = clock_offset(loop);
}

static void notice_clock(zc_loop *loop) {
  if (!loop->clock_set || loop->clock->is_virtual) return;
  int64_t offset = clock_offset(loop), moved = offset - loop->clock_offset;
  loop->clock_offset = offset; /* what is slewed slowly never adds up */
  if (moved > CLOCK_STEP_MS || moved < -CLOCK_STEP_MS) {
    loop->clock_set(loop->clock_set_user, moved);
  }
}

/* ---- which timer is next -------------------------------------------------------------------- */

/* The timer that comes first, and in *ret_wait how long until then, in ms; below 0: it is late.
 * With a virtual clock both heaps have the same time, so that this is the order of due times. */
static zc_timer *next_timer(const zc_loop *loop, int64_t *ret_wait) {
  zc_timer *elapsed = loop->elapsed.first, *wall = loop->wall.first;
  int64_t elapsed_wait = elapsed ? elapsed->due - zc_clock_elapsed(loop->clock) : 0;
  int64_t wall_wait = wall ? wall->due - zc_clock_now(loop->clock) : 0;
  bool take_wall = wall && (!elapsed || wall_wait < elapsed_wait ||
                            (wall_wait == elapsed_wait && wall->sequence < elapsed->sequence));
  *ret_wait = take_wall ? wall_wait : elapsed_wait;
  return take_wall ? wall : elapsed;
}

static void fire(zc_loop *loop, zc_timer *timer) {
  char owner[64] = "engine"; /* the timer's memory may go in its callback */
  if (timer->owner) zc_copy_text(owner, sizeof owner, timer->owner);
  zc_timer_callback callback = timer->callback;
  zc_timer_stop(loop, timer);
  zc_loop_watch begun = zc_loop_watch_begin();
  callback(timer);
  zc_loop_watch_end(loop, begun, owner, "timer");
}

/* Fires what is due, but nothing that is started meanwhile. Whether more waits to be fired now. */
static bool fire_due(zc_loop *loop) {
  const uint64_t newest = loop->next_sequence;
  const int64_t begun = zc_clock_real_ns();
  for (int n = 0;; n++) {
    int64_t wait;
    zc_timer *timer = next_timer(loop, &wait);
    if (!timer || wait > 0 || loop->stopping) return false;
    if (timer->sequence >= newest || n >= MAX_TIMERS_A_TURN) return true;
    if (zc_clock_real_ns() - begun > MAX_TURN_NS) return true;
    fire(loop, timer);
  }
}

/* ---- running ------------------------------------------------------------------------------- */

static void ignore_alarm(uv_timer_t *alarm) {
  (void)alarm; /* its purpose is that uv_run() returns */
}

/* One turn of uv that sleeps at most so long. */
static void sleep_in_uv(zc_loop *loop, int64_t ms) {
  uv_update_time(&loop->uv);
  uv_timer_start(&loop->alarm, ignore_alarm, (uint64_t)ms, 0);
  run_uv(loop, UV_RUN_ONCE);
  uv_timer_stop(&loop->alarm);
}

static bool is_idle(const zc_loop *loop) {
  return loop->n_entered == 0 && !uv_loop_alive(&loop->uv);
}

/* Whether uv has something to do at this moment. */
static bool has_pending_io(zc_loop *loop) {
  if (!uv_loop_alive(&loop->uv)) return false;
  if (uv_backend_timeout(&loop->uv) == 0) return true;
  struct pollfd backend = {.fd = uv_backend_fd(&loop->uv), .events = POLLIN};
  return poll(&backend, 1, 0) > 0;
}

/* Nothing is due by the clock: waits until something is, or I/O comes. False: nothing ever will. */
static bool wait_real(zc_loop *loop) {
  int64_t wait;
  zc_timer *timer = next_timer(loop, &wait);
  if (!timer) {
    if (is_idle(loop)) return false;
    if (uv_loop_alive(&loop->uv))
      run_uv(loop, UV_RUN_ONCE);
    else
      sleep_in_uv(loop, MAX_SLEEP_MS);
    return true;
  }
  if (loop->wall.first && wait > MAX_SLEEP_MS) wait = MAX_SLEEP_MS;
  sleep_in_uv(loop, wait > 0 ? wait : 0);
  return true;
}

/* The same under a virtual clock: real things first, then time jumps. */
static bool wait_virtual(zc_loop *loop, zc_time until) {
  if (loop->n_entered > 0) {
    sleep_in_uv(loop, MAX_SLEEP_MS);
    return true;
  }
  run_uv(loop, UV_RUN_NOWAIT);
  if (loop->n_entered > 0 || loop->stopping || has_pending_io(loop)) return true;
  int64_t wait;
  zc_timer *timer = next_timer(loop, &wait);
  if (!timer) {
    if (!uv_loop_alive(&loop->uv)) return false;
    run_uv(loop, UV_RUN_ONCE);
    return true;
  }
  if (timer->due > until) {
    zc_clock_advance(loop->clock, until);
    return false;
  }
  zc_clock_advance(loop->clock, timer->due);
  return true;
}

void zc_loop_run(zc_loop *loop, zc_time until) {
  bool go_on = true;
  while (go_on && !loop->stopping) {
    notice_clock(loop);
    bool more = fire_due(loop);
    if (loop->stopping) break;
    if (more)
      run_uv(loop, UV_RUN_NOWAIT);
    else
      go_on = loop->clock->is_virtual ? wait_virtual(loop, until) : wait_real(loop);
  }
  loop->stopping = false;
}

void zc_loop_stop(zc_loop *loop) {
  loop->stopping = true;
  uv_stop(&loop->uv);
}

void zc_loop_enter(zc_loop *loop) {
  loop->n_entered++;
}

void zc_loop_leave(zc_loop *loop) {
  if (loop->n_entered > 0 && --loop->n_entered == 0) wake(loop);
}

/* ---- the watch on slow callbacks ----------------------------------------------------------- */

zc_loop_watch zc_loop_watch_begin(void) {
  return (zc_loop_watch){.real_ns = zc_clock_real_ns(), .thread_ns = zc_clock_thread_ns()};
}

void zc_loop_watch_end(zc_loop *loop, zc_loop_watch begun, const char *owner, const char *what) {
  int64_t took = zc_clock_real_ns() - begun.real_ns;
  if (took > loop->longest_callback_ns) loop->longest_callback_ns = took;
  if (took <= ZC_SLOW_CALLBACK_NS) return;
  loop->slow_callbacks++;
  zc_log(loop->slow_expected ? ZC_LOG_DEBUG : ZC_LOG_WARNING, owner ? owner : "engine",
         "a callback (%s) held the loop for %lld ms (%lld ms of processor time); at most %lld are "
         "allowed",
         what, (long long)(took / 1000000),
         (long long)((zc_clock_thread_ns() - begun.thread_ns) / 1000000),
         (long long)(ZC_SLOW_CALLBACK_NS / 1000000));
}

void zc_loop_expect_slow(zc_loop *loop, bool expected) {
  loop->slow_expected = expected;
}

uint64_t zc_loop_slow_callbacks(const zc_loop *loop) {
  return loop->slow_callbacks;
}

int64_t zc_loop_longest_callback_ns(const zc_loop *loop) {
  return loop->longest_callback_ns;
}

/* ---- closing ------------------------------------------------------------------------------- */

static void log_open_handle(uv_handle_t *handle, void *user) {
  (void)user;
  zc_log(ZC_LOG_ERROR, "engine", "left open on the loop: %s%s",
         uv_handle_type_name(uv_handle_get_type(handle)),
         uv_is_closing(handle) ? " (closing)" : "");
}

static void give_up(uv_timer_t *alarm) {
  *(bool *)alarm->data = true;
}

/* Waits until none is left of what ends by itself, at most so long. */
static void drain(zc_loop *loop, const size_t *left) {
  bool expired = false;
  loop->alarm.data = &expired;
  uv_update_time(&loop->uv);
  uv_timer_start(&loop->alarm, give_up, CLOSE_LIMIT_MS, 0);
  while (*left > 0 && !expired)
    run_uv(loop, UV_RUN_ONCE);
  uv_timer_stop(&loop->alarm);
}

/* Whoever waits for the loop's end does not wait for a child's whole grace. */
static void hurry_child(uv_handle_t *handle, void *user) {
  (void)user;
  if (uv_handle_get_type(handle) == UV_PROCESS && !uv_is_closing(handle)) {
    zc_child_stop(handle->data, CLOSE_GRACE_MS);
  }
}

/* Closing handles are called back in the turn that follows, and may close others then. */
static bool close_loop(uv_loop_t *uv) {
  for (int turn = 0; turn < MAX_CLOSING_TURNS; turn++) {
    if (uv_loop_close(uv) == 0) return true;
    uv_run(uv, UV_RUN_NOWAIT);
  }
  return false;
}

void zc_loop_end_children(zc_loop *loop) {
  uv_walk(&loop->uv, hurry_child, NULL);
  drain(loop, &loop->n_children);
}

int zc_loop_destroy(zc_loop *loop) {
  if (!loop) return ZC_OK;
  zc_work_cancel_all(loop);
  uv_walk(&loop->uv, hurry_child, NULL);
  drain(loop, &loop->n_entered);
  uv_close((uv_handle_t *)&loop->alarm, NULL);
  if (!close_loop(&loop->uv)) {
    uv_walk(&loop->uv, log_open_handle, NULL);
    return ZC_ESYSTEM;
  }
  free(loop);
  return ZC_OK;
}
