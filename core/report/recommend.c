/* recommend - which region and which hour, now: the engine's own decisions, beside what the past
 * days were like. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/time_text.h"
#include "core/model/workload.h"
#include "core/report/question.h"

#define MUCH_PERCENT 15 /* a difference worth a sentence */

typedef struct {
  zc_hour_sums *regions; /* one a range, in the order of the settings */
  double *now;           /* of each region; valid where has_now */
  bool *has_now;
  zc_json *decisions[ZC_REPORT_LIMIT_MAX];
  size_t n;
  int64_t left_out, fallbacks, averages;
} recommendation;

static int begin(zc_report *report, zc_error *error) {
  recommendation *r = report->state;
  const zc_settings *settings = report->settings;
  (void)error;
  report->to = zc_hour_of(report->request.now);
  report->from = report->to - report->request.days * ZC_DAY;
  r->regions = calloc(settings->n_regions + 1, sizeof *r->regions);
  r->now = calloc(settings->n_regions + 1, sizeof *r->now);
  r->has_now = calloc(settings->n_regions + 1, sizeof *r->has_now);
  int status = r->regions && r->now && r->has_now ? ZC_OK : ZC_ENOMEM;
  for (size_t i = 0; i < settings->n_regions && status == ZC_OK; i++)
    status = zc_report_add_span(report, ZC_TABLE_HISTORY, NULL, settings->regions[i], report->from,
                                report->to, NULL);
  return status;
}

static int take_text(zc_report *report, size_t range, const char *text, size_t length) {
  recommendation *r = report->state;
  return zc_hour_sums_add(&r->regions[range], text, length, report->from, report->to);
}

/* ---- decisions ---- */

/* What is fresh: a region known by its yearly average alone has no intensity now. */
static void take_intensities(zc_report *report, const zc_json *item) {
  recommendation *r = report->state;
  const zc_json *candidates = zc_json_at(item, "why/candidates");
  for (size_t i = 0; i < zc_json_count(candidates); i++) {
    const zc_json *candidate = zc_json_member(candidates, i, NULL);
    const char *name = zc_json_get_text(candidate, "region");
    size_t position =
        name ? zc_region_position(report->settings, name) : report->settings->n_regions;
    double intensity;
    if (position == report->settings->n_regions ||
        !zc_json_get_number(candidate, "intensity_now", &intensity))
      continue;
    r->now[position] = intensity;
    r->has_now[position] = true;
  }
}

static bool stands_on_average(const zc_json *item) {
  const char *origin = zc_item_text(item, "data_quality/optimal_region/origin");
  return !origin || strcmp(origin, "static") == 0 || strcmp(origin, "none") == 0;
}

static void count_quality(recommendation *r, const zc_json *item) {
  int fallback = 0;
  zc_json_boolean(zc_json_at(item, "data_quality/optimal_region/fallback"), &fallback);
  r->fallbacks += fallback;
  r->averages += stands_on_average(item);
}

int zc_report_decision(zc_report *report, const char *text, size_t length) {
  recommendation *r = report->state;
  zc_json *item;
  if (report->request.query != ZC_REPORT_RECOMMEND) return ZC_EINVAL;
  if (r->n >= report->request.limit) {
    r->left_out++;
    return ZC_OK;
  }
  int status = zc_json_parse(text, length, &item);
  if (status != ZC_OK) return status;
  if (!zc_json_get_text(item, "pipeline_name")) {
    zc_json_free(item);
    return ZC_EDATA;
  }
  take_intensities(report, item);
  count_quality(r, item);
  r->decisions[r->n++] = item;
  return ZC_OK;
}

/* ---- writing ---- */

/* ": 100.0 instead of 150.0 gCO2eq/kWh, 20.1 % less emitted", as far as that is known */
static void describe_figures(const zc_json *item, bool now, char *text, size_t size) {
  double planned, at_once, percent;
  *text = '\0';
  if (!zc_item_number(item, "carbon_analysis/optimal_intensity", &planned)) {
    snprintf(text, size, ": nothing is known of its intensity");
  } else if (stands_on_average(item)) {
    snprintf(text, size, ": nothing fresh is known, only the yearly average of %.1f gCO2eq/kWh",
             planned);
  } else if (now) {
    snprintf(text, size, ": %.1f gCO2eq/kWh over the run", planned);
  } else if (zc_item_number(item, "carbon_analysis/default_intensity", &at_once) &&
             zc_item_number(item, "carbon_analysis/savings_percent", &percent)) {
    snprintf(text, size, ": %.1f instead of %.1f gCO2eq/kWh, %.1f %% less emitted", planned,
             at_once, zc_round(percent, 1));
  }
}

/* For a run that starts at once: when its region usually is much cleaner than now. */
static void describe_hour(const zc_report *report, const char *region, char *text, size_t size) {
  const recommendation *r = report->state;
  size_t i = zc_region_position(report->settings, region);
  zc_held_mean hours[24];
  *text = '\0';
  if (i == report->settings->n_regions || !r->has_now[i]) return;
  zc_hour_sums_of_day(&r->regions[i], hours);
  size_t best = zc_lowest_mean(hours, 24, false, NULL);
  double mean = best < 24 ? zc_held_mean_value(&hours[best]) : 0;
  if (best == 24 || !(100 * (r->now[i] - mean) >= MUCH_PERCENT * r->now[i])) return;
  snprintf(text, size, " Usually its cleanest hour is %02zu h UTC, at %.1f.", best,
           zc_round(mean, ZC_INTENSITY_DECIMALS));
}

/* "Run X now in …", "Let X wait until …" */
static void write_advice(const zc_report *report, const zc_json *item, const char *pipeline,
                         zc_buffer *to) {
  const char *decision = zc_item_text(item, "carbon_analysis/decision");
  const char *region = zc_item_text(item, "carbon_analysis/optimal_region");
  const char *home = zc_item_text(item, "carbon_analysis/default_region");
  const char *start = zc_item_text(item, "schedule/planned_start");
  char text[ZC_SENTENCE_SIZE], figures[128], hour[96] = "";
  if (!decision || !region || !home || !start) return;
  bool now = strcmp(decision, "RUN_NOW") == 0;
  describe_figures(item, now, figures, sizeof figures);
  if (now) describe_hour(report, region, hour, sizeof hour);
  if (strcmp(decision, "DEFER") == 0)
    snprintf(text, sizeof text, "Let %s wait until %s and run it in %s%s.", pipeline, start, region,
             figures);
  else
    snprintf(text, sizeof text, "Run %s now in %s%s%s%s.%s", pipeline, region,
             now ? "" : " instead of ", now ? "" : home, figures, hour);
  zc_member_text(to, "advice", text);
}

static void write_wait(const zc_json *item, zc_buffer *to) {
  const char *from = zc_item_text(item, "schedule/requested_at");
  const char *start = zc_item_text(item, "schedule/planned_start");
  zc_time asked, planned;
  if (!from || !start || zc_time_parse(from, &asked) != ZC_OK) return;
  if (zc_time_parse(start, &planned) == ZC_OK)
    zc_member_integer(to, "wait_minutes", (planned - asked) / ZC_MINUTE);
}

static void write_candidates(const zc_json *item, zc_buffer *to) {
  static const char *const members[] = {"region", "intensity_now", "window_now", "best_window",
                                        "best_start"};
  const zc_json *candidates = zc_json_at(item, "why/candidates");
  zc_member_list(to, "candidates");
  for (size_t i = 0; i < zc_json_count(candidates); i++) {
    const zc_json *candidate = zc_json_member(candidates, i, NULL);
    zc_member_object(to);
    for (size_t k = 0; k < sizeof members / sizeof *members; k++)
      zc_report_copy(to, members[k], candidate, members[k]);
    zc_member_end(to);
  }
  zc_member_list_end(to);
}

static void write_decision(const zc_report *report, const zc_json *item, zc_buffer *to) {
  static const char *const members[][2] = {
      {"decision", "carbon_analysis/decision"},
      {"reason", "carbon_analysis/reason"},
      {"default_region", "carbon_analysis/default_region"},
      {"region", "carbon_analysis/optimal_region"},
      {"start", "schedule/planned_start"},
      {"intensity", "carbon_analysis/optimal_intensity"},
      {"baseline_intensity", "carbon_analysis/default_intensity"},
      {"savings_g", "carbon_analysis/savings_g"},
      {"savings_percent", "carbon_analysis/savings_percent"},
  };
  const char *name = zc_json_get_text(item, "pipeline_name");
  zc_member_object(to);
  for (size_t i = 0; i < report->settings->n_pipelines; i++) {
    const zc_pipeline_settings *pipeline = &report->settings->pipelines[i];
    if (strcmp(pipeline->name, name) == 0) zc_report_write_pipeline(pipeline, to);
  }
  write_advice(report, item, name, to);
  for (size_t i = 0; i < sizeof members / sizeof *members; i++)
    zc_report_copy(to, members[i][0], item, members[i][1]);
  write_wait(item, to);
  write_candidates(item, to);
  zc_member_end(to);
}

static void write_usual(const recommendation *r, size_t i, int hour, zc_buffer *to) {
  zc_held_mean hours[24];
  zc_hour_sums_of_day(&r->regions[i], hours);
  double usual = zc_held_mean_value(&hours[hour]);
  size_t best = zc_lowest_mean(hours, 24, false, NULL);
  if (hours[hour].seconds) {
    zc_member_rounded(to, "usual_intensity", usual, ZC_INTENSITY_DECIMALS);
    if (r->has_now[i] && usual > 0)
      zc_member_rounded(to, "difference_percent", 100 * (r->now[i] - usual) / usual,
                        ZC_PERCENT_DECIMALS);
    zc_member_rounded(to, "usual_hours", (double)hours[hour].seconds / 3600, ZC_MEAN_DECIMALS);
  }
  if (best == 24) return;
  zc_member_integer(to, "cleanest_hour", (int64_t)best);
  zc_member_rounded(to, "cleanest_hour_intensity", zc_held_mean_value(&hours[best]),
                    ZC_INTENSITY_DECIMALS);
}

static void write_body(const zc_report *report, zc_buffer *to) {
  const recommendation *r = report->state;
  int hour = zc_civil_from_time(report->request.now).hour;
  zc_member_integer(to, "days", report->request.days);
  zc_member_list(to, "pipelines");
  for (size_t i = 0; i < r->n; i++)
    write_decision(report, r->decisions[i], to);
  zc_member_list_end(to);
  if (r->left_out) zc_member_integer(to, "pipelines_left_out", r->left_out);
  zc_member_list(to, "regions");
  for (size_t i = 0; i < report->settings->n_regions; i++) {
    zc_member_object(to);
    zc_member_text(to, "region", report->settings->regions[i]);
    if (r->has_now[i]) zc_member_rounded(to, "intensity_now", r->now[i], ZC_INTENSITY_DECIMALS);
    write_usual(r, i, hour, to);
    zc_member_end(to);
  }
  zc_member_list_end(to);
}

static void write_quality(const zc_report *report, zc_buffer *to) {
  const recommendation *r = report->state;
  zc_member_integer(to, "pipelines", (int64_t)r->n);
  zc_member_integer(to, "fallbacks", r->fallbacks);
  zc_member_integer(to, "averages", r->averages);
}

static void finish(void *state) {
  recommendation *r = state;
  free(r->regions);
  free(r->now);
  free(r->has_now);
  for (size_t i = 0; i < r->n; i++)
    zc_json_free(r->decisions[i]);
}

static const char *const method[] = {
    "Decisions are those that the engine would take now, from the sources asked once; nothing is "
    "started.",
    "usual_intensity is the mean of the region's history at this hour of the day (UTC) over the "
    "days "
    "asked for.",
    NULL};

const zc_report_answer zc_answer_recommend = {.default_days = 14,
                                              .state_size = sizeof(recommendation),
                                              .begin = begin,
                                              .text = take_text,
                                              .write = write_body,
                                              .write_quality = write_quality,
                                              .finish = finish,
                                              .method = method};
