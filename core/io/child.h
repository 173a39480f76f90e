/* child.h - child processes without a shell: environment, time limit, exit status, output's tail.
 *
 * Of our environment the child gets what is not withheld (child_environment.h) and is not set for
 * it. It has its own session and process group, /dev/null as input, and none of our descriptors.
 * At the time limit or when stopped the group gets TERM and later KILL. Its output is read to the
 * end, of which the last bytes are kept; who inherits the output and outlives the child is waited
 * for 1 s. Real time, also under a virtual clock. */
#ifndef ZC_IO_CHILD_H
#define ZC_IO_CHILD_H

#include "core/io/loop.h"

#define ZC_CHILD_MAX 1024 /* at the same time */
/* Descriptors that children leave to the rest of the process, below its limit (ulimit -n). */
#define ZC_CHILD_FILES_LEFT 64
#define ZC_CHILD_TAIL_MAX   65536 /* zc_process.tail_bytes */
#define ZC_CHILD_GRACE_MS   5000  /* between TERM and KILL at the time limit */

typedef struct zc_child zc_child;
typedef void (*zc_child_callback)(void *user, const zc_process_result *result);

/* Copies. The callback comes once, on a later turn, also where the program cannot be started
 * (result.error ZC_EIO with the reason); *ret (ret may be NULL) is valid until then. `owner`: whom
 * the log names when the callback is slow; copied. timeout_ms 0: no limit. Refused without a
 * callback: ZC_EINVAL (no command, a variable without a name, tail_bytes too large), ZC_ECONFLICT
 * where ZC_CHILD_MAX run, or the system has no room for another process at present (descriptors,
 * processes, memory), ZC_ENOMEM. */
int zc_child_start(zc_loop *loop, const zc_process *process, const char *owner,
                   zc_child_callback callback, void *user, zc_child **ret);
int zc_child_pid(const zc_child *child); /* 0 where it did not start */
/* TERM, then KILL after grace_ms (0: at once); the callback still comes. */
void zc_child_stop(zc_child *child, int64_t grace_ms);
/* As stop, with ZC_CHILD_GRACE_MS, but no callback comes; the loop reaps it by itself. */
void zc_child_abandon(zc_child *child);

#endif
