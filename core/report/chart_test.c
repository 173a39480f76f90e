/* Values to coordinates: what is drawn is read back and compared with what it stands for. */
#include "core/report/chart.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zerocarb/plugin.h>

#include "core/report/markup.h"

#define TEXT_MAX ((size_t)1 << 20)
#define EXACT    0.011 /* places have two decimals */

/* The n-th element (from 0) whose tag begins like this; NULL where there is none. */
static const char *nth(const char *svg, const char *tag, size_t n) {
  const char *found = strstr(svg, tag);
  while (found && n-- > 0)
    found = strstr(found + 1, tag);
  return found;
}

static size_t count(const char *svg, const char *tag) {
  size_t n = 0;
  while (nth(svg, tag, n))
    n++;
  return n;
}

static double attribute(const char *element, const char *name) {
  char wanted[32];
  snprintf(wanted, sizeof wanted, " %s=\"", name);
  assert_non_null(element);
  const char *found = strstr(element, wanted);
  assert_non_null(found);
  return strtod(found + strlen(wanted), NULL);
}

static void assert_near(double found, double wanted) {
  if (fabs(found - wanted) > EXACT) fail_msg("found %f, wanted %f", found, wanted);
}

static void ticks_are(double low, double high, size_t most, const char *wanted) {
  char text[256] = "";
  zc_ticks ticks = zc_ticks_around(low, high, most);
  assert_true(ticks.n >= 2 && ticks.n <= most);
  for (size_t i = 0; i < ticks.n; i++) {
    char figure[ZC_FIGURE_SIZE];
    zc_figure(zc_tick(&ticks, i), ticks.decimals, figure);
    snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i ? " " : "", figure);
  }
  assert_string_equal(text, wanted);
}

static void ticks_are_round_and_span_the_values(void **state) {
  (void)state;
  ticks_are(0, 97, 6, "0 20 40 60 80 100");
  ticks_are(0, 100, 6, "0 20 40 60 80 100");
  ticks_are(0, 101, 6, "0 50 100 150");
  ticks_are(16, 257, 8, "0 50 100 150 200 250 300");
  ticks_are(-3, 11, 6,
            "\xE2\x88\x92"
            "5 0 5 10 15");
  ticks_are(0, 0.034, 6, "0.00 0.01 0.02 0.03 0.04");
  ticks_are(0, 7300, 6, "0 2,000 4,000 6,000 8,000");
  ticks_are(0, 0, 6, "0 1");
  ticks_are(NAN, NAN, 6, "0 1");
}

static void ticks_span_any_values_with_few_steps(void **state) {
  (void)state;
  srand(7);
  for (int i = 0; i < 20000; i++) {
    double low = (rand() % 2000 - 1000) * pow(10, rand() % 8 - 4);
    double high = low + (rand() % 5000) * pow(10, rand() % 8 - 4);
    size_t most = (size_t)(rand() % 9) + 3;
    zc_ticks ticks = zc_ticks_around(low, high, most);
    assert_true(ticks.n >= 2 && ticks.n <= most);
    assert_true(zc_tick(&ticks, 0) <= low + ticks.step * 1e-6);
    assert_true(zc_tick(&ticks, ticks.n - 1) >= high - ticks.step * 1e-6);
  }
}

static void figures_are_as_people_read_them(void **state) {
  (void)state;
  static const struct {
    double value;
    int decimals;
    const char *wanted;
  } cases[] = {
      {0, 0, "0"},
      {-0.0, 1, "0.0"},
      {-0.04, 1, "0.0"},
      {1234567.891, 2, "1,234,567.89"},
      {999, 0, "999"},
      {1000, 0, "1,000"},
      {34.15, 1, "34.2"}, /* a double is 34.149999… */
      {-1000.5, 1,
       "\xE2\x88\x92"
       "1,000.5"},
      {NAN, 1, "\xE2\x80\x93"},
      {INFINITY, 0, "\xE2\x80\x93"},
      {1e300, 0, "1.000e+300"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char text[ZC_FIGURE_SIZE];
    zc_figure(cases[i].value, cases[i].decimals, text);
    assert_string_equal(text, cases[i].wanted);
  }
}

static void masses_take_the_unit_that_fits(void **state) {
  (void)state;
  static const struct {
    double grams;
    const char *wanted;
  } cases[] = {
      {0, "0.00\xC2\xA0g"},
      {3.5913, "3.59\xC2\xA0g"},
      {17.96, "18.0\xC2\xA0g"},
      {450.5, "451\xC2\xA0g"},
      {999.4, "999\xC2\xA0g"},
      {999.6, "1.00\xC2\xA0kg"},
      {12345, "12.3\xC2\xA0kg"},
      {2.5e6, "2.50\xC2\xA0t"},
      {-1500, "\xE2\x88\x92"
              "1.50\xC2\xA0kg"},
      {NAN, "\xE2\x80\x93"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char text[ZC_FIGURE_SIZE];
    zc_figure_grams(cases[i].grams, text);
    assert_string_equal(text, cases[i].wanted);
  }
}

static void foreign_text_stays_text(void **state) {
  (void)state;
  zc_buffer to;
  zc_buffer_init(&to, TEXT_MAX);
  zc_markup_text(&to,
                 "<script>alert(\"1\")</script>&'\x01\x1B[0m\xFF\xE2\x80\xAE\xEF\xBF\xBE\xC3\xA9");
  assert_string_equal(to.data, "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;"
                               "\xEF\xBF\xBD\xEF\xBF\xBD[0m\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"
                               "\xC3\xA9");
  zc_buffer_clear(&to);
  zc_markup_text(&to, NULL);
  assert_int_equal(to.length, 0);
  zc_buffer_finish(&to);
}

static const char *const four[] = {"1 Dec", "2 Dec", "3 Dec", "4 Dec"};

static void a_bar_is_as_high_as_its_value(void **state) {
  (void)state;
  static const double values[] = {10, -5, NAN, 20};
  const zc_chart_series series = {"saved", ZC_LOOK_PLAIN, values};
  const zc_columns_chart chart = {{"a", "Saved", "g per day", "no runs"}, four, 4, &series, 1};
  zc_buffer to;
  zc_buffer_init(&to, TEXT_MAX);
  zc_columns_chart_write(&to, &chart);
  assert_int_equal(count(to.data, "<rect class=\"bar plain\""), 3);
  const char *ten = nth(to.data, "<rect class=\"bar plain\"", 0);
  const char *minus = nth(to.data, "<rect class=\"bar plain\"", 1);
  const char *twenty = nth(to.data, "<rect class=\"bar plain\"", 2);
  double zero = attribute(nth(to.data, "<line class=\"axis\"", 0), "y1");
  assert_near(attribute(ten, "y") + attribute(ten, "height"), zero);
  assert_near(attribute(minus, "y"), zero);
  assert_near(attribute(minus, "height") * 2, attribute(ten, "height"));
  assert_near(attribute(twenty, "height"), attribute(ten, "height") * 2);
  assert_int_equal(count(to.data, "<rect class=\"gap\""), 1);
  assert_non_null(strstr(to.data, "<title>3 Dec: no runs</title>"));
  assert_non_null(strstr(to.data, "lowest \xE2\x88\x92"
                                  "5.0 (2 Dec), highest 20.0 (4 Dec)"));
  zc_buffer_finish(&to);
}

static void bars_of_a_column_stand_upon_each_other(void **state) {
  (void)state;
  static const double now[] = {3, 0, 1, 2}, later[] = {1, 2, 1, 0}, elsewhere[] = {0, 0, 2, 1};
  const zc_chart_series series[] = {{"at once", ZC_LOOK_PLAIN, now},
                                    {"put off", ZC_LOOK_STRIPE, later},
                                    {"moved", ZC_LOOK_DOT, elsewhere}};
  const zc_columns_chart chart = {{"a", "Decisions", "runs", "no runs"}, four, 4, series, 3};
  zc_buffer to;
  zc_buffer_init(&to, TEXT_MAX);
  zc_columns_chart_write(&to, &chart);
  for (size_t i = 0; i < 4; i++) {
    const char *low = nth(to.data, "<rect class=\"bar plain\"", i);
    const char *middle = nth(to.data, "<rect class=\"bar stripe\"", i);
    const char *high = nth(to.data, "<rect class=\"bar dot\"", i);
    assert_near(attribute(middle, "y") + attribute(middle, "height"), attribute(low, "y"));
    assert_near(attribute(high, "y") + attribute(high, "height"), attribute(middle, "y"));
    assert_near(attribute(low, "x"), attribute(high, "x"));
  }
  zc_buffer_finish(&to);
}

static void a_line_breaks_where_nothing_is_known(void **state) {
  (void)state;
  static const double values[] = {10, 12, NAN, 8};
  const zc_chart_series series = {"planned", ZC_LOOK_LINE, values};
  const zc_columns_chart chart = {{"a", "Planned", "g", "no data"}, four, 4, &series, 1};
  zc_buffer to;
  zc_buffer_init(&to, TEXT_MAX);
  zc_columns_chart_write(&to, &chart);
  const char *path = nth(to.data, "<path class=\"line\"", 0);
  assert_non_null(path);
  const char *end = strstr(path, "/>");
  size_t moves = 0, lines = 0;
  for (const char *at = strstr(path, "d=\""); at < end; at++) {
    moves += *at == 'M' ? 1 : 0;
    lines += *at == 'L' ? 1 : 0;
  }
  assert_int_equal(moves, 2);
  assert_int_equal(lines, 1);
  assert_int_equal(count(to.data, "<circle class=\"mark\""), 3);
  assert_true(attribute(nth(to.data, "<circle", 1), "cy") <
              attribute(nth(to.data, "<circle", 0), "cy"));
  zc_buffer_finish(&to);
}

static void named_bars_are_as_long_as_their_values(void **state) {
  (void)state;
  static const char *const names[] = {"eu-north-1", "<b>", "eu-west-2"};
  static const double values[] = {40, 10, NAN};
  const zc_bars_chart chart = {{"a", "Emissions", "g", "no data"}, names, values, 3, 1};
  zc_buffer to;
  zc_buffer_init(&to, TEXT_MAX);
  zc_bars_chart_write(&to, &chart);
  assert_int_equal(count(to.data, "<rect class=\"bar plain\""), 2);
  const char *forty = nth(to.data, "<rect class=\"bar plain\"", 0);
  const char *ten = nth(to.data, "<rect class=\"bar plain\"", 1);
  assert_near(attribute(forty, "width"), 4 * attribute(ten, "width"));
  assert_near(attribute(forty, "x"), attribute(ten, "x"));
  assert_null(strstr(to.data, "<b>"));
  assert_non_null(strstr(to.data, "&lt;b&gt; 10.0"));
  assert_non_null(strstr(to.data, ">no data</text>"));
  zc_buffer_finish(&to);
}

static void a_little_below_zero_takes_little_room(void **state) {
  (void)state;
  static const char *const names[] = {"a", "b"};
  static const double values[] = {691.7, -0.03};
  const zc_bars_chart bars = {{"a", "Saved", "g", "no data"}, names, values, 2, 1};
  const zc_chart_series series = {"saved", ZC_LOOK_PLAIN, values};
  const zc_columns_chart columns = {{"a", "Saved", "g", "no data"}, four, 2, &series, 1};
  zc_buffer to;
  zc_buffer_init(&to, TEXT_MAX);
  zc_bars_chart_write(&to, &bars);
  const char *bar = nth(to.data, "<rect class=\"bar plain\"", 0);
  assert_true(attribute(bar, "width") > 300);
  assert_null(strstr(to.data, "\xE2\x88\x92"
                              "200")); /* no tick far below zero */
  zc_buffer_clear(&to);
  zc_columns_chart_write(&to, &columns);
  assert_true(attribute(nth(to.data, "<rect class=\"bar plain\"", 0), "height") > 140);
  assert_null(strstr(to.data, "\xE2\x88\x92"
                              "200"));
  zc_buffer_finish(&to);
}

static void heat_colours_rise_with_the_values(void **state) {
  (void)state;
  static const char *const rows[] = {"Mon"}, *const columns[] = {"0", "1", "2", "3"};
  static const double values[] = {16, NAN, 143, 257};
  const zc_heat_chart chart = {{"a", "Heat", "g", "no data"}, rows, columns, 1, 4, values, 1, NULL};
  zc_buffer to;
  zc_buffer_init(&to, TEXT_MAX);
  zc_heat_chart_write(&to, &chart);
  /* classes 0–50, 50–100, …, 250–300: six; the ends are the palette's ends */
  assert_int_equal(count(to.data, "<rect class=\"h0 best\""), 1);
  assert_int_equal(count(to.data, "<rect class=\"gap\""), 1);
  assert_int_equal(count(to.data, "<rect class=\"h2\""), 1);
  assert_int_equal(count(to.data, "<rect class=\"h6\""), 1);
  assert_non_null(strstr(to.data, ">143</text>"));
  assert_non_null(strstr(to.data, "Lowest 16.0 (Mon 0). Highest 257.0 (Mon 3)."));
  double step = attribute(nth(to.data, "<rect", 1), "x") - attribute(nth(to.data, "<rect", 0), "x");
  assert_near(attribute(nth(to.data, "<rect", 3), "x") - attribute(nth(to.data, "<rect", 2), "x"),
              step);
  zc_buffer_clear(&to);
  zc_heat_legend_write(&to, &chart);
  assert_non_null(strstr(to.data, ">0–50<"));
  assert_non_null(strstr(to.data, ">250–300<"));
  assert_non_null(strstr(to.data, "no data"));
  zc_buffer_finish(&to);
}

static void heat_of_equal_or_no_values_is_drawn(void **state) {
  (void)state;
  static const char *const rows[] = {"Mon"}, *const columns[] = {"0", "1"};
  static const double equal[] = {50, 50}, none[] = {NAN, NAN};
  zc_heat_chart chart = {{"a", "Heat", "g", "no data"}, rows, columns, 1, 2, equal, 3, NULL};
  zc_buffer to;
  zc_buffer_init(&to, TEXT_MAX);
  zc_heat_chart_write(&to, &chart);
  zc_heat_legend_write(&to, &chart);
  assert_int_equal(count(to.data, ">50</text>"), 2);
  zc_buffer_clear(&to);
  chart.values = none;
  zc_heat_chart_write(&to, &chart);
  assert_int_equal(count(to.data, "<rect class=\"gap\""), 2);
  zc_heat_legend_write(&to, &chart);
  assert_null(strstr(to.data, "class=\"h"));
  zc_buffer_finish(&to);
}

static void ranks_lie_in_rows_and_break_where_unknown(void **state) {
  (void)state;
  static const char *const names[] = {"eu-north-1", "eu-west-2"};
  static const double ranks[] = {1, 1, 2, 1, 2, 2, NAN, 2};
  const zc_ranks_chart chart = {{"a", "Ranks", "rank", "no data"}, four, 4, names, 2, ranks};
  zc_buffer to;
  zc_buffer_init(&to, TEXT_MAX);
  zc_ranks_chart_write(&to, &chart);
  assert_int_equal(count(to.data, "<circle class=\"rank-mark r0\""), 4);
  assert_int_equal(count(to.data, "<circle class=\"rank-mark r1\""), 3);
  double first = attribute(nth(to.data, "<circle class=\"rank-mark r0\"", 0), "cy");
  double second = attribute(nth(to.data, "<circle class=\"rank-mark r0\"", 2), "cy");
  assert_true(second > first);
  assert_near(attribute(nth(to.data, "<circle class=\"rank-mark r1\"", 0), "cy"), second);
  assert_non_null(strstr(to.data, "At the end: eu-north-1 1, eu-west-2 2."));
  zc_buffer_finish(&to);
}

static void charts_of_nothing_write_nothing(void **state) {
  (void)state;
  zc_buffer to;
  zc_buffer_init(&to, TEXT_MAX);
  zc_columns_chart_write(&to, &(zc_columns_chart){.n = 0});
  zc_bars_chart_write(&to, &(zc_bars_chart){.n = 0});
  zc_heat_chart_write(&to, &(zc_heat_chart){.n_rows = 0});
  zc_ranks_chart_write(&to, &(zc_ranks_chart){.n = 0});
  assert_int_equal(to.length, 0);
  assert_int_equal(to.status, 0);
  zc_buffer_finish(&to);
}

static void a_buffer_that_is_full_stays_failed(void **state) {
  (void)state;
  static const double values[] = {10, 12, 9, 8};
  const zc_chart_series series = {"planned", ZC_LOOK_LINE, values};
  const zc_columns_chart chart = {{"a", "Planned", "g", "no data"}, four, 4, &series, 1};
  for (size_t cap = 0; cap < 1000; cap += 7) {
    zc_buffer to;
    zc_buffer_init(&to, cap);
    zc_columns_chart_write(&to, &chart);
    assert_int_equal(to.status, ZC_EDATA);
    zc_buffer_finish(&to);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ticks_are_round_and_span_the_values),
      cmocka_unit_test(ticks_span_any_values_with_few_steps),
      cmocka_unit_test(figures_are_as_people_read_them),
      cmocka_unit_test(masses_take_the_unit_that_fits),
      cmocka_unit_test(foreign_text_stays_text),
      cmocka_unit_test(a_bar_is_as_high_as_its_value),
      cmocka_unit_test(bars_of_a_column_stand_upon_each_other),
      cmocka_unit_test(a_line_breaks_where_nothing_is_known),
      cmocka_unit_test(named_bars_are_as_long_as_their_values),
      cmocka_unit_test(a_little_below_zero_takes_little_room),
      cmocka_unit_test(heat_colours_rise_with_the_values),
      cmocka_unit_test(heat_of_equal_or_no_values_is_drawn),
      cmocka_unit_test(ranks_lie_in_rows_and_break_where_unknown),
      cmocka_unit_test(charts_of_nothing_write_nothing),
      cmocka_unit_test(a_buffer_that_is_full_stays_failed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
