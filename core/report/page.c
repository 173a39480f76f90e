#include "core/report/page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"
#include "core/report/markup.h"
#include "core/report/page_parts.h"

#define TITLE_SIZE 160

static const struct {
  zc_report_query query;
  const char *title; /* of the section */
  zc_page_writer write;
} sections[] = {
    {ZC_REPORT_MONTHLY, "The month at a glance", zc_page_monthly},
    {ZC_REPORT_PERFORMANCE, "Performance of a pipeline", zc_page_performance},
    {ZC_REPORT_TRENDS, "Savings over time", zc_page_trends},
    {ZC_REPORT_OPTIMAL_TIMES, "The best times to run", zc_page_optimal_times},
    {ZC_REPORT_REGIONS, "Regions compared", zc_page_regions},
    {ZC_REPORT_RECOMMEND, "Where and when to run now", zc_page_recommend},
    {ZC_REPORT_LEADERBOARD, "Who saved most", zc_page_leaderboard},
    {ZC_REPORT_RUNS, "Runs", zc_page_runs},
    {ZC_REPORT_FAILED, "Runs that failed", zc_page_runs},
    {ZC_REPORT_SAVINGS, "The greatest planned savings", zc_page_runs},
    {ZC_REPORT_OPTIMAL_REGIONS, "Where runs were sent", zc_page_optimal_regions},
};
#define SECTIONS (sizeof sections / sizeof *sections)

static size_t section_of(zc_report_query query) {
  for (size_t i = 0; i < SECTIONS; i++) {
    if (sections[i].query == query) return i;
  }
  return SECTIONS;
}

/* ---- titles ---- */

/* "The best times to run", and of which pipeline or month. */
static void title_section(const zc_json *document, zc_report_query query, char text[TITLE_SIZE]) {
  const char *title = sections[section_of(query)].title;
  const char *pipeline = zc_page_text(document, "pipeline");
  if (query == ZC_REPORT_LEADERBOARD) {
    snprintf(text, TITLE_SIZE, "%s: %ss, %s", title, zc_page_text(document, "kind"),
             zc_page_text(document, "key"));
  } else {
    snprintf(text, TITLE_SIZE, "%s%s%s", title, *pipeline ? ": " : "", pipeline);
  }
}

static void title_page(const zc_page *page, const zc_report_documents *documents,
                       char text[TITLE_SIZE]) {
  char month[ZC_PAGE_DATE_SIZE];
  if (documents->items[0].query == ZC_REPORT_MONTHLY) {
    zc_page_month(zc_page_text(page->documents[0], "month"), month);
    snprintf(text, TITLE_SIZE, "Carbon report, %s", month);
  } else if (documents->n == 1) {
    title_section(page->documents[0], documents->items[0].query, text);
  } else {
    zc_copy_text(text, TITLE_SIZE, "Carbon report");
  }
}

/* ---- the page ---- */

static void write_head(zc_page *page, const char *title) {
  zc_buffer_text(page->to,
                 "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                 "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                 "style-src 'unsafe-inline'\">\n"
                 "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                 "<meta name=\"color-scheme\" content=\"light dark\">\n"
                 "<meta name=\"referrer\" content=\"no-referrer\">\n"
                 "<meta name=\"generator\" content=\"zerocarb " ZC_VERSION "\">\n");
  zc_page_element(page, "title", title);
  zc_page_style_write(page->to);
  zc_buffer_text(page->to, "</head>\n<body>\n");
  zc_chart_patterns_write(page->to);
}

static void write_begin(zc_page *page, const char *title) {
  char span[ZC_PAGE_SPAN_SIZE], made[ZC_PAGE_DATE_SIZE] = "";
  zc_time at;
  zc_page_span(page->documents[0], span);
  if (zc_page_time(page->documents[0], "generated_at", &at)) zc_page_date(at, made);
  zc_buffer_text(page->to, "<header>\n");
  zc_page_element(page, "h1", title);
  zc_buffer_text(page->to, "<p class=\"about\">");
  if (*span) zc_buffer_printf(page->to, "%s. ", span);
  zc_buffer_printf(page->to, "Made on %s. All days and hours are UTC.</p>\n</header>\n", made);
}

static void write_contents(zc_page *page, const zc_report_documents *documents) {
  if (documents->n < 2) return;
  zc_buffer_text(page->to, "<nav aria-label=\"Contents\"><ol>\n");
  for (size_t i = 0; i < documents->n; i++) {
    char title[TITLE_SIZE];
    title_section(page->documents[i], documents->items[i].query, title);
    zc_buffer_printf(page->to, "<li><a href=\"#s%zu\">", i + 1);
    zc_markup_text(page->to, title);
    zc_buffer_text(page->to, "</a></li>\n");
  }
  zc_buffer_text(page->to, "<li><a href=\"#foot\">Method, sources, data quality</a></li>\n"
                           "</ol></nav>\n");
}

static void write_section(zc_page *page, zc_report_query query, size_t i, bool alone) {
  char title[TITLE_SIZE], span[ZC_PAGE_SPAN_SIZE];
  page->document = page->documents[i];
  page->section = i + 1;
  zc_buffer_printf(page->to, "<section id=\"s%zu\">\n", i + 1);
  if (!alone) {
    title_section(page->document, query, title);
    zc_page_element(page, "h2", title);
    zc_page_span(page->document, span);
    if (i > 0 && *span) zc_buffer_printf(page->to, "<p class=\"about\">%s</p>\n", span);
  }
  sections[section_of(query)].write(page);
  zc_buffer_text(page->to, "</section>\n");
}

static void write_page(zc_page *page, const zc_report_documents *documents) {
  char title[TITLE_SIZE];
  title_page(page, documents, title);
  write_head(page, title);
  write_begin(page, title);
  write_contents(page, documents);
  zc_buffer_text(page->to, "<main>\n");
  for (size_t i = 0; i < documents->n; i++)
    write_section(page, documents->items[i].query, i, documents->n == 1);
  zc_buffer_text(page->to, "</main>\n");
  zc_page_foot_write(page);
  zc_buffer_text(page->to, "</body>\n</html>\n");
}

static int parse_documents(zc_page *page, zc_json *parsed[], const zc_report_documents *documents,
                           zc_error *error) {
  for (size_t i = 0; i < documents->n; i++) {
    const zc_report_document *item = &documents->items[i];
    int status = zc_json_parse(item->text, item->length, &parsed[i]);
    if (status == ZC_EDATA)
      return zc_error_set(error, status, "the %s report is too large for a page: use --csv",
                          zc_report_name(item->query));
    if (status != ZC_OK) return zc_error_set(error, status, "%s", zc_status_text(status));
    page->documents[i] = parsed[i];
    page->n_documents = i + 1;
  }
  return ZC_OK;
}

static int finish_page(const zc_buffer *to, zc_error *error) {
  if (to->status == ZC_EDATA)
    return zc_error_set(error, ZC_EDATA, "the page would be over %zu MiB: ask for fewer reports",
                        ZC_PAGE_MAX >> 20);
  return to->status == ZC_OK ? ZC_OK : zc_error_set(error, to->status, "no memory");
}

int zc_page_write(zc_buffer *to, const zc_report_documents *documents, zc_error *error) {
  zc_json *parsed[ZC_REPORT_DOCUMENTS] = {0};
  if (documents->n == 0) return zc_error_set(error, ZC_EINVAL, "no report to write a page of");
  zc_page *page = calloc(1, sizeof *page);
  if (!page) return zc_error_set(error, ZC_ENOMEM, "no memory");
  page->to = to;
  int status = parse_documents(page, parsed, documents, error);
  if (status == ZC_OK) {
    write_page(page, documents);
    status = finish_page(to, error);
  }
  for (size_t i = 0; i < documents->n; i++)
    zc_json_free(parsed[i]);
  free(page);
  return status;
}
