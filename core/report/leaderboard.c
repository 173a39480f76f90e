/* leaderboard - who saved most in a period, from carbon_leaderboard. */
#include <stdio.h>
#include <string.h>

#include "core/report/entries.h"

/* Behind every rank: those without one, then those that the configuration no longer has. */
#define UNRANKED 1e9
#define LAST     2e9

typedef struct {
  zc_period_kind period;
  char key[ZC_PERIOD_KEY_SIZE];
  zc_entries rows;
} leaderboard;

static const char *kind_of(const zc_report *report) {
  return report->request.teams ? "team" : "pipeline";
}

static int read_period(zc_report *report, zc_error *error) {
  leaderboard *l = report->state;
  const char *name = report->request.period, *key = report->request.key;
  zc_time time = report->request.now;
  l->period = ZC_MONTHLY;
  for (int i = 0; name && i <= ZC_PERIOD_KINDS; i++) {
    if (i == ZC_PERIOD_KINDS)
      return zc_error_set(error, ZC_EINVAL, "'%s' is none of daily, weekly, monthly", name);
    l->period = (zc_period_kind)i;
    if (strcmp(zc_period_word(l->period), name) == 0) break;
  }
  if (key && !zc_period_parse(l->period, key, &time)) {
    static const char *const examples[] = {"2025-12-14", "2025-W50", "2025-12"};
    return zc_error_set(error, ZC_EINVAL, "'%s' is no %s period, such as %s", key,
                        zc_period_word(l->period), examples[l->period]);
  }
  zc_period span = zc_period_of(l->period, time);
  if (span.first > report->request.now)
    return zc_error_set(error, ZC_EINVAL, "%s lies in the future", key);
  zc_period_text(l->period, time, l->key);
  report->from = span.first;
  report->to = span.end;
  return ZC_OK;
}

static int begin(zc_report *report, zc_error *error) {
  leaderboard *l = report->state;
  char partition[ZC_PERIOD_KEY_SIZE];
  int status = read_period(report, error);
  if (status != ZC_OK) return status;
  zc_period span = zc_period_of(l->period, report->from);
  zc_period_key(&span, partition);
  return zc_report_add_range(report, ZC_TABLE_LEADERBOARD, NULL, partition, NULL, NULL, NULL);
}

static bool is_configured(const zc_report *report, const char *name) {
  const zc_settings *settings = report->settings;
  if (!report->request.teams) return zc_settings_pipeline(settings, name) != NULL;
  for (size_t i = 0; i < settings->n_pipelines; i++) {
    const char *team = settings->pipelines[i].team;
    if (team && strcmp(team, name) == 0) return true;
  }
  return false;
}

static void write_row(const zc_json *item, bool configured, zc_buffer *to) {
  static const char *const figures[][2] = {
      {"emissions_g", "carbon_metrics/total_emissions_g"},
      {"savings_g", "carbon_metrics/total_savings_g"},
      {"savings_rate", "carbon_metrics/savings_rate"},
      {"executions_optimized", "carbon_metrics/executions_optimized"},
      {"total_executions", "carbon_metrics/total_executions"},
      {"optimization_rate", "carbon_metrics/optimization_rate"},
      {"unknown_executions", "carbon_metrics/unknown_executions"},
  };
  static const char *const ranks[][2] = {
      {"carbon_savings_rank", "rankings/carbon_savings_rank"},
      {"optimization_rate_rank", "rankings/optimization_rate_rank"},
      {"total_executions_rank", "rankings/total_executions_rank"},
  };
  const zc_json *achievements = zc_json_get(item, "achievements");
  zc_member_object(to);
  zc_report_copy(to, "identifier", item, "identifier");
  for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
    zc_report_copy(to, figures[i][0], item, figures[i][1]);
  for (size_t i = 0; configured && i < sizeof ranks / sizeof *ranks; i++)
    zc_report_copy(to, ranks[i][0], item, ranks[i][1]);
  if (!configured) zc_member_boolean(to, "configured", false);
  zc_member_list(to, "achievements");
  for (size_t i = 0; i < zc_json_count(achievements); i++) {
    const char *text;
    if (zc_json_text(zc_json_member(achievements, i, NULL), &text, NULL) == ZC_OK)
      zc_member_item(to, text);
  }
  zc_member_list_end(to);
  zc_member_end(to);
}

/* Who has left the configuration has the rank of when he did, which another has by now: he stands
 * last, without one. */
static int take_row(zc_report *report, size_t range, const zc_json *item) {
  leaderboard *l = report->state;
  const char *kind = zc_json_get_text(item, "kind");
  const char *identifier = zc_json_get_text(item, "identifier");
  double rank = UNRANKED;
  (void)range;
  if (!identifier || !zc_json_get(item, "rankings")) return ZC_EDATA;
  zc_item_number(item, "rankings/carbon_savings_rank", &rank);
  if (strcmp(kind ? kind : "pipeline", kind_of(report)) != 0) return ZC_OK;
  bool configured = is_configured(report, identifier);
  zc_buffer object;
  zc_buffer_init(&object, ZC_REPORT_DOCUMENT_MAX);
  write_row(item, configured, &object);
  int status = zc_entries_add(&l->rows, configured ? rank : LAST, identifier, &object);
  zc_buffer_finish(&object);
  return status;
}

static void write_body(const zc_report *report, zc_buffer *to) {
  leaderboard *l = report->state;
  zc_entries_sort(&l->rows);
  zc_member_text(to, "period", zc_period_word(l->period));
  zc_member_text(to, "key", l->key);
  zc_member_text(to, "kind", kind_of(report));
  zc_entries_write(&l->rows, ZC_REPORT_LIMIT_MAX, "rows", to);
  if (l->rows.n > ZC_REPORT_LIMIT_MAX)
    zc_member_integer(to, "rows_left_out", (int64_t)(l->rows.n - ZC_REPORT_LIMIT_MAX));
}

static void finish(void *state) {
  zc_entries_finish(&((leaderboard *)state)->rows);
}

static const char *const method[] = {
    "Runs count in the period in which they were requested. savings_rate is savings / (savings + "
    "emissions); optimised are runs put off or moved that saved something.",
    "Equal values rank in the order of the configuration; what has left it stands last, unranked.",
    "Runs of whose emissions nothing is known are in no sum; who has no others has no rank by "
    "savings.",
    NULL};

const zc_report_answer zc_answer_leaderboard = {.default_days = 1,
                                                .state_size = sizeof(leaderboard),
                                                .begin = begin,
                                                .row = take_row,
                                                .write = write_body,
                                                .finish = finish,
                                                .method = method};
