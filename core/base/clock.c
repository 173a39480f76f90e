#include "core/base/clock.h"

#include <time.h>

void zc_clock_init_real(zc_clock *clock) {
  clock->is_virtual = false;
  clock->virtual_now = 0;
}

void zc_clock_init_virtual(zc_clock *clock, zc_time start) {
  clock->is_virtual = true;
  clock->virtual_now = start;
}

static int64_t read_ns(clockid_t id) {
  struct timespec t;
  clock_gettime(id, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

zc_time zc_clock_now(const zc_clock *clock) {
  return clock->is_virtual ? clock->virtual_now : read_ns(CLOCK_REALTIME) / 1000000;
}

int64_t zc_clock_elapsed(const zc_clock *clock) {
  return clock->is_virtual ? clock->virtual_now : read_ns(CLOCK_MONOTONIC) / 1000000;
}

void zc_clock_advance(zc_clock *clock, zc_time to) {
  if (clock->is_virtual && to > clock->virtual_now) clock->virtual_now = to;
}

int64_t zc_clock_real_ns(void) {
  return read_ns(CLOCK_MONOTONIC);
}

int64_t zc_clock_thread_ns(void) {
  return read_ns(CLOCK_THREAD_CPUTIME_ID);
}
