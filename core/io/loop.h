/* loop.h - the one event loop: libuv for I/O, the engine's clock for time.
 *
 * Timers are of the engine's clock: at a wall time (schedules) or after an interval (retries,
 * deadlines). With a virtual clock they fire in order of due time and then of start, and time jumps
 * to the next one, but only while nothing real is under way: see zc_loop_enter(). */
#ifndef ZC_IO_LOOP_H
#define ZC_IO_LOOP_H

#include <stdbool.h>
#include <uv.h>

#include "core/base/clock.h"
#include "core/base/error.h"

#define ZC_SLOW_CALLBACK_NS INT64_C(50000000)

typedef struct zc_loop zc_loop;
typedef struct zc_timer zc_timer;
typedef void (*zc_timer_callback)(zc_timer *timer);

/* Embedded in its owner; zeroed before first use. Must be stopped before its memory goes. */
struct zc_timer {
  void *user;
  zc_timer_callback callback; /* NULL while not started */
  int64_t due;
  uint64_t sequence;
  zc_timer *child, *next, *previous; /* in the loop's heap */
  bool wall;
  const char *owner; /* whom the log names when the callback is slow; NULL: "engine" */
};

/* One a process: SIGPIPE is ignored from here on. */
int zc_loop_create(zc_clock *clock, zc_loop **ret);
/* Closes and frees: work that no thread has begun is cancelled, children are stopped (TERM, 1 s
 * later KILL), and what ends by itself (these and running work) is waited for, at most 6 s.
 * ZC_ESYSTEM (and a log line a handle) where something was left open: its memory is then kept. NULL
 * is fine. */
int zc_loop_destroy(zc_loop *loop);
/* Stops the children as zc_loop_destroy() does, and waits for them; timers do not fire meanwhile.
 */
void zc_loop_end_children(zc_loop *loop);
uv_loop_t *zc_loop_uv(zc_loop *loop);
zc_clock *zc_loop_clock(zc_loop *loop);
zc_time zc_loop_now(zc_loop *loop);

/* Runs until zc_loop_stop(), or until nothing is left to wait for (no timer, no I/O, nothing
 * entered). With a virtual clock also until a timer would be due after `until` (the clock then
 * stands at `until`); real clocks take ZC_TIME_MAX. Never from a callback. A handle that shall not
 * keep the loop running, such as one for a signal, is to be unreferenced (uv_unref). */
void zc_loop_run(zc_loop *loop, zc_time until);
/* From a callback: run returns after it. Outside of one: the next run returns at once. */
void zc_loop_stop(zc_loop *loop);

/* Starts or restarts; cannot fail. Due times in the past fire on the next turn, never inside this
 * call. A wall timer notices within 1 s that the system's clock was set. */
void zc_timer_at(zc_loop *loop, zc_timer *timer, zc_time wall, zc_timer_callback callback,
                 void *user);
void zc_timer_after(zc_loop *loop, zc_timer *timer, int64_t ms, zc_timer_callback callback,
                    void *user);
void zc_timer_stop(zc_loop *loop, zc_timer *timer); /* fine where it is not started */
bool zc_timer_active(const zc_timer *timer);

/* Calls back on a turn in which the system's clock is found to have been set, or to have gone on
 * while the machine slept, by more than a minute: `ms` ahead, or back where it is negative. One
 * callback a loop; NULL: none. A virtual clock is never set. */
void zc_loop_on_clock_set(zc_loop *loop, void (*callback)(void *user, int64_t ms), void *user);

/* Something real (a request, a process, work on a thread) begins and ends: virtual time stands
 * still between the two, and the loop runs on. */
void zc_loop_enter(zc_loop *loop);
void zc_loop_leave(zc_loop *loop);

/* Brackets a callback into foreign code: over 50 ms of wall time it is logged with `owner` and
 * counted. The line has the processor time of it, too: where that is little, the callback waited
 * (for a file, a lock, a network), or the machine was busy with others. */
typedef struct {
  int64_t real_ns, thread_ns;
} zc_loop_watch;
zc_loop_watch zc_loop_watch_begin(void);
void zc_loop_watch_end(zc_loop *loop, zc_loop_watch begun, const char *owner, const char *what);
/* While slow callbacks hold up nobody, as in a command or at the end, they are told with log level
 * debug only. */
void zc_loop_expect_slow(zc_loop *loop, bool expected);
uint64_t zc_loop_slow_callbacks(const zc_loop *loop);
int64_t zc_loop_longest_callback_ns(const zc_loop *loop);

#endif
