#include "tests/unit/source_host.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/json.h"
#include "core/base/time_text.h"

#define TURNS_MAX 16

struct zc_op {
  source_host *host;
  bool ended;
  const source_host_answer *answer; /* of the pending request, with its callback and user */
  void (*on_http)(void *user, zc_op *op, const zc_http_response *response);
  void (*on_timer)(void *user, zc_op *op);
  void *user;
};

zc_time at(const char *text) {
  zc_time time = 0;
  if (zc_time_parse(text, &time) != ZC_OK) fail_msg("no time: %s", text);
  return time;
}

char *source_host_read(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) return NULL;
  fseek(file, 0, SEEK_END);
  size_t size = (size_t)ftell(file);
  rewind(file);
  char *text = calloc(1, size + 1);
  assert_non_null(text);
  assert_int_equal(fread(text, 1, size, file), size);
  fclose(file);
  return text;
}

const char *shared_file(const char *name) {
  static char path[1024];
  const char *root = getenv("ZC_SHARED");
  snprintf(path, sizeof path, "%s/data/%s", root ? root : ZC_SHARED, name);
  if (access(path, R_OK) != 0) {
    print_message("skipped: %s is absent\n", path);
    skip();
  }
  return path;
}

/* ---- services ------------------------------------------------------------------------------ */

static void record_log(zc_self *host, int level, const char *message) {
  size_t used = strlen(host->log);
  snprintf(host->log + used, sizeof host->log - used, "%s\n", message);
  if (host->worst_level == 0 || level < host->worst_level) host->worst_level = level;
}

static zc_time now(zc_self *host) {
  return host->now;
}

static const source_host_answer *answer_for(const source_host *host, const char *url) {
  const source_host_answer *best = NULL;
  for (size_t i = 0; i < host->n_answers; i++) {
    const char *prefix = host->answers[i].prefix;
    if (strncmp(url, prefix, strlen(prefix)) != 0) continue;
    if (!best || strlen(prefix) >= strlen(best->prefix)) best = &host->answers[i];
  }
  return best;
}

static int http(zc_op *op, const zc_http_request *request,
                void (*callback)(void *, zc_op *, const zc_http_response *), void *user) {
  source_host *host = op->host;
  assert_false(op->ended);
  assert_null(op->on_http);
  assert_true(host->n_requests < 8);
  char *headers = host->headers[host->n_requests];
  host->max_attempts = request->max_attempts;
  snprintf(host->urls[host->n_requests++], sizeof host->urls[0], "%s", request->url);
  for (uint32_t i = 0, n = 0; i < request->n_headers; i++) {
    n += (uint32_t)snprintf(headers + n, 1024 - n, "%s\n", request->headers[i]);
  }
  const char *path = strstr(request->url, "://");
  assert_non_null(path);
  path = strchr(path + 3, '/');
  op->answer = answer_for(host, path);
  if (!op->answer) fail_msg("nothing is scripted for %s", request->url);
  op->on_http = callback;
  op->user = user;
  return ZC_OK;
}

static const source_host_answer *current_answer; /* while its callback runs */

static const char *http_header(const zc_http_response *response, const char *name) {
  (void)response;
  return strcmp(name, "Retry-After") == 0 ? current_answer->retry_after : NULL;
}

static int timer(zc_op *op, int64_t ms, void (*callback)(void *, zc_op *), void *user) {
  assert_false(op->ended);
  assert_true(ms >= 0);
  op->on_timer = callback;
  op->user = user;
  return ZC_OK;
}

static int emit(zc_op *op, const zc_signal *signal, const zc_point *points, size_t n,
                size_t stride) {
  source_host *host = op->host;
  assert_false(op->ended);
  for (size_t i = 0; i < n; i++) {
    const zc_point *point = (const void *)((const char *)points + i * stride);
    assert_true(isfinite(point->value) && point->value >= 0);
    assert_true(host->n_points < SOURCE_HOST_POINTS);
    if (signal->kind == ZC_GRID_INTENSITY) {
      assert_true(point->flags == 1 || point->flags == 2 || point->flags == 4 || point->flags == 8);
      assert_true(point->flags == ZC_POINT_STATIC || point->to > point->from);
    }
    host->points[host->n_points].signal = *signal;
    host->points[host->n_points++].point = *point;
  }
  return ZC_OK;
}

static void done(zc_op *op, int error, const char *message) {
  assert_false(op->ended);
  assert_true(error == ZC_OK || (message && *message));
  op->ended = true;
  op->host->done_status = error;
  snprintf(op->host->done_message, sizeof op->host->done_message, "%s", message ? message : "");
}

const zc_host *source_host_services(void) {
  static zc_host services = {.size = sizeof services,
                             .abi_major = ZC_ABI_MAJOR,
                             .log = record_log,
                             .now = now,
                             .http = http,
                             .http_header = http_header,
                             .timer = timer,
                             .json_at = zc_json_at,
                             .json_type = zc_json_type,
                             .json_count = zc_json_count,
                             .json_member = zc_json_member,
                             .json_number = zc_json_number,
                             .json_text = zc_json_text,
                             .json_boolean = zc_json_boolean,
                             .json_parse = zc_json_parse,
                             .json_free = zc_json_free,
                             .time_parse = zc_time_parse,
                             .time_format = zc_time_format,
                             .emit = emit,
                             .done = done};
  source_config_services(&services);
  return &services;
}

/* ---- the instance and its operations ------------------------------------------------------- */

source_host *source_host_create(const zc_plugin *plugin, zc_time start) {
  source_host *host = calloc(1, sizeof *host);
  assert_non_null(host);
  host->plugin = plugin;
  host->now = start;
  host->config = source_config_create(plugin);
  return host;
}

void source_host_destroy(source_host *host) {
  if (host->state) host->plugin->destroy(host->state);
  for (size_t i = 0; i < host->n_answers; i++)
    free(host->answers[i].body);
  source_config_destroy(host->config);
  free(host);
}

void source_host_option(source_host *host, const char *name, const char *value) {
  source_config_set(host->config, name, value);
}

void source_host_region(source_host *host, const char *region, const char *const *pairs) {
  zc_config *row = source_config_add_region(host->config, region);
  for (; pairs && pairs[0]; pairs += 2)
    source_config_set(row, pairs[0], pairs[1]);
}

int source_host_open(source_host *host) {
  void *state = NULL;
  int status = host->plugin->create(source_host_services(), host, host->config, &state);
  assert_true(status == ZC_OK ? state != NULL : state == NULL);
  host->state = state;
  return status;
}

static source_host_answer *add_answer(source_host *host, const char *prefix) {
  assert_true(host->n_answers < SOURCE_HOST_ANSWERS);
  source_host_answer *answer = &host->answers[host->n_answers++];
  answer->prefix = prefix;
  return answer;
}

void source_host_script(source_host *host, const char *prefix, int status, const char *body) {
  source_host_answer *answer = add_answer(host, prefix);
  answer->status = status;
  answer->body = strdup(body);
}

void source_host_script_file(source_host *host, const char *prefix, int status, const char *path) {
  source_host_answer *answer = add_answer(host, prefix);
  answer->status = status;
  answer->body = source_host_read(path);
  assert_non_null(answer->body);
}

void source_host_script_error(source_host *host, const char *prefix, int error) {
  add_answer(host, prefix)->error = error;
}

static void answer_request(zc_op *op) {
  const source_host_answer *answer = op->answer;
  void (*callback)(void *, zc_op *, const zc_http_response *) = op->on_http;
  zc_json *json = NULL;
  char message[256];
  op->on_http = NULL;
  op->host->now += op->host->answer_ms;
  zc_http_response response = {.size = sizeof response,
                               .error = answer->error,
                               .status = answer->status,
                               .attempts = 1,
                               .message = message,
                               .body = answer->body ? answer->body : ""};
  response.length = strlen(response.body);
  snprintf(message, sizeof message, "mock answered %d: %.80s", answer->status, response.body);
  if (zc_json_parse(response.body, response.length, &json) == ZC_OK) response.json = json;
  current_answer = answer;
  callback(op->user, op, &response);
  if (response.json) zc_json_free(json);
}

static void run(zc_op *op) {
  for (int turn = 0; turn < TURNS_MAX && !op->ended; turn++) {
    if (op->on_http) {
      answer_request(op);
    } else if (op->on_timer) {
      void (*callback)(void *, zc_op *) = op->on_timer;
      op->on_timer = NULL;
      callback(op->user, op);
    }
  }
  if (!op->ended) fail_msg("the operation was never done");
}

static int ask(source_host *host, bool forecast, const char *region, zc_time from) {
  const zc_source_ops *ops = host->plugin->ops;
  zc_op op = {.host = host};
  zc_query query = {.size = sizeof query, .region = region, .from = from, .to = host->now};
  const zc_host *services = source_host_services();
  for (size_t i = 0; i < services->n_regions(host->config); i++) {
    if (strcmp(services->region_name(host->config, i), region) == 0) {
      query.region_config = services->region_config(host->config, i);
    }
  }
  host->n_points = host->n_requests = 0;
  host->done_message[0] = '\0';
  int status = (forecast ? ops->forecast : ops->observe)(host->state, &query, &op);
  assert_false(op.ended);
  if (status != ZC_OK) return status;
  run(&op);
  return host->done_status;
}

int source_host_observe(source_host *host, const char *region, zc_time from) {
  return ask(host, false, region, from);
}

int source_host_forecast(source_host *host, const char *region) {
  return ask(host, true, region, host->now);
}

long source_host_find(const source_host *host, const char *from) {
  for (size_t i = host->n_points; i-- > 0;) {
    if (host->points[i].point.from == at(from)) return (long)i;
  }
  return -1;
}
