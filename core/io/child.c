#include "core/io/child.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/base/text.h"
#include "core/io/child_environment.h"
#include "core/io/loop_private.h"
#include "core/io/output_tail.h"

/* Who inherited the child's output may keep it open so much longer. */
#define LINGER_MS 1000

enum {
  STATE_FAILED,  /* did not start; the result comes on the next turn */
  STATE_RUNNING, /* alarm: the time limit */
  STATE_ASKED,   /* TERM was sent; alarm: KILL */
  STATE_KILLED,
  STATE_EXITED, /* alarm: no more waiting for the end of the output */
  STATE_CLOSING /* the callback came or comes at this moment */
};

struct zc_child {
  zc_loop *loop;
  uv_process_t process;
  uv_pipe_t output;
  uv_timer_t alarm;
  int n_open; /* handles not yet closed */
  int state;
  bool process_open, output_open;
  bool timed_out, stopped;
  int64_t exit_status;
  int signal;
  uint32_t timeout_ms;
  zc_output_tail tail;
  char message[400];
  char *owner;
  zc_child_callback callback; /* NULL: abandoned */
  void *user;
};

/* ---- the end ------------------------------------------------------------------------------- */

static void free_child(zc_child *child) {
  zc_output_tail_finish(&child->tail);
  free(child->owner);
  free(child);
}

static void handle_closed(uv_handle_t *handle) {
  zc_child *child = handle->data;
  if (--child->n_open > 0) return;
  zc_loop *loop = child->loop;
  free_child(child);
  loop->n_children--;
  zc_loop_leave(loop);
}

static void close_output(zc_child *child) {
  if (!child->output_open) return;
  child->output_open = false;
  uv_close((uv_handle_t *)&child->output, handle_closed);
}

static void describe_end(zc_child *child) {
  char reason[60] = "";
  if (child->timed_out && child->timeout_ms % 1000 == 0) {
    snprintf(reason, sizeof reason, "stopped after %u s: ", (unsigned)child->timeout_ms / 1000);
  } else if (child->timed_out) {
    snprintf(reason, sizeof reason, "stopped after %u ms: ", (unsigned)child->timeout_ms);
  } else if (child->stopped) {
    snprintf(reason, sizeof reason, "stopped: ");
  }
  if (child->signal) {
    snprintf(child->message, sizeof child->message, "%skilled by signal %d (%s)", reason,
             child->signal, strsignal(child->signal));
  } else {
    snprintf(child->message, sizeof child->message, "%sexit status %lld", reason,
             (long long)child->exit_status);
  }
}

static void deliver(zc_child *child) {
  bool started = child->state != STATE_FAILED;
  child->state = STATE_CLOSING;
  if (!child->callback) return;
  if (started) describe_end(child);
  char *tail = zc_output_tail_text(&child->tail);
  zc_process_result result = {
      .size = sizeof result,
      .error = started ? ZC_OK : ZC_EIO,
      .exit_status = started && !child->signal ? (int32_t)child->exit_status : -1,
      .signal = child->signal,
      .timed_out = child->timed_out,
      .message = child->message,
      .tail = tail ? tail : "(its output is lost: no memory)",
  };
  zc_loop_watch begun = zc_loop_watch_begin();
  child->callback(child->user, &result);
  zc_loop_watch_end(child->loop, begun, child->owner, "process");
  free(tail);
}

static void finish(zc_child *child) {
  deliver(child);
  close_output(child);
  uv_close((uv_handle_t *)&child->alarm, handle_closed);
  if (child->process_open) uv_close((uv_handle_t *)&child->process, handle_closed);
}

/* ---- while it runs ------------------------------------------------------------------------- */

static void alarm_rang(uv_timer_t *alarm);

static void set_alarm(zc_child *child, uint64_t ms) {
  uv_update_time(&child->loop->uv);
  uv_timer_start(&child->alarm, alarm_rang, ms, 0);
}

static void signal_group(const zc_child *child, int number) {
  kill(-(pid_t)child->process.pid, number); /* ESRCH: all of it has ended meanwhile */
}

static void kill_group(zc_child *child) {
  signal_group(child, SIGKILL);
  child->state = STATE_KILLED;
  uv_timer_stop(&child->alarm);
}

static void ask_to_end(zc_child *child, uint64_t grace_ms) {
  signal_group(child, SIGTERM);
  child->state = STATE_ASKED;
  set_alarm(child, grace_ms);
}

static void alarm_rang(uv_timer_t *alarm) {
  zc_child *child = alarm->data;
  if (child->state == STATE_RUNNING) {
    child->timed_out = true;
    ask_to_end(child, ZC_CHILD_GRACE_MS);
  } else if (child->state == STATE_ASKED) {
    kill_group(child);
  } else if (child->state != STATE_KILLED) {
    finish(child);
  }
}

static void process_exited(uv_process_t *process, int64_t status, int signal_number) {
  zc_child *child = process->data;
  /* Who was not moved by TERM and is left of the group must not outlive the run. */
  if (child->state == STATE_ASKED || child->state == STATE_KILLED) signal_group(child, SIGKILL);
  child->exit_status = status;
  child->signal = signal_number;
  child->state = STATE_EXITED;
  set_alarm(child, child->output_open && child->callback ? LINGER_MS : 0);
}

static void give_chunk(uv_handle_t *handle, size_t suggested, uv_buf_t *ret) {
  (void)suggested;
  zc_child *child = handle->data;
  *ret = uv_buf_init(child->loop->chunk, sizeof child->loop->chunk);
}

static void output_came(uv_stream_t *stream, ssize_t n, const uv_buf_t *chunk) {
  zc_child *child = stream->data;
  if (n >= 0) {
    zc_output_tail_add(&child->tail, chunk->base, (size_t)n);
    return;
  }
  close_output(child); /* its end, or an error, after which nothing more comes either */
  if (child->state == STATE_EXITED) set_alarm(child, 0);
}

/* ---- the start ----------------------------------------------------------------------------- */

static void describe_failure(zc_child *child, const zc_process *process, int error) {
  const char *program = process->command[0], *directory = process->directory;
  char *to = child->message;
  const size_t size = sizeof child->message;
  if (directory && access(directory, X_OK) != 0) {
    snprintf(to, size, "cannot enter the directory %s: %s", directory, strerror(errno));
  } else if (error == UV_ENOENT && strchr(program, '/') && access(program, F_OK) == 0) {
    snprintf(to, size, "cannot start %s: its interpreter is missing", program);
  } else if (error == UV_ENOENT) {
    snprintf(to, size, "no such program: %s", program);
  } else {
    snprintf(to, size, "cannot start %s: %s", program, uv_strerror(error));
  }
}

/* What passes: whoever tries again later may have it. */
static bool is_for_now(int error) {
  return error == UV_EMFILE || error == UV_ENFILE || error == UV_EAGAIN || error == UV_ENOMEM;
}

/* The lowest free number is taken first: `file` tells how many are in use. */
static bool is_among_the_last(uv_file file) {
  struct rlimit limit;
  return getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
         (rlim_t)file + ZC_CHILD_FILES_LEFT >= limit.rlim_cur;
}

/* Libraries open descriptors that a child would inherit, such as curl's: none may. */
static void keep_descriptors(void) {
  if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) != 0) uv_disable_stdio_inheritance();
}

static int spawn(zc_child *child, const zc_process *process, char **environment) {
  uv_file ends[2];
  int error = uv_pipe(ends, UV_NONBLOCK_PIPE, 0);
  if (error) return error;
  error = is_among_the_last(ends[1]) ? UV_EMFILE : uv_pipe_open(&child->output, ends[0]);
  if (error) {
    close(ends[0]);
    close(ends[1]);
    return error;
  }
  uv_stdio_container_t stdio[3] = {{.flags = UV_IGNORE}, {.flags = UV_INHERIT_FD}};
  stdio[1].data.fd = ends[1];
  stdio[2] = stdio[1];
  uv_process_options_t options = {
      .exit_cb = process_exited,
      .file = process->command[0],
      .args = (char **)process->command,
      .env = environment,
      .cwd = process->directory,
      .flags = UV_PROCESS_DETACHED,
      .stdio_count = 3,
      .stdio = stdio,
  };
  keep_descriptors();
  error = uv_spawn(&child->loop->uv, &child->process, &options);
  child->process_open = true; /* also where it failed: the handle is to be closed */
  child->n_open++;
  close(ends[1]);
  return error;
}

/* ZC_OK, also where the program cannot be started for good: the callback tells. */
static int begin(zc_child *child, const zc_process *process, char **environment) {
  zc_loop *loop = child->loop;
  uv_timer_init(&loop->uv, &child->alarm);
  uv_pipe_init(&loop->uv, &child->output, 0);
  child->process.data = child->output.data = child->alarm.data = child;
  child->n_open = 2;
  child->output_open = true;
  loop->n_children++;
  zc_loop_enter(loop);
  int error = spawn(child, process, environment);
  if (error) {
    child->state = STATE_FAILED;
    describe_failure(child, process, error);
    set_alarm(child, 0);
    return is_for_now(error) ? ZC_ECONFLICT : ZC_OK;
  }
  child->state = STATE_RUNNING;
  uv_read_start((uv_stream_t *)&child->output, give_chunk, output_came);
  if (child->timeout_ms > 0) set_alarm(child, child->timeout_ms);
  return ZC_OK;
}

static zc_child *new_child(zc_loop *loop, const zc_process *process, const char *owner) {
  zc_child *child = calloc(1, sizeof *child);
  if (!child) return NULL;
  child->loop = loop;
  child->timeout_ms = process->timeout_ms;
  child->owner = zc_duplicate(owner ? owner : "engine");
  if (!child->owner || zc_output_tail_init(&child->tail, process->tail_bytes) != ZC_OK) {
    free_child(child);
    return NULL;
  }
  return child;
}

int zc_child_start(zc_loop *loop, const zc_process *process, const char *owner,
                   zc_child_callback callback, void *user, zc_child **ret) {
  if (!process->command || !process->command[0] || process->tail_bytes > ZC_CHILD_TAIL_MAX)
    return ZC_EINVAL;
  if (loop->n_children >= ZC_CHILD_MAX) return ZC_ECONFLICT;
  char **environment;
  int status = zc_child_environment(process->environment, &environment);
  if (status != ZC_OK) return status;
  zc_child *child = new_child(loop, process, owner);
  status = child ? begin(child, process, environment) : ZC_ENOMEM;
  free(environment);
  if (status != ZC_OK) return status; /* what there is of it goes on a later turn */
  child->callback = callback;
  child->user = user;
  if (ret) *ret = child;
  return ZC_OK;
}

int zc_child_pid(const zc_child *child) {
  return child->state == STATE_FAILED ? 0 : (int)child->process.pid;
}

void zc_child_stop(zc_child *child, int64_t grace_ms) {
  if (child->state != STATE_RUNNING && child->state != STATE_ASKED) return;
  uint64_t grace = grace_ms > 0 ? (uint64_t)grace_ms : 0;
  if (!child->timed_out) child->stopped = true;
  if (grace == 0)
    kill_group(child);
  else if (child->state == STATE_RUNNING)
    ask_to_end(child, grace);
  else if (uv_timer_get_due_in(&child->alarm) > grace)
    set_alarm(child, grace);
}

void zc_child_abandon(zc_child *child) {
  if (child->state == STATE_CLOSING) return;
  child->callback = NULL;
  zc_child_stop(child, ZC_CHILD_GRACE_MS);
}
