#include "tests/testkit/host.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"
#include "tests/testkit/host_private.h"

void zc_test_fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("testkit: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  va_end(arguments);
  abort();
}

void *zc_test_allocate(size_t n, size_t size) {
  void *memory = calloc(n ? n : 1, size);
  if (!memory) zc_test_fail("no memory");
  return memory;
}

char *zc_test_copy(const char *text) {
  char *copy = zc_duplicate(text);
  if (text && !copy) zc_test_fail("no memory");
  return copy;
}

/* ---- making ---- */

zc_test_host *zc_test_host_create(const zc_plugin *plugin, zc_time now) {
  zc_test_host *host = zc_test_allocate(1, sizeof *host);
  host->plugin = plugin;
  host->now = now;
  zc_random_init(&host->random, 1);
  zc_buffer_init(&host->log, ZC_TEST_TEXT_MAX);
  zc_buffer_init(&host->reports, ZC_TEST_TEXT_MAX);
  zc_test_services_fill(&host->services);
  return host;
}

void zc_test_host_option(zc_test_host *host, const char *name, const char *value) {
  if (host->n_pairs == ZC_TEST_OPTIONS_MAX) zc_test_fail("too many options");
  host->pairs[host->n_pairs][0] = zc_test_copy(name);
  host->pairs[host->n_pairs++][1] = zc_test_copy(value);
}

void zc_test_host_region(zc_test_host *host, const char *region, const char *const (*pairs)[2],
                         size_t n) {
  if (host->n_regions == ZC_TEST_REGIONS_MAX || n > ZC_TEST_OPTIONS_MAX) {
    zc_test_fail("too many regions or options");
  }
  zc_test_region *row = &host->regions[host->n_regions++];
  row->name = zc_test_copy(region);
  for (row->n_pairs = 0; row->n_pairs < n; row->n_pairs++) {
    row->pairs[row->n_pairs][0] = zc_test_copy(pairs[row->n_pairs][0]);
    row->pairs[row->n_pairs][1] = zc_test_copy(pairs[row->n_pairs][1]);
  }
}

static int make_config(zc_test_host *host, const zc_option *options, size_t n_options,
                       const char *const (*pairs)[2], size_t n, zc_config **ret) {
  zc_error error = {0};
  int status = zc_config_make(options, n_options, pairs, n, ret, &error);
  if (status != ZC_OK) zc_buffer_printf(&host->log, "config: %s\n", error.text);
  return status;
}

const zc_config *zc_test_host_config(zc_test_host *host, const char *const (*pairs)[2], size_t n) {
  const zc_plugin *plugin = host->plugin;
  zc_config **config = &host->configs[host->n_configs];
  if (host->n_configs == ZC_TEST_CONFIGS_MAX) zc_test_fail("too many configs");
  if (make_config(host, plugin->options, plugin->n_options, pairs, n, config) != ZC_OK) return NULL;
  return host->configs[host->n_configs++];
}

static int make_configs(zc_test_host *host) {
  const zc_plugin *plugin = host->plugin;
  int status = make_config(host, plugin->options, plugin->n_options,
                           (const char *const(*)[2])host->pairs, host->n_pairs, &host->config);
  for (size_t i = 0; i < host->n_regions && status == ZC_OK; i++) {
    zc_test_region *row = &host->regions[i];
    zc_config *config;
    status = make_config(host, plugin->region_options, plugin->n_region_options,
                         (const char *const(*)[2])row->pairs, row->n_pairs, &config);
    if (status == ZC_OK) status = zc_config_add_region(host->config, row->name, config);
  }
  return status;
}

static char no_state; /* what *ret_state holds where create() leaves it alone */

int zc_test_host_open(zc_test_host *host) {
  bool is_trigger = host->plugin->kind == ZC_TRIGGER;
  if (host->open) zc_test_fail("opened already");
  int status = is_trigger ? ZC_OK : make_configs(host);
  if (status != ZC_OK) return status;
  host->state = &no_state;
  status = host->plugin->create(&host->services, (zc_self *)host, host->config, &host->state);
  if (status > 0 || status < ZC_ESYSTEM) zc_test_fail("create() returned %d: no status", status);
  if (status == ZC_OK && host->state == &no_state) {
    zc_test_fail("create() returned ZC_OK and has not set *ret_state (NULL is allowed)");
  }
  host->open = status == ZC_OK;
  return status;
}

void *zc_test_host_state(const zc_test_host *host) {
  return host->state;
}

const zc_host *zc_test_host_services(const zc_test_host *host) {
  return &host->services;
}

/* ---- the script ---- */

static zc_test_answer *add_answer(zc_test_host *host, const char *part) {
  if (host->n_answers == ZC_TEST_ANSWERS_MAX) zc_test_fail("too many answers");
  zc_test_answer *answer = &host->answers[host->n_answers++];
  answer->part = zc_test_copy(part);
  return answer;
}

void zc_test_host_answer(zc_test_host *host, const char *part, int status, const char *body) {
  zc_test_answer *answer = add_answer(host, part);
  answer->status = status;
  answer->body = zc_test_copy(body ? body : "");
}

void zc_test_host_answer_header(zc_test_host *host, const char *name, const char *value) {
  if (host->n_answers == 0) zc_test_fail("a header before any answer");
  zc_test_answer *answer = &host->answers[host->n_answers - 1];
  zc_buffer text;
  zc_buffer_init(&text, ZC_TEST_TEXT_MAX);
  zc_buffer_printf(&text, "%s%s: %s\n", answer->headers ? answer->headers : "", name, value);
  free(answer->headers);
  answer->headers = zc_buffer_take(&text);
}

void zc_test_host_answer_error(zc_test_host *host, const char *part, int error,
                               const char *message) {
  zc_test_answer *answer = add_answer(host, part);
  answer->error = error;
  answer->message = zc_test_copy(message);
}

void zc_test_host_answer_unreachable(zc_test_host *host, const char *part, const char *message) {
  zc_test_host_answer_error(host, part, ZC_EREMOTE, message);
  host->answers[host->n_answers - 1].unreachable = true;
}

void zc_test_host_process(zc_test_host *host, int exit_status, const char *tail) {
  free(host->tail);
  host->has_process = true;
  host->exit_status = exit_status;
  host->tail = zc_test_copy(tail ? tail : "");
}

/* ---- operations ---- */

zc_op *zc_test_host_begin(zc_test_host *host) {
  zc_test_op *op = zc_test_allocate(1, sizeof *op);
  op->host = host;
  op->next = host->ops;
  host->ops = op;
  host->message[0] = '\0';
  return (zc_op *)op;
}

static zc_test_pending *next_pending(const zc_test_host *host) {
  zc_test_pending *next = host->pending;
  for (zc_test_pending *one = next; one; one = one->next) {
    if (one->due < next->due || (one->due == next->due && one->sequence < next->sequence)) {
      next = one;
    }
  }
  return next;
}

static void call_until(zc_test_host *host, zc_time until, const zc_test_op *op) {
  zc_test_pending *next;
  while (!(op && op->over) && (next = next_pending(host)) && next->due <= until) {
    if (next->due > host->now) host->now = next->due;
    zc_test_pending_call(host, next);
  }
}

void zc_test_host_advance(zc_test_host *host, int64_t ms) {
  zc_time until = host->now + ms;
  call_until(host, until, NULL);
  host->now = until;
}

static void (*cancel_of(const zc_plugin *plugin))(void *state, zc_op *op) {
  if (plugin->kind == ZC_SOURCE) return ((const zc_source_ops *)plugin->ops)->cancel;
  if (plugin->kind == ZC_TRIGGER) return ((const zc_trigger_ops *)plugin->ops)->cancel;
  if (plugin->kind == ZC_SINK) return ((const zc_sink_ops *)plugin->ops)->cancel;
  return NULL;
}

void zc_test_host_cancel(zc_test_host *host, zc_op *handle) {
  zc_test_op *op = (zc_test_op *)handle;
  void (*cancel)(void *, zc_op *) = cancel_of(host->plugin);
  if (op->over) return;
  zc_test_op_end(host, op);
  op->cancelled = true;
  op->error = ZC_ECANCELED;
  if (cancel) cancel(host->state, handle);
}

int zc_test_host_finish(zc_test_host *host, zc_op *handle) {
  zc_test_op *op = (zc_test_op *)handle;
  zc_time until = host->now + ZC_TEST_DEADLINE_MS;
  call_until(host, until, op);
  if (op->over) return op->error;
  host->now = until;
  zc_test_host_cancel(host, handle);
  return ZC_ETIMEDOUT;
}

typedef int (*source_call)(void *state, const zc_query *query, zc_op *op);

static int ask(zc_test_host *host, source_call call, const char *region, zc_time from, zc_time to) {
  zc_query query = {.size = sizeof query, .region = region, .from = from, .to = to};
  for (size_t i = 0; i < zc_config_n_regions(host->config); i++) {
    if (strcmp(zc_config_region_name(host->config, i), region) != 0) continue;
    query.region_config = zc_config_region_config(host->config, i);
  }
  if (!call) return ZC_ENOTFOUND;
  if (!query.region_config) zc_test_fail("there is no region %s", region);
  host->region = region;
  zc_op *op = zc_test_host_begin(host);
  int status = call(host->state, &query, op);
  if (status > 0 || status < ZC_ESYSTEM) zc_test_fail("it returned %d: no status", status);
  if (status == 0) return zc_test_host_finish(host, op);
  if (((zc_test_op *)op)->over) zc_test_fail("it refused the operation and answered it");
  zc_test_op_end(host, (zc_test_op *)op);
  return status;
}

int zc_test_host_observe(zc_test_host *host, const char *region, zc_time from, zc_time to) {
  return ask(host, ((const zc_source_ops *)host->plugin->ops)->observe, region, from, to);
}

int zc_test_host_forecast(zc_test_host *host, const char *region, zc_time from, zc_time to) {
  return ask(host, ((const zc_source_ops *)host->plugin->ops)->forecast, region, from, to);
}

zc_time zc_test_host_now(const zc_test_host *host) {
  return host->now;
}

/* ---- what came of it ---- */

size_t zc_test_host_points(const zc_test_host *host, const zc_test_point **ret) {
  if (ret) *ret = host->points;
  return host->n_points;
}

size_t zc_test_host_requests(const zc_test_host *host, const zc_test_request **ret) {
  if (ret) *ret = host->requests;
  return host->n_requests;
}

const char *zc_test_host_message(const zc_test_host *host) {
  return host->message;
}

const char *zc_test_host_log(const zc_test_host *host) {
  return host->log.data ? host->log.data : "";
}

const char *zc_test_host_reports(const zc_test_host *host) {
  return host->reports.data ? host->reports.data : "";
}

void zc_test_host_forget(zc_test_host *host) {
  for (size_t i = 0; i < host->n_requests; i++) {
    free(host->requests[i].method);
    free(host->requests[i].url);
    free(host->requests[i].headers);
    free(host->requests[i].body);
  }
  free(host->requests);
  free(host->points);
  host->requests = NULL;
  host->points = NULL;
  host->n_requests = host->n_points = 0;
  host->message[0] = '\0';
  zc_buffer_clear(&host->log);
  zc_buffer_clear(&host->reports);
}

/* ---- the end ---- */

static void end_operations(zc_test_host *host) {
  for (zc_test_op *op = host->ops; op; op = op->next)
    zc_test_host_cancel(host, (zc_op *)op);
  while (host->pending) /* only work is left */
    zc_test_pending_call(host, next_pending(host));
}

static void free_pairs(const char *(*pairs)[2], size_t n) {
  for (size_t i = 0; i < n; i++) {
    free((char *)pairs[i][0]);
    free((char *)pairs[i][1]);
  }
}

static void free_script(zc_test_host *host) {
  for (size_t i = 0; i < host->n_answers; i++) {
    free(host->answers[i].part);
    free(host->answers[i].body);
    free(host->answers[i].headers);
    free(host->answers[i].message);
  }
  free(host->tail);
}

static void free_configs(zc_test_host *host) {
  free_pairs(host->pairs, host->n_pairs);
  zc_config_free(host->config);
  for (size_t i = 0; i < host->n_regions; i++) {
    free(host->regions[i].name);
    free_pairs(host->regions[i].pairs, host->regions[i].n_pairs);
  }
  for (size_t i = 0; i < host->n_configs; i++)
    zc_config_free(host->configs[i]);
}

void zc_test_host_destroy(zc_test_host *host) {
  if (!host) return;
  end_operations(host);
  if (host->open) host->plugin->destroy(host->state);
  while (host->ops) {
    zc_test_op *op = host->ops;
    host->ops = op->next;
    free(op);
  }
  zc_test_host_forget(host);
  free_script(host);
  free_configs(host);
  zc_buffer_finish(&host->log);
  zc_buffer_finish(&host->reports);
  free(host);
}
