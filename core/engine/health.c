/* Health: whether the engine does all that it is there for, and if not, why. Nothing is remembered
 * here: each reason is read off the state of the stage that it belongs to, and goes with it. */
#include "core/base/json.h"
#include "core/engine/stages.h"

typedef struct {
  zc_buffer *to;
  size_t n;
} reasons;

/* `name` may be NULL: whose message it is. */
static void add(reasons *r, const char *reason, const char *name, const char *message) {
  zc_buffer text;
  zc_buffer_init(&text, 2048);
  zc_buffer_printf(&text, "%s%s%s", name ? name : "", name ? ": " : "", message);
  zc_buffer_printf(r->to, "%s{\"reason\":\"%s\",\"message\":", r->n++ ? "," : "", reason);
  zc_json_write_text(r->to, text.status == ZC_OK ? text.data : message);
  zc_buffer_char(r->to, '}');
  zc_buffer_finish(&text);
}

static bool never_changes(const zc_collector *c) {
  const zc_source_ops *ops = c->settings->plugin->ops;
  return ops->flags & ZC_SOURCE_CONSTANT;
}

/* The one to name where every source that can fail has brought nothing in its last round. */
static const zc_collector *all_away(const zc_engine *engine) {
  const zc_collector *first = NULL;
  for (size_t i = 0; i < engine->settings->n_sources; i++) {
    const zc_collector *c = engine->collectors[i];
    if (never_changes(c)) continue;
    if (c->failures == 0) return NULL;
    if (!first) first = c;
  }
  return first;
}

static void add_sources(const zc_engine *engine, reasons *r) {
  const zc_collector *away = all_away(engine);
  if (!away) return;
  add(r, "sources", away->settings->name,
      away->last_message[0] ? away->last_message : "nothing of any region");
}

static void add_sinks(const zc_engine *engine, reasons *r) {
  for (size_t i = 0; engine->deliveries && i < engine->settings->n_sinks; i++) {
    const zc_delivery *d = engine->deliveries[i];
    if (d->failures > 0) add(r, "sink", d->settings->name, d->last_message);
  }
}

bool zc_health_write(const zc_engine *engine, zc_buffer *to) {
  reasons r = {.to = to};
  const char *refusal = engine->journal ? zc_journal_refusal(engine->journal) : NULL;
  zc_buffer_text(to, "\"reasons\":[");
  if (engine->stopping) add(&r, "stopping", NULL, "it takes nothing new and is about to end");
  if (refusal || engine->n_held_back > 0)
    add(&r, "journal", refusal, "nothing is started that is not written; tried again every 5 s");
  if (!engine->collected)
    add(&r, "first_round", NULL, "not every source has answered or failed yet: decisions wait");
  add_sources(engine, &r);
  add_sinks(engine, &r);
  zc_buffer_printf(to, "],\"ready\":%s", r.n ? "false" : "true");
  return r.n == 0;
}

int zc_engine_readiness(const zc_engine *engine, bool *ret_ready, zc_buffer *to) {
  zc_buffer_char(to, '{');
  *ret_ready = zc_health_write(engine, to);
  return zc_buffer_char(to, '}');
}
