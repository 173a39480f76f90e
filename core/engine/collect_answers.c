/* Collect, the answers: what a source gave goes into the grid, and the log says what did not. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/text.h"
#include "core/base/time_text.h"
#include "core/engine/stages.h"

/* ---- points ---- */

static int find_region(const zc_engine *engine, const char *name, size_t *ret) {
  for (size_t i = 0; i < engine->settings->n_regions; i++) {
    if (strcmp(engine->settings->regions[i], name) != 0) continue;
    *ret = i;
    return ZC_OK;
  }
  return ZC_ENOTFOUND;
}

static void note_refusal(zc_collector *c, const zc_refusal *refusal) {
  size_t n = c->refusal.n + refusal->n;
  c->refused += refusal->n;
  if (c->refusal.n == 0) c->refusal = *refusal;
  c->refusal.n = n;
}

/* Points in a span that nobody asked for help nobody: times in seconds, or values of another day. A
 * yearly average holds always. */
static void count_points(zc_question *question, const zc_point *points, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (points[i].flags & ZC_POINT_STATIC)
      question->delivered = true;
    else
      zc_span_add(&question->points, question->from, question->to, &points[i]);
  }
  if (question->points.within > 0) question->delivered = true;
}

/* Without what cannot be true: there the next source counts. */
static int put_plausible(zc_question *question, size_t region, const zc_signal *signal,
                         const zc_point *points, size_t n, size_t stride, zc_time horizon) {
  zc_collector *c = question->collector;
  zc_refusal refusal;
  size_t kept;
  zc_point *plausible = calloc(n, sizeof *plausible);
  int status = plausible ? zc_plausible_points(&c->settings->plausibility, points, n, stride,
                                               plausible, &kept, &refusal)
                         : ZC_ENOMEM;
  if (status == ZC_OK) {
    status = zc_grid_put(c->engine->grid, region, c->source, signal, plausible, kept,
                         sizeof *plausible, horizon, NULL);
    note_refusal(c, &refusal);
    if (status == ZC_OK) count_points(question, plausible, kept);
  }
  free(plausible);
  return status;
}

int zc_collect_points(void *user, const zc_signal *signal, const zc_point *points, size_t n,
                      size_t stride, size_t *ret_bad) {
  zc_question *question = user;
  zc_collector *c = question->collector;
  zc_engine *engine = c->engine;
  size_t region = c->settings->regions[question->region];
  if (signal->region && find_region(engine, signal->region, &region) != ZC_OK) return ZC_ENOTFOUND;
  zc_time horizon = zc_loop_now(engine->loop) - ZC_GRID_HORIZON;
  if (signal->kind == ZC_GRID_INTENSITY && n > 0)
    return put_plausible(question, region, signal, points, n, stride, horizon);
  int status =
      zc_grid_put(engine->grid, region, c->source, signal, points, n, stride, horizon, ret_bad);
  if (status == ZC_OK && n > 0) question->delivered = true;
  return status;
}

/* ---- what the log says ---- */

void zc_collect_tell_refusals(zc_collector *c) {
  const zc_refusal *r = &c->refusal;
  char time[ZC_TIME_TEXT_SIZE] = "?";
  if (r->n == 0) return;
  if (r->first.flags & ZC_POINT_STATIC || zc_time_format(r->first.from, time, sizeof time) != ZC_OK)
    zc_copy_text(time, sizeof time, "a yearly average");
  snprintf(c->last_message, sizeof c->last_message,
           "%zu implausible values refused, the first: %g (%s), %s", r->n, r->first.value, time,
           r->reason);
  zc_log(ZC_LOG_WARNING, zc_instance_component(c->instance), "%s; other sources count there",
         c->last_message);
  c->refusal = (zc_refusal){0};
}

/* Who else has the region: the next one in the configuration, or any. */
static const zc_plugin_settings *other_source(const zc_collector *c, size_t region) {
  const zc_settings *settings = c->engine->settings;
  const zc_plugin_settings *before = NULL;
  for (size_t i = 0; i < settings->n_sources; i++) {
    const zc_plugin_settings *s = &settings->sources[i];
    for (size_t j = 0; j < s->n_regions && i != c->source; j++) {
      if (s->regions[j] != region) continue;
      if (i > c->source) return s;
      before = s;
    }
  }
  return before;
}

void zc_collect_tell_failure(const zc_question *question, const char *what, const char *why) {
  zc_collector *c = question->collector;
  const char *region = zc_config_region_name(c->settings->options, question->region);
  const zc_plugin_settings *other = other_source(c, c->settings->regions[question->region]);
  char kept[60] = "";
  size_t n = question->points.within;
  if (n > 0) snprintf(kept, sizeof kept, "; %zu points that came before count", n);
  zc_copy_text(c->last_message, sizeof c->last_message, why ? why : what);
  zc_log(ZC_LOG_WARNING, zc_instance_component(c->instance), "%s of %s: %s%s%s%s; %s%s",
         question->forecast ? "forecast" : "observations", region, what, why ? ": " : "",
         why ? why : "", kept, other ? other->name : "no other source",
         other ? " has the region, too" : " has the region");
}
