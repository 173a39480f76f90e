/* The API's routes about pipelines: how they stand, pausing and resuming. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "core/serve/api_parts.h"

void zc_api_get_pipelines(void *user, zc_exchange *exchange) {
  const zc_api *api = user;
  long long offset = 0, limit = ZC_API_PIPELINES_MAX;
  if (!zc_api_number(exchange, "offset", 0, INT_MAX, &offset) ||
      !zc_api_number(exchange, "limit", 1, ZC_API_PIPELINES_MAX, &limit))
    return;
  zc_engine_pipelines(api->engine, (size_t)offset, (size_t)limit, &exchange->answer);
  zc_exchange_answer(exchange, 200);
}

static void answer_pipeline(const zc_engine *engine, zc_exchange *exchange) {
  zc_error error = {0};
  int status = zc_engine_pipeline(engine, exchange->name, &exchange->answer, &error);
  if (status == ZC_OK)
    zc_exchange_answer(exchange, 200);
  else
    zc_exchange_error(exchange, zc_api_http_status(status), "%s", error.text);
}

void zc_api_get_pipeline(void *user, zc_exchange *exchange) {
  const zc_api *api = user;
  answer_pipeline(api->engine, exchange);
}

/* A change that waits for the journal. */
typedef struct {
  const zc_engine *engine;
  zc_exchange *exchange;
} waiting;

static void on_journalled(void *user, int status) {
  const waiting w = *(waiting *)user;
  free(user);
  if (status == ZC_OK)
    answer_pipeline(w.engine, w.exchange);
  else
    zc_exchange_error(w.exchange, zc_api_http_status(status), "it could not be journalled: %s",
                      zc_status_text(status));
}

static void change(const zc_api *api, zc_exchange *exchange, bool paused) {
  if (!zc_api_body_is_empty(exchange) || !zc_exchange_hold(exchange)) return;
  zc_error error = {0};
  waiting *w = calloc(1, sizeof *w);
  int status = w ? ZC_OK : zc_error_set(&error, ZC_ENOMEM, "no memory for the request");
  if (w) {
    *w = (waiting){.engine = api->engine, .exchange = exchange};
    status = zc_engine_pause(api->engine, exchange->name, paused, on_journalled, w, &error);
  }
  if (status == ZC_OK) return;
  free(w);
  exchange->held = false;
  zc_exchange_error(exchange, zc_api_http_status(status), "%s", error.text);
}

void zc_api_post_pause(void *user, zc_exchange *exchange) {
  change(user, exchange, true);
}

void zc_api_post_resume(void *user, zc_exchange *exchange) {
  change(user, exchange, false);
}
