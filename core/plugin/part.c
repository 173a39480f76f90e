/* What an operation has under way: requests, timers, processes, work. */
#include <stdlib.h>
#include <string.h>

#include "core/plugin/operation.h"

/* What version 1.0 had: anything shorter is no such struct. */
#define SIZE_UP_TO(type, member) (offsetof(type, member) + sizeof(((type *)NULL)->member))
#define HTTP_MARGIN_MS           250 /* before the deadline, so that the plugin can still say what failed */

typedef enum { PART_HTTP, PART_TIMER, PART_WORK, PART_PROCESS } part_kind;

struct zc_part {
  zc_part *next, **link;
  zc_slot_entry *slot; /* NULL: work whose operation is over */
  zc_instance *instance;
  part_kind kind;
  void *user;
  zc_http_transfer *transfer;
  zc_timer timer;
  zc_child *child;
  bool left;       /* to the loop: its end is waited for, and told to nobody */
  zc_batch *batch; /* of the operation: work may read it */
  union {
    void (*http)(void *user, zc_op *op, const zc_http_response *response);
    void (*timer)(void *user, zc_op *op);
    void (*work)(void *user, zc_op *op, int status);
    void (*process)(void *user, zc_op *op, const zc_process_result *result);
  } callback;
  void (*run)(void *user);
};

/* ---- life ---- */

static int part_create(zc_slot_entry *slot, part_kind kind, void *user, zc_part **ret) {
  if (slot->n_parts >= ZC_PARTS_MAX) {
    zc_fault_note(slot->instance, ZC_FAULT_MISUSE, "has %d things under way for one operation",
                  ZC_PARTS_MAX);
    return ZC_ECONFLICT;
  }
  zc_part *part = calloc(1, sizeof *part);
  if (!part) return ZC_ENOMEM;
  part->slot = slot;
  part->instance = slot->instance;
  part->kind = kind;
  part->user = user;
  part->next = slot->parts;
  part->link = &slot->parts;
  if (part->next) part->next->link = &part->next;
  slot->parts = part;
  slot->n_parts++;
  *ret = part;
  return ZC_OK;
}

/* Out of its operation, which it will not outlive; returns the handle for the last callback. */
static zc_op *detach(zc_part *part) {
  zc_slot_entry *slot = part->slot;
  if (!slot) return NULL;
  *part->link = part->next;
  if (part->next) part->next->link = part->link;
  part->slot = NULL;
  slot->n_parts--;
  return zc_operation_handle(slot);
}

static int misuse(zc_slot_entry *slot, const char *what) {
  zc_fault_note(slot->instance, ZC_FAULT_MISUSE, "%s", what);
  return ZC_EINVAL;
}

static int settle(zc_part *part, int status) {
  if (status == ZC_OK) return ZC_OK;
  detach(part);
  free(part);
  return status;
}

static void end_part(zc_part *part) {
  zc_loop *loop = part->instance->context->loop;
  detach(part);
  switch (part->kind) {
  case PART_HTTP:
    zc_http_cancel(part->transfer);
    break;
  case PART_TIMER:
    zc_timer_stop(loop, &part->timer);
    break;
  case PART_PROCESS:
    zc_child_abandon(part->child);
    break;
  case PART_WORK:
    return; /* a thread has it: work_over() frees it */
  }
  free(part);
}

void zc_parts_end(zc_slot_entry *slot) {
  zc_part *next;
  for (zc_part *part = slot->parts; part; part = next) {
    next = part->next;
    end_part(part);
  }
}

void zc_parts_leave(zc_slot_entry *slot) {
  zc_part *next;
  for (zc_part *part = slot->parts; part; part = next) {
    next = part->next;
    part->left = part->kind == PART_PROCESS;
    if (part->left)
      zc_child_stop(part->child, ZC_CHILD_GRACE_MS);
    else
      end_part(part);
  }
}

/* ---- HTTP ---- */

static void http_over(void *user, const zc_http_response *response) {
  zc_part *part = user;
  zc_op *op = detach(part);
  zc_plugin_call call = zc_plugin_call_begin(part->instance, NULL);
  part->callback.http(part->user, op, response);
  zc_plugin_call_end(&call);
  free(part);
}

static int check_request(zc_slot_entry *slot, const zc_http_request *request) {
  zc_error error = {0};
  int status = zc_http_check(request, &error);
  if (status != ZC_EINVAL) return status;
  zc_fault_note(slot->instance, ZC_FAULT_REQUEST, "gave http() %s", error.text);
  return ZC_EINVAL;
}

int zc_part_http(zc_op *op, const zc_http_request *request,
                 void (*callback)(void *user, zc_op *op, const zc_http_response *response),
                 void *user) {
  zc_slot_entry *slot = zc_operation_of(op, "sent a request for");
  zc_part *part;
  if (!slot) return ZC_ECANCELED;
  if (!request || request->size < SIZE_UP_TO(zc_http_request, sigv4_secret_key) || !callback) {
    return misuse(slot, "gave http() no proper request or no callback");
  }
  zc_http *http = slot->context->http;
  if (!http) return ZC_ENOTFOUND;
  zc_http_request copy = {0};
  memcpy(&copy, request, request->size < sizeof copy ? request->size : sizeof copy);
  copy.size = sizeof copy;
  int64_t left = zc_operation_remaining(slot);
  if (left == 0) return ZC_ETIMEDOUT;
  left -= left / 10 < HTTP_MARGIN_MS ? left / 10 : HTTP_MARGIN_MS;
  int status = check_request(slot, &copy);
  if (status == ZC_OK) status = part_create(slot, PART_HTTP, user, &part);
  if (status != ZC_OK) return status;
  part->callback.http = callback;
  return settle(part, zc_http_start(http, &copy, left, slot->instance->component, http_over, part,
                                    &part->transfer));
}

/* ---- timers ---- */

static void timer_over(zc_timer *timer) {
  zc_part *part = timer->user;
  zc_op *op = detach(part);
  zc_plugin_call call = zc_plugin_call_begin(part->instance, NULL);
  part->callback.timer(part->user, op);
  zc_plugin_call_end(&call);
  free(part);
}

int zc_part_timer(zc_op *op, int64_t ms, void (*callback)(void *user, zc_op *op), void *user) {
  zc_slot_entry *slot = zc_operation_of(op, "started a timer for");
  zc_part *part;
  if (!slot) return ZC_ECANCELED;
  if (ms < 0 || !callback) return misuse(slot, "gave timer() a negative time or no callback");
  int status = part_create(slot, PART_TIMER, user, &part);
  if (status != ZC_OK) return status;
  part->callback.timer = callback;
  part->timer.owner = slot->instance->component;
  zc_timer_after(slot->context->loop, &part->timer, ms, timer_over, part);
  return ZC_OK;
}

/* ---- work ---- */

static void work_run(void *user) {
  zc_part *part = user;
  zc_plugin_thread_begin(part->instance);
  part->run(part->user);
  zc_plugin_thread_end();
}

static void work_over(void *user, int status) {
  zc_part *part = user;
  zc_instance *instance = part->instance;
  zc_op *op = detach(part);
  zc_plugin_call call = zc_plugin_call_begin(instance, "work");
  instance->without = !op;
  part->callback.work(part->user, op, op ? status : ZC_ECANCELED);
  instance->without = false;
  zc_plugin_call_end(&call);
  zc_batch_drop(part->batch);
  free(part);
  instance->n_works--;
  zc_instance_finish_closing(instance);
}

int zc_part_work(zc_op *op, void (*run)(void *user),
                 void (*after)(void *user, zc_op *op, int status), void *user) {
  zc_slot_entry *slot = zc_operation_of(op, "started work for");
  zc_part *part;
  if (!slot) return ZC_ECANCELED;
  if (!run || !after) return misuse(slot, "gave work() no run or no after");
  int status = part_create(slot, PART_WORK, user, &part);
  if (status != ZC_OK) return status;
  part->callback.work = after;
  part->run = run;
  status = settle(part, zc_work_start(slot->context->loop, work_run, work_over, part));
  if (status != ZC_OK) return status;
  part->batch = slot->batch;
  if (part->batch) part->batch->references++;
  slot->instance->n_works++;
  return ZC_OK;
}

/* ---- processes ---- */

static void process_over(void *user, const zc_process_result *result) {
  zc_part *part = user;
  zc_slot_entry *slot = part->slot;
  zc_op *op = detach(part);
  if (part->left) {
    free(part);
    zc_operation_conclude(slot);
    return;
  }
  zc_plugin_call call = zc_plugin_call_begin(part->instance, NULL);
  part->callback.process(part->user, op, result);
  zc_plugin_call_end(&call);
  free(part);
}

int zc_part_process(zc_op *op, const zc_process *process,
                    void (*callback)(void *user, zc_op *op, const zc_process_result *result),
                    void *user) {
  zc_slot_entry *slot = zc_operation_of(op, "started a process for");
  zc_part *part;
  if (!slot) return ZC_ECANCELED;
  if (!process || process->size < SIZE_UP_TO(zc_process, directory) || !callback) {
    return misuse(slot, "gave process() no proper process or no callback");
  }
  zc_process copy = {0};
  memcpy(&copy, process, process->size < sizeof copy ? process->size : sizeof copy);
  copy.size = sizeof copy;
  if (!copy.command || !copy.command[0]) return misuse(slot, "gave process() no command");
  int status = part_create(slot, PART_PROCESS, user, &part);
  if (status != ZC_OK) return status;
  part->callback.process = callback;
  status = settle(part, zc_child_start(slot->context->loop, &copy, slot->instance->component,
                                       process_over, part, &part->child));
  if (status == ZC_EINVAL) {
    return misuse(slot, "gave process() an environment that is not of NAME=value, or asked for too "
                        "long a tail");
  }
  if (status == ZC_OK && copy.ret_started) *copy.ret_started = zc_child_pid(part->child) != 0;
  return status;
}
