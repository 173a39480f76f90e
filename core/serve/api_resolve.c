/* The API's route by which a person says what became of a run that is UNKNOWN. */
#include <stdlib.h>

#include "core/base/json.h"
#include "core/model/transition.h"
#include "core/serve/api_parts.h"

typedef struct {
  zc_exchange *exchange;
  zc_execution_status status;
} waiting;

static void on_done(void *user, int status, const char *message) {
  const waiting w = *(waiting *)user;
  zc_buffer *to = &w.exchange->answer;
  free(user);
  if (status != ZC_OK) {
    zc_exchange_error(w.exchange, zc_api_http_status(status), "%s", message);
    return;
  }
  zc_buffer_text(to, "{\"execution_id\":");
  zc_json_write_text(to, w.exchange->name);
  zc_buffer_printf(to, ",\"status\":\"%s\"}", zc_execution_status_text(w.status));
  zc_exchange_answer(w.exchange, 200);
}

static bool read_status(zc_exchange *exchange, zc_execution_status *ret) {
  const char *text = zc_exchange_parameter(exchange, "status");
  zc_execution_event event;
  if (text && zc_execution_status_parse(text, ret) && zc_transition_resolution(*ret, &event))
    return true;
  zc_exchange_error(exchange, 400, "status: " ZC_RESOLUTIONS);
  return false;
}

void zc_api_post_resolve(void *user, zc_exchange *exchange) {
  const zc_api *api = user;
  zc_execution_status status = ZC_UNKNOWN;
  zc_error error = {0};
  if (!zc_api_body_is_empty(exchange) || !read_status(exchange, &status)) return;
  if (!zc_exchange_hold(exchange)) return;
  waiting *w = calloc(1, sizeof *w);
  int result = w ? ZC_OK : zc_error_set(&error, ZC_ENOMEM, "no memory for the request");
  if (w) {
    *w = (waiting){.exchange = exchange, .status = status};
    result = zc_engine_resolve(api->engine, exchange->name, status, on_done, w, &error);
  }
  if (result == ZC_OK) return;
  free(w);
  exchange->held = false;
  zc_exchange_error(exchange, zc_api_http_status(result), "%s", error.text);
}
