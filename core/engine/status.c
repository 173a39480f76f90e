/* Status: what the engine is doing, as one line of JSON, for the control socket and people. */
#include "core/base/json.h"
#include "core/base/time_text.h"
#include "core/engine/stages.h"

static void write_time(zc_buffer *to, const char *name, zc_time time) {
  char text[ZC_TIME_TEXT_SIZE];
  if (time && zc_time_format(time, text, sizeof text) == ZC_OK) {
    zc_buffer_printf(to, ",\"%s\":\"%s\"", name, text);
  }
}

static void write_message(zc_buffer *to, const char *message) {
  if (!message[0]) return;
  zc_buffer_text(to, ",\"last_message\":");
  zc_json_write_text(to, message);
}

static void write_runs(const zc_engine *engine, zc_buffer *to) {
  size_t counts[ZC_EXECUTION_STATUSES] = {0};
  zc_live *live, *next;
  HASH_ITER(hh, engine->live, live, next) counts[live->execution.status]++;
  const char *comma = "";
  for (int i = 0; i < ZC_EXECUTION_STATUSES; i++) {
    if (!counts[i]) continue;
    zc_buffer_printf(to, "%s\"%s\":%zu", comma, zc_execution_status_text((zc_execution_status)i),
                     counts[i]);
    comma = ",";
  }
}

static void write_slots(const zc_engine *engine, zc_buffer *to) {
  int64_t missed = 0, while_paused = 0;
  size_t paused = 0;
  for (const zc_pipeline_state *state = engine->pipelines; state; state = state->hh.next) {
    missed += state->slots_missed;
    while_paused += state->slots_paused;
    paused += state->paused_at != 0;
  }
  zc_buffer_printf(to,
                   ",\"pipelines_paused\":%zu,\"slots_missed\":%lld,\"slots_paused\":%lld,"
                   "\"under_way\":%zu",
                   paused, (long long)missed, (long long)while_paused, engine->under_way);
}

static void write_source(const zc_collector *c, zc_buffer *to) {
  size_t delivered = 0;
  for (size_t i = 0; i < c->settings->n_regions; i++)
    delivered += c->delivered[i];
  zc_buffer_text(to, "{\"name\":");
  zc_json_write_text(to, c->settings->name);
  zc_buffer_printf(
      to,
      ",\"regions\":%zu,\"delivered\":%zu,\"failed_rounds\":%u,\"faults\":%llu,\"refused\":%llu",
      c->settings->n_regions, delivered, c->failures,
      (unsigned long long)zc_instance_faults(c->instance), (unsigned long long)c->refused);
  write_time(to, "last_success", c->last_success);
  write_message(to, c->last_message);
  zc_buffer_char(to, '}');
}

static void write_sink(const zc_engine *engine, const zc_delivery *d, zc_buffer *to) {
  zc_buffer_text(to, "{\"name\":");
  zc_json_write_text(to, d->settings->name);
  zc_buffer_printf(to, ",\"ready\":%s,\"written\":%llu,\"refused\":%llu,\"failures\":%u",
                   d->ready ? "true" : "false", (unsigned long long)d->written,
                   (unsigned long long)d->refused, d->failures);
  int64_t backlog = zc_journal_backlog(engine->journal, d->settings->name);
  if (backlog >= 0) zc_buffer_printf(to, ",\"backlog\":%lld", (long long)backlog);
  write_message(to, d->last_message);
  zc_buffer_char(to, '}');
}

static void write_reload(const zc_engine *engine, zc_buffer *to) {
  const zc_reload_outcome *last = zc_reload_last(engine);
  if (!last) return;
  zc_buffer_printf(to, ",\"reloads\":{\"taken\":%llu,\"refused\":%llu",
                   (unsigned long long)last->n_taken, (unsigned long long)last->n_refused);
  write_time(to, "last", last->at);
  if (last->at) zc_buffer_printf(to, ",\"last_taken\":%s", last->taken ? "true" : "false");
  if (last->text[0]) {
    zc_buffer_text(to, ",\"findings\":");
    zc_json_write_text(to, last->text);
  }
  zc_buffer_char(to, '}');
}

int zc_engine_status(zc_engine *engine, zc_buffer *to) {
  zc_buffer_printf(to, "{\"version\":\"%s\"", ZC_VERSION);
  write_time(to, "started_at", engine->started_at);
  zc_buffer_char(to, ',');
  zc_health_write(engine, to);
  zc_buffer_printf(to, ",\"pipelines\":%zu,\"decisions\":%llu,\"slow_callbacks\":%llu",
                   engine->settings->n_pipelines, (unsigned long long)engine->decisions,
                   (unsigned long long)zc_loop_slow_callbacks(engine->loop));
  write_slots(engine, to);
  zc_buffer_printf(to, ",\"longest_callback_ms\":%.1f,\"runs\":{",
                   (double)zc_loop_longest_callback_ns(engine->loop) / 1e6);
  write_runs(engine, to);
  zc_buffer_printf(to, "},\"unsettled_runs\":%zu,\"sources\":[", zc_realise_unsettled(engine));
  for (size_t i = 0; i < engine->settings->n_sources; i++) {
    if (i) zc_buffer_char(to, ',');
    write_source(engine->collectors[i], to);
  }
  zc_buffer_text(to, "],\"sinks\":[");
  for (size_t i = 0; !engine->options.dry && i < engine->settings->n_sinks; i++) {
    if (i) zc_buffer_char(to, ',');
    write_sink(engine, engine->deliveries[i], to);
  }
  zc_buffer_printf(to, "],\"history_withheld\":%s", engine->history_withheld ? "true" : "false");
  write_reload(engine, to);
  zc_rollup_status(engine, to);
  return zc_buffer_char(to, '}');
}
