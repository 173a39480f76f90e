/* loop_private.h - the loop as work.c and child.c see it; for core/io only. */
#ifndef ZC_IO_LOOP_PRIVATE_H
#define ZC_IO_LOOP_PRIVATE_H

#include "core/io/loop.h"
#include "core/io/timer_heap.h"

#define ZC_READ_CHUNK 65536

struct zc_work_piece; /* work.c */

struct zc_loop {
  uv_loop_t uv;
  uv_timer_t alarm; /* wakes uv for the next zc_timer */
  zc_clock *clock;
  zc_timer_heap elapsed, wall;
  uint64_t next_sequence;
  size_t n_entered;
  bool in_uv; /* uv_run() is on the stack */
  bool stopping;
  void (*clock_set)(void *user, int64_t ms);
  void *clock_set_user;
  int64_t clock_offset; /* wall time less elapsed time, when it was last looked at */
  bool slow_expected;
  uint64_t slow_callbacks;
  int64_t longest_callback_ns;
  struct zc_work_piece *works; /* not yet over */
  size_t n_works, n_children;
  char chunk[ZC_READ_CHUNK]; /* a read's bytes, between uv's two callbacks */
};

/* Cancels the pieces that no thread has begun. */
void zc_work_cancel_all(zc_loop *loop);

#endif
