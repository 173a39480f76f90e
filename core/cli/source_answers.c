#include "core/cli/source_answers.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"
#include "core/base/time_text.h"

#define SPAN_OBSERVED ZC_DAY
#define SPAN_FORECAST (2 * ZC_DAY)
#define AT_ONCE       8 /* questions under way */
#define YEAR_1970     (365 * ZC_DAY)

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

static int reserve(zc_source_answer *answer, size_t n) {
  if (n > ZC_SOURCE_POINTS_MAX - answer->n_points) return ZC_EDATA;
  size_t wanted = answer->n_points + n;
  if (wanted <= answer->capacity) return ZC_OK;
  zc_source_point *points = reallocarray(answer->points, wanted * 2, sizeof *points);
  if (!points) return ZC_ENOMEM;
  answer->points = points;
  answer->capacity = wanted * 2;
  return ZC_OK;
}

static void take_static(zc_source_region *region, const zc_signal *signal, const zc_point *point) {
  region->has_static = true;
  region->static_intensity = point->value;
  region->static_basis = signal->basis;
}

static int take_intensity(zc_source_region *region, zc_source_answer *answer,
                          const zc_signal *signal, const zc_point *points, size_t n,
                          size_t stride) {
  int status = reserve(answer, n);
  for (size_t i = 0; i < n && status == ZC_OK; i++) {
    const zc_point *point = (const zc_point *)(const void *)((const char *)points + i * stride);
    if (point->flags & ZC_POINT_STATIC) {
      take_static(region, signal, point);
    } else {
      answer->points[answer->n_points++] =
          (zc_source_point){*point, signal->basis, signal->issued_at};
    }
  }
  return status;
}

static int on_points(void *user, const zc_signal *signal, const zc_point *points, size_t n,
                     size_t stride, size_t *ret_bad) {
  const question *q = user;
  asking *a = q->asking;
  const char *name = signal->region;
  size_t i = name ? find_region(a, name) : q->region;
  if (i == a->answers.n) return name && is_configured(a, name) ? ZC_OK : ZC_ENOTFOUND;
  int status = zc_grid_put(a->check, i, 0, signal, points, n, stride, ZC_TIME_MIN, ret_bad);
  if (status != ZC_OK || n == 0) return status;
  zc_source_region *region = &a->answers.regions[i];
  const zc_point *last = (const zc_point *)(const void *)((const char *)points + (n - 1) * stride);
  if (signal->kind == ZC_PUE) {
    region->has_pue = true;
    region->pue = last->value;
  } else if (signal->kind == ZC_RENEWABLE_SHARE) {
    region->has_renewable_share = true;
    region->renewable_share = last->value;
  } else {
    zc_source_answer *answer = q->forecast ? &region->forecast : &region->observed;
    status = take_intensity(region, answer, signal, points, n, stride);
  }
  return status;
}

/* ---- questions ---- */

static int by_time(const void *x, const void *y) {
  const zc_source_point *a = x, *b = y;
  return (a->point.from > b->point.from) - (a->point.from < b->point.from);
}

static void finish_question(const question *q, int error, const char *message) {
  zc_source_answer *answer = answer_of(q);
  answer->done = true;
  answer->error = error;
  answer->message = zc_duplicate(message);
  answer->latency_ms = (zc_clock_real_ns() - answer->begun_ns) / 1000000;
  if (answer->n_points) qsort(answer->points, answer->n_points, sizeof *answer->points, by_time);
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
  const char *names[ZC_REGIONS_MAX];
  const int64_t max_age = ZC_DAY;
  a->answers.regions = calloc(n + 1, sizeof *a->answers.regions);
  a->questions = calloc(2 * n + 1, sizeof *a->questions);
  if (!a->answers.regions || !a->questions) return zc_error_set(error, ZC_ENOMEM, "no memory");
  for (size_t i = 0; i < n; i++) {
    const char *name = settings->regions[a->source->regions[i]];
    if (only && strcmp(name, only) != 0) continue;
    size_t region = a->answers.n++;
    names[region] = a->answers.regions[region].name = name;
    if (ops->observe) a->questions[a->n_questions++] = (question){a, region, false};
    if (ops->forecast) a->questions[a->n_questions++] = (question){a, region, true};
  }
  if (a->answers.n == 0) {
    return zc_error_set(error, ZC_ENOTFOUND, "%s has no region %s", a->source->name,
                        only ? only : "at all");
  }
  int status = zc_grid_create(names, a->answers.n, &max_age, 1, &a->check);
  return status == ZC_OK ? ZC_OK : zc_error_set(error, status, "no memory");
}

static int ask_all(asking *a, zc_host_context *context, zc_error *error) {
  const zc_plugin_settings *s = a->source;
  int status = zc_instance_create(context, s->plugin, s->name, s->options, &a->instance, error);
  if (status != ZC_OK) return ZC_EINVAL;
  ask_more(a);
  zc_loop_run(a->session->loop, ZC_TIME_MAX);
  zc_instance_destroy(a->instance);
  return ZC_OK;
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

const zc_source_point *zc_source_point_at(const zc_source_answer *answer, zc_time at,
                                          int64_t max_age_ms, bool *ret_held) {
  const zc_source_point *last = NULL;
  *ret_held = false;
  for (size_t i = 0; i < answer->n_points && answer->points[i].point.from <= at; i++) {
    last = &answer->points[i];
    if (at < last->point.to) return last;
  }
  bool measured = last && last->point.flags & (ZC_POINT_OBSERVED | ZC_POINT_ESTIMATED);
  *ret_held = measured && at - last->point.to < max_age_ms;
  return *ret_held ? last : NULL;
}

const char *zc_source_answer_doubt(const zc_source_answer *answer) {
  zc_time latest = ZC_TIME_MIN;
  for (size_t i = 0; i < answer->n_points; i++) {
    const zc_point *point = &answer->points[i].point;
    if (point->to > answer->from && point->from <= answer->to) return NULL;
    if (point->to > latest) latest = point->to;
  }
  if (answer->n_points == 0) return NULL;
  if (latest > 0 && latest < YEAR_1970) {
    return "all points lie in 1970: times in seconds instead of milliseconds?";
  }
  return "all points lie outside the span that was asked for";
}
