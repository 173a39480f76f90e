/* Deliver: the journal's outbox to each sink, in order, each at its own pace. Nothing waits for a
 * sink. */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/text.h"
#include "core/base/time_text.h"
#include "core/engine/stages.h"

#define BATCH_MAX      1000
#define WRITE_DEADLINE (2 * ZC_MINUTE)
#define KEYS_MAX       1024
#define REFUSED_LINES  10               /* of refused rows, before they are told once a minute */
#define RETRY_CAP      (30 * ZC_SECOND) /* a sink that is away is asked no more often than this */
#define RETRY_SPREAD   (6 * ZC_SECOND)  /* and up to so much later, so that many engines spread */

static void pump(zc_delivery *delivery);
static void begin(zc_timer *timer);

static const zc_sink_ops *ops_of(const zc_delivery *delivery) {
  return delivery->settings->plugin->ops;
}

static size_t batch_of(const zc_delivery *delivery) {
  uint32_t most = ops_of(delivery)->max_batch;
  return most > 0 && most < BATCH_MAX ? most : BATCH_MAX;
}

/* The delivery that goes on: a running engine's, of the same name and options. */
static zc_delivery *twin_of(const zc_engine *running, const zc_plugin_settings *settings) {
  for (size_t i = 0; running && i < running->settings->n_sinks; i++) {
    zc_delivery *d = running->deliveries[i];
    if (d && zc_engine_same_instance(d->settings, settings)) return d;
  }
  return NULL;
}

static int delivery_create(zc_engine *engine, size_t sink, zc_error *error) {
  const zc_plugin_settings *settings = &engine->settings->sinks[sink];
  if (twin_of(engine->before, settings)) return ZC_OK;
  zc_delivery *d = calloc(1, sizeof *d);
  if (!d) return zc_error_set(error, ZC_ENOMEM, "no memory for the sinks");
  engine->deliveries[sink] = d;
  d->engine = engine;
  d->settings = settings;
  d->timer.owner = settings->name;
  d->limit = batch_of(d);
  d->items = calloc(BATCH_MAX, sizeof *d->items);
  d->texts = calloc(BATCH_MAX, sizeof *d->texts);
  d->parsed = calloc(BATCH_MAX, sizeof *d->parsed);
  if (!d->items || !d->texts || !d->parsed) {
    return zc_error_set(error, ZC_ENOMEM, "no memory for the sinks");
  }
  int status = zc_instance_create(engine->context, settings->plugin, settings->name,
                                  settings->options, &d->instance, error);
  if (status != ZC_OK) engine->refused = (zc_place){settings->line, settings->column};
  return status;
}

int zc_deliver_create(zc_engine *engine, zc_error *error) {
  size_t n = engine->settings->n_sinks;
  engine->deliveries = calloc(n + 1, sizeof(zc_delivery *));
  if (!engine->deliveries) return zc_error_set(error, ZC_ENOMEM, "no memory for the sinks");
  int status = ZC_OK;
  for (size_t i = 0; i < n && status == ZC_OK; i++)
    status = delivery_create(engine, i, error);
  return status;
}

static void drop_items(zc_delivery *delivery) {
  for (size_t i = 0; i < delivery->n_items; i++) {
    free(delivery->texts[i]);
    zc_json_free(delivery->parsed[i]);
  }
  delivery->n_items = 0;
}

static void delivery_destroy(zc_delivery *delivery) {
  drop_items(delivery);
  zc_instance_destroy(delivery->instance);
  free(delivery->items);
  free(delivery->texts);
  free(delivery->parsed);
  free(delivery);
}

/* ---- retry ---- */

static void fail(zc_delivery *delivery, int error, const char *message) {
  zc_engine *engine = delivery->engine;
  int64_t cap = ZC_SECOND << (delivery->failures < 5 ? delivery->failures : 5);
  if (cap > RETRY_CAP) cap = RETRY_CAP;
  zc_copy_text(delivery->last_message, sizeof delivery->last_message,
               message ? message : zc_status_text(error));
  if (delivery->failures++ == 0) {
    zc_log(ZC_LOG_WARNING, zc_instance_component(delivery->instance),
           "%s: its rows stay in the journal and are written later", delivery->last_message);
  }
  delivery->busy = false;
  /* Full jitter on the way up; once away for long, one probe in each half minute at the most. */
  int64_t least = cap < RETRY_CAP ? 0 : cap, spread = cap < RETRY_CAP ? cap : RETRY_SPREAD;
  int64_t pause = least + (int64_t)(zc_random_unit(&engine->random) * (double)spread);
  zc_timer_after(engine->loop, &delivery->timer, pause, begin, delivery);
  zc_engine_settle(engine);
}

static void recovered(zc_delivery *delivery) {
  if (delivery->failures > 0) {
    zc_log(ZC_LOG_INFO, zc_instance_component(delivery->instance),
           "takes rows again, after %u attempts", delivery->failures);
  }
  delivery->failures = 0;
}

/* ---- write ---- */

/* What the journal was asked has its answer. False: nobody waits for it any more. */
static bool take_answer(zc_delivery *delivery) {
  zc_engine *engine = delivery->engine;
  bool retired = delivery->retired;
  engine->commits--;
  delivery->asked = false;
  if (retired) delivery_destroy(delivery);
  if (retired && !engine->detached) zc_engine_settle(engine);
  return !retired && !engine->detached;
}

static void on_advanced(void *user, int status, const char *message) {
  zc_delivery *delivery = user;
  if (!take_answer(delivery)) return;
  delivery->busy = false;
  if (status == ZC_OK) {
    recovered(delivery);
    pump(delivery);
  } else if (status == ZC_ECONFLICT || status == ZC_ENOMEM) {
    fail(delivery, status, message);
  } else {
    zc_engine_fail(delivery->engine, message ? message : "the journal failed");
  }
  zc_engine_settle(delivery->engine);
}

static void advance(zc_delivery *delivery) {
  drop_items(delivery);
  delivery->engine->commits++;
  delivery->asked = true;
  int status = zc_journal_advance(delivery->engine->journal, delivery->settings->name,
                                  delivery->last_sequence, on_advanced, delivery);
  if (status != ZC_OK) on_advanced(delivery, status, NULL);
}

/* execution_id="…" timestamp=1767225600000 */
static void write_keys(zc_buffer *to, const zc_item *item) {
  const char *const names[] = {item->table->primary.partition_key, item->table->primary.sort_key};
  zc_json *json = NULL;
  to->status = zc_json_parse(item->text, item->length, &json);
  for (size_t i = 0; i < sizeof names / sizeof *names && to->status == ZC_OK; i++) {
    zc_buffer_printf(to, "%s%s=", i ? " " : "", names[i]);
    zc_json_write(to, zc_json_get(json, names[i]));
  }
  zc_json_free(json);
}

/* A sink that refuses every row would fill the log: after the first lines one a minute, and a sum
 * at the end. */
static void tell_refused(zc_delivery *delivery, const zc_item *item, const char *message) {
  int64_t now = zc_clock_elapsed(zc_loop_clock(delivery->engine->loop));
  if (delivery->refused > REFUSED_LINES && now - delivery->refused_told_at < ZC_MINUTE) {
    delivery->refused_untold++;
    return;
  }
  zc_buffer keys;
  zc_buffer_init(&keys, KEYS_MAX);
  write_keys(&keys, item);
  zc_log(ZC_LOG_ERROR, zc_instance_component(delivery->instance),
         "refuses a row of %s for good (%.400s): %s, %zu bytes: it is lost to this sink",
         item->table->primary.name, message ? message : "no reason given",
         keys.status == ZC_OK ? keys.data : "keys that cannot be shown", item->length);
  zc_buffer_finish(&keys);
  delivery->refused_told_at = now;
}

static void tell_refused_untold(zc_delivery *delivery) {
  if (delivery->refused_untold == 0) return;
  zc_log(ZC_LOG_ERROR, zc_instance_component(delivery->instance),
         "refused %llu rows for good since the engine began, %llu of them without a line above",
         (unsigned long long)delivery->refused, (unsigned long long)delivery->refused_untold);
  delivery->refused_untold = 0;
}

/* The sink says that what it was given can never be stored. In a batch the culprit is looked for
 * one by one; a single item is passed over, as it would hold up all others for ever. The log gets
 * its keys and length: whole, it may be longer than a line can be. */
static void refused(zc_delivery *delivery, const char *message) {
  if (delivery->n_items > 1) {
    delivery->limit = 1;
    drop_items(delivery);
    delivery->busy = false;
    pump(delivery);
    return;
  }
  delivery->refused++;
  tell_refused(delivery, &delivery->items[0], message);
  advance(delivery);
}

static void on_written(void *user, int error, const char *message) {
  zc_delivery *delivery = user;
  delivery->operation = 0;
  if (error == ZC_EDATA) {
    refused(delivery, message);
    return;
  }
  if (error != ZC_OK) {
    drop_items(delivery);
    fail(delivery, error, message);
    return;
  }
  delivery->written += delivery->n_items;
  size_t most = batch_of(delivery);
  delivery->limit = delivery->limit * 2 < most ? delivery->limit * 2 : most;
  advance(delivery);
}

static int copy_item(zc_delivery *delivery, const zc_outbox_item *from) {
  if (from->damaged) return ZC_EDATA;
  size_t i = delivery->n_items;
  const zc_table *table = zc_table_find(from->table);
  char *text = malloc(from->length + 1);
  zc_json *json = NULL;
  if (!text) return ZC_ENOMEM;
  memcpy(text, from->text, from->length);
  text[from->length] = '\0';
  bool parse = !(ops_of(delivery)->flags & ZC_SINK_TEXT);
  int status = table ? ZC_OK : ZC_EDATA;
  if (table && parse) status = zc_json_parse(text, from->length, &json);
  if (status != ZC_OK) {
    free(text);
    return status;
  }
  delivery->texts[i] = text;
  delivery->parsed[i] = json;
  delivery->items[i] = (zc_item){
      .size = sizeof(zc_item), .table = table, .text = text, .length = from->length, .json = json};
  delivery->last_sequence = from->sequence;
  delivery->n_items++;
  return ZC_OK;
}

static void write_items(zc_delivery *delivery) {
  zc_operation_events events = {.user = delivery, .done = on_written};
  int status = zc_operation_start_sink_write(delivery->instance, delivery->items, delivery->n_items,
                                             WRITE_DEADLINE, &events, &delivery->operation);
  if (status == ZC_OK) return;
  const char *why = zc_instance_refusal(delivery->instance);
  if (status == ZC_EDATA) {
    refused(delivery, why);
    return;
  }
  drop_items(delivery);
  fail(delivery, status, why);
}

static void on_read(void *user, int status, const zc_outbox_item *items, size_t n) {
  zc_delivery *delivery = user;
  zc_engine *engine = delivery->engine;
  if (!take_answer(delivery)) return;
  for (size_t i = 0; i < n && status == ZC_OK; i++)
    status = copy_item(delivery, &items[i]);
  if (status == ZC_EDATA && delivery->n_items == 0 && n > 0) {
    delivery->refused++;
    zc_log(ZC_LOG_ERROR, zc_instance_component(delivery->instance),
           "row %lld of the journal's outbox is %s: passed over", (long long)items[0].sequence,
           items[0].damaged ? "damaged" : "no item of a table");
    delivery->last_sequence = items[0].sequence;
    advance(delivery);
  } else if (delivery->n_items > 0 && !engine->closing) {
    write_items(delivery);
  } else {
    drop_items(delivery);
    delivery->busy = false;
    delivery->drained = status == ZC_OK && n == 0;
    if (status != ZC_OK) fail(delivery, status, "the journal's outbox cannot be read");
    if (delivery->drained) zc_rollup_drained(engine, delivery);
  }
  zc_engine_settle(engine);
}

static void pump(zc_delivery *delivery) {
  zc_engine *engine = delivery->engine;
  if (!delivery->ready || delivery->busy || engine->closing) return;
  if (zc_timer_active(&delivery->timer)) return; /* a retry is due first */
  delivery->busy = true;
  delivery->drained = false;
  delivery->asked = true;
  engine->commits++;
  int status = zc_journal_read_outbox(engine->journal, delivery->settings->name, delivery->limit,
                                      on_read, delivery);
  if (status != ZC_OK) on_read(delivery, status, NULL, 0);
}

/* ---- init ---- */

static void on_init(void *user, int error, const char *message) {
  zc_delivery *delivery = user;
  delivery->operation = 0;
  if (error != ZC_OK) {
    fail(delivery, error, message);
    return;
  }
  recovered(delivery);
  delivery->ready = true;
  delivery->busy = false;
  pump(delivery);
}

static void begin(zc_timer *timer) {
  zc_delivery *delivery = timer->user;
  if (delivery->engine->closing) return;
  if (delivery->ready) {
    pump(delivery);
    return;
  }
  delivery->busy = true;
  zc_operation_events events = {.user = delivery, .done = on_init};
  int status = ZC_OK;
  if (ops_of(delivery)->init) {
    status = zc_operation_start_sink_init(delivery->instance, zc_tables, ZC_TABLES, WRITE_DEADLINE,
                                          &events, &delivery->operation);
  } else {
    on_init(delivery, ZC_OK, NULL);
  }
  if (status != ZC_OK) fail(delivery, status, zc_instance_refusal(delivery->instance));
}

static void on_items(void *user) {
  zc_engine *engine = user;
  for (size_t i = 0; i < engine->settings->n_sinks; i++)
    pump(engine->deliveries[i]);
}

static void begin_all(zc_engine *engine) {
  for (size_t i = 0; i < engine->settings->n_sinks; i++) {
    zc_delivery *delivery = engine->deliveries[i];
    if (delivery->begun) continue;
    delivery->begun = true;
    delivery->busy = true;
    zc_timer_after(engine->loop, &delivery->timer, 0, begin, delivery);
  }
}

void zc_deliver_start(zc_engine *engine) {
  int64_t damaged = zc_journal_damaged_items(engine->journal);
  if (damaged > 0) {
    zc_log(ZC_LOG_ERROR, "journal", "%lld damaged rows in the outbox: the sinks do not get these",
           (long long)damaged);
  }
  zc_journal_on_items(engine->journal, on_items, engine);
  begin_all(engine);
}

void zc_deliver_flush(zc_engine *engine) {
  for (size_t i = 0; i < engine->settings->n_sinks; i++) {
    engine->deliveries[i]->drained = false;
    pump(engine->deliveries[i]);
  }
}

bool zc_deliver_idle(const zc_engine *engine) {
  for (size_t i = 0; i < engine->settings->n_sinks; i++) {
    const zc_delivery *delivery = engine->deliveries[i];
    if (!delivery->drained && delivery->failures == 0) return false;
  }
  return true;
}

uint64_t zc_deliver_written(const zc_engine *engine) {
  uint64_t n = 0;
  for (size_t i = 0; i < engine->settings->n_sinks; i++)
    n += engine->deliveries[i]->written;
  return n;
}

bool zc_engine_delivered(const zc_engine *engine) {
  for (size_t i = 0; i < engine->settings->n_sinks; i++) {
    if (!engine->deliveries[i]->drained) return false;
  }
  return true;
}

uint64_t zc_engine_refused_rows(const zc_engine *engine) {
  uint64_t n = 0;
  for (size_t i = 0; i < engine->settings->n_sinks; i++)
    n += engine->deliveries[i]->refused;
  return n;
}

static void stop(zc_delivery *delivery) {
  const zc_engine *engine = delivery->engine;
  zc_timer_stop(engine->loop, &delivery->timer);
  tell_refused_untold(delivery);
  if (!delivery->operation) return;
  zc_operation_cancel(engine->context, delivery->operation);
  delivery->operation = 0;
  drop_items(delivery);
  delivery->busy = false;
}

void zc_deliver_stop(zc_engine *engine) {
  zc_timer_stop(engine->loop, &engine->sinks_timer);
  for (size_t i = 0; engine->deliveries && i < engine->settings->n_sinks; i++) {
    if (engine->deliveries[i]) stop(engine->deliveries[i]);
  }
}

/* One that waits for the journal is destroyed once that has answered; an engine that is detached
 * will not hear of it. */
static void retire(zc_delivery *delivery) {
  delivery->retired = true;
  if (!delivery->asked || delivery->engine->detached) delivery_destroy(delivery);
}

void zc_deliver_destroy(zc_engine *engine) {
  for (size_t i = 0; engine->deliveries && i < engine->settings->n_sinks; i++) {
    if (engine->deliveries[i]) retire(engine->deliveries[i]);
  }
  free(engine->deliveries);
}

/* ---- reload ---- */

void zc_deliver_exchange(zc_engine *engine, zc_engine *fresh) {
  for (size_t i = 0; i < fresh->settings->n_sinks; i++) {
    const zc_plugin_settings *settings = &fresh->settings->sinks[i];
    zc_delivery *d = fresh->deliveries[i];
    if (!d) {
      d = twin_of(engine, settings);
      for (size_t j = 0; j < engine->settings->n_sinks; j++) {
        if (engine->deliveries[j] == d) engine->deliveries[j] = NULL;
      }
      d->settings = settings;
      d->timer.owner = settings->name;
    }
    d->engine = engine;
    fresh->deliveries[i] = d;
  }
  zc_delivery **deliveries = engine->deliveries;
  engine->deliveries = fresh->deliveries;
  fresh->deliveries = deliveries;
}

static void tell_journal(zc_timer *timer);

/* Another change that was told meanwhile has the last word. */
static void on_sinks(void *user, int status, const char *message) {
  zc_engine *engine = user;
  if (engine->detached) return;
  engine->commits--;
  if (--engine->sinks_changes > 0) {
    zc_engine_settle(engine);
    return;
  }
  if (status == ZC_OK) {
    begin_all(engine);
  } else if (status == ZC_ECONFLICT || status == ZC_ENOMEM) {
    zc_log(ZC_LOG_ERROR, "journal", "%s: new sinks wait; tried again in 5 s",
           message ? message : zc_status_text(status));
    zc_timer_after(engine->loop, &engine->sinks_timer, 5 * ZC_SECOND, tell_journal, engine);
  } else {
    zc_engine_fail(engine, message ? message : "the journal failed");
  }
  zc_engine_settle(engine);
}

static void tell_journal(zc_timer *timer) {
  zc_engine *engine = timer->user;
  const char *names[ZC_SINKS_MAX];
  size_t n = engine->settings->n_sinks;
  for (size_t i = 0; i < n; i++)
    names[i] = engine->settings->sinks[i].name;
  engine->commits++;
  engine->sinks_changes++;
  int status = zc_journal_change_sinks(engine->journal, names, n, on_sinks, engine);
  if (status != ZC_OK) on_sinks(engine, status, NULL);
}

/* A sink that is new to the journal begins once that knows it. */
void zc_deliver_renew(zc_engine *engine) {
  zc_timer_after(engine->loop, &engine->sinks_timer, 0, tell_journal, engine);
}
