#include "core/serve/api.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/text.h"
#include "core/io/work.h"
#include "core/serve/api_parts.h"
#include "core/tables/execution_item.h"
#include "core/tables/rollup_period.h"

#define DEFAULT_LIMIT 50

int zc_api_http_status(int status) {
  switch (status) {
  case ZC_EINVAL:
    return 400;
  case ZC_ENOTFOUND:
    return 404;
  case ZC_ECONFLICT:
    return 409;
  case ZC_ECANCELED:
    return 503; /* the engine is stopping */
  default:
    return 500;
  }
}

/* ---- status ---- */

static void get_status(void *user, zc_exchange *exchange) {
  zc_api *api = user;
  int status = zc_engine_status(api->engine, &exchange->answer);
  if (status == ZC_OK) {
    zc_exchange_answer(exchange, 200);
  } else {
    zc_exchange_error(exchange, 500, "no status: %s", zc_status_text(status));
  }
}

/* It answers, so its loop turns. */
static void get_health(void *user, zc_exchange *exchange) {
  (void)user;
  zc_buffer_text(&exchange->answer, "{\"alive\":true}");
  zc_exchange_answer(exchange, 200);
}

static void get_ready(void *user, zc_exchange *exchange) {
  zc_api *api = user;
  bool ready = false;
  zc_engine_readiness(api->engine, &ready, &exchange->answer);
  zc_exchange_answer(exchange, ready ? 200 : 503);
}

/* ---- trigger and cancel ---- */

bool zc_api_body_is_empty(zc_exchange *exchange) {
  if (exchange->body_length == 0) return true;
  zc_json *json = NULL;
  const char *key = NULL;
  int status = zc_json_parse(exchange->body, exchange->body_length, &json);
  bool object = status == ZC_OK && zc_json_type(json) == ZC_JSON_OBJECT;
  bool empty = object && !zc_json_member(json, 0, &key);
  if (!object) {
    zc_exchange_error(exchange, 400, "the body must be a JSON object");
  } else if (!empty) {
    zc_exchange_error(exchange, 400, "unknown member '%s': none is taken", key);
  }
  zc_json_free(json);
  return empty;
}

bool zc_api_number(zc_exchange *exchange, const char *name, long long least, long long most,
                   long long *ret) {
  const char *text = zc_exchange_parameter(exchange, name);
  long long n;
  if (!text) return true;
  if (zc_parse_integer(text, &n) && n >= least && n <= most) {
    *ret = n;
    return true;
  }
  zc_exchange_error(exchange, 400, "%s: a whole number from %lld to %lld", name, least, most);
  return false;
}

static void answer_run(zc_exchange *exchange, const char *id, const zc_execution *execution) {
  zc_buffer_text(&exchange->answer, "{\"execution_id\":");
  zc_json_write_text(&exchange->answer, id);
  if (execution) {
    zc_buffer_printf(&exchange->answer, ",\"status\":\"%s\"",
                     zc_execution_status_text(execution->status));
  }
  zc_buffer_char(&exchange->answer, '}');
  zc_exchange_answer(exchange, 202);
}

/* A trigger or a cancel that waits for the journal. */
typedef struct {
  zc_exchange *exchange;
  zc_engine *engine;
  char id[ZC_EXECUTION_ID_SIZE];
} acceptance;

static void on_accepted(void *user, int status) {
  acceptance *a = user;
  if (status == ZC_OK) {
    answer_run(a->exchange, a->id, zc_engine_find(a->engine, a->id));
  } else if (status == ZC_EIO) {
    zc_exchange_error(a->exchange, 503, "the run was not taken: %s", ZC_JOURNAL_REFUSES);
  } else {
    zc_exchange_error(a->exchange, zc_api_http_status(status), "the run was not taken: %s",
                      zc_status_text(status));
  }
  free(a);
}

static void post_trigger(void *user, zc_exchange *exchange) {
  zc_api *api = user;
  if (!zc_api_body_is_empty(exchange) || !zc_exchange_hold(exchange)) return;
  acceptance *a = calloc(1, sizeof *a);
  if (!a) {
    exchange->held = false;
    zc_exchange_error(exchange, 500, "no memory for the run");
    return;
  }
  a->exchange = exchange;
  a->engine = api->engine;
  zc_error error = {0};
  int status = zc_engine_trigger(api->engine, exchange->name, api->trigger_source, a->id,
                                 on_accepted, a, &error);
  if (status == ZC_OK) return;
  free(a);
  exchange->held = false;
  zc_exchange_error(exchange, zc_api_http_status(status), "%s", error.text);
}

static void on_cancelled(void *user, int status) {
  acceptance *a = user;
  if (status == ZC_OK)
    answer_run(a->exchange, a->exchange->name, zc_engine_find(a->engine, a->exchange->name));
  else
    zc_exchange_error(a->exchange, zc_api_http_status(status), "the run was not cancelled: %s",
                      zc_status_text(status));
  free(a);
}

/* Its end is answered once it is journalled; that it was asked to end, at once. */
static void post_cancel(void *user, zc_exchange *exchange) {
  zc_api *api = user;
  zc_error error = {0};
  bool asked = false;
  if (!zc_api_body_is_empty(exchange) || !zc_exchange_hold(exchange)) return;
  acceptance *a = calloc(1, sizeof *a);
  int status = a ? ZC_OK : zc_error_set(&error, ZC_ENOMEM, "no memory to cancel it");
  if (a) {
    *a = (acceptance){.exchange = exchange, .engine = api->engine};
    status = zc_engine_cancel(api->engine, exchange->name, on_cancelled, a, &asked, &error);
  }
  if (status == ZC_OK && !asked) return;
  free(a);
  exchange->held = false;
  if (status == ZC_OK)
    answer_run(exchange, exchange->name, zc_engine_find(api->engine, exchange->name));
  else
    zc_exchange_error(exchange, zc_api_http_status(status), "%s", error.text);
}

/* ---- reload ---- */

static void on_reloaded(void *user, const zc_reload_outcome *outcome) {
  zc_exchange *exchange = user;
  zc_buffer *to = &exchange->answer;
  zc_buffer_printf(to, "{\"taken\":%s", outcome->taken ? "true" : "false");
  if (!outcome->taken) {
    zc_buffer_text(to, ",\"error\":\"refused: the configuration before it stays in force\"");
  }
  zc_buffer_text(to, ",\"path\":");
  zc_json_write_text(to, outcome->path);
  zc_buffer_text(to, ",\"findings\":");
  zc_json_write_text(to, outcome->text);
  zc_buffer_char(to, '}');
  zc_exchange_answer(exchange, outcome->taken ? 200 : 422);
}

static void post_reload(void *user, zc_exchange *exchange) {
  zc_api *api = user;
  if (!zc_api_body_is_empty(exchange) || !zc_exchange_hold(exchange)) return;
  zc_error error = {0};
  int status = zc_engine_reload(api->engine, on_reloaded, exchange, &error);
  if (status == ZC_OK) return;
  exchange->held = false;
  zc_exchange_error(exchange, zc_api_http_status(status), "%s", error.text);
}

/* ---- executions: read from the journal, on a thread ---- */

typedef struct {
  zc_exchange *exchange;
  char *state_dir;
  char id[ZC_EXECUTION_ID_SIZE]; /* "": a list */
  bool live_only, first;
  size_t limit;
  /* the thread's */
  zc_buffer text;
  int status;
  zc_error error;
} reading;

static void reading_free(reading *r) {
  zc_buffer_finish(&r->text);
  free(r->state_dir);
  free(r);
}

static int write_item(void *user, const zc_execution *execution) {
  reading *r = user;
  if (!r->first) zc_buffer_char(&r->text, ',');
  r->first = false;
  return zc_execution_item_write(execution, &r->text);
}

static int read_one(reading *r, zc_journal *journal) {
  zc_execution execution;
  zc_execution_init(&execution);
  int status = zc_journal_find(journal, r->id, &execution);
  if (status == ZC_OK) status = write_item(r, &execution);
  zc_execution_finish(&execution);
  return status;
}

static int read_list(reading *r, zc_journal *journal) {
  zc_buffer_text(&r->text, "{\"executions\":[");
  int status = zc_journal_executions(journal, r->live_only, r->limit, write_item, r);
  zc_buffer_text(&r->text, "]}");
  return status;
}

static void read_journal(void *user) {
  reading *r = user;
  zc_journal *journal;
  r->status = zc_journal_open(NULL, r->state_dir, &journal, &r->error);
  if (r->status != ZC_OK) return;
  r->status = r->id[0] ? read_one(r, journal) : read_list(r, journal);
  if (r->status == ZC_OK) r->status = r->text.status;
  zc_journal_close(journal);
}

static void after_reading(void *user, int status) {
  reading *r = user;
  zc_exchange *exchange = r->exchange;
  if (status == ZC_OK) status = r->status;
  if (status == ZC_OK) {
    zc_buffer_add(&exchange->answer, r->text.data, r->text.length);
    zc_exchange_answer(exchange, 200);
  } else if (status == ZC_ENOTFOUND && r->id[0]) {
    zc_exchange_error(exchange, 404, "no execution '%s'", r->id);
  } else {
    zc_exchange_error(exchange, zc_api_http_status(status), "the journal cannot be read: %s%s%s",
                      zc_status_text(status), r->error.text[0] ? ": " : "", r->error.text);
  }
  reading_free(r);
}

/* Takes the reading over. NULL: there was no memory for it. */
static void start_reading(zc_api *api, zc_exchange *exchange, reading *r) {
  if (r) r->state_dir = zc_duplicate(api->state_dir);
  if (!r || !r->state_dir) {
    free(r);
    zc_exchange_error(exchange, 500, "no memory to read the journal");
    return;
  }
  if (!zc_exchange_hold(exchange)) {
    reading_free(r);
    return;
  }
  r->exchange = exchange;
  r->first = true;
  zc_buffer_init(&r->text, ZC_EXCHANGE_ANSWER_MAX);
  int status = zc_work_start(api->loop, read_journal, after_reading, r);
  if (status == ZC_OK) return;
  reading_free(r);
  exchange->held = false;
  zc_exchange_error(exchange, 503, "the engine has too much to do");
}

static void get_execution(void *user, zc_exchange *exchange) {
  zc_api *api = user;
  const zc_execution *live = zc_engine_find(api->engine, exchange->name);
  if (live) {
    int status = zc_execution_item_write(live, &exchange->answer);
    if (status == ZC_OK)
      zc_exchange_answer(exchange, 200);
    else
      zc_exchange_error(exchange, 500, "no item: %s", zc_status_text(status));
    return;
  }
  if (strlen(exchange->name) >= ZC_EXECUTION_ID_SIZE) {
    zc_exchange_error(exchange, 404, "no execution '%s'", exchange->name);
    return;
  }
  reading *r = calloc(1, sizeof *r);
  if (r) zc_copy_text(r->id, sizeof r->id, exchange->name);
  start_reading(api, exchange, r);
}

static void get_executions(void *user, zc_exchange *exchange) {
  const char *live = zc_exchange_parameter(exchange, "live");
  long long n = DEFAULT_LIMIT;
  if (!zc_api_number(exchange, "limit", 1, ZC_API_EXECUTIONS_MAX, &n)) return;
  if (live && strcmp(live, "0") != 0 && strcmp(live, "1") != 0) {
    zc_exchange_error(exchange, 400, "live: 0 or 1");
    return;
  }
  reading *r = calloc(1, sizeof *r);
  if (r) r->limit = (size_t)n;
  if (r) r->live_only = live && live[0] == '1';
  start_reading(user, exchange, r);
}

/* ---- the derived tables ---- */

static void on_rebuilt(void *user, int status, const char *message) {
  (void)user;
  if (status == ZC_OK)
    zc_log(ZC_LOG_INFO, "rollups", "the derived tables have been rebuilt as asked for");
  else
    zc_log(ZC_LOG_ERROR, "rollups", "the derived tables were not rebuilt: %s", message);
}

static bool read_date(zc_exchange *exchange, const char *name, zc_time *ret) {
  const char *text = zc_exchange_parameter(exchange, name);
  const zc_span span = {text, text ? strlen(text) : 0};
  if (text && zc_date_parse(&span, ret) == ZC_OK) return true;
  zc_exchange_error(exchange, 400, "%s: a date such as 2026-01-31", name);
  return false;
}

static void post_rebuild(void *user, zc_exchange *exchange) {
  zc_api *api = user;
  zc_time from, to;
  zc_error error = {0};
  if (!zc_api_body_is_empty(exchange) || !read_date(exchange, "from", &from) ||
      !read_date(exchange, "to", &to))
    return;
  int status = zc_engine_rebuild_tables(api->engine, from, to, on_rebuilt, NULL, &error);
  if (status == ZC_OK) {
    zc_buffer_text(&exchange->answer, "{\"accepted\":true}");
    zc_exchange_answer(exchange, 202);
  } else {
    zc_exchange_error(exchange, zc_api_http_status(status), "%s", error.text);
  }
}

/* ---- the table ---- */

static const zc_route routes[] = {
    {"GET", "/v1/status", get_status},
    {"GET", "/v1/health", get_health},
    {"GET", "/v1/ready", get_ready},
    {"POST", "/v1/pipelines/{}/trigger", post_trigger},
    {"GET", "/v1/pipelines", zc_api_get_pipelines},
    {"GET", "/v1/pipelines/{}", zc_api_get_pipeline},
    {"POST", "/v1/pipelines/{}/pause", zc_api_post_pause},
    {"POST", "/v1/pipelines/{}/resume", zc_api_post_resume},
    {"POST", "/v1/reload", post_reload},
    {"GET", "/v1/executions", get_executions},
    {"GET", "/v1/executions/{}", get_execution},
    {"POST", "/v1/executions/{}/cancel", post_cancel},
    {"POST", "/v1/executions/{}/resolve", zc_api_post_resolve},
    {"POST", "/v1/tables/rebuild", post_rebuild},
};

int zc_api_create(zc_loop *loop, zc_engine *engine, const char *state_dir,
                  const char *trigger_source, zc_api **ret) {
  zc_api *api = calloc(1, sizeof *api);
  if (!api) return ZC_ENOMEM;
  api->loop = loop;
  api->engine = engine;
  api->state_dir = zc_duplicate(state_dir);
  api->trigger_source = zc_duplicate(trigger_source);
  if (!api->state_dir || !api->trigger_source) {
    zc_api_destroy(api);
    return ZC_ENOMEM;
  }
  api->router = (zc_router){.routes = routes, .n = sizeof routes / sizeof *routes, .user = api};
  *ret = api;
  return ZC_OK;
}

void zc_api_destroy(zc_api *api) {
  if (!api) return;
  free(api->state_dir);
  free(api->trigger_source);
  free(api);
}

const zc_router *zc_api_router(const zc_api *api) {
  return &api->router;
}
