#include "core/plugin/operation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/text.h"
#include "core/base/time_text.h"

#define SLOTS_BEFORE_REUSE 64 /* so that a stale handle keeps its reason for a while */
#define MESSAGE_MAX        4096
#define GENERATION_MAX     (UINTPTR_MAX >> ZC_SLOT_BITS)

/* ---- slots ---- */

static zc_slot_entry *new_slot(zc_host_context *context) {
  if (context->n_slots == ZC_SLOTS_MAX) return NULL;
  if (context->n_slots == context->slots_capacity) {
    size_t capacity = context->slots_capacity ? context->slots_capacity * 2 : SLOTS_BEFORE_REUSE;
    zc_slot_entry **grown = realloc(context->slots, capacity * sizeof(void *));
    if (!grown) return NULL;
    context->slots = grown;
    context->slots_capacity = capacity;
  }
  zc_slot_entry *slot = calloc(1, sizeof *slot);
  if (!slot) return NULL;
  slot->context = context;
  slot->generation = 1;
  slot->position = context->n_slots;
  context->slots[context->n_slots++] = slot;
  return slot;
}

static zc_slot_entry *take_slot(zc_host_context *context) {
  zc_slot_entry *slot = context->free_first;
  if (!slot || context->n_slots < SLOTS_BEFORE_REUSE) return new_slot(context);
  context->free_first = slot->next_free;
  if (!context->free_first) context->free_last = NULL;
  slot->next_free = NULL;
  return slot;
}

static void end_slot(zc_slot_entry *slot, zc_slot_state ended_as) {
  zc_host_context *context = slot->context;
  zc_parts_end(slot);
  zc_timer_stop(context->loop, &slot->timer);
  zc_batch_drop(slot->batch);
  free(slot->message);
  free(slot->ended_about);
  slot->instance->n_live--;
  uintptr_t generation = slot->generation < GENERATION_MAX ? slot->generation + 1 : 1;
  *slot = (zc_slot_entry){.context = context,
                          .position = slot->position,
                          .generation = generation,
                          .ended_as = ended_as,
                          .ended_what = slot->what,
                          .ended_about = slot->about};
  if (context->free_last)
    context->free_last->next_free = slot;
  else
    context->free_first = slot;
  context->free_last = slot;
}

static uintptr_t handle_of(const zc_slot_entry *slot) {
  return slot->generation << ZC_SLOT_BITS | slot->position;
}

zc_op *zc_operation_handle(const zc_slot_entry *slot) {
  return (zc_op *)handle_of(slot); // NOLINT(performance-no-int-to-ptr): never dereferenced
}

static zc_slot_entry *slot_of(const zc_host_context *context, uintptr_t handle) {
  size_t position = handle & (ZC_SLOTS_MAX - 1);
  return position < context->n_slots ? context->slots[position] : NULL;
}

int64_t zc_operation_remaining(const zc_slot_entry *slot) {
  int64_t left = slot->due - zc_clock_elapsed(zc_loop_clock(slot->context->loop));
  return left > 0 ? left : 0;
}

/* ---- handles from plugins ---- */

const char *zc_operation_named(const char *what, const char *about, char text[ZC_NAMED_SIZE]) {
  text[0] = '\0';
  if (what) {
    snprintf(text, ZC_NAMED_SIZE, ": %s%s%.80s", what, about ? " of " : "", about ? about : "");
  }
  return text;
}

/* named: from zc_operation_named(). */
static void note_stale(zc_instance *culprit, zc_slot_state ended_as, const char *what,
                       const char *named) {
  switch (ended_as) {
  case ZC_SLOT_ANSWERED:
    zc_fault_note(culprit, ZC_FAULT_DOUBLE, "%s an operation that it had answered already%s", what,
                  named);
    return;
  case ZC_SLOT_EXPIRED:
    zc_fault_note(culprit, ZC_FAULT_LATE, "%s an operation after its deadline%s", what, named);
    return;
  case ZC_SLOT_CANCELLED:
    zc_fault_note(culprit, ZC_FAULT_LATE, "%s an operation that was cancelled%s", what, named);
    return;
  default:
    zc_fault_note(culprit, ZC_FAULT_LATE, "%s an operation that is long over, or never was", what);
  }
}

static zc_slot_state ended_as(const zc_slot_entry *slot) {
  return slot->state == ZC_SLOT_STOPPED ? ZC_SLOT_CANCELLED : slot->state;
}

zc_slot_entry *zc_operation_of(zc_op *op, const char *what) {
  zc_instance *culprit = zc_plugin_running();
  if (zc_plugin_on_thread(what) || !culprit) return NULL;
  if (!op && !culprit->without)
    zc_fault_note(culprit, ZC_FAULT_MISUSE, "%s a NULL operation", what);
  if (!op) return NULL;
  char named[ZC_NAMED_SIZE];
  uintptr_t handle = (uintptr_t)op, generation = handle >> ZC_SLOT_BITS;
  zc_slot_entry *slot = slot_of(culprit->context, handle);
  if (slot && generation == slot->generation) {
    if (slot->state == ZC_SLOT_LIVE && !slot->ending) return slot;
    /* Of a cancellation the plugin does not know yet, or hears at this moment. */
    if (slot->state >= ZC_SLOT_ANSWERED && slot->state != ZC_SLOT_CANCELLED) {
      note_stale(culprit, ended_as(slot), what, zc_operation_named(slot->what, slot->about, named));
    }
    return NULL;
  }
  bool just_ended = slot && generation + 1 == slot->generation;
  if (just_ended) {
    note_stale(culprit, slot->ended_as, what,
               zc_operation_named(slot->ended_what, slot->ended_about, named));
  } else {
    note_stale(culprit, ZC_SLOT_FREE, what, "");
  }
  return NULL;
}

/* ---- ends ---- */

static void deliver(zc_timer *timer) {
  zc_slot_entry *slot = timer->user;
  const zc_operation_events events = slot->events;
  int error = slot->error;
  char *message = slot->message;
  slot->message = NULL;
  end_slot(slot, ended_as(slot));
  if (events.done) events.done(events.user, error, message);
  free(message);
}

void zc_operation_conclude(zc_slot_entry *slot) {
  bool told = slot->state != ZC_SLOT_CANCELLED;
  if (told && slot->n_parts == 0)
    zc_timer_after(slot->context->loop, &slot->timer, 0, deliver, slot);
}

/* Its event waits for its processes. */
static void await_parts(zc_slot_entry *slot, zc_slot_state state, int error) {
  slot->state = state;
  slot->error = error;
  zc_timer_stop(slot->context->loop, &slot->timer);
  zc_parts_leave(slot);
  zc_operation_conclude(slot);
}

/* A run may have been started all the same. */
static int instead_of_status(const zc_slot_entry *slot) {
  return slot->instance->plugin->kind == ZC_TRIGGER ? ZC_EUNKNOWN : ZC_EINVAL;
}

void zc_operation_answer(zc_op *op, int error, const char *message) {
  zc_slot_entry *slot = zc_operation_of(op, "answered");
  if (!slot) return;
  char text[MESSAGE_MAX];
  if (!zc_is_status(error)) {
    zc_fault_note(slot->instance, ZC_FAULT_MISUSE, "answered with %d, which is no status", error);
    error = instead_of_status(slot);
  }
  if (message) {
    zc_copy_text(text, sizeof text, message);
    zc_log_redact(text);                /* what a remote said may hold what it was sent */
    slot->message = zc_duplicate(text); /* none for want of memory: the status says enough */
  }
  await_parts(slot, ZC_SLOT_ANSWERED, error);
}

static void (*cancel_of(const zc_plugin *plugin))(void *state, zc_op *op) {
  switch (plugin->kind) {
  case ZC_SOURCE:
    return ((const zc_source_ops *)plugin->ops)->cancel;
  case ZC_TRIGGER:
    return ((const zc_trigger_ops *)plugin->ops)->cancel;
  case ZC_SINK:
    return ((const zc_sink_ops *)plugin->ops)->cancel;
  default:
    return NULL;
  }
}

static void tell(zc_slot_entry *slot) {
  zc_instance *instance = slot->instance;
  void (*cancel)(void *, zc_op *) = cancel_of(instance->plugin);
  zc_parts_leave(slot);
  slot->ending = true;
  if (cancel) {
    zc_plugin_call call = zc_plugin_call_begin(instance, "cancel");
    cancel(instance->state, zc_operation_handle(slot));
    zc_plugin_call_end(&call);
  }
  slot->ending = false;
}

static void tell_and_end(zc_slot_entry *slot) {
  tell(slot);
  end_slot(slot, ZC_SLOT_CANCELLED);
}

static void expire(zc_timer *timer) {
  zc_slot_entry *slot = timer->user;
  char text[80], within[40], named[ZC_NAMED_SIZE];
  zc_duration_format(slot->deadline_ms, within, sizeof within);
  snprintf(text, sizeof text, "no answer within %s", within);
  zc_fault_note(slot->instance, ZC_FAULT_SILENT, "%s%s", text,
                zc_operation_named(slot->what, slot->about, named));
  tell(slot);
  slot->message = zc_duplicate(text);
  await_parts(slot, ZC_SLOT_EXPIRED, ZC_ETIMEDOUT);
}

static void cancel_later(zc_timer *timer) {
  tell_and_end(timer->user);
}

static void stop_later(zc_timer *timer) {
  zc_slot_entry *slot = timer->user;
  tell(slot);
  await_parts(slot, ZC_SLOT_STOPPED, ZC_ECANCELED);
}

static zc_slot_entry *slot_behind(const zc_host_context *context, zc_operation operation) {
  zc_slot_entry *slot = slot_of(context, (uintptr_t)operation);
  bool known = slot && handle_of(slot) == operation && slot->state != ZC_SLOT_FREE;
  return known && !slot->ending ? slot : NULL;
}

bool zc_operation_stop(zc_host_context *context, zc_operation operation) {
  zc_slot_entry *slot = slot_behind(context, operation);
  if (!slot) return false;
  if (slot->state != ZC_SLOT_LIVE) return true;
  zc_parts_leave(slot);
  slot->state = ZC_SLOT_CANCELLED;
  zc_timer_after(context->loop, &slot->timer, 0, stop_later, slot);
  return true;
}

void zc_operation_cancel(zc_host_context *context, zc_operation operation) {
  zc_slot_entry *slot = slot_behind(context, operation);
  if (!slot) return;
  bool knows = slot->state != ZC_SLOT_LIVE && slot->state != ZC_SLOT_CANCELLED;
  if (knows) {
    end_slot(slot, ended_as(slot));
  } else if (!zc_plugin_running()) {
    tell_and_end(slot);
  } else {
    zc_parts_end(slot);
    slot->state = ZC_SLOT_CANCELLED;
    zc_timer_after(context->loop, &slot->timer, 0, cancel_later, slot);
  }
}

void zc_operation_cancel_all(zc_instance *instance) {
  zc_host_context *context = instance->context;
  for (size_t i = 0; i < context->n_slots && instance->n_live > 0; i++) {
    zc_slot_entry *slot = context->slots[i];
    if (slot->instance != instance) continue;
    if (slot->state == ZC_SLOT_LIVE || slot->state == ZC_SLOT_CANCELLED)
      tell_and_end(slot);
    else
      end_slot(slot, ended_as(slot));
  }
}

/* ---- starts ---- */

typedef int (*asker)(const zc_instance *instance, const void *question, zc_op *op);

typedef struct {
  const char *what; /* for the watch on slow callbacks */
  asker ask;
  const void *question;
  zc_batch *batch;
  const char *about;
} start_request;

/* What was reported of a run has been taken: then the refusal is the answer's error. */
static int refuse(zc_slot_entry *slot, int status) {
  zc_instance *instance = slot->instance;
  bool answered = slot->state == ZC_SLOT_ANSWERED;
  if (answered) {
    zc_fault_note(instance, ZC_FAULT_MISUSE, "refused an operation and answered it as well");
  } else if (slot->reported) {
    zc_fault_note(instance, ZC_FAULT_MISUSE, "reported a run and refused the operation as well");
  }
  if (!slot->reported) {
    end_slot(slot, ZC_SLOT_ANSWERED);
    return status;
  }
  if (!answered) await_parts(slot, ZC_SLOT_ANSWERED, status);
  return ZC_OK;
}

static int refuse_status(const zc_slot_entry *slot, int status) {
  char named[ZC_NAMED_SIZE];
  zc_fault_note(slot->instance, ZC_FAULT_MISUSE, "returned %d, which is no status: refused%s",
                status, zc_operation_named(slot->what, slot->about, named));
  return instead_of_status(slot);
}

static int prepare(zc_instance *instance, int64_t deadline_ms, zc_slot_entry **ret) {
  size_t most =
      instance->plugin->kind == ZC_TRIGGER ? ZC_TRIGGER_OPERATIONS_MAX : ZC_OPERATIONS_MAX;
  if (instance->closing) return ZC_ECANCELED;
  if (deadline_ms <= 0) return ZC_EINVAL;
  if (instance->n_live >= most) {
    snprintf(instance->why, sizeof instance->why, "%zu operations of it are live", most);
    return ZC_ECONFLICT;
  }
  zc_slot_entry *slot = take_slot(instance->context);
  if (!slot) return instance->context->n_slots < ZC_SLOTS_MAX ? ZC_ENOMEM : ZC_ECONFLICT;
  slot->instance = instance;
  slot->state = ZC_SLOT_LIVE;
  instance->n_live++;
  *ret = slot;
  return ZC_OK;
}

static int start(zc_instance *instance, const start_request *request, int64_t deadline_ms,
                 const zc_operation_events *events, zc_operation *ret) {
  zc_slot_entry *slot;
  zc_loop *loop = instance->context->loop;
  instance->why[0] = '\0';
  int status = prepare(instance, deadline_ms, &slot);
  if (status != ZC_OK) return status;
  slot->events = *events;
  slot->batch = request->batch;
  if (slot->batch) slot->batch->references++;
  slot->what = request->what;
  slot->about = zc_duplicate(request->about);
  slot->deadline_ms = deadline_ms;
  slot->due = zc_clock_elapsed(zc_loop_clock(loop)) + deadline_ms;
  zc_timer_after(loop, &slot->timer, deadline_ms, expire, slot);
  zc_plugin_call call = zc_plugin_call_begin(instance, request->what);
  status = request->ask(instance, request->question, zc_operation_handle(slot));
  zc_plugin_call_end(&call);
  if (!zc_is_status(status)) status = refuse_status(slot, status);
  zc_operation operation = handle_of(slot);
  if (status < 0) status = refuse(slot, status);
  if (status == ZC_OK) *ret = operation;
  return status;
}

static int ask_observe(const zc_instance *instance, const void *question, zc_op *op) {
  const zc_source_ops *ops = instance->plugin->ops;
  return ops->observe(instance->state, question, op);
}

static int ask_forecast(const zc_instance *instance, const void *question, zc_op *op) {
  const zc_source_ops *ops = instance->plugin->ops;
  return ops->forecast(instance->state, question, op);
}

int zc_operation_start_source(zc_instance *instance, bool forecast, const zc_query *query,
                              int64_t deadline_ms, const zc_operation_events *events,
                              zc_operation *ret) {
  if (instance->plugin->kind != ZC_SOURCE) return ZC_ENOTFOUND;
  const zc_source_ops *ops = instance->plugin->ops;
  if (forecast ? !ops->forecast : !ops->observe) return ZC_ENOTFOUND;
  start_request request = {.what = forecast ? "forecast" : "observe",
                           .ask = forecast ? ask_forecast : ask_observe,
                           .question = query,
                           .about = query->region};
  return start(instance, &request, deadline_ms, events, ret);
}

typedef struct {
  int (*call)(void *state, const zc_run *run, zc_op *op);
  const zc_run *run;
} run_question;

static int ask_run(const zc_instance *instance, const void *question, zc_op *op) {
  const run_question *asked = question;
  return asked->call(instance->state, asked->run, op);
}

int zc_operation_start_trigger(zc_instance *instance, int what, const zc_run *run,
                               int64_t deadline_ms, const zc_operation_events *events,
                               zc_operation *ret) {
  static const char *const words[] = {"start", "poll", "find", "stop"};
  if (instance->plugin->kind != ZC_TRIGGER) return ZC_ENOTFOUND;
  const zc_trigger_ops *ops = instance->plugin->ops;
  int (*const calls[])(void *, const zc_run *, zc_op *) = {ops->start, ops->poll, ops->find,
                                                           ops->stop};
  if (what < ZC_START_RUN || what > ZC_STOP_RUN || !calls[what]) return ZC_ENOTFOUND;
  run_question question = {calls[what], run};
  start_request request = {
      .what = words[what], .ask = ask_run, .question = &question, .about = run->pipeline};
  return start(instance, &request, deadline_ms, events, ret);
}

typedef struct {
  const zc_table *const *tables;
  size_t n;
} init_question;

static int ask_init(const zc_instance *instance, const void *question, zc_op *op) {
  const zc_sink_ops *ops = instance->plugin->ops;
  const init_question *asked = question;
  return ops->init(instance->state, asked->tables, asked->n, op);
}

int zc_operation_start_sink_init(zc_instance *instance, const zc_table *const *tables, size_t n,
                                 int64_t deadline_ms, const zc_operation_events *events,
                                 zc_operation *ret) {
  if (instance->plugin->kind != ZC_SINK) return ZC_ENOTFOUND;
  if (!((const zc_sink_ops *)instance->plugin->ops)->init) return ZC_ENOTFOUND;
  init_question question = {tables, n};
  start_request request = {.what = "init", .ask = ask_init, .question = &question};
  return start(instance, &request, deadline_ms, events, ret);
}

static int ask_write(const zc_instance *instance, const void *question, zc_op *op) {
  const zc_sink_ops *ops = instance->plugin->ops;
  const zc_batch *batch = question;
  return ops->write(instance->state, batch->items, batch->n, sizeof(zc_item), op);
}

int zc_operation_start_sink_write(zc_instance *instance, const zc_item *items, size_t n,
                                  int64_t deadline_ms, const zc_operation_events *events,
                                  zc_operation *ret) {
  if (instance->plugin->kind != ZC_SINK) return ZC_ENOTFOUND;
  const zc_sink_ops *ops = instance->plugin->ops;
  if (n == 0 || n > ops->max_batch) return ZC_EINVAL;
  zc_batch *batch = NULL;
  int status = zc_batch_create(items, n, !(ops->flags & ZC_SINK_TEXT), &batch);
  if (!batch) return status;
  start_request request = {.what = "write", .ask = ask_write, .question = batch, .batch = batch};
  status = start(instance, &request, deadline_ms, events, ret);
  zc_batch_drop(batch);
  return status;
}

static int ask_query(const zc_instance *instance, const void *question, zc_op *op) {
  const zc_sink_ops *ops = instance->plugin->ops;
  return ops->query(instance->state, question, op);
}

int zc_operation_start_sink_query(zc_instance *instance, const zc_table_query *query,
                                  int64_t deadline_ms, const zc_operation_events *events,
                                  zc_operation *ret) {
  if (instance->plugin->kind != ZC_SINK) return ZC_ENOTFOUND;
  if (!((const zc_sink_ops *)instance->plugin->ops)->query) return ZC_ENOTFOUND;
  start_request request = {.what = "query", .ask = ask_query, .question = query};
  return start(instance, &request, deadline_ms, events, ret);
}

typedef struct {
  int (*call)(void *state, const zc_table *const *tables, size_t n, uint32_t flags, zc_op *op);
  const zc_table *const *tables;
  size_t n;
  uint32_t flags;
} tables_question;

static int ask_tables(const zc_instance *instance, const void *question, zc_op *op) {
  const tables_question *asked = question;
  return asked->call(instance->state, asked->tables, asked->n, asked->flags, op);
}

int zc_operation_start_sink_tables(zc_instance *instance, bool create,
                                   const zc_table *const *tables, size_t n, uint32_t flags,
                                   int64_t deadline_ms, const zc_operation_events *events,
                                   zc_operation *ret) {
  if (instance->plugin->kind != ZC_SINK) return ZC_ENOTFOUND;
  const zc_sink_ops *ops = instance->plugin->ops;
  tables_question question = {create ? ops->create_tables : ops->check_tables, tables, n, flags};
  if (!question.call) return ZC_ENOTFOUND;
  start_request request = {
      .what = create ? "create_tables" : "check_tables", .ask = ask_tables, .question = &question};
  return start(instance, &request, deadline_ms, events, ret);
}
