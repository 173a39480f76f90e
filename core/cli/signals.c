#include "core/cli/signals.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "core/base/log.h"

/* Signals belong to the process, and so does this state. The handler touches only what is atomic,
 * and uv_async_send(), which may be called from a signal handler. */
static struct {
  atomic_int stop;    /* the first signal that asked for the end */
  atomic_bool hangup; /* a SIGHUP came */
  atomic_bool attached;
  uv_async_t async;
  atomic_int forced_status; /* of the exit when the time to end is over */
  bool limited, told;
  void (*on_stop)(void *user, int signal);
  void (*on_hangup)(void *user);
  void *user;
} signals;

static void handle(int number) {
  int before = errno, none = 0;
  if (number == SIGHUP) {
    atomic_store(&signals.hangup, true);
  } else if (!atomic_compare_exchange_strong(&signals.stop, &none, number)) {
    _exit(128 + number);
  }
  if (atomic_load(&signals.attached)) uv_async_send(&signals.async);
  errno = before;
}

static void force_end(int number) {
  static const char text[] = "zerocarb: did not end in time: ended by force\n";
  struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};
  (void)number;
  ssize_t written = poll(&out, 1, 0) > 0 ? write(STDERR_FILENO, text, sizeof text - 1) : 0;
  (void)written; /* there is nothing left to do about it */
  _exit(atomic_load(&signals.forced_status));
}

void zc_signals_limit_end(int64_t ms, int exit_status) {
  atomic_store(&signals.forced_status, exit_status);
  if (signals.limited) return;
  signals.limited = true;
  struct itimerval limit = {
      .it_value = {.tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000)}};
  setitimer(ITIMER_REAL, &limit, NULL);
}

void zc_signals_install(void) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = handle;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGHUP, &action, NULL);
  action.sa_handler = force_end;
  sigaction(SIGALRM, &action, NULL);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN); /* a limit on files' sizes (ulimit -f) is met as a full disk */
}

int zc_signals_pending(void) {
  return atomic_load(&signals.stop);
}

static void on_async(uv_async_t *async) {
  (void)async;
  bool hangup = atomic_exchange(&signals.hangup, false);
  if (hangup && signals.on_hangup) signals.on_hangup(signals.user);
  if (hangup && !signals.on_hangup) zc_log(ZC_LOG_INFO, "run", "SIGHUP: nothing to reload here");
  int number = zc_signals_pending();
  if (number == 0 || signals.told) return;
  signals.told = true;
  signals.on_stop(signals.user, number);
}

int zc_signals_attach(zc_loop *loop, void (*on_stop)(void *user, int signal),
                      void (*on_hangup)(void *user), void *user) {
  if (uv_async_init(zc_loop_uv(loop), &signals.async, on_async) != 0) return ZC_ESYSTEM;
  uv_unref((uv_handle_t *)&signals.async);
  signals.on_stop = on_stop;
  signals.on_hangup = on_hangup;
  signals.user = user;
  signals.told = false;
  atomic_store(&signals.attached, true);
  uv_async_send(&signals.async);
  return ZC_OK;
}

void zc_signals_detach(void) {
  if (!atomic_exchange(&signals.attached, false)) return;
  uv_close((uv_handle_t *)&signals.async, NULL);
}
