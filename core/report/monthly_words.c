/* monthly_words.c - a month in sentences: each says figures that stand in the document, and what
 * they mean; a rule that does not apply says nothing. */
#include <math.h>
#include <stdio.h>

#include "core/base/time_text.h"
#include "core/model/workload.h"
#include "core/report/monthly.h"

#define FEW_RUNS     5   /* fewer say little about a pipeline */
#define RELIABLE     0.8 /* success rate below which a pipeline is named */
#define NAMED        3   /* pipelines named by one rule */
#define MUCH_CLEANER 0.5 /* of a default region's intensity */
#define TEXT_SIZE    32
#define TOTALS       2 /* decimals of grams in the document */

/* A figure as a sentence says it. What has `kept` decimals in the document is rounded from there,
 * as whoever reads the document does: the same digits everywhere. */
static double told(double value, int kept, int decimals) {
  return zc_round(zc_round(value, kept), decimals);
}

static double told_percent(double percent) {
  return told(percent, ZC_PERCENT_DECIMALS, 1);
}

static double told_mean(const zc_sum *sum) {
  return told(zc_sum_mean(sum), ZC_INTENSITY_DECIMALS, 1);
}

static void grams_text(double grams, char text[TEXT_SIZE]) {
  double size = fabs(grams);
  if (size > 0 && size < 1)
    snprintf(text, TEXT_SIZE, "%.2g g", grams); /* a record's grams have four decimals */
  else if (size < 999.95)
    snprintf(text, TEXT_SIZE, "%.1f g", told(grams, TOTALS, 1));
  else if (size < 999995)
    snprintf(text, TEXT_SIZE, "%.2f kg", told(grams, TOTALS, -1) / 1000);
  else
    snprintf(text, TEXT_SIZE, "%.2f t", told(grams, TOTALS, -4) / 1e6);
}

/* "December 2025" */
static void month_words(zc_time month, char text[TEXT_SIZE]) {
  static const char *const names[] = {"January",   "February", "March",    "April",
                                      "May",       "June",     "July",     "August",
                                      "September", "October",  "November", "December"};
  zc_civil c = zc_civil_from_time(month);
  snprintf(text, TEXT_SIZE, "%s %d", names[c.month - 1], c.year);
}

static double savings_of(const zc_figures *figures) {
  return zc_sum_value(&figures->savings);
}

static double emissions_of(const zc_figures *figures) {
  return zc_sum_value(&figures->emissions);
}

static size_t active_pipelines(const zc_report *report) {
  const monthly *m = report->state;
  size_t n = 0;
  for (size_t i = 0; i < report->settings->n_pipelines; i++)
    n += m->pipelines[i].figures.runs > 0;
  return n;
}

/* ---- headline ---- */

static void say_savings(const monthly *m, zc_buffer *to) {
  char grams[TEXT_SIZE];
  double percent, savings = savings_of(&m->totals);
  if (!zc_figures_savings_percent(&m->totals, &percent)) return;
  grams_text(fabs(savings), grams);
  if (savings > 0)
    zc_report_sentence(
        to,
        "Starting runs later or elsewhere saved %s CO2eq: %.1f %% of what they would "
        "have emitted at once in their default regions.",
        grams, told_percent(percent));
  else if (savings < 0)
    zc_report_sentence(
        to,
        "Nothing was saved: they emitted %s CO2eq more than every run at once in its "
        "default region, %.1f %% more.",
        grams, told_percent(-percent));
  else
    zc_report_sentence(to, "Nothing was saved against starting every run at once in its default "
                           "region.");
}

static void say_comparison(const monthly *m, zc_buffer *to) {
  char month[TEXT_SIZE];
  double now, before;
  month_words(m->previous, month);
  if (m->totals_before.runs == 0) {
    zc_report_sentence(to, "There is nothing to compare it with: %s has no runs.", month);
    return;
  }
  if (!zc_figures_savings_percent(&m->totals, &now) ||
      !zc_figures_savings_percent(&m->totals_before, &before))
    return;
  double points = zc_round(told_percent(now) - told_percent(before), 1);
  const char *share = savings_of(&m->totals) > 0 ? "That share" : "The share saved";
  if (points > 0 || points < 0)
    zc_report_sentence(to, "%s is %.1f percentage points %s than in %s.", share, fabs(points),
                       points > 0 ? "higher" : "lower", month);
  else
    zc_report_sentence(to, "%s is the same as in %s.", share, month);
}

/* Of how many of the runs that ran nothing is known: the emissions told are without them. */
static void describe_unknown(const zc_figures *f, char *text, size_t size) {
  *text = '\0';
  if (f->unknown_runs == 0 || !zc_figures_know(f, &f->emissions)) return;
  snprintf(text, size, "; %llu of them %s not counted: nothing is known of their emissions",
           (unsigned long long)f->unknown_runs, f->unknown_runs == 1 ? "is" : "are");
}

/* Runs that were requested, and where these are fewer: those that ran. */
static void say_runs(const monthly *m, const char *month, size_t n_pipelines, const char *grams,
                     zc_buffer *to) {
  char those[TEXT_SIZE + 16] = "which", emitted[TEXT_SIZE + 16] = "", unknown[128];
  const zc_figures *f = &m->totals;
  if (f->ran < f->runs)
    snprintf(those, sizeof those, "of which %llu ran and", (unsigned long long)f->ran);
  snprintf(emitted, sizeof emitted, "%s CO2eq",
           zc_figures_know(f, &f->emissions) ? grams : "an unknown amount of");
  describe_unknown(f, unknown, sizeof unknown);
  zc_report_sentence(to, "In %s %zu pipeline%s made %llu run%s, %s emitted %s%s.", month,
                     n_pipelines, n_pipelines == 1 ? "" : "s", (unsigned long long)f->runs,
                     f->runs == 1 ? "" : "s", those, emitted, unknown);
}

void zc_month_write_headline(const zc_report *report, zc_buffer *to) {
  const monthly *m = report->state;
  char month[TEXT_SIZE], grams[TEXT_SIZE], until[ZC_TIME_TEXT_SIZE];
  size_t n = active_pipelines(report);
  month_words(report->from, month);
  grams_text(emissions_of(&m->totals), grams);
  zc_member_list(to, "headline");
  if (m->totals.runs == 0) {
    zc_report_sentence(to, "No runs are known of %s.", month);
  } else {
    say_runs(m, month, n, grams, to);
    say_savings(m, to);
    say_comparison(m, to);
  }
  if (!m->complete &&
      zc_time_format(report->to - report->to % ZC_SECOND, until, sizeof until) == ZC_OK)
    zc_report_sentence(to, "The month is not over: these are its figures up to %s.", until);
  zc_member_list_end(to);
}

/* ---- insights ---- */

static double greatest_savings(const zc_figures *figures) {
  return savings_of(figures);
}

static double greatest_emissions(const zc_figures *figures) {
  return emissions_of(figures);
}

/* Position of the pipeline with the greatest value above 0; n_pipelines where there is none. */
static size_t greatest(const zc_report *report, double (*value)(const zc_figures *figures)) {
  const monthly *m = report->state;
  size_t n = report->settings->n_pipelines, found = n;
  for (size_t i = 0; i < n; i++) {
    double mine = value(&m->pipelines[i].figures);
    if (mine > 0 && (found == n || mine > value(&m->pipelines[found].figures))) found = i;
  }
  return found;
}

static void say_greatest(const zc_report *report, const char *verb,
                         double (*value)(const zc_figures *figures), zc_buffer *to) {
  const monthly *m = report->state;
  char grams[TEXT_SIZE];
  size_t i = greatest(report, value);
  double total = value(&m->totals);
  if (i == report->settings->n_pipelines || !(total > 0)) return;
  double mine = value(&m->pipelines[i].figures);
  grams_text(mine, grams);
  if (mine > total) /* others saved less than nothing: it is no share */
    zc_report_sentence(to, "%s %s most: %s.", report->settings->pipelines[i].name, verb, grams);
  else
    zc_report_sentence(to, "%s %s most: %s, %.1f %% of all.", report->settings->pipelines[i].name,
                       verb, grams, told_percent(100 * mine / total));
}

static void say_success(const monthly *m, zc_buffer *to) {
  uint64_t judged = m->totals.successful + m->totals.failed;
  if (judged == 0) return;
  zc_report_sentence(to, "Of the %llu run%s that succeeded or failed, %.1f %% succeeded.",
                     (unsigned long long)judged, judged == 1 ? "" : "s",
                     100 *
                         zc_round((double)m->totals.successful / (double)judged, ZC_RATE_DECIMALS));
}

static void say_realised(const monthly *m, zc_buffer *to) {
  const zc_figures *f = &m->totals;
  double planned = zc_sum_value(&f->planned);
  if (!f->counts_realised || f->realised_runs == 0 || !(planned > 0)) return;
  zc_report_sentence(
      to,
      "Savings came to %.1f %% of what was planned; those of %llu runs are known from "
      "observed intensities.",
      told_percent(100 * savings_of(f) / planned), (unsigned long long)f->realised_runs);
}

static void say_regions(const zc_report *report, zc_buffer *to) {
  const monthly *m = report->state;
  size_t n = report->settings->n_regions, cleanest = n, dirtiest = n;
  for (size_t i = 0; i < n; i++) {
    const zc_sum *sum = &m->regions[i].intensity;
    if (sum->n == 0) continue;
    if (cleanest == n || zc_sum_mean(sum) < zc_sum_mean(&m->regions[cleanest].intensity))
      cleanest = i;
    if (dirtiest == n || zc_sum_mean(sum) > zc_sum_mean(&m->regions[dirtiest].intensity))
      dirtiest = i;
  }
  if (cleanest == dirtiest) return;
  const zc_region_sums *best = &m->regions[cleanest];
  zc_report_sentence(
      to,
      "%s was the cleanest region on average, at %.1f gCO2eq/kWh, and the cleanest of "
      "all in %.1f %% of the hours; %s the dirtiest, at %.1f.",
      report->settings->regions[cleanest], told_mean(&best->intensity),
      100 * zc_round((double)best->cleanest / (double)m->hours, ZC_RATE_DECIMALS),
      report->settings->regions[dirtiest], told_mean(&m->regions[dirtiest].intensity));
}

/* Where its rows have expired, or were never made: its means are of the others. */
static void say_previous_hours(const zc_report *report, zc_buffer *to) {
  const monthly *m = report->state;
  char month[TEXT_SIZE];
  uint64_t all = (uint64_t)((report->from - m->previous) / ZC_HOUR);
  if (m->hours == 0 || m->hours_before == 0 || m->hours_before >= all) return;
  month_words(m->previous, month);
  zc_report_sentence(to, "The regions' means of %s are of %llu of its %llu hours.", month,
                     (unsigned long long)m->hours_before, (unsigned long long)all);
}

void zc_month_write_insights(const zc_report *report, zc_buffer *to) {
  const monthly *m = report->state;
  zc_member_list(to, "insights");
  say_success(m, to);
  say_greatest(report, "saved", greatest_savings, to);
  say_greatest(report, "emitted", greatest_emissions, to);
  say_realised(m, to);
  say_regions(report, to);
  zc_region_sums_note(m->regions, report->settings, m->hours, to);
  say_previous_hours(report, to);
  zc_member_list_end(to);
}

/* ---- recommendations ---- */

/* What keeps a pipeline's runs where and when they are asked for; NULL: nothing in its settings. */
static const char *fixed_by(const zc_pipeline_settings *pipeline) {
  bool waits = pipeline->max_defer_hours > 0, moves = pipeline->n_regions > 1;
  if (waits && moves) return NULL;
  if (waits) return "may run in no other region: name some in its relocate_to";
  return moves ? "may not wait: give it max_defer_hours"
               : "may neither wait nor move: give it max_defer_hours, or relocate_to";
}

/* Pipelines that saved nothing, the greatest emitters first, where a setting is why. */
static void recommend_freedom(const zc_report *report, zc_buffer *to) {
  const monthly *m = report->state;
  const zc_settings *settings = report->settings;
  double below = INFINITY;
  for (int named = 0; named < NAMED; named++) {
    size_t found = settings->n_pipelines;
    for (size_t i = 0; i < settings->n_pipelines; i++) {
      const zc_figures *f = &m->pipelines[i].figures;
      if (f->ran < FEW_RUNS || savings_of(f) > 0 || !(emissions_of(f) < below)) continue;
      if (!zc_figures_know(f, &f->emissions) || !zc_figures_know(f, &f->savings)) continue;
      if (!fixed_by(&settings->pipelines[i])) continue;
      if (found == settings->n_pipelines ||
          emissions_of(f) > emissions_of(&m->pipelines[found].figures))
        found = i;
    }
    if (found == settings->n_pipelines) return;
    char grams[TEXT_SIZE];
    below = emissions_of(&m->pipelines[found].figures);
    grams_text(below, grams);
    zc_report_sentence(to, "%s emitted %s and saved nothing: it %s.",
                       settings->pipelines[found].name, grams,
                       fixed_by(&settings->pipelines[found]));
  }
}

static void recommend_reliability(const zc_report *report, zc_buffer *to) {
  const monthly *m = report->state;
  int named = 0;
  for (size_t i = 0; i < report->settings->n_pipelines && named < NAMED; i++) {
    const zc_figures *f = &m->pipelines[i].figures;
    uint64_t judged = f->successful + f->failed;
    if (judged < FEW_RUNS || (double)f->successful >= RELIABLE * (double)judged) continue;
    zc_report_sentence(to,
                       "%s failed in %llu of %llu runs: what a failed run emits is emitted for "
                       "nothing.",
                       report->settings->pipelines[i].name, (unsigned long long)f->failed,
                       (unsigned long long)judged);
    named++;
  }
}

/* The region with the lowest mean of those that a pipeline may use. */
static uint32_t cleanest_allowed(const monthly *m, const zc_pipeline_settings *pipeline) {
  uint32_t best = pipeline->regions[0];
  for (uint32_t i = 1; i < pipeline->n_regions; i++) {
    const zc_sum *sum = &m->regions[pipeline->regions[i]].intensity;
    if (sum->n && zc_sum_mean(sum) < zc_sum_mean(&m->regions[best].intensity))
      best = pipeline->regions[i];
  }
  return best;
}

static void recommend_default_region(const zc_report *report, zc_buffer *to) {
  const monthly *m = report->state;
  int named = 0;
  for (size_t i = 0; i < report->settings->n_pipelines && named < NAMED; i++) {
    const zc_pipeline_settings *pipeline = &report->settings->pipelines[i];
    const zc_sum *mine = &m->regions[pipeline->regions[0]].intensity;
    uint32_t best = cleanest_allowed(m, pipeline);
    double other = zc_sum_mean(&m->regions[best].intensity);
    if (m->pipelines[i].figures.runs < FEW_RUNS || mine->n == 0) continue;
    if (!(other <= MUCH_CLEANER * zc_sum_mean(mine)) || best == pipeline->regions[0]) continue;
    zc_report_sentence(
        to,
        "%s has %s for its default region, at %.1f gCO2eq/kWh on average, and may run "
        "in %s, at %.1f: it could be the default.",
        pipeline->name, report->settings->regions[pipeline->regions[0]], told_mean(mine),
        report->settings->regions[best], told_mean(&m->regions[best].intensity));
    named++;
  }
}

void zc_month_write_recommendations(const zc_report *report, zc_buffer *to) {
  zc_member_list(to, "recommendations");
  recommend_freedom(report, to);
  recommend_default_region(report, to);
  recommend_reliability(report, to);
  zc_member_list_end(to);
}
