#include "core/cli/engine_request.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/serve/client.h"

/* The process that holds the state dir; 0 where none does. */
static long holder_of(const char *state_dir) {
  char path[4096], pid[24] = "";
  snprintf(path, sizeof path, "%s/engine.lock", state_dir);
  int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (descriptor < 0) return 0;
  long holder = 0;
  if (flock(descriptor, LOCK_SH | LOCK_NB) == 0) {
    flock(descriptor, LOCK_UN);
  } else if (errno == EWOULDBLOCK && read(descriptor, pid, sizeof pid - 1) > 0) {
    holder = strtol(pid, NULL, 10);
  }
  close(descriptor);
  return holder;
}

/* Nobody answers on the socket: perhaps because who works here has none. */
static int nobody_answers(const char *state_dir, const zc_error *error) {
  long pid = holder_of(state_dir);
  if (pid > 0) {
    zc_cli_message("a foreground `zerocarb trigger` or `run --once` (pid %ld) holds %s: end that "
                   "one (Ctrl-C there, or kill %ld)",
                   pid, state_dir, pid);
  } else {
    zc_cli_message("%s", error->text);
  }
  return ZC_EXIT_UNAVAILABLE;
}

int zc_cli_ask_engine(const char *state_dir, const char *method, const char *path,
                      zc_buffer *answer, int *ret_http_status) {
  zc_error error = {0};
  int status = zc_client_request(state_dir, method, path, answer, ret_http_status, &error);
  if (status == ZC_OK) return ZC_EXIT_FINE;
  if (status == ZC_ENOTFOUND) return nobody_answers(state_dir, &error);
  zc_cli_message("%s", error.text);
  return zc_cli_exit_of(status);
}
