/* The plugin's side of the stand-in: the table of services. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/text.h"
#include "core/base/time_text.h"
#include "core/io/http_check.h"
#include "core/model/decide.h"
#include "core/plugin/point.h"
#include "tests/testkit/host_private.h"

#define BODY_MAX ((size_t)2 << 20)

static bool without_operation; /* in work's after() of an operation that is over */

/* The operation behind a handle; NULL where it was cancelled or is no more, which http() and its
 * like answer with ZC_ECANCELED. */
static zc_test_op *op_of(zc_op *handle, const char *what) {
  zc_test_op *op = (zc_test_op *)handle;
  if (!op && !without_operation) zc_test_fail("%s for an operation that is NULL", what);
  if (!op) return NULL;
  if (op->host->on_worker) zc_test_fail("%s from a worker's run(): only json_parse may", what);
  if (op->over && !op->cancelled) zc_test_fail("%s for an operation that it has answered", what);
  return op->over ? NULL : op;
}

/* ---- any time ---- */

static zc_test_host *host_of(zc_self *self, const char *what) {
  zc_test_host *host = (zc_test_host *)self;
  if (host->on_worker) zc_test_fail("%s from a worker's run(): only json_parse may", what);
  return host;
}

static void test_log(zc_self *self, int level, const char *message) {
  static const char *const words[] = {"?", "error", "warning", "info", "debug"};
  if (level < ZC_LOG_ERROR || level > ZC_LOG_DEBUG || !message) zc_test_fail("log(%d)", level);
  zc_buffer_printf(&host_of(self, "log()")->log, "%s: %s\n", words[level], message);
}

static zc_time test_now(zc_self *self) {
  return host_of(self, "now()")->now;
}

static double test_random(zc_self *self) {
  return zc_random_unit(&host_of(self, "random()")->random);
}

/* ---- callbacks that are due ---- */

static zc_test_pending *add_pending(zc_test_op *op, zc_test_kind kind, int64_t ms, void *user) {
  zc_test_host *host = op->host;
  zc_test_pending *pending = zc_test_allocate(1, sizeof *pending);
  pending->op = op;
  pending->kind = kind;
  pending->due = host->now + ms;
  pending->sequence = host->next_sequence++;
  pending->user = user;
  pending->next = host->pending;
  host->pending = pending;
  return pending;
}

void zc_test_pending_free(zc_test_pending *pending) {
  free(pending->tail);
  free(pending);
}

void zc_test_op_end(zc_test_host *host, zc_test_op *op) {
  zc_test_pending **link = &host->pending;
  op->over = true;
  while (*link) {
    zc_test_pending *one = *link;
    bool ours = one->op == op;
    if (ours) one->op = NULL;
    if (!ours || one->kind == ZC_TEST_WORK) {
      link = &one->next;
      continue;
    }
    *link = one->next;
    zc_test_pending_free(one);
  }
}

/* What the plugin is given, and what http_header() reads beside it. */
typedef struct {
  zc_http_response given;
  const char *headers;
} test_response;

static void call_http(zc_test_pending *pending) {
  const zc_test_answer *answer = pending->answer;
  size_t most = pending->max_body ? pending->max_body : BODY_MAX;
  char message[300] = "", fault[100];
  zc_json *json = NULL;
  test_response response = {.given = {.size = sizeof response.given, .attempts = 1, .sent = 1}};
  zc_http_response *given = &response.given;
  given->message = message;
  given->body = "";
  if (!answer || answer->error) {
    given->error = answer ? answer->error : ZC_EREMOTE;
    given->sent = !(answer && answer->unreachable);
    snprintf(message, sizeof message, "%s",
             answer ? answer->message : "no answer was scripted for this request");
  } else if (strlen(answer->body) > most) {
    given->error = ZC_EDATA;
    snprintf(message, sizeof message, "the answer is longer than %zu bytes", most);
  } else {
    given->status = answer->status;
    given->body = answer->body;
    given->length = strlen(answer->body);
    given->latency_ms = ZC_TEST_LATENCY_MS;
    response.headers = answer->headers;
    if (zc_json_parse(given->body, given->length, &json) == ZC_OK) {
      given->json = json;
    } else if (given->length > 0) {
      zc_json_fault(given->body, given->length, fault, sizeof fault);
      snprintf(message, sizeof message, "the answer is no JSON: %s", fault);
    }
  }
  pending->http(pending->user, (zc_op *)pending->op, given);
  zc_json_free(json);
}

static void call_work(zc_test_host *host, const zc_test_pending *pending) {
  host->on_worker = true;
  pending->run(pending->user);
  host->on_worker = false;
  without_operation = !pending->op;
  pending->after(pending->user, (zc_op *)pending->op, pending->op ? ZC_OK : ZC_ECANCELED);
  without_operation = false;
}

static void call_process(const zc_test_pending *pending) {
  bool ran = pending->tail != NULL;
  char message[80] = "there is no such program";
  if (ran) snprintf(message, sizeof message, "exit status %d", pending->exit_status);
  const zc_process_result result = {.size = sizeof result,
                                    .error = ran ? ZC_OK : ZC_EIO,
                                    .exit_status = ran ? pending->exit_status : -1,
                                    .message = message,
                                    .tail = ran ? pending->tail : ""};
  pending->process(pending->user, (zc_op *)pending->op, &result);
}

void zc_test_pending_call(zc_test_host *host, zc_test_pending *pending) {
  zc_test_pending **link = &host->pending;
  while (*link != pending)
    link = &(*link)->next;
  *link = pending->next;
  switch (pending->kind) {
  case ZC_TEST_HTTP:
    call_http(pending);
    break;
  case ZC_TEST_TIMER:
    pending->timer(pending->user, (zc_op *)pending->op);
    break;
  case ZC_TEST_WORK:
    call_work(host, pending);
    break;
  case ZC_TEST_PROCESS:
    call_process(pending);
    break;
  }
  zc_test_pending_free(pending);
}

/* ---- parts of operations ---- */

static void record_request(zc_test_host *host, const zc_http_request *request) {
  zc_test_request *grown = realloc(host->requests, (host->n_requests + 1) * sizeof *host->requests);
  if (!grown) zc_test_fail("no memory");
  host->requests = grown;
  zc_test_request *record = &grown[host->n_requests++];
  zc_buffer headers;
  zc_buffer_init(&headers, ZC_TEST_TEXT_MAX);
  for (uint32_t i = 0; i < request->n_headers; i++)
    zc_buffer_printf(&headers, "%s\n", request->headers[i]);
  const char *method = request->method ? request->method : request->body ? "POST" : "GET";
  *record = (zc_test_request){.method = zc_test_copy(method),
                              .url = zc_test_copy(request->url),
                              .headers = zc_buffer_take(&headers),
                              .body_length = request->body_length};
  if (!request->body) return;
  record->body = zc_test_allocate(request->body_length + 1, 1);
  memcpy(record->body, request->body, request->body_length);
}

static const zc_test_answer *take_answer(zc_test_host *host, const char *url) {
  for (size_t i = 0; i < host->n_answers; i++) {
    zc_test_answer *answer = &host->answers[i];
    if (answer->used || (answer->part && !strstr(url, answer->part))) continue;
    answer->used = true;
    return answer;
  }
  return NULL;
}

static int test_http(zc_op *handle, const zc_http_request *request,
                     void (*callback)(void *user, zc_op *op, const zc_http_response *response),
                     void *user) {
  zc_test_op *op = op_of(handle, "http()");
  if (!op) return ZC_ECANCELED;
  if (!request || request->size < sizeof *request || !callback) {
    zc_test_fail("http() without size or callback");
  }
  zc_error error = {0};
  if (zc_http_request_check(request, &error) != ZC_OK) {
    zc_buffer_printf(&op->host->log, "warning: gave http() %s\n", error.text);
    return ZC_EINVAL;
  }
  record_request(op->host, request);
  zc_test_pending *pending = add_pending(op, ZC_TEST_HTTP, ZC_TEST_LATENCY_MS, user);
  pending->answer = take_answer(op->host, request->url);
  pending->max_body = request->max_body;
  pending->http = callback;
  return ZC_OK;
}

static const char *test_http_header(const zc_http_response *response, const char *name) {
  static char value[1024];
  const char *line = ((const test_response *)(const void *)response)->headers;
  size_t n = strlen(name);
  for (; line && *line; line = strchr(line, '\n') + 1) {
    if (strncasecmp(line, name, n) != 0 || line[n] != ':') continue;
    snprintf(value, sizeof value, "%.*s", (int)strcspn(line + n + 2, "\n"), line + n + 2);
    return value;
  }
  return NULL;
}

static int test_timer(zc_op *handle, int64_t ms, void (*callback)(void *user, zc_op *op),
                      void *user) {
  zc_test_op *op = op_of(handle, "timer()");
  if (!op) return ZC_ECANCELED;
  if (ms < 0 || !callback) zc_test_fail("timer() with a negative time or no callback");
  add_pending(op, ZC_TEST_TIMER, ms, user)->timer = callback;
  return ZC_OK;
}

static int test_work(zc_op *handle, void (*run)(void *user),
                     void (*after)(void *user, zc_op *op, int status), void *user) {
  zc_test_op *op = op_of(handle, "work()");
  if (!op) return ZC_ECANCELED;
  if (!run || !after) zc_test_fail("work() without run or after");
  zc_test_pending *pending = add_pending(op, ZC_TEST_WORK, 0, user);
  pending->run = run;
  pending->after = after;
  return ZC_OK;
}

static int test_process(zc_op *handle, const zc_process *process,
                        void (*callback)(void *user, zc_op *op, const zc_process_result *result),
                        void *user) {
  zc_test_op *op = op_of(handle, "process()");
  if (!op) return ZC_ECANCELED;
  if (!process || process->size < sizeof *process || !process->command || !process->command[0] ||
      !callback) {
    zc_test_fail("process() without size, command or callback");
  }
  zc_test_host *host = op->host;
  zc_buffer_text(&host->reports, "process");
  for (size_t i = 0; process->command[i]; i++)
    zc_buffer_printf(&host->reports, " %s", process->command[i]);
  for (size_t i = 0; process->environment && process->environment[i]; i++)
    zc_buffer_printf(&host->reports, "\n  %s", process->environment[i]);
  zc_buffer_char(&host->reports, '\n');
  zc_test_pending *pending = add_pending(op, ZC_TEST_PROCESS, ZC_TEST_LATENCY_MS, user);
  pending->process = callback;
  if (process->ret_started) *process->ret_started = host->has_process;
  pending->exit_status = host->exit_status;
  pending->tail = host->has_process ? zc_test_copy(host->tail) : NULL;
  host->has_process = false;
  return ZC_OK;
}

/* ---- what plugins report ---- */

static void record_point(zc_test_host *host, const zc_signal *signal, const zc_point *point) {
  if ((host->n_points & (host->n_points + 1)) == 0) { /* full at 0, 1, 3, 7 … */
    zc_test_point *grown = realloc(host->points, (host->n_points + 1) * 2 * sizeof *grown);
    if (!grown) zc_test_fail("no memory");
    host->points = grown;
  }
  zc_test_point *record = &host->points[host->n_points++];
  *record = (zc_test_point){.kind = signal->kind,
                            .basis = signal->basis,
                            .issued_at = signal->issued_at,
                            .point = *point};
  zc_copy_text(record->region, sizeof record->region,
               signal->region ? signal->region
               : host->region ? host->region
                              : "");
}

static bool is_region(const zc_test_host *host, const char *name) {
  for (size_t i = 0; i < host->n_regions; i++) {
    if (strcmp(host->regions[i].name, name) == 0) return true;
  }
  return false;
}

static int test_emit(zc_op *handle, const zc_signal *signal, const zc_point *points, size_t n,
                     size_t stride) {
  zc_test_op *op = op_of(handle, "emit()");
  if (!op) return ZC_ECANCELED;
  const char *wrong = zc_signal_fault(signal, op->host->now);
  if (!wrong && n > 0) wrong = zc_points_fault(points, n, stride);
  if (wrong) zc_test_fail("emit(): %s", wrong);
  if (signal->region && !is_region(op->host, signal->region)) {
    zc_buffer_printf(
        &op->host->log,
        "warning: emitted %zu points for \"%s\", which is no configured region: none is "
        "taken\n",
        n, signal->region);
    return ZC_ENOTFOUND;
  }
  for (size_t i = 0; i < n; i++) {
    const void *at = (const char *)points + i * stride;
    const char *fault = zc_point_fault(signal->kind, at, op->host->now);
    if (!fault) continue;
    zc_buffer_printf(
        &op->host->log,
        "warning: emitted %zu points of which point %zu is refused: %s; none of the %zu "
        "is taken\n",
        n, i, fault, n);
    return ZC_EDATA;
  }
  for (size_t i = 0; i < n; i++)
    record_point(op->host, signal, (const void *)((const char *)points + i * stride));
  return ZC_OK;
}

/* One line of the reports. */
static int report(zc_op *handle, const char *what, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int report(zc_op *handle, const char *what, const char *format, ...) {
  zc_test_op *op = op_of(handle, what);
  if (!op) return ZC_ECANCELED;
  va_list arguments;
  va_start(arguments, format);
  zc_buffer_vprintf(&op->host->reports, format, arguments);
  va_end(arguments);
  return ZC_OK;
}

static int test_run_started(zc_op *op, const char *remote_id) {
  zc_test_op *known = op_of(op, "run_started()");
  if (!remote_id) zc_test_fail("run_started() without an id");
  if (known && known->started) zc_test_fail("run_started() twice for one run");
  if (known) known->started = true;
  return report(op, "run_started()", "started %s\n", remote_id);
}

static int test_run_status(zc_op *op, int status, const char *message) {
  if (status < ZC_RUN_RUNNING || status > ZC_RUN_SUPERSEDED) zc_test_fail("run_status(%d)", status);
  return report(op, "run_status()", "status %d %s\n", status, message ? message : "");
}

static int test_retry_after(zc_op *op, int64_t ms) {
  if (ms < 0) zc_test_fail("retry_after(%lld)", (long long)ms);
  return report(op, "retry_after()", "retry after %lld ms\n", (long long)ms);
}

static int test_row(zc_op *op, const char *text, size_t length) {
  if (!text || length == 0) zc_test_fail("row() without text");
  return report(op, "row()", "row %.*s\n", (int)length, text);
}

static int test_page(zc_op *op, const char *page) {
  if (!page) zc_test_fail("page() without text");
  return report(op, "page()", "page %s\n", page);
}

static void test_done(zc_op *handle, int error, const char *message) {
  zc_test_op *op = op_of(handle, "done()");
  if (!op) return;
  if (error > 0 || error < ZC_ESYSTEM) zc_test_fail("done(%d): that is no status", error);
  op->error = error;
  zc_copy_text(op->host->message, sizeof op->host->message, message ? message : "");
  zc_test_op_end(op->host, op);
}

/* ---- options ---- */

static void check_declared(const zc_config *config, const char *name) {
  if (!config || zc_config_declares(config, name)) return;
  zc_test_fail("the plugin asks for option '%s', which it does not declare", name);
}

static const char *test_text(const zc_config *config, const char *name) {
  check_declared(config, name);
  return zc_config_text(config, name);
}

static int64_t test_integer(const zc_config *config, const char *name) {
  check_declared(config, name);
  return zc_config_integer(config, name);
}

static double test_number(const zc_config *config, const char *name) {
  check_declared(config, name);
  return zc_config_number(config, name);
}

static size_t test_count(const zc_config *config, const char *name) {
  check_declared(config, name);
  return zc_config_count(config, name);
}

static const char *test_item(const zc_config *config, const char *name, size_t i) {
  check_declared(config, name);
  return zc_config_item(config, name, i);
}

/* ---- the table ---- */

static void fill_options_and_json(zc_host *host) {
  host->has = zc_config_has;
  host->text = test_text;
  host->integer = test_integer;
  host->number = test_number;
  host->count = test_count;
  host->item = test_item;
  host->n_regions = zc_config_n_regions;
  host->region_name = zc_config_region_name;
  host->region_config = zc_config_region_config;
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

void zc_test_services_fill(zc_host *host) {
  *host = (zc_host){.size = sizeof *host, .abi_major = ZC_ABI_MAJOR, .abi_minor = ZC_ABI_MINOR};
  fill_options_and_json(host);
  zc_decide_services(host);
  host->log = test_log;
  host->now = test_now;
  host->random = test_random;
  host->http = test_http;
  host->http_header = test_http_header;
  host->timer = test_timer;
  host->work = test_work;
  host->process = test_process;
  host->time_parse = zc_time_parse;
  host->time_format = zc_time_format;
  host->emit = test_emit;
  host->run_started = test_run_started;
  host->run_status = test_run_status;
  host->row = test_row;
  host->page = test_page;
  host->done = test_done;
  host->hide = zc_log_hide;
  host->reveal = zc_log_release;
  host->retry_after = test_retry_after;
}
