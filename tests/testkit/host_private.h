/* host_private.h - the stand-in's inside, shared by host.c (the test's side) and services.c (the
 * plugin's side). */
#ifndef ZC_TESTKIT_HOST_PRIVATE_H
#define ZC_TESTKIT_HOST_PRIVATE_H

#include <stdbool.h>

#include "core/base/buffer.h"
#include "core/base/random.h"
#include "core/config/config.h"
#include "tests/testkit/host.h"

#define ZC_TEST_ANSWERS_MAX 64
#define ZC_TEST_REGIONS_MAX 64
#define ZC_TEST_OPTIONS_MAX 64
#define ZC_TEST_CONFIGS_MAX 64
#define ZC_TEST_TEXT_MAX    ((size_t)16 << 20)
#define ZC_TEST_DEADLINE_MS 30000
#define ZC_TEST_LATENCY_MS  10

typedef enum { ZC_TEST_HTTP, ZC_TEST_TIMER, ZC_TEST_WORK, ZC_TEST_PROCESS } zc_test_kind;

/* An operation, kept until the host goes, so that a stale handle is recognised. */
typedef struct zc_test_op zc_test_op;
struct zc_test_op {
  zc_test_host *host;
  zc_test_op *next;
  bool over, cancelled, started;
  int error;
};

typedef struct {
  char *part, *body, *headers, *message;
  int error, status;
  bool used, unreachable;
} zc_test_answer;

/* A callback that is due. */
typedef struct zc_test_pending zc_test_pending;
struct zc_test_pending {
  zc_test_pending *next;
  zc_test_op *op; /* NULL: work whose operation is over */
  zc_test_kind kind;
  zc_time due;
  uint64_t sequence;
  void *user;
  const zc_test_answer *answer; /* NULL: none was scripted */
  uint32_t max_body;
  int exit_status;
  char *tail;
  void (*http)(void *user, zc_op *op, const zc_http_response *response);
  void (*timer)(void *user, zc_op *op);
  void (*run)(void *user);
  void (*after)(void *user, zc_op *op, int status);
  void (*process)(void *user, zc_op *op, const zc_process_result *result);
};

typedef struct {
  char *name;
  const char *pairs[ZC_TEST_OPTIONS_MAX][2];
  size_t n_pairs;
} zc_test_region;

struct zc_test_host {
  const zc_plugin *plugin;
  zc_host services;
  zc_time now;
  zc_random random;
  void *state;
  bool open, on_worker;
  zc_config *config;
  const char *pairs[ZC_TEST_OPTIONS_MAX][2];
  size_t n_pairs, n_regions, n_configs, n_answers;
  zc_test_region regions[ZC_TEST_REGIONS_MAX];
  zc_config *configs[ZC_TEST_CONFIGS_MAX];
  zc_test_answer answers[ZC_TEST_ANSWERS_MAX];
  bool has_process;
  int exit_status;
  char *tail;
  zc_test_op *ops;
  zc_test_pending *pending;
  uint64_t next_sequence;
  const char *region; /* of the question under way */
  zc_test_point *points;
  zc_test_request *requests;
  size_t n_points, n_requests;
  zc_buffer log, reports;
  char message[1024];
};

/* Ends the test. */
void zc_test_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
void *zc_test_allocate(size_t n, size_t size); /* zeroed; or ends the test */
char *zc_test_copy(const char *text);

void zc_test_services_fill(zc_host *host);
void zc_test_pending_free(zc_test_pending *pending);
/* Calls what is due first and takes it off the list. */
void zc_test_pending_call(zc_test_host *host, zc_test_pending *pending);
/* Drops an operation's callbacks but for its work. */
void zc_test_op_end(zc_test_host *host, zc_test_op *op);

#endif
