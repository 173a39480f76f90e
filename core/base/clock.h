/* clock.h - the engine's one clock, real or virtual.
 *
 * Nobody else asks the system for the time. A virtual clock stands still until it is set: the loop
 * moves it from timer to timer, so that a year runs in seconds and the same seed gives the same
 * run. One that is let go goes on at the pace of real time from where it stands. */
#ifndef ZC_BASE_CLOCK_H
#define ZC_BASE_CLOCK_H

#include <stdbool.h>
#include <zerocarb/plugin.h>

typedef struct {
  bool is_virtual;
  zc_time virtual_now;               /* of a virtual clock */
  int64_t wall_ahead, elapsed_ahead; /* of the system's clocks: once it was let go */
} zc_clock;

void zc_clock_init_real(zc_clock *clock);
void zc_clock_init_virtual(zc_clock *clock, zc_time start);

/* Wall time, ms UTC. May step on a real clock: for schedules and records. */
zc_time zc_clock_now(const zc_clock *clock);

/* Time that only goes forward, ms from an arbitrary start: for timeouts and intervals. The same as
 * zc_clock_now() on a virtual clock. */
int64_t zc_clock_elapsed(const zc_clock *clock);

/* Moves a virtual clock forward to `to`; never back. */
void zc_clock_advance(zc_clock *clock, zc_time to);

/* From now on a virtual clock is a real one that shows another time. */
void zc_clock_let_go(zc_clock *clock);

/* CPU and wall measurement, ns, always real: benchmarks and the watch on slow callbacks only. */
int64_t zc_clock_real_ns(void);
/* Processor time of the calling thread, for the same. */
int64_t zc_clock_thread_ns(void);

#endif
