#include "core/io/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "core/base/text.h"
#include "core/io/http_private.h"
#include "core/io/http_retry.h"

/* Metadata and credential endpoints are beside us: a proxy could not reach them, and must not. The
 * single addresses are for a curl before 7.86, which knows no networks. */
#define NEVER_BY_PROXY                                                                             \
  "localhost,127.0.0.1,127.0.0.0/8,::1,169.254.169.254,169.254.170.2,169.254.170.23,169.254.0.0/"  \
  "16,fd00:ec2::23,fd00:ec2::254"
#define MAX_NO_PROXY 16384

static int64_t elapsed(const zc_http_transfer *transfer) {
  return zc_clock_elapsed(zc_loop_clock(transfer->http->loop));
}

/* ---- states -------------------------------------------------------------------------------- */

static zc_http_transfer **list_of(zc_http_transfer *transfer) {
  zc_http *http = transfer->http;
  if (transfer->state == ZC_HTTP_QUEUED) return &http->queued;
  return transfer->state == ZC_HTTP_RUNNING ? &http->running : &http->waiting;
}

/* Takes it off its list, its timer and curl. */
static void detach(zc_http_transfer *transfer) {
  zc_http *http = transfer->http;
  zc_http_transfer **list = list_of(transfer);
  DL_DELETE(*list, transfer);
  zc_timer_stop(http->loop, &transfer->timer);
  if (transfer->state == ZC_HTTP_RUNNING) http->n_running--;
  if (transfer->easy) zc_http_attempt_end(transfer);
}

static void enter_state(zc_http_transfer *transfer, int state) {
  transfer->state = state;
  if (state == ZC_HTTP_RUNNING) transfer->http->n_running++;
  zc_http_transfer **list = list_of(transfer);
  DL_APPEND(*list, transfer);
}

static void free_transfer(zc_http_transfer *transfer) {
  zc_http_order_finish(&transfer->order);
  zc_buffer_finish(&transfer->headers);
  if (transfer->body.data) explicit_bzero(transfer->body.data, transfer->body.length);
  zc_buffer_finish(&transfer->body); /* of a credentials endpoint it is a secret */
  free(transfer->owner);
  free(transfer);
}

static void deliver(zc_http_transfer *transfer) {
  detach(transfer);
  transfer->state = ZC_HTTP_DELIVERING;
  transfer->http->n_live--;
  zc_http_call_back(transfer);
  free_transfer(transfer);
}

static void deliver_failed(zc_timer *timer) {
  deliver(timer->user);
}

static void set_failure(zc_http_transfer *transfer, int error, const char *text) {
  zc_http_outcome *outcome = &transfer->outcome;
  memset(outcome, 0, sizeof *outcome);
  outcome->error = error;
  snprintf(outcome->message, sizeof outcome->message, "%.200s: %s", transfer->order.host, text);
}

/* ---- the queue ----------------------------------------------------------------------------- */

static void deadline_passed(zc_timer *timer) {
  zc_http_transfer *transfer = timer->user;
  zc_http_attempt_clear(transfer);
  set_failure(transfer, ZC_ETIMEDOUT, "not begun in time: too many requests are in flight");
  deliver(transfer);
}

static void enqueue(zc_http_transfer *transfer) {
  enter_state(transfer, ZC_HTTP_QUEUED);
  zc_timer_after(transfer->http->loop, &transfer->timer, transfer->deadline - elapsed(transfer),
                 deadline_passed, transfer);
}

static void start_attempt(zc_http_transfer *transfer) {
  detach(transfer);
  if (zc_http_attempt_begin(transfer) == ZC_OK) {
    enter_state(transfer, ZC_HTTP_RUNNING);
    return;
  }
  set_failure(transfer, ZC_ENOMEM, "no memory for the request");
  enter_state(transfer, ZC_HTTP_FAILED);
  zc_timer_after(transfer->http->loop, &transfer->timer, 0, deliver_failed, transfer);
}

void zc_http_start_queued(zc_http *http) {
  while (http->queued && http->n_running < ZC_HTTP_MAX_RUNNING)
    start_attempt(http->queued);
}

/* ---- repeating ----------------------------------------------------------------------------- */

static void wait_over(zc_timer *timer) {
  zc_http_transfer *transfer = timer->user;
  detach(transfer);
  enqueue(transfer);
  zc_http_start_queued(transfer->http);
}

/* What the answer asks for, in ms; -1: nothing. */
static int64_t asked_wait(const zc_http_transfer *transfer) {
  const char *value = zc_http_find_header(&transfer->headers, "Retry-After");
  if (!value) return -1;
  return zc_http_retry_after(value, zc_http_find_header(&transfer->headers, "Date"),
                             zc_loop_now(transfer->http->loop));
}

/* The wait before the next attempt in ms; -1: this one was the last. */
static int64_t wait_before_next(zc_http_transfer *transfer) {
  zc_http_outcome *outcome = &transfer->outcome;
  if (!outcome->may_repeat || transfer->attempts >= transfer->order.max_attempts) return -1;
  int64_t asked = outcome->error == ZC_OK ? asked_wait(transfer) : -1;
  int64_t wait = zc_http_backoff(&transfer->http->random, transfer->attempts);
  if (asked > wait) wait = asked;
  int64_t left = transfer->deadline - elapsed(transfer);
  if (wait <= ZC_HTTP_MAX_RETRY_AFTER_MS && wait < left) return wait;
  if (asked < 0) return -1;
  size_t used = strlen(outcome->message);
  snprintf(outcome->message + used, sizeof outcome->message - used,
           "; asks to wait %lld s, longer than this request can", (long long)asked / 1000);
  return -1;
}

void zc_http_attempt_ended(zc_http_transfer *transfer) {
  int64_t wait = wait_before_next(transfer);
  if (wait < 0) {
    deliver(transfer);
    return;
  }
  detach(transfer);
  enter_state(transfer, ZC_HTTP_WAITING);
  zc_timer_after(transfer->http->loop, &transfer->timer, wait, wait_over, transfer);
}

/* ---- for callers --------------------------------------------------------------------------- */

static int new_transfer(zc_http *http, const zc_http_request *request, const char *owner,
                        zc_http_transfer **ret) {
  zc_http_transfer *transfer = calloc(1, sizeof *transfer);
  if (!transfer) return ZC_ENOMEM;
  transfer->http = http;
  transfer->owner = zc_duplicate(owner ? owner : "engine");
  int status = transfer->owner ? zc_http_order_init(&transfer->order, request) : ZC_ENOMEM;
  if (status != ZC_OK) {
    free_transfer(transfer);
    return status;
  }
  *ret = transfer;
  return ZC_OK;
}

int zc_http_start(zc_http *http, const zc_http_request *request, int64_t deadline_ms,
                  const char *owner, zc_http_callback callback, void *user,
                  zc_http_transfer **ret) {
  if (deadline_ms <= 0) return ZC_EINVAL;
  if (http->n_live >= ZC_HTTP_MAX_LIVE) return ZC_ECONFLICT;
  zc_http_transfer *transfer;
  int status = new_transfer(http, request, owner, &transfer);
  if (status != ZC_OK) return status;
  transfer->callback = callback;
  transfer->user = user;
  transfer->deadline = elapsed(transfer) + deadline_ms;
  http->n_live++;
  enqueue(transfer);
  zc_http_start_queued(http);
  if (ret) *ret = transfer;
  return ZC_OK;
}

static void drop(zc_http_transfer *transfer) {
  detach(transfer);
  transfer->http->n_live--;
  free_transfer(transfer);
}

static void drop_all(zc_http_transfer *first) {
  for (zc_http_transfer *next, *transfer = first; transfer; transfer = next) {
    next = transfer->next;
    drop(transfer);
  }
}

void zc_http_cancel(zc_http_transfer *transfer) {
  if (transfer->state == ZC_HTTP_DELIVERING) return;
  zc_http *http = transfer->http;
  drop(transfer);
  zc_http_start_queued(http);
}

/* What the environment says besides counts too; "*" only where it stands alone. */
static int set_no_proxy(zc_http *http) {
  const char *ours = getenv("no_proxy");
  if (!ours) ours = getenv("NO_PROXY");
  zc_buffer_init(&http->no_proxy, MAX_NO_PROXY);
  if (ours && strcmp(ours, "*") == 0) return zc_buffer_text(&http->no_proxy, ours);
  zc_buffer_text(&http->no_proxy, NEVER_BY_PROXY);
  return zc_buffer_printf(&http->no_proxy, ",%s", ours ? ours : "");
}

int zc_http_create(zc_loop *loop, uint64_t seed, zc_http **ret) {
  zc_http *http = calloc(1, sizeof *http);
  if (!http) return ZC_ENOMEM;
  http->loop = loop;
  zc_random_init(&http->random, seed);
  int status = set_no_proxy(http);
  if (status == ZC_OK) status = zc_http_multi_init(http);
  if (status != ZC_OK) {
    zc_buffer_finish(&http->no_proxy);
    free(http);
    return status;
  }
  *ret = http;
  return ZC_OK;
}

void zc_http_destroy(zc_http *http) {
  if (!http) return;
  drop_all(http->queued);
  drop_all(http->waiting);
  drop_all(http->running);
  zc_http_multi_finish(http);
}
