/* The table of services that every plugin is given. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/text.h"
#include "core/base/time_text.h"
#include "core/model/decide.h"
#include "core/plugin/operation.h"

#define REMOTE_ID_MAX 1024
#define STATUS_MAX    4096               /* the first line of a run's status */
#define TAIL_MAX      ((size_t)64 << 10) /* what follows it: the end of that */
#define ROW_MAX       ((size_t)1 << 20)
#define PAGE_MAX      ((size_t)64 << 10)

/* ---- any time ---- */

static zc_instance *instance_of(zc_self *self) {
  return (zc_instance *)self;
}

static void host_log(zc_self *self, int level, const char *message) {
  if (self && !zc_plugin_on_thread("log()")) zc_instance_log(instance_of(self), level, message);
}

static zc_time host_now(zc_self *self) {
  return zc_loop_now(instance_of(self)->context->loop);
}

static double host_random(zc_self *self) {
  if (zc_plugin_on_thread("random()")) return 0.5;
  return zc_random_unit(&instance_of(self)->context->random);
}

static int misuse(zc_slot_entry *slot, const char *what) {
  zc_fault_note(slot->instance, ZC_FAULT_MISUSE, "%s", what);
  return ZC_EINVAL;
}

/* ---- options ---- */

/* An option that is asked for and not declared reads as absent for ever: said once a name. */
static void check_declared(const zc_config *config, const char *name) {
  zc_instance *instance = zc_plugin_running();
  if (!config || !instance || zc_config_declares(config, name)) return;
  for (size_t i = 0; i < instance->n_undeclared; i++) {
    if (strcmp(instance->undeclared[i], name) == 0) return;
  }
  if (instance->n_undeclared == ZC_UNDECLARED_MAX) return;
  char *known = instance->undeclared[instance->n_undeclared++];
  snprintf(known, sizeof instance->undeclared[0], "%s", name);
  zc_log(ZC_LOG_ERROR, instance->component,
         "the plugin asks for option '%s', which it does not declare", known);
}

static const char *host_text(const zc_config *config, const char *name) {
  check_declared(config, name);
  return zc_config_text(config, name);
}

static int64_t host_integer(const zc_config *config, const char *name) {
  check_declared(config, name);
  return zc_config_integer(config, name);
}

static double host_number(const zc_config *config, const char *name) {
  check_declared(config, name);
  return zc_config_number(config, name);
}

static size_t host_count(const zc_config *config, const char *name) {
  check_declared(config, name);
  return zc_config_count(config, name);
}

static const char *host_item(const zc_config *config, const char *name, size_t i) {
  check_declared(config, name);
  return zc_config_item(config, name, i);
}

/* ---- sources ---- */

static int refuse_point(zc_slot_entry *slot, const zc_signal *signal, const zc_point *point,
                        size_t i, size_t n, const char *reason) {
  char from[ZC_TIME_TEXT_SIZE] = "?";
  const char *region = signal->region ? signal->region : slot->about;
  (void)zc_time_format(point->from, from, sizeof from);
  zc_fault_note(slot->instance, ZC_FAULT_BAD_POINTS,
                "emitted %zu points for %s of which point %zu, from %s, value %g, is refused: %s; "
                "none of the %zu is taken",
                n, region ? region : "its region", i, from, point->value, reason, n);
  return ZC_EDATA;
}

static int refuse_points(zc_slot_entry *slot, size_t n, const char *fault) {
  zc_fault_note(slot->instance, ZC_FAULT_MISUSE, "emitted %zu points of which none is taken: %s", n,
                fault);
  return ZC_EINVAL;
}

static const zc_point *point_at(const zc_point *points, size_t i, size_t stride) {
  return (const zc_point *)(const void *)((const char *)points + i * stride);
}

static int pass_on(zc_slot_entry *slot, const zc_signal *signal, const zc_point *points, size_t n,
                   size_t stride) {
  size_t bad = 0;
  int status = slot->events.points(slot->events.user, signal, points, n, stride, &bad);
  if (status == ZC_EDATA && bad < n) {
    return refuse_point(slot, signal, point_at(points, bad, stride), bad, n, "it is out of range");
  }
  if (status == ZC_ENOTFOUND) {
    zc_fault_note(slot->instance, ZC_FAULT_BAD_POINTS,
                  "emitted %zu points for \"%.60s\", which is no configured region: none is taken",
                  n, signal->region ? signal->region : "");
  }
  return status;
}

static int host_emit(zc_op *op, const zc_signal *signal, const zc_point *points, size_t n,
                     size_t stride) {
  zc_slot_entry *slot = zc_operation_of(op, "emitted points for");
  if (!slot) return ZC_ECANCELED;
  if (slot->instance->plugin->kind != ZC_SOURCE || !slot->events.points) {
    return misuse(slot, "emitted points, which only sources do");
  }
  const char *fault = zc_signal_fault(signal, zc_loop_now(slot->context->loop));
  if (!fault && n == 0) return ZC_OK;
  if (!fault) fault = zc_points_fault(points, n, stride);
  if (fault) return refuse_points(slot, n, fault);
  for (size_t i = 0; i < n; i++) {
    const zc_point *point = point_at(points, i, stride);
    const char *reason = zc_point_fault(signal->kind, point, zc_loop_now(slot->context->loop));
    if (reason) return refuse_point(slot, signal, point, i, n, reason);
  }
  zc_signal copy = {0};
  memcpy(&copy, signal, signal->size < sizeof copy ? signal->size : sizeof copy);
  copy.size = sizeof copy;
  if (copy.issued_at == 0) copy.issued_at = zc_loop_now(slot->context->loop);
  return pass_on(slot, &copy, points, n, stride);
}

/* ---- triggers ---- */

/* What a remote calls a run goes into records, lists and requests: of a secret that it sent back,
 * and of what steers terminals, there is nothing left in it. */
static void take_remote_id(char to[REMOTE_ID_MAX], const char *from) {
  zc_copy_text(to, REMOTE_ID_MAX, from);
  zc_log_redact(to);
  zc_make_printable(to, '?');
}

static int host_run_started(zc_op *op, const char *remote_id) {
  zc_slot_entry *slot = zc_operation_of(op, "reported a start for");
  if (!slot) return ZC_ECANCELED;
  if (!slot->events.started) return misuse(slot, "reported a start where none was asked for");
  if (!remote_id || strnlen(remote_id, REMOTE_ID_MAX) == REMOTE_ID_MAX) {
    return misuse(slot, "reported a start without a proper id of the run");
  }
  if (slot->started) return misuse(slot, "reported a second start of one run");
  slot->started = slot->reported = true;
  char id[REMOTE_ID_MAX];
  take_remote_id(id, remote_id);
  slot->events.started(slot->events.user, id);
  return ZC_OK;
}

/* The beginning of its first line, and the end of what follows; NULL for want of memory, too. */
static char *take_status_message(const char *from) {
  char *text = zc_duplicate(from);
  if (!text) return NULL;
  zc_log_redact(text);
  char line[STATUS_MAX], *tail = strchr(text, '\n');
  if (tail) *tail++ = '\0';
  zc_copy_text(line, sizeof line, text);
  size_t n = strlen(line), rest = tail ? strlen(tail) : 0;
  memcpy(text, line, n + 1);
  if (!tail) return text;
  if (rest > TAIL_MAX) tail += rest - TAIL_MAX;
  while (((unsigned char)*tail & 0xc0) == 0x80)
    tail++;
  text[n] = '\n';
  memmove(text + n + 1, tail, strlen(tail) + 1);
  return text;
}

static int host_run_status(zc_op *op, int status, const char *message) {
  zc_slot_entry *slot = zc_operation_of(op, "reported a status for");
  if (!slot) return ZC_ECANCELED;
  if (!slot->events.status) return misuse(slot, "reported a status where none was asked for");
  if (status < ZC_RUN_RUNNING || status > ZC_RUN_SUPERSEDED) {
    return misuse(slot, "reported a status that is unknown");
  }
  slot->reported = true;
  char *text = take_status_message(message); /* without it the status says enough */
  slot->events.status(slot->events.user, status, text);
  free(text);
  return ZC_OK;
}

static int host_retry_after(zc_op *op, int64_t ms) {
  zc_slot_entry *slot = zc_operation_of(op, "asked for a later attempt of");
  if (!slot) return ZC_ECANCELED;
  if (!slot->events.retry_after) {
    return misuse(slot, "asked for a later attempt where none is made");
  }
  if (ms < 0) return misuse(slot, "asked for an attempt in the past");
  slot->events.retry_after(slot->events.user, ms < ZC_RETRY_AFTER_MAX ? ms : ZC_RETRY_AFTER_MAX);
  return ZC_OK;
}

/* ---- sinks ---- */

static int host_row(zc_op *op, const char *text, size_t length) {
  zc_slot_entry *slot = zc_operation_of(op, "gave a row for");
  if (!slot) return ZC_ECANCELED;
  if (!slot->events.row) return misuse(slot, "gave a row where none was asked for");
  if (!text || length == 0 || length > ROW_MAX)
    return misuse(slot, "gave no row, or too long a one");
  return slot->events.row(slot->events.user, text, length);
}

static int host_page(zc_op *op, const char *page) {
  zc_slot_entry *slot = zc_operation_of(op, "gave a page for");
  if (!slot) return ZC_ECANCELED;
  if (!slot->events.page) return misuse(slot, "gave a page where none was asked for");
  if (!page || strnlen(page, PAGE_MAX) == PAGE_MAX) return misuse(slot, "gave no proper page");
  slot->events.page(slot->events.user, page);
  return ZC_OK;
}

/* ---- the table ---- */

static void fill_options(zc_host *host) {
  host->has = zc_config_has;
  host->text = host_text;
  host->integer = host_integer;
  host->number = host_number;
  host->count = host_count;
  host->item = host_item;
  host->n_regions = zc_config_n_regions;
  host->region_name = zc_config_region_name;
  host->region_config = zc_config_region_config;
}

static void fill_json(zc_host *host) {
  host->json_at = zc_json_at;
  host->json_type = zc_json_type;
  host->json_count = zc_json_count;
  host->json_member = zc_json_member;
  host->json_number = zc_json_number;
  host->json_text = zc_json_text;
  host->json_boolean = zc_json_boolean;
  host->json_digits = zc_json_digits;
  host->json_parse = zc_json_parse;
  host->json_free = zc_json_free;
}

void zc_services_fill(zc_host *host) {
  *host = (zc_host){.size = sizeof *host, .abi_major = ZC_ABI_MAJOR, .abi_minor = ZC_ABI_MINOR};
  host->log = host_log;
  host->now = host_now;
  host->random = host_random;
  fill_options(host);
  fill_json(host);
  zc_decide_services(host);
  host->http = zc_part_http;
  host->http_header = zc_http_header_of;
  host->timer = zc_part_timer;
  host->work = zc_part_work;
  host->process = zc_part_process;
  host->time_parse = zc_time_parse;
  host->time_format = zc_time_format;
  host->emit = host_emit;
  host->run_started = host_run_started;
  host->run_status = host_run_status;
  host->row = host_row;
  host->page = host_page;
  host->done = zc_operation_answer;
  host->hide = zc_log_hide;
  host->reveal = zc_log_release;
  host->retry_after = host_retry_after;
}
