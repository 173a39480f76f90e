/* zerocarb/testkit.h - a stand-in for the program, so that a plugin can be linked and tested alone.
 *
 * It records what the plugin emits, reports and logs, answers its requests and processes from a
 * script, and keeps a clock that moves only from one due callback to the next. Options go through
 * the program's own parser. What plugin.h forbids (a second done(), a host call from a worker, a
 * callback into nothing, an option that the table does not declare) ends the test with a message
 * and abort().
 *
 * In the source tree this is tests/testkit/host.h. */
#ifndef ZEROCARB_TESTKIT_H
#define ZEROCARB_TESTKIT_H

#include <zerocarb/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct zc_test_host zc_test_host;

typedef struct {
  char region[64];
  uint32_t kind, basis;
  zc_time issued_at;
  zc_point point;
} zc_test_point;

typedef struct {
  char *method, *url;
  char *headers; /* "Name: value\n" each */
  char *body;    /* terminated; NULL for none */
  size_t body_length;
} zc_test_request;

/* What is known of one region: the grid's intensity, gCO2eq/kWh. */
typedef struct {
  const char *name;
  const zc_point *points;
  size_t n;
} zc_test_series;

/* What a policy is asked. Region 0 is the pipeline's own. */
typedef struct {
  zc_time requested_at, now, deadline;
  double duration_minutes, min_savings_percent;
  const zc_test_series *regions;
  uint32_t n_regions;
} zc_test_question;

/* ---- making ---- */

zc_test_host *zc_test_host_create(const zc_plugin *plugin, zc_time now);
void zc_test_host_destroy(zc_test_host *host); /* the instance too; lets its work end first */

/* Before open(). Texts as they would stand in the YAML file. pairs: {"name", "value"}. */
void zc_test_host_option(zc_test_host *host, const char *name, const char *value);
void zc_test_host_region(zc_test_host *host, const char *region, const char *const (*pairs)[2],
                         size_t n);
/* Checks the options and calls create(): ZC_OK, or what either said; the reason is in the log. */
int zc_test_host_open(zc_test_host *host);

void *zc_test_host_state(const zc_test_host *host);
const zc_host *zc_test_host_services(const zc_test_host *host);
/* Options against the plugin's table, for a zc_run's `config`; lives as long as the host. NULL and
 * the reason in the log where they do not fit. */
const zc_config *zc_test_host_config(zc_test_host *host, const char *const (*pairs)[2], size_t n);

/* ---- the script ---- */

/* Each answers the first request not yet answered whose URL contains `part` (NULL: any). A request
 * for which there is no answer gets ZC_EREMOTE. Answers come 10 ms after the request. */
void zc_test_host_answer(zc_test_host *host, const char *part, int status, const char *body);
void zc_test_host_answer_header(zc_test_host *host, const char *name, const char *value); /* last */
void zc_test_host_answer_error(zc_test_host *host, const char *part, int error,
                               const char *message);
/* No connection came about: ZC_EREMOTE with response->sent 0, so that the request is known not to
 * have arrived. The answers above have sent 1. */
void zc_test_host_answer_unreachable(zc_test_host *host, const char *part, const char *message);
/* How the next process ends; without one it cannot be started. */
void zc_test_host_process(zc_test_host *host, int exit_status, const char *tail);

/* ---- operations ---- */

/* A source's whole operation: done()'s error, or the refusal's. ZC_ETIMEDOUT where it was not
 * answered within 30 s of the host's time. */
int zc_test_host_observe(zc_test_host *host, const char *region, zc_time from, zc_time to);
int zc_test_host_forecast(zc_test_host *host, const char *region, zc_time from, zc_time to);

/* The same by hand, for triggers and sinks: begin an operation, call the plugin's function with it,
 * and where that returned ZC_OK, finish it. */
zc_op *zc_test_host_begin(zc_test_host *host);
int zc_test_host_finish(zc_test_host *host, zc_op *op);
void zc_test_host_cancel(zc_test_host *host, zc_op *op); /* tells the plugin */

/* A policy's decide() and explain() on real series: ZC_PROPOSED with *ret_proposal, ZC_ABSTAINED or
 * an error; `text` gets the reason. */
int zc_test_host_decide(zc_test_host *host, const zc_test_question *question,
                        zc_proposal *ret_proposal, char *text, size_t size);

zc_time zc_test_host_now(const zc_test_host *host);
/* Lets so much time go by, with the callbacks that are due in it. */
void zc_test_host_advance(zc_test_host *host, int64_t ms);

/* ---- what came of it ---- */

size_t zc_test_host_points(const zc_test_host *host, const zc_test_point **ret);
size_t zc_test_host_requests(const zc_test_host *host, const zc_test_request **ret);
const char *zc_test_host_message(const zc_test_host *host); /* of the last done(); "" for none */
/* "warning: text\n" each */
const char *zc_test_host_log(const zc_test_host *host);
/* "started ID\n", "status 2 MESSAGE\n", "row {…}\n", "page P\n", "process CMD ARG…\n" in order */
const char *zc_test_host_reports(const zc_test_host *host);
void zc_test_host_forget(zc_test_host *host); /* empties all of these */

#ifdef __cplusplus
}
#endif
#endif
