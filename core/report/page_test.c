/* The page as text: well formed, self-contained, harmless, and true to its documents. */
#include "core/report/page.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zerocarb/plugin.h>

#include "core/report/page_parts.h"

#define DEPTH_MAX 64
#define NAME_MAX_ 32

static const char *const monthly =
    "{\"report\":\"monthly\",\"generated_at\":\"2025-12-04T06:30:00Z\","
    "\"from\":\"2025-12-01T00:00:00Z\",\"to\":\"2026-01-01T00:00:00Z\",\"month\":\"2025-12\","
    "\"complete\":false,\"headline\":[\"Saved <b>12</b> g & more.\"],"
    "\"totals\":{\"runs\":1234,\"ran\":1200,\"success_rate\":0.8,\"emissions_g\":4830,\"savings_"
    "g\":602.34,"
    "\"savings_percent\":11.09,\"location_emissions_g\":5260,\"unknown_runs\":60,\"defer\":3,"
    "\"relocate\":2},"
    "\"previous\":{\"month\":\"2025-11\",\"savings_g\":450.5},"
    "\"by_day\":[{\"date\":\"2025-12-01\",\"runs\":5,\"savings_g\":2.5,\"planned_savings_g\":3,"
    "\"realised_runs\":5,\"run_now\":3,\"defer\":1,\"relocate\":1},"
    "{\"date\":\"2025-12-03\",\"runs\":5,\"savings_g\":4,\"planned_savings_g\":4,"
    "\"realised_runs\":0,\"run_now\":3,\"defer\":1,\"relocate\":1}],"
    "\"pipelines\":[{\"pipeline\":\"<script>alert(1)</script>\",\"team\":\"a\\\"b\",\"runs\":5,"
    "\"savings_g\":2.5},{\"pipeline\":\"x' onload='alert(2)\",\"runs\":5,\"savings_g\":1}],"
    "\"insights\":[\"</style><img src=x onerror=alert(3)>\"],"
    "\"data_quality\":{\"rows\":1200,\"realised_runs\":1000,\"hours_with_insights\":70,"
    "\"hours_expected\":78},"
    "\"method\":[\"Savings are against starting at once.\"],"
    "\"sources\":[{\"name\":\"uk_grid\",\"plugin\":\"uk_grid_eso\","
    "\"attribution\":\"Data: CC BY 4.0, https://example.org\"}]}";

static void page_of(zc_buffer *to, zc_report_query query, const char *text) {
  zc_report_documents documents = {.n = 1};
  zc_error error = {0};
  documents.items[0] = (zc_report_document){query, (char *)(uintptr_t)text, strlen(text)};
  zc_buffer_init(to, ZC_PAGE_MAX);
  assert_int_equal(zc_page_write(to, &documents, &error), ZC_OK);
}

static void assert_has(const zc_buffer *page, const char *wanted) {
  if (!strstr(page->data, wanted)) fail_msg("the page has no '%s'", wanted);
}

static void assert_lacks(const zc_buffer *page, const char *unwanted) {
  if (strstr(page->data, unwanted)) fail_msg("the page has '%s'", unwanted);
}

static size_t count(const zc_buffer *page, const char *text) {
  size_t n = 0;
  for (const char *at = strstr(page->data, text); at; at = strstr(at + 1, text))
    n++;
  return n;
}

/* Every element that is opened is closed, in order; attributes are quoted. */
static void assert_well_formed(const zc_buffer *page) {
  char names[DEPTH_MAX][NAME_MAX_];
  size_t depth = 0;
  for (const char *at = strchr(page->data, '<'); at; at = strchr(at, '<')) {
    const char *end = strchr(at, '>');
    char name[NAME_MAX_];
    assert_non_null(end);
    bool closes = at[1] == '/';
    const char *from = at + 1 + (closes ? 1 : 0);
    size_t n = strcspn(from, " />\n");
    assert_true(n < NAME_MAX_);
    memcpy(name, from, n);
    name[n] = '\0';
    at = end;
    if (name[0] == '!' || strcmp(name, "meta") == 0 || end[-1] == '/') continue;
    if (closes) {
      assert_true(depth > 0);
      assert_string_equal(names[--depth], name);
    } else {
      assert_true(depth < DEPTH_MAX);
      strcpy(names[depth++], name);
    }
  }
  assert_int_equal(depth, 0);
}

static void the_month_is_told(void **state) {
  (void)state;
  zc_buffer page;
  page_of(&page, ZC_REPORT_MONTHLY, monthly);
  assert_well_formed(&page);
  assert_has(&page, "<h1>Carbon report, December 2025</h1>");
  assert_has(&page, "1 December 2025 to 31 December 2025. Made on 4 December 2025, 06:30.");
  assert_has(&page, "The month is not over: figures so far.");
  assert_has(&page,
             "<dd>602\xC2\xA0g</dd><dd class=\"note\">all of November 2025: 451\xC2\xA0g</dd>");
  assert_has(&page, "<dt>Runs</dt><dd>1,234</dd>");
  assert_has(&page, "1,200 took place; 80.0\xC2\xA0% of those that succeeded or failed succeeded");
  assert_has(&page, "<dd>5</dd><dd class=\"note\">3 put off, 2 moved</dd>");
  assert_has(&page, "the savings of 1,000 of the 1,200 runs that took place");
  assert_has(&page, "those of 140 are as planned.");
  assert_has(&page, "Of 60 of the runs that took place nothing is known of the emissions");
  assert_has(&page, "has contracted, 5.26\xC2\xA0kg were emitted.");
  assert_has(&page, "known for 70 of 78 hours");
  zc_buffer_finish(&page);
}

static void a_day_without_runs_is_a_gap_and_days_to_come_are_not_drawn(void **state) {
  (void)state;
  zc_buffer page;
  page_of(&page, ZC_REPORT_MONTHLY, monthly);
  /* 1 to 4 December, twice: savings and decisions; the 2nd and the 4th have no runs */
  assert_int_equal(count(&page, "<rect class=\"gap\" x="), 4);
  assert_has(&page, "<title>2 Dec: no runs</title>");
  assert_lacks(&page, "5 Dec");
  assert_has(&page, "<title>1 Dec, saved, realised: 2.5</title>");
  assert_has(&page, "<title>3 Dec, saved, as planned: not realised yet: 4.0</title>");
  zc_buffer_finish(&page);
}

static void foreign_text_is_harmless(void **state) {
  (void)state;
  zc_buffer page;
  page_of(&page, ZC_REPORT_MONTHLY, monthly);
  assert_lacks(&page, "<script");
  assert_lacks(&page, "<img");
  assert_lacks(&page, "' onload");
  assert_int_equal(count(&page, "</style>"), 1);
  assert_has(&page, "&lt;script&gt;alert(1)&lt;/script&gt;");
  assert_has(&page, "a&quot;b");
  zc_buffer_finish(&page);
}

static void the_page_asks_for_nothing(void **state) {
  (void)state;
  zc_buffer page;
  page_of(&page, ZC_REPORT_MONTHLY, monthly);
  assert_has(&page, "content=\"default-src 'none'; style-src 'unsafe-inline'\"");
  assert_lacks(&page, "src=\"");
  assert_lacks(&page, "@import");
  assert_lacks(&page, "<link");
  assert_int_equal(count(&page, "url("), count(&page, "url(#"));
  assert_int_equal(count(&page, "href="), count(&page, "href=\"#"));
  zc_buffer_finish(&page);
}

static void the_foot_tells_method_sources_and_quality(void **state) {
  (void)state;
  zc_buffer page;
  page_of(&page, ZC_REPORT_MONTHLY, monthly);
  assert_has(&page, "<li>Savings are against starting at once.</li>");
  assert_has(&page, "Data: CC BY 4.0, https://example.org");
  assert_has(&page, "hours with insights: 70");
  zc_buffer_finish(&page);
}

static void several_reports_have_contents_and_one_foot(void **state) {
  (void)state;
  static const char *const board =
      "{\"report\":\"leaderboard\",\"kind\":\"team\",\"key\":\"2025-12\",\"rows\":["
      "{\"identifier\":\"a\",\"savings_g\":2,\"achievements\":[\"carbon_saver_bronze\"]}],"
      "\"method\":[\"Savings are against starting at once.\"],"
      "\"sources\":[{\"name\":\"uk_grid\",\"plugin\":\"uk_grid_eso\"}]}";
  zc_report_documents documents = {.n = 2};
  zc_error error = {0};
  zc_buffer page;
  documents.items[0] =
      (zc_report_document){ZC_REPORT_MONTHLY, (char *)(uintptr_t)monthly, strlen(monthly)};
  documents.items[1] =
      (zc_report_document){ZC_REPORT_LEADERBOARD, (char *)(uintptr_t)board, strlen(board)};
  zc_buffer_init(&page, ZC_PAGE_MAX);
  assert_int_equal(zc_page_write(&page, &documents, &error), ZC_OK);
  assert_well_formed(&page);
  assert_has(&page, "<a href=\"#s2\">Who saved most: teams, 2025-12</a>");
  assert_has(&page, "carbon saver bronze");
  assert_int_equal(count(&page, "<li>Savings are against starting at once.</li>"), 1);
  assert_int_equal(count(&page, "<th scope=\"row\">uk_grid</th>"), 1);
  zc_buffer_finish(&page);
}

static void a_document_of_any_shape_gives_a_well_formed_page(void **state) {
  (void)state;
  static const char *const shapes[] = {
      "{}",
      "[]",
      "null",
      "{\"from\":\"2025-12-01T00:00:00Z\",\"to\":\"2025-12-01T00:00:00Z\",\"by_day\":[],"
      "\"points\":[{}],\"runs\":[{}],\"rows\":[{}],\"regions\":[{}],\"pipelines\":[{}]}",
      "{\"from\":7,\"to\":[],\"month\":\"<b>\",\"by_day\":{\"a\":1},\"points\":\"x\",\"runs\":[1,"
      "null],"
      "\"rows\":[[]],\"regions\":[null,{\"region\":7,\"week\":{\"mean_intensity\":[1,[null]]}}]}",
      "{\"from\":\"0001-01-01T00:00:00Z\",\"to\":\"9999-12-31T00:00:00Z\","
      "\"by_day\":[{\"date\":\"9999-12-30\",\"savings_g\":1e300,\"run_now\":-4,\"regions\":["
      "{\"region\":\"a\",\"mean_intensity\":1},{\"region\":\"b\",\"mean_intensity\":2}],\"hours\":"
      "24}],"
      "\"regions\":[{\"region\":\"a\"},{\"region\":\"b\"}],"
      "\"points\":[{\"date\":\"1999-01-01\"}],\"runs\":[{\"requested_at\":\"x\",\"message\":7}]}",
  };
  for (int query = 0; query < ZC_REPORT_QUERIES; query++) {
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
      zc_buffer page;
      page_of(&page, (zc_report_query)query, shapes[i]);
      assert_well_formed(&page);
      zc_buffer_finish(&page);
    }
  }
}

static void what_cannot_be_written_is_said(void **state) {
  (void)state;
  zc_report_documents documents = {.n = 0};
  zc_error error = {0};
  zc_buffer page;
  zc_buffer_init(&page, ZC_PAGE_MAX);
  assert_int_equal(zc_page_write(&page, &documents, &error), ZC_EINVAL);
  documents.n = 1;
  documents.items[0] = (zc_report_document){ZC_REPORT_MONTHLY, (char *)(uintptr_t) "{", 1};
  assert_int_equal(zc_page_write(&page, &documents, &error), ZC_EDATA);
  assert_non_null(strstr(error.text, "monthly"));
  zc_buffer_finish(&page);
  documents.items[0] =
      (zc_report_document){ZC_REPORT_MONTHLY, (char *)(uintptr_t)monthly, strlen(monthly)};
  zc_buffer_init(&page, 9000);
  assert_int_equal(zc_page_write(&page, &documents, &error), ZC_EDATA);
  assert_int_equal(page.length, 0);
  zc_buffer_finish(&page);
}

static void regions_are_ranked_by_day(void **state) {
  (void)state;
  static const char *const text =
      "{\"from\":\"2025-12-01T00:00:00Z\",\"to\":\"2025-12-04T00:00:00Z\",\"by_day\":["
      "{\"date\":\"2025-12-01\",\"hours\":24,\"regions\":[{\"region\":\"north\",\"mean_intensity\":"
      "16},"
      "{\"region\":\"west\",\"mean_intensity\":30}]},"
      "{\"date\":\"2025-12-03\",\"hours\":24,\"regions\":[{\"region\":\"west\",\"mean_intensity\":"
      "16},"
      "{\"region\":\"north\",\"mean_intensity\":30}]}],"
      "\"regions\":[{\"region\":\"north\",\"mean_intensity\":23},{\"region\":\"west\"}]}";
  zc_buffer page;
  page_of(&page, ZC_REPORT_REGIONS, text);
  assert_has(&page, "<title>1 Dec, north: 1</title>");
  assert_has(&page, "<title>1 Dec, west: 2</title>");
  assert_has(&page, "<title>3 Dec, north: 2</title>");
  assert_has(&page, "<title>3 Dec, west: 1</title>");
  assert_lacks(&page, "<title>2 Dec");
  zc_buffer_finish(&page);
}

static void days_taken_together_are_ranked_by_their_mean(void **state) {
  (void)state;
  /* 62 days: two a column. North is 10 and 40, west 20 and 20 with three times the hours. */
  static const char *const text =
      "{\"from\":\"2025-11-01T00:00:00Z\",\"to\":\"2026-01-01T00:00:00Z\",\"by_day\":["
      "{\"date\":\"2025-11-01\",\"hours\":24,\"regions\":[{\"region\":\"north\",\"mean_intensity\":"
      "10},"
      "{\"region\":\"west\",\"mean_intensity\":20}]},"
      "{\"date\":\"2025-11-02\",\"hours\":12,\"regions\":[{\"region\":\"north\",\"mean_intensity\":"
      "50},"
      "{\"region\":\"west\",\"mean_intensity\":20}]}],"
      "\"regions\":[{\"region\":\"north\"},{\"region\":\"west\"}]}";
  zc_buffer page;
  page_of(&page, ZC_REPORT_REGIONS, text);
  assert_has(&page, "<title>1 Nov, north: 2</title>"); /* 23.3 */
  assert_has(&page, "<title>1 Nov, west: 1</title>");
  assert_has(&page, "of the days taken together");
  zc_buffer_finish(&page);
}

static void weeks_begin_on_monday(void **state) {
  (void)state;
  static const char *const text =
      "{\"by\":\"week\",\"from\":\"2025-12-03T10:00:00Z\",\"to\":\"2025-12-16T00:00:00Z\","
      "\"points\":[{\"date\":\"2025-12-01\",\"week\":\"2025-W49\",\"savings_g\":4,"
      "\"planned_savings_g\":5,\"realised_runs\":1},{\"date\":\"2025-12-15\",\"savings_g\":1,"
      "\"planned_savings_g\":2,\"realised_runs\":1}]}";
  zc_buffer page;
  page_of(&page, ZC_REPORT_TRENDS, text);
  assert_has(&page, "<title>1 Dec, saved, realised: 4.0</title>");
  assert_has(&page, "<title>8 Dec: no runs</title>");
  assert_has(&page, "<title>15 Dec, planned: 2.0</title>");
  zc_buffer_finish(&page);
}

/* In its second week there were runs of which nothing is known. */
static void a_time_whose_savings_are_unknown_is_not_called_one_without_runs(void **state) {
  (void)state;
  static const char *const text =
      "{\"by\":\"week\",\"from\":\"2025-12-01T00:00:00Z\",\"to\":\"2025-12-15T00:00:00Z\","
      "\"points\":[{\"date\":\"2025-12-01\",\"runs\":1,\"ran\":1,\"savings_g\":4,"
      "\"planned_savings_g\":5,\"realised_runs\":1},{\"date\":\"2025-12-08\",\"runs\":3,"
      "\"ran\":2,\"realised_runs\":0,\"unknown_runs\":2,\"run_now\":3}]}";
  zc_buffer page;
  page_of(&page, ZC_REPORT_TRENDS, text);
  assert_has(&page, "<title>8 Dec: no runs, or nothing known</title>");
  zc_buffer_finish(&page);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_month_is_told),
      cmocka_unit_test(a_day_without_runs_is_a_gap_and_days_to_come_are_not_drawn),
      cmocka_unit_test(foreign_text_is_harmless),
      cmocka_unit_test(the_page_asks_for_nothing),
      cmocka_unit_test(the_foot_tells_method_sources_and_quality),
      cmocka_unit_test(several_reports_have_contents_and_one_foot),
      cmocka_unit_test(a_document_of_any_shape_gives_a_well_formed_page),
      cmocka_unit_test(what_cannot_be_written_is_said),
      cmocka_unit_test(regions_are_ranked_by_day),
      cmocka_unit_test(days_taken_together_are_ranked_by_their_mean),
      cmocka_unit_test(weeks_begin_on_monday),
      cmocka_unit_test(a_time_whose_savings_are_unknown_is_not_called_one_without_runs),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
