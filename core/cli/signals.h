/* signals.h - SIGTERM and SIGINT ask for an orderly stop; a second one ends the process at once.
 *
 * The handlers are in force from install() on, before any loop: as process 1 a signal without a
 * handler would be ignored by the kernel. SIGHUP asks for a reload; SIGPIPE is ignored. */
#ifndef ZC_CLI_SIGNALS_H
#define ZC_CLI_SIGNALS_H

#include "core/io/loop.h"

/* A forced end exits with 128 + the signal's number. */
void zc_signals_install(void);

/* From now on on_stop is called on the loop, once, with the signal; also for one that came before.
 * on_hangup (NULL: a line in the log) is called for each SIGHUP, or for several at once.
 * ZC_ESYSTEM. */
int zc_signals_attach(zc_loop *loop, void (*on_stop)(void *user, int signal),
                      void (*on_hangup)(void *user), void *user);
/* Before the loop is destroyed; fine where nothing is attached. */
void zc_signals_detach(void);

/* The signal that asks for the end, 0: none came. */
int zc_signals_pending(void);

/* From now on the process has so long to end; then it is ended by force, with that exit status.
 * Works while the loop is stuck. Called again, it changes the exit status only. */
void zc_signals_limit_end(int64_t ms, int exit_status);

#endif
