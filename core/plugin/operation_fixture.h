/* operation_fixture.h - for the tests of instances and operations: a loop under a virtual clock, a
 * log that is kept, sources whose every answer is a function of the test's, and what came of it. */
#ifndef ZC_PLUGIN_OPERATION_FIXTURE_H
#define ZC_PLUGIN_OPERATION_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/log.h"
#include "core/base/time_text.h"
#include "core/plugin/instance.h"

#define START INT64_C(1767322800000) /* 2026-01-02T03:00:00Z */

typedef struct fixture fixture;

/* A source's state: its behaviour is the test's. */
typedef struct {
  const zc_host *host;
  zc_self *self;
  int (*observe)(const zc_host *host, zc_self *self, const zc_query *query, zc_op *op);
  zc_op *op;          /* kept by behaviours that need it later */
  int calls, cancels; /* callbacks of parts; calls of cancel */
  int status;         /* what the last service returned */
} behaviour;

struct fixture {
  zc_clock clock;
  zc_loop *loop;
  zc_http *http;
  zc_host_context *context;
  char *log;
  size_t log_size;
  FILE *log_stream;
};

/* What one operation gave. */
typedef struct {
  int n_done, error;
  char message[200];
  size_t n_points;
  zc_time done_at;
  fixture *f;
} outcome;

/* Behaviours have no state of their own but this: one test at a time. */
static behaviour current;
static int destroyed;

static int source_create(const zc_host *host, zc_self *self, const zc_config *config,
                         void **ret_state) {
  (void)config;
  current.host = host;
  current.self = self;
  *ret_state = &current;
  return ZC_OK;
}

static void source_destroy(void *state) {
  (void)state;
  destroyed++;
}

static int source_observe(void *state, const zc_query *query, zc_op *op) {
  behaviour *b = state;
  return b->observe(b->host, b->self, query, op);
}

static void source_cancel(void *state, zc_op *op) {
  behaviour *b = state;
  b->cancels++;
  b->host->done(op, ZC_ECANCELED, NULL); /* harmless here */
}

static const zc_source_ops source_ops = {
    .size = sizeof source_ops, .observe = source_observe, .cancel = source_cancel};

static const zc_plugin source_plugin = {.size = sizeof source_plugin,
                                        .abi_major = ZC_ABI_MAJOR,
                                        .kind = ZC_SOURCE,
                                        .option_size = sizeof(zc_option),
                                        .name = "scripted",
                                        .version = "1",
                                        .summary = "A test's.",
                                        .create = source_create,
                                        .destroy = source_destroy,
                                        .ops = &source_ops};

static inline int fixture_set_up(void **state) {
  fixture *f = calloc(1, sizeof *f);
  assert_non_null(f);
  zc_clock_init_virtual(&f->clock, START);
  assert_int_equal(zc_loop_create(&f->clock, &f->loop), ZC_OK);
  assert_int_equal(zc_http_create(f->loop, 1, &f->http), ZC_OK);
  assert_int_equal(zc_host_context_create(f->loop, f->http, 1, &f->context), ZC_OK);
  f->log_stream = open_memstream(&f->log, &f->log_size);
  assert_non_null(f->log_stream);
  zc_log_setup(ZC_LOG_DEBUG, false, &f->clock, f->log_stream);
  memset(&current, 0, sizeof current);
  destroyed = 0;
  *state = f;
  return 0;
}

/* Every test ends with a loop that closes clean. */
static inline int fixture_tear_down(void **state) {
  fixture *f = *state;
  zc_host_context_destroy(f->context);
  zc_http_destroy(f->http);
  zc_loop_run(f->loop, ZC_TIME_MAX);
  assert_int_equal(zc_loop_destroy(f->loop), ZC_OK);
  zc_log_setup(ZC_LOG_INFO, false, NULL, NULL);
  fclose(f->log_stream);
  free(f->log);
  free(f);
  return 0;
}

static inline zc_instance *open_source(fixture *f, const char *name) {
  zc_instance *instance;
  zc_error error = {0};
  int status = zc_instance_create(f->context, &source_plugin, name, NULL, &instance, &error);
  if (status != ZC_OK) fail_msg("%s", error.text);
  return instance;
}

static inline int take_points(void *user, const zc_signal *signal, const zc_point *points, size_t n,
                              size_t stride, size_t *ret_bad) {
  outcome *o = user;
  assert_true(signal->issued_at == zc_loop_now(o->f->loop)); /* where the source leaves it open */
  (void)points;
  (void)stride;
  (void)ret_bad;
  o->n_points += n;
  return ZC_OK;
}

static inline void take_done(void *user, int error, const char *message) {
  outcome *o = user;
  o->n_done++;
  o->error = error;
  o->done_at = zc_loop_now(o->f->loop);
  snprintf(o->message, sizeof o->message, "%s", message ? message : "");
}

static inline int ask_within(fixture *f, zc_instance *instance, int64_t deadline, outcome *o,
                             zc_operation *ret) {
  const zc_query query = {
      .size = sizeof query, .region = "eu-west-2", .from = START - ZC_HOUR, .to = START};
  const zc_operation_events events = {.user = o, .points = take_points, .done = take_done};
  *o = (outcome){.f = f};
  return zc_operation_start_source(instance, false, &query, deadline, &events, ret);
}

static inline zc_operation ask(fixture *f, zc_instance *instance, outcome *o) {
  zc_operation operation = 0;
  assert_int_equal(ask_within(f, instance, 30 * ZC_SECOND, o, &operation), ZC_OK);
  assert_true(operation != 0);
  assert_int_equal(o->n_done, 0);
  return operation;
}

static inline void run(fixture *f) {
  zc_loop_run(f->loop, ZC_TIME_MAX);
}

static inline const char *log_of(fixture *f) {
  fflush(f->log_stream);
  return f->log;
}

static inline size_t count_in_log(fixture *f, const char *text) {
  size_t n = 0;
  for (const char *at = log_of(f); (at = strstr(at, text)); at += strlen(text))
    n++;
  return n;
}

#define assert_logged(f, text)                                                                     \
  do {                                                                                             \
    if (!strstr(log_of(f), text)) fail_msg("not logged: %s\n%s", text, log_of(f));                 \
  } while (0)

#define FIXTURE_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

static inline int emit_value(const zc_host *host, const zc_query *query, zc_op *op, double value) {
  const zc_signal signal = {.size = sizeof signal, .kind = ZC_GRID_INTENSITY};
  const zc_point point = {
      .from = query->from, .to = query->to, .value = value, .flags = ZC_POINT_OBSERVED};
  return host->emit(op, &signal, &point, 1, sizeof point);
}

#endif
