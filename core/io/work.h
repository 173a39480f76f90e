/* work.h - functions that may block, on libuv's threads. */
#ifndef ZC_IO_WORK_H
#define ZC_IO_WORK_H

#include "core/io/loop.h"

#define ZC_WORK_MAX 1000 /* pieces handed in and not yet over */

/* run() on a thread, then after() on the loop, status ZC_OK, or ZC_ECANCELED where the loop was
 * destroyed before a thread took the piece (run() was then not called). ZC_ECONFLICT where
 * ZC_WORK_MAX pieces wait, ZC_ENOMEM; then neither is called. */
int zc_work_start(zc_loop *loop, void (*run)(void *user), void (*after)(void *user, int status),
                  void *user);

#endif
