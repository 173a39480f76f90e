/* report - what people ask of the tables: performance, trends, the best hours, a month. */
#include <stdio.h>
#include <string.h>

#include "core/base/text.h"
#include "core/base/time_text.h"
#include "core/cli/output.h"
#include "core/cli/report_collect.h"
#include "core/cli/report_page.h"
#include "core/cli/report_print.h"

enum { NOTHING, PIPELINE, MAYBE_PIPELINE, REGION, MONTH, PERIOD, STATUS };

/* What a query takes; switches: those of its own, beside the common ones. */
static const struct {
  int operand;
  const char *switches[4];
} queries[ZC_REPORT_QUERIES] = {
    [ZC_REPORT_PERFORMANCE] = {PIPELINE, {"days"}},
    [ZC_REPORT_TRENDS] = {PIPELINE, {"days", "by"}},
    [ZC_REPORT_OPTIMAL_TIMES] = {REGION, {"days"}},
    [ZC_REPORT_REGIONS] = {NOTHING, {"days"}},
    [ZC_REPORT_MONTHLY] = {MONTH, {NULL}},
    [ZC_REPORT_RECOMMEND] = {MAYBE_PIPELINE, {"days", "limit"}},
    [ZC_REPORT_LEADERBOARD] = {PERIOD, {"period", "teams"}},
    [ZC_REPORT_RUNS] = {PIPELINE, {"days", "limit"}},
    [ZC_REPORT_FAILED] = {STATUS, {"days", "limit"}},
    [ZC_REPORT_SAVINGS] = {NOTHING, {"limit"}},
    [ZC_REPORT_OPTIMAL_REGIONS] = {NOTHING, {"days"}},
};
static const char *const all_switches[4] = {"days", "limit"};

/* ---- the question ---- */

static int find_query(const char *name, zc_report_query *ret, bool *ret_all) {
  const char *names[ZC_REPORT_QUERIES + 1] = {0};
  for (int i = 0; i < ZC_REPORT_QUERIES; i++)
    names[i] = zc_report_name((zc_report_query)i);
  names[ZC_REPORT_QUERIES] = "all";
  *ret_all = strcmp(name, "all") == 0;
  *ret = ZC_REPORT_MONTHLY;
  for (int i = 0; i < ZC_REPORT_QUERIES && !*ret_all; i++) {
    if (strcmp(names[i], name) != 0) continue;
    *ret = (zc_report_query)i;
    return ZC_EXIT_FINE;
  }
  if (*ret_all) return ZC_EXIT_FINE;
  const char *near = zc_nearest(name, names, ZC_REPORT_QUERIES + 1);
  return near ? zc_cli_usage("report: no query '%s': did you mean '%s'?", name, near)
              : zc_cli_usage("report: no query '%s'", name);
}

static bool takes(const char *const switches[4], const char *name) {
  for (size_t i = 0; i < 4 && switches[i]; i++) {
    if (strcmp(switches[i], name) == 0) return true;
  }
  return false;
}

/* A switch that the query has no use for is refused, so that nobody relies on it. */
static int check_switches(const zc_arguments *arguments, const char *query,
                          const char *const switches[4]) {
  static const char *const own[] = {"days", "by", "period", "teams", "limit"};
  for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
    if (zc_arguments_has(arguments, own[i]) && !takes(switches, own[i]))
      return zc_cli_usage("report: %s takes no --%s", query, own[i]);
  }
  int forms = zc_arguments_has(arguments, "json") + zc_arguments_has(arguments, "csv") +
              zc_arguments_has(arguments, "html");
  return forms > 1 ? zc_cli_usage("report: one of --json, --csv and --html") : ZC_EXIT_FINE;
}

static int take_operand(const zc_arguments *arguments, int operand, zc_report_request *request) {
  const char *query = arguments->operands[0];
  const char *word = arguments->n_operands > 1 ? arguments->operands[1] : NULL;
  if (word && operand == NOTHING)
    return zc_cli_usage("report: '%s' is one argument too many for %s", word, query);
  if (!word && operand == PIPELINE) return zc_cli_usage("report: %s wants a PIPELINE", query);
  if (operand == PIPELINE || operand == MAYBE_PIPELINE) request->pipeline = word;
  if (operand == REGION) request->region = word && strcmp(word, "all") != 0 ? word : NULL;
  if (operand == MONTH) request->month = word;
  if (operand == PERIOD) request->period = word;
  if (operand == STATUS) request->status = word;
  return ZC_EXIT_FINE;
}

static int read_switches(const zc_arguments *arguments, zc_report_request *request) {
  const char *by = zc_arguments_text(arguments, "by");
  long long days = 0, limit = 0;
  zc_error error;
  if (zc_arguments_number(arguments, "days", 1, ZC_REPORT_DAYS_MAX, &days, &error) != ZC_OK ||
      zc_arguments_number(arguments, "limit", 1, ZC_REPORT_LIMIT_MAX, &limit, &error) != ZC_OK)
    return zc_cli_usage("report: %s", error.text);
  request->by_week = by && strcmp(by, "week") == 0;
  if (by && !request->by_week && strcmp(by, "day") != 0)
    return zc_cli_usage("report: --by: '%s' is neither day nor week", by);
  request->days = (int)days;
  request->limit = (size_t)limit;
  request->key = zc_arguments_text(arguments, "period");
  request->teams = zc_arguments_has(arguments, "teams");
  return ZC_EXIT_FINE;
}

/* ---- the answer ---- */

static void print_json(const zc_report_documents *documents, bool all, zc_time now) {
  zc_buffer text;
  char at[ZC_TIME_TEXT_SIZE] = "";
  zc_buffer_init(&text, (ZC_REPORT_DOCUMENTS + 1) * ZC_REPORT_DOCUMENT_MAX);
  zc_time_format(now - now % ZC_SECOND, at, sizeof at);
  if (all) zc_buffer_printf(&text, "{\"report\":\"all\",\"generated_at\":\"%s\",\"reports\":[", at);
  for (size_t i = 0; i < documents->n; i++) {
    if (i) zc_buffer_char(&text, ',');
    zc_buffer_add(&text, documents->items[i].text, documents->items[i].length);
  }
  if (all) zc_buffer_text(&text, "]}");
  zc_output_line(&text);
  zc_buffer_finish(&text);
}

static int print_documents(const zc_arguments *arguments, const zc_report_documents *documents,
                           bool all, zc_time now) {
  const char *page = zc_arguments_text(arguments, "html");
  int status = ZC_EXIT_FINE;
  if (page) return zc_report_write_page(documents, page);
  if (zc_arguments_has(arguments, "json")) {
    print_json(documents, all, now);
    return status;
  }
  for (size_t i = 0; i < documents->n && status == ZC_EXIT_FINE; i++) {
    if (i) zc_output_printf("\n");
    status = zc_arguments_has(arguments, "csv") ? zc_report_print_csv(&documents->items[i])
                                                : zc_report_print(&documents->items[i]);
  }
  return status;
}

static int answer(zc_session *session, const zc_arguments *arguments, zc_report_request *request,
                  bool all) {
  zc_report_request requests[ZC_REPORT_DOCUMENTS] = {*request};
  zc_report_documents documents;
  size_t n = all ? zc_report_all(session->settings, request, requests) : 1;
  int status =
      request->pipeline ? zc_session_check_pipeline(session, request->pipeline) : ZC_EXIT_FINE;
  if (status != ZC_EXIT_FINE) return status;
  status =
      zc_report_collect(session, zc_arguments_text(arguments, "sink"), requests, n, &documents);
  if (status != ZC_EXIT_FINE) return status;
  status = print_documents(arguments, &documents, all, request->now);
  zc_report_documents_finish(&documents);
  return status;
}

static int with_session(const zc_arguments *arguments, zc_report_request *request, bool all,
                        zc_time at) {
  zc_session session;
  /* Only decisions need a clock that stands at the time asked for; the store's connections keep the
   * real one. */
  int status = zc_session_init(&session, request->query == ZC_REPORT_RECOMMEND ? at : 0);
  if (status == ZC_EXIT_FINE) status = zc_session_load(&session, arguments, true);
  if (status == ZC_EXIT_FINE) {
    request->now = at ? at : zc_loop_now(session.loop);
    status = answer(&session, arguments, request, all);
  }
  zc_session_finish(&session);
  return status;
}

static int report(const zc_arguments *arguments) {
  zc_report_request request = {0};
  zc_error error;
  zc_time at = 0;
  bool all;
  int status = find_query(arguments->operands[0], &request.query, &all);
  if (status != ZC_EXIT_FINE) return status;
  status = check_switches(arguments, arguments->operands[0],
                          all ? all_switches : queries[request.query].switches);
  if (status == ZC_EXIT_FINE)
    status = take_operand(arguments, queries[request.query].operand, &request);
  if (status == ZC_EXIT_FINE) status = read_switches(arguments, &request);
  if (status != ZC_EXIT_FINE) return status;
  if (all && zc_arguments_has(arguments, "csv"))
    return zc_cli_usage("report: --csv is one table: ask for one query");
  if (zc_arguments_time(arguments, "at", &at, &error) != ZC_OK)
    return zc_cli_usage("report: %s", error.text);
  return with_session(arguments, &request, all, at);
}

static const zc_switch switches[] = {
    ZC_SWITCH_CONFIG,
    {"sink", 0, "NAME", "read this sink (default: the first that can be read)"},
    {"days", 'd', "N", "so many days back"},
    {"by", 0, "day|week", "trends: the step (default: day)"},
    {"period", 0, "KEY", "leaderboard: 2025-12-14, 2025-W50 or 2025-12 (default: now's)"},
    {"teams", 0, NULL, "leaderboard: of teams"},
    {"limit", 0, "N", "lists: at most so many rows (default: 20)"},
    {"at", 0, "TIME", "as of then"},
    ZC_SWITCH_JSON,
    {"csv", 0, NULL, "print the main table as CSV"},
    {"html", 0, "FILE", "write a page with charts (-: to stdout)"},
    ZC_SWITCH_HELP,
};

const zc_command zc_command_report = {
    .name = "report",
    .operands = "QUERY [ARGUMENT]",
    .summary = "what was run, emitted and saved; when and where it is clean",
    .details = "queries:\n"
               "  performance PIPELINE        success, emissions and savings by day\n"
               "  trends PIPELINE             savings over time, planned beside realised\n"
               "  optimal-times [REGION|all]  mean intensity by hour of day and day of week\n"
               "  regions                     regions compared\n"
               "  monthly [YYYY-MM]           a month: totals, teams, pipelines, regions\n"
               "  recommend [PIPELINE]        now against history and forecast\n"
               "  leaderboard [daily|weekly|monthly]\n"
               "  runs PIPELINE, failed [STATUS], savings, optimal-regions\n"
               "  all [YYYY-MM]               monthly, leaderboards, regions, times, runs\n",
    .min_operands = 1,
    .max_operands = 2,
    .switches = switches,
    .n_switches = sizeof switches / sizeof *switches,
    .run = report,
};
