/* exec.c - a pipeline run is a program of this machine: started, watched, and its end reported. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zerocarb/plugin.h>

#include "environment.h"

#define ARGUMENTS_MAX 1024

typedef struct {
  const zc_host *host;
} exec_trigger;

/* ---- the end of a run ---- */

static int status_of(const zc_process_result *result) {
  if (result->error != ZC_OK) return ZC_RUN_FAILED;
  if (result->timed_out) return ZC_RUN_TIMED_OUT;
  return result->exit_status == 0 ? ZC_RUN_SUCCEEDED : ZC_RUN_FAILED;
}

/* The first line says how it ended, what follows is the end of its output. */
static void ended(void *user, zc_op *op, const zc_process_result *result) {
  const zc_host *host = ((exec_trigger *)user)->host;
  const char *tail = result->tail ? result->tail : "";
  size_t size = strlen(result->message) + strlen(tail) + 2;
  char *text = malloc(size);
  if (text) snprintf(text, size, "%s%s%s", result->message, *tail ? "\n" : "", tail);
  host->run_status(op, status_of(result), text ? text : result->message);
  free(text);
  host->done(op, ZC_OK, NULL);
}

/* ---- its start ---- */

/* program, arguments, NULL; the texts stay the config's. NULL for want of memory. */
static const char **command_of(const zc_host *host, const zc_config *config, size_t n) {
  const char **command = calloc(n + 1, sizeof *command);
  for (size_t i = 0; command && i < n; i++)
    command[i] = host->item(config, "command", i);
  return command;
}

static uint32_t timeout_of(const zc_host *host, const zc_run *run) {
  int64_t limit = run->timeout_ms;
  if (host->has(run->config, "timeout")) {
    int64_t own = host->integer(run->config, "timeout");
    if (limit <= 0 || own < limit) limit = own;
  }
  if (limit <= 0) return 0;
  return limit < UINT32_MAX ? (uint32_t)limit : UINT32_MAX;
}

static int run_command(exec_trigger *self, const zc_run *run, zc_op *op,
                       const zc_exec_environment *environment, size_t n, int *ret_started) {
  const zc_host *host = self->host;
  const char **command = command_of(host, run->config, n);
  if (!command) return ZC_ENOMEM;
  const zc_process process = {
      .size = sizeof process,
      .timeout_ms = timeout_of(host, run),
      .tail_bytes = (uint32_t)host->integer(run->config, "tail"),
      .command = command,
      .environment = (const char *const *)environment->entries,
      .directory = host->text(run->config, "directory"),
      .ret_started = ret_started,
  };
  int status = host->process(op, &process, ended, self);
  free(command);
  return status;
}

static int check_command(const zc_host *host, const zc_config *config, char *message, size_t size) {
  size_t n = host->count(config, "command");
  if (n > 0 && n <= ARGUMENTS_MAX && *host->item(config, "command", 0)) return ZC_OK;
  snprintf(message, size, "command: needs a program, and at most 1023 arguments");
  return ZC_EINVAL;
}

static int check(void *state, const zc_config *config, const char *const *regions,
                 uint32_t n_regions, char *text, size_t size) {
  const zc_host *host = ((exec_trigger *)state)->host;
  (void)regions, (void)n_regions;
  int status = check_command(host, config, text, size);
  return status == ZC_OK ? zc_exec_environment_check(host, config, text, size) : status;
}

static int start(void *state, const zc_run *run, zc_op *op) {
  exec_trigger *self = state;
  zc_exec_environment environment;
  char message[256];
  size_t n = self->host->count(run->config, "command");
  int status = check_command(self->host, run->config, message, sizeof message);
  if (status == ZC_OK)
    status = zc_exec_environment_init(&environment, self->host, run, message, sizeof message);
  if (status != ZC_OK) {
    self->host->done(op, status, message);
    return ZC_OK;
  }
  int started = 0;
  status = run_command(self, run, op, &environment, n, &started);
  zc_exec_environment_finish(&environment);
  if (status != ZC_OK) {
    self->host->done(op, status, "the program could not be started: no memory, or too many run");
    return ZC_OK;
  }
  if (started) self->host->run_started(op, run->execution_id); /* else ended() tells why not */
  return ZC_OK;
}

/* ---- the contract ---- */

static int create(const zc_host *host, zc_self *handle, const zc_config *config, void **ret_state) {
  (void)handle, (void)config;
  exec_trigger *self = calloc(1, sizeof *self);
  if (!self) return ZC_ENOMEM;
  self->host = host;
  *ret_state = self;
  return ZC_OK;
}

/* Cancelling the operation ends the program: there is no other way to stop it, and none needed. */
static const zc_trigger_ops ops = {.size = sizeof ops,
                                   .idempotency = ZC_IDEMPOTENCY_NONE,
                                   .attended = 1,
                                   .start = start,
                                   .check = check};

static const zc_option options[] = {
    {"command", ZC_STRING_LIST, ZC_REQUIRED, NULL, "1..",
     "The program and its arguments; no shell reads them."},
    {"directory", ZC_PATH, 0, ".", NULL, "Where to run it; by default beside the config file."},
    {"timeout", ZC_DURATION, 0, NULL, "1s..30d",
     "How long it may run, where that is less than pipeline_timeout."},
    {"environment", ZC_STRING_LIST, 0, NULL, NULL,
     "NAME=value, in addition to the engine's own, of which variables with secrets are not "
     "inherited."},
    {"tail", ZC_INTEGER, 0, "4096", "0..65536",
     "How many bytes of the end of its output are kept in the record."},
};

static const zc_plugin plugin = {.size = sizeof plugin,
                                 .abi_major = ZC_ABI_MAJOR,
                                 .abi_minor = ZC_ABI_MINOR,
                                 .kind = ZC_TRIGGER,
                                 .option_size = sizeof(zc_option),
                                 .name = "exec",
                                 .version = "1.0.0",
                                 .summary = "Runs a program of this machine",
                                 .options = options,
                                 .n_options = sizeof options / sizeof *options,
                                 .create = create,
                                 .destroy = free,
                                 .ops = &ops};

ZC_DEFINE_PLUGIN(exec, plugin)
