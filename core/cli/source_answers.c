#include "core/cli/source_answers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"
#include "core/base/time_text.h"

#define SPAN_OBSERVED ZC_DAY
#define SPAN_FORECAST (2 * ZC_DAY)
#define AT_ONCE       8 /* questions under way */

typedef struct asking asking;

/* One question: a region, and observations or forecast. */
typedef struct {
  asking *asking;
  size_t region;
  bool forecast;
} question;

struct asking {
  zc_session *session;
  const zc_plugin_settings *source;
  zc_instance *instance;
  zc_grid *check; /* judges points as the engine's grid would */
  zc_source_answers answers;
  question *questions;
  size_t n_questions, next, under_way;
};

static void ask_more(asking *a);

static zc_source_answer *answer_of(const question *q) {
  zc_source_region *region = &q->asking->answers.regions[q->region];
  return q->forecast ? &region->forecast : &region->observed;
}

/* ---- points ---- */

static size_t find_region(const asking *a, const char *name) {
  size_t i = 0;
  while (i < a->answers.n && strcmp(a->answers.regions[i].name, name) != 0)
    i++;
  return i;
}

/* One that was just not asked for this time. */
static bool is_configured(const asking *a, const char *name) {
  const zc_settings *settings = a->session->settings;
  for (size_t i = 0; i < settings->n_regions; i++) {
    if (strcmp(settings->regions[i], name) == 0) return true;
  }
  return false;
}

/* The grid has a row for each answer, so that each shows what it would be worth alone. */
static size_t row_of(size_t region, bool forecast) {
  return 2 * region + forecast;
}

static void count_points(zc_source_region *region, zc_source_answer *answer,
                         const zc_signal *signal, const zc_point *points, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (!(points[i].flags & ZC_POINT_STATIC)) {
      zc_span_add(&answer->count, answer->from, answer->to, &points[i]);
      continue;
    }
    region->has_static = true;
    region->static_intensity = points[i].value;
    region->static_basis = signal->basis;
  }
}

static void note_refusal(zc_source_answer *answer, const zc_refusal *refusal) {
  size_t n = answer->refusal.n + refusal->n;
  if (answer->refusal.n == 0) answer->refusal = *refusal;
  answer->refusal.n = n;
}

/* As core/engine/collect_answers.c does. */
static int take_intensity(const question *q, size_t i, const zc_signal *signal,
                          const zc_point *points, size_t n, size_t stride) {
  const asking *a = q->asking;
  zc_source_region *region = &a->answers.regions[i];
  zc_source_answer *answer = q->forecast ? &region->forecast : &region->observed;
  zc_refusal refusal;
  size_t kept;
  zc_point *plausible = calloc(n, sizeof *plausible);
  int status = plausible ? zc_plausible_points(&a->source->plausibility, points, n, stride,
                                               plausible, &kept, &refusal)
                         : ZC_ENOMEM;
  if (status == ZC_OK) {
    status = zc_grid_put(a->check, row_of(i, q->forecast), 0, signal, plausible, kept,
                         sizeof *plausible, ZC_TIME_MIN, NULL);
    note_refusal(answer, &refusal);
    answer->emitted += n;
    if (status == ZC_OK) count_points(region, answer, signal, plausible, kept);
  }
  free(plausible);
  return status;
}

static int on_points(void *user, const zc_signal *signal, const zc_point *points, size_t n,
                     size_t stride, size_t *ret_bad) {
  const question *q = user;
  asking *a = q->asking;
  const char *name = signal->region;
  size_t i = name ? find_region(a, name) : q->region;
  if (i == a->answers.n) return name && is_configured(a, name) ? ZC_OK : ZC_ENOTFOUND;
  if (signal->kind == ZC_GRID_INTENSITY && n > 0) {
    return take_intensity(q, i, signal, points, n, stride);
  }
  int status = zc_grid_put(a->check, row_of(i, q->forecast), 0, signal, points, n, stride,
                           ZC_TIME_MIN, ret_bad);
  if (status != ZC_OK || n == 0) return status;
  zc_source_region *region = &a->answers.regions[i];
  const zc_point *last = (const zc_point *)(const void *)((const char *)points + (n - 1) * stride);
  bool is_pue = signal->kind == ZC_PUE;
  *(is_pue ? &region->has_pue : &region->has_renewable_share) = true;
  *(is_pue ? &region->pue : &region->renewable_share) = last->value;
  return ZC_OK;
}

/* ---- what the engine would see ---- */

static zc_source_point point_of(const zc_slot *slot) {
  return (zc_source_point){.point = {.from = slot->from,
                                     .to = slot->to,
                                     .value = slot->value,
                                     .flags = slot->flags & ~ZC_POINT_HELD,
                                     .index = slot->index},
                           .basis = slot->basis,
                           .issued_at = slot->issued_at};
}

static int show_answer(zc_source_answer *answer, const zc_region_view *view, zc_time now) {
  const zc_series *series = &view->grid;
  ptrdiff_t at = zc_series_find(series, now);
  if (at >= 0) {
    answer->has_now = true;
    answer->held = series->slots[at].flags & ZC_POINT_HELD;
    answer->now = point_of(&series->slots[at]);
    if (answer->held && at > 0) answer->now.point.flags = series->slots[at - 1].flags;
  }
  answer->points = calloc(series->n + 1, sizeof *answer->points);
  if (!answer->points) return ZC_ENOMEM;
  for (size_t i = 0; i < series->n; i++) {
    if (series->slots[i].flags & ZC_POINT_HELD) continue;
    answer->points[answer->n_points++] = point_of(&series->slots[i]);
  }
  return ZC_OK;
}

static int show(asking *a) {
  zc_snapshot *snapshot = NULL;
  zc_time now = zc_loop_now(a->session->loop);
  int status = zc_grid_snapshot(a->check, now, &snapshot);
  for (size_t i = 0; status == ZC_OK && i < a->answers.n; i++) {
    zc_source_region *region = &a->answers.regions[i];
    status = show_answer(&region->observed, &snapshot->regions[row_of(i, false)], now);
    if (status == ZC_OK)
      status = show_answer(&region->forecast, &snapshot->regions[row_of(i, true)], now);
  }
  if (snapshot) zc_snapshot_drop(snapshot);
  return status;
}

/* ---- questions ---- */

static void finish_question(const question *q, int error, const char *message) {
  zc_source_answer *answer = answer_of(q);
  answer->done = true;
  answer->error = error;
  answer->message = zc_duplicate(message);
  answer->latency_ms = (zc_clock_real_ns() - answer->begun_ns) / 1000000;
}

static void on_done(void *user, int error, const char *message) {
  const question *q = user;
  finish_question(q, error, message);
  q->asking->under_way--;
  ask_more(q->asking);
}

static const zc_config *config_of(const asking *a, const char *region) {
  const zc_config *options = a->source->options;
  for (size_t i = 0; i < zc_config_n_regions(options); i++) {
    if (strcmp(zc_config_region_name(options, i), region) == 0) {
      return zc_config_region_config(options, i);
    }
  }
  return NULL;
}

static void ask(question *q) {
  asking *a = q->asking;
  zc_time now = zc_loop_now(a->session->loop);
  const char *region = a->answers.regions[q->region].name;
  zc_query query = {.size = sizeof query,
                    .region = region,
                    .region_config = config_of(a, region),
                    .from = q->forecast ? now : now - SPAN_OBSERVED,
                    .to = q->forecast ? now + SPAN_FORECAST : now};
  zc_operation_events events = {.user = q, .points = on_points, .done = on_done};
  zc_operation operation;
  zc_source_answer *answer = answer_of(q);
  answer->asked = true;
  answer->from = query.from;
  answer->to = query.to;
  answer->begun_ns = zc_clock_real_ns();
  int status = zc_operation_start_source(a->instance, q->forecast, &query, a->source->timeout_ms,
                                         &events, &operation);
  if (status == ZC_OK)
    a->under_way++;
  else
    finish_question(q, status, zc_instance_refusal(a->instance));
}

static void ask_more(asking *a) {
  while (a->under_way < AT_ONCE && a->next < a->n_questions)
    ask(&a->questions[a->next++]);
  if (a->under_way == 0) zc_loop_stop(a->session->loop);
}

/* ---- beginning and end ---- */

/* The regions, and a question for each operation that the source has. */
static int prepare(asking *a, const char *only, zc_error *error) {
  const zc_source_ops *ops = a->source->plugin->ops;
  const zc_settings *settings = a->session->settings;
  size_t n = a->source->n_regions;
  const char *names[2 * ZC_REGIONS_MAX];
  a->answers.regions = calloc(n + 1, sizeof *a->answers.regions);
  a->questions = calloc(2 * n + 1, sizeof *a->questions);
  if (!a->answers.regions || !a->questions) return zc_error_set(error, ZC_ENOMEM, "no memory");
  for (size_t i = 0; i < n; i++) {
    const char *name = settings->regions[a->source->regions[i]];
    if (only && strcmp(name, only) != 0) continue;
    size_t region = a->answers.n++;
    a->answers.regions[region].name = name;
    names[row_of(region, false)] = names[row_of(region, true)] = name;
    if (ops->observe) a->questions[a->n_questions++] = (question){a, region, false};
    if (ops->forecast) a->questions[a->n_questions++] = (question){a, region, true};
  }
  if (a->answers.n == 0) {
    return zc_error_set(error, ZC_ENOTFOUND, "%s has no region %s", a->source->name,
                        only ? only : "at all");
  }
  int status = zc_grid_create(names, 2 * a->answers.n, &a->source->max_age_ms, 1, &a->check);
  return status == ZC_OK ? ZC_OK : zc_error_set(error, status, "no memory");
}

static int ask_all(asking *a, zc_host_context *context, zc_error *error) {
  const zc_plugin_settings *s = a->source;
  int status = zc_instance_create(context, s->plugin, s->name, s->options, &a->instance, error);
  if (status != ZC_OK) return ZC_EINVAL;
  ask_more(a);
  zc_loop_run(a->session->loop, ZC_TIME_MAX);
  zc_instance_destroy(a->instance);
  status = show(a);
  return status == ZC_OK ? ZC_OK : zc_error_set(error, status, "no memory");
}

int zc_source_ask(zc_session *session, const zc_plugin_settings *source, const char *only,
                  zc_source_answers *ret, zc_error *error) {
  zc_host_context *context = NULL;
  asking a = {.session = session, .source = source};
  int status = prepare(&a, only, error);
  if (status == ZC_OK) {
    status = zc_host_context_create(session->loop, session->http, session->seed, &context);
    if (status != ZC_OK) zc_error_set(error, status, "no memory");
  }
  if (status == ZC_OK) status = ask_all(&a, context, error);
  zc_host_context_destroy(context);
  zc_grid_destroy(a.check);
  free(a.questions);
  if (status == ZC_OK)
    *ret = a.answers;
  else
    zc_source_answers_finish(&a.answers);
  return status;
}

static void answer_finish(zc_source_answer *answer) {
  free(answer->message);
  free(answer->points);
}

void zc_source_answers_finish(zc_source_answers *answers) {
  for (size_t i = 0; i < answers->n; i++) {
    answer_finish(&answers->regions[i].observed);
    answer_finish(&answers->regions[i].forecast);
  }
  free(answers->regions);
  *answers = (zc_source_answers){0};
}

bool zc_source_region_gave(const zc_source_region *region) {
  return region->observed.n_points > 0 || region->forecast.n_points > 0 || region->has_pue ||
         region->has_renewable_share || region->has_static;
}

bool zc_source_region_fine(const zc_source_region *region) {
  return region->observed.error == ZC_OK && region->forecast.error == ZC_OK &&
         zc_source_region_gave(region);
}

/* Forecasts that came and are not among what is taken, for their age. */
static bool is_stale(const zc_source_answer *answer) {
  return answer->n_points == 0 && answer->count.n > 0;
}

bool zc_source_answer_doubt(const zc_source_answer *answer, char *text, size_t size) {
  const zc_refusal *r = &answer->refusal;
  char time[ZC_TIME_TEXT_SIZE] = "a yearly average", refused[200] = "";
  const char *doubt = zc_span_doubt(&answer->count);
  if (!doubt && is_stale(answer)) {
    doubt = "all points are forecasts issued longer ago than the source's max_age: not used";
  }
  if (r->n > 0) {
    if (!(r->first.flags & ZC_POINT_STATIC)) (void)zc_time_format(r->first.from, time, sizeof time);
    snprintf(refused, sizeof refused, "%zu implausible values refused, the first: %g (%s), %s",
             r->n, r->first.value, time, r->reason);
  }
  snprintf(text, size, "%s%s%s", doubt ? doubt : "", doubt && r->n > 0 ? "; " : "", refused);
  return text[0] != '\0';
}

const char *zc_source_nothing(const zc_source_region *region, const zc_source_answer *answer) {
  bool constants = region->has_pue || region->has_renewable_share || region->has_static;
  if (answer->error != ZC_OK || answer->n_points > 0 || constants) return NULL;
  return answer->emitted > 0 ? "no usable points" : "no points";
}
