#include "core/base/clock.h"

#include <time.h>

void zc_clock_init_real(zc_clock *clock) {
  *clock = (zc_clock){.is_virtual = false};
}

void zc_clock_init_virtual(zc_clock *clock, zc_time start) {
  *clock = (zc_clock){.is_virtual = true, .virtual_now = start};
}

static int64_t read_ns(clockid_t id) {
  struct timespec t;
  clock_gettime(id, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t read_ms(clockid_t id) {
  return read_ns(id) / 1000000;
}

zc_time zc_clock_now(const zc_clock *clock) {
  return clock->is_virtual ? clock->virtual_now : read_ms(CLOCK_REALTIME) + clock->wall_ahead;
}

int64_t zc_clock_elapsed(const zc_clock *clock) {
  return clock->is_virtual ? clock->virtual_now : read_ms(CLOCK_MONOTONIC) + clock->elapsed_ahead;
}

void zc_clock_advance(zc_clock *clock, zc_time to) {
  if (clock->is_virtual && to > clock->virtual_now) clock->virtual_now = to;
}

void zc_clock_let_go(zc_clock *clock) {
  if (!clock->is_virtual) return;
  clock->wall_ahead = clock->virtual_now - read_ms(CLOCK_REALTIME);
  clock->elapsed_ahead = clock->virtual_now - read_ms(CLOCK_MONOTONIC);
  clock->is_virtual = false;
}

int64_t zc_clock_real_ns(void) {
  return read_ns(CLOCK_MONOTONIC);
}

int64_t zc_clock_thread_ns(void) {
  return read_ns(CLOCK_THREAD_CPUTIME_ID);
}
