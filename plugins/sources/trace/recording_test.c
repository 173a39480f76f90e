/* Bad and good recordings: what a person reads about the bad ones, to the letter. */
#include "recording.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "file.h"
#include "noise.h"
#include "row.h"
#include "tests/unit/source_host.h"

#define HEAD "timestamp,carbon_intensity\n"
#define ROW0 "2026-01-02T00:00:00Z,100\n"
#define ROW1 "2026-01-02T00:30:00Z,101\n"

static char why[512];

static int parse_bytes(const char *bytes, size_t length, const char *column, zc_recording *ret) {
  char *text = malloc(length + 1);
  assert_non_null(text);
  memcpy(text, bytes, length);
  text[length] = '\0';
  why[0] = '\0';
  int status = zc_recording_parse(source_host_services(), text, length, "t.csv", &column, 1, ret,
                                  why, sizeof why);
  free(text);
  return status;
}

static int parse(const char *text, zc_recording *ret) {
  return parse_bytes(text, strlen(text), "carbon_intensity", ret);
}

static void bad_recordings_name_line_and_reason(void **state) {
  (void)state;
  static const struct {
    const char *text, *why;
  } rows[] = {
      {"", "t.csv:1: the file has no header"},
      {"\n \n", "t.csv:2: the file has no header"},
      {"# only a remark\n", "t.csv:1: the file has no header"},
      {"zeit,carbon_intensity\n", "t.csv:1: the header does not begin with timestamp, or from,to"},
      {"from,carbon_intensity\n", "t.csv:1: after \"from\" the header must have \"to\""},
      {"from\n", "t.csv:1: after \"from\" the header must have \"to\""},
      {"timestamp\n",
       "t.csv:1: no column \"carbon_intensity\"; the first of those that are there is \"\""},
      {"# x\ntimestamp,GB,DE\n",
       "t.csv:2: no column \"carbon_intensity\"; the first of those that are there is \"GB\""},
      {"timestamp,carbon_intensity,carbon_intensity\n",
       "t.csv:1: column \"carbon_intensity\" stands twice"},
      {HEAD, "t.csv:1: the file has no rows"},
      {HEAD ROW0, "t.csv:2: one row alone does not tell when its slot ends"},
      {HEAD ROW0 ROW0, "t.csv:3: 2026-01-02T00:00:00Z stands twice"},
      {HEAD ROW1 ROW0, "t.csv:3: 2026-01-02T00:00:00Z is earlier than the row above it"},
      {HEAD ROW0 ROW1 "\n\n2026-01-02T00:15:00Z,1\n",
       "t.csv:6: 2026-01-02T00:15:00Z is earlier than the row above it"},
      {HEAD "2026-01-02T00:00:00+01:00,1\n",
       "t.csv:2: \"2026-01-02T00:00:00+01:00\" is not a time in UTC, such as 2026-01-02T03:00:00Z"},
      {HEAD "2026-01-02T00:00:00,1\n",
       "t.csv:2: \"2026-01-02T00:00:00\" is not a time in UTC, such as 2026-01-02T03:00:00Z"},
      {HEAD "2026-02-30T00:00:00Z,1\n",
       "t.csv:2: \"2026-02-30T00:00:00Z\" is not a time in UTC, such as 2026-01-02T03:00:00Z"},
      {HEAD ",1\n", "t.csv:2: \"\" is not a time in UTC, such as 2026-01-02T03:00:00Z"},
      {HEAD "2026-01-02T00:00:00Z\n", "t.csv:2: the line has 1 fields where the header has 2"},
      {HEAD "2026-01-02T00:00:00Z,1,2\n", "t.csv:2: the line has 3 fields where the header has 2"},
      {"from,to,carbon_intensity\n2026-01-02T00:00:00Z,2026-01-02T00:00:00Z,1\n",
       "t.csv:2: the slot from 2026-01-02T00:00:00Z ends before it begins"},
      {"from,to,carbon_intensity\n2026-01-02T00:00:00Z,2026-01-02T00:30:00Z,1\n"
       "2026-01-02T00:29:00Z,2026-01-02T01:00:00Z,1\n",
       "t.csv:3: 2026-01-02T00:29:00Z lies inside the slot above it"},
      {"from,to,carbon_intensity\n2026-01-02T00:00:00Z,soon,1\n",
       "t.csv:2: \"soon\" is not a time in UTC, such as 2026-01-02T03:00:00Z"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    zc_recording recording;
    assert_int_equal(parse(rows[i].text, &recording), ZC_EDATA);
    assert_string_equal(why, rows[i].why);
  }
}

static void what_is_no_number_is_refused(void **state) {
  (void)state;
  static const char *const values[] = {"NaN",  "nan", "inf",   "-1",    "-0",  "1e400", "0x10",
                                       "null", "1,2", "12abc", "\"1\"", "1 2", "--1",   "."};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    char text[256] = HEAD ROW0 "2026-01-02T00:30:00Z,";
    zc_recording recording;
    strcat(strcat(text, values[i]), "\n");
    assert_int_equal(parse(text, &recording), ZC_EDATA);
    assert_ptr_equal(strstr(why, "t.csv:3: "), why);
  }
}

/* The short way of reading a number gives the same double as the C library's, bit by bit. */
static void numbers_are_read_as_exactly_as_by_strtod(void **state) {
  (void)state;
  static const char *const texts[] = {"0",
                                      "0.0",
                                      "1.",
                                      "007",
                                      "93.71",
                                      "100.05",
                                      "0.1",
                                      "999999999999999",
                                      "353.3198751441949",
                                      "0.00000000000001",
                                      "1e2",
                                      "1.5E+2",
                                      "+5",
                                      ".5",
                                      "9007199254740993",
                                      "123456789012345.6"};
  double value;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    assert_int_equal(zc_trace_value(texts[i], &value), ZC_OK);
    assert_true(value == strtod(texts[i], NULL));
  }
  uint64_t random = 88172645463325252u; /* xorshift */
  for (int i = 0; i < 100000; i++) {
    char text[40];
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    snprintf(text, sizeof text, "%.*f", (int)(random % 14), (double)(random >> 20) * 1e-10);
    assert_int_equal(zc_trace_value(text, &value), ZC_OK);
    assert_true(value == strtod(text, NULL));
  }
}

static void hostile_bytes_are_refused(void **state) {
  (void)state;
  zc_recording recording;
  static const char nul[] = HEAD "2026-01-02T00:00:00Z\0,1\n";
  assert_int_equal(parse_bytes(nul, sizeof nul - 1, "carbon_intensity", &recording), ZC_EDATA);
  assert_string_equal(why, "t.csv:2: the line holds a NUL byte");
  size_t n = sizeof HEAD - 1 + ZC_TRACE_LINE_MAX + 1;
  char *text = malloc(n + 1);
  assert_non_null(text);
  memset(text, 'x', n);
  text[n] = '\0';
  memcpy(text, HEAD, sizeof HEAD - 1);
  assert_int_equal(parse_bytes(text, n, "carbon_intensity", &recording), ZC_EDATA);
  assert_string_equal(why, "t.csv:2: the line is longer than 16384 bytes");
  memset(text, ',', ZC_TRACE_FIELDS_MAX);
  assert_int_equal(parse_bytes(text, ZC_TRACE_FIELDS_MAX, "c", &recording), ZC_EDATA);
  assert_string_equal(why, "t.csv:1: the header has more than 512 fields");
  free(text);
}

static void good_recordings_are_read(void **state) {
  (void)state;
  zc_recording r;
  assert_int_equal(parse("\xef\xbb\xbf# made up\r\n\r\n timestamp , carbon_intensity \r\n"
                         "2026-01-02 00:00:00+00:00,100\r\n"
                         "2026-01-02T00:30Z, 1e2 \r\n"
                         "\r\n"
                         "2026-01-02T01:00:00.000Z,\r\n"
                         "2026-01-02T02:00:00Z,0",
                         &r),
                   ZC_OK);
  assert_int_equal(r.n, 4);
  assert_int_equal(r.from[0], at("2026-01-02T00:00:00Z"));
  assert_int_equal(r.to[0], r.from[1]);
  assert_int_equal(r.to[2], at("2026-01-02T02:00:00Z"));
  assert_int_equal(r.to[3], at("2026-01-02T03:00:00Z"));
  assert_true(r.columns[0].values[1] == 100);
  assert_true(isnan(r.columns[0].values[2]));
  assert_true(r.columns[0].values[3] == 0);
  assert_int_equal(zc_recording_find(&r, r.from[0] - 1), 0);
  assert_int_equal(zc_recording_find(&r, r.from[1]), 1);
  assert_int_equal(zc_recording_find(&r, r.to[3] - 1), 3);
  assert_int_equal(zc_recording_find(&r, r.to[3]), 4);
  zc_recording_finish(&r);
}

static void rows_with_ends_may_leave_gaps(void **state) {
  (void)state;
  zc_recording r;
  assert_int_equal(parse("from,to,carbon_intensity\n"
                         "2026-01-02T00:00:00Z,2026-01-02T00:30:00Z,100\n"
                         "2026-01-02T03:00:00Z,2026-01-02T03:30:00Z,101\n",
                         &r),
                   ZC_OK);
  assert_int_equal(r.n, 2);
  assert_int_equal(r.to[0], at("2026-01-02T00:30:00Z"));
  zc_recording_finish(&r);
  assert_int_equal(
      parse("from,to,carbon_intensity\n2026-01-02T00:00:00Z,2026-01-02T00:30:00Z,100\n", &r),
      ZC_OK);
  assert_int_equal(r.n, 1);
  zc_recording_finish(&r);
}

/* Half-hourly values, 0 at the places named; tells which became gaps. */
static void zeros_between_high_values_are_gaps(void **state) {
  (void)state;
  static const struct {
    const char *values[5];
    size_t gaps;
  } rows[] = {
      {{"100", "0", "100", "90", "80"}, 1},
      {{"100", "0", "0.0", "0", "60"}, 3},
      {{"19", "0", "100", "90", "80"}, 0},
      {{"124", "0", "59", "90", "80"}, 1},
      {{"60", "0", "59.9", "90", "80"}, 0},
      {{"0", "100", "0", "100", "0"}, 1}, /* at the edges nothing can be said */
      {{"100", "", "0", "100", "90"}, 0},
      {{"0", "0", "0", "0", "0"}, 0},
      {{"100", "0.1", "100", "0", "100"}, 1},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char text[512] = HEAD;
    zc_recording r;
    for (int j = 0; j < 5; j++) {
      snprintf(text + strlen(text), sizeof text - strlen(text), "2026-01-02T%02d:%02d:00Z,%s\n",
               j / 2, j % 2 * 30, rows[i].values[j]);
    }
    assert_int_equal(parse(text, &r), ZC_OK);
    assert_int_equal(r.columns[0].n_false_zeros, rows[i].gaps);
    if (rows[i].gaps == 3) assert_int_equal(r.columns[0].first_false_zero, r.from[1]);
    zc_recording_finish(&r);
  }
  zc_recording r; /* hourly: a still hour may be true */
  assert_int_equal(parse(HEAD "2026-01-02T00:00:00Z,100\n2026-01-02T01:00:00Z,0\n"
                              "2026-01-02T02:00:00Z,100\n",
                         &r),
                   ZC_OK);
  assert_int_equal(r.columns[0].n_false_zeros, 0);
  zc_recording_finish(&r);
}

static void files_that_are_none_are_refused(void **state) {
  (void)state;
  char *text;
  size_t length;
  assert_int_equal(zc_trace_read_file("/no/such.csv", &text, &length, why, sizeof why), ZC_EIO);
  assert_string_equal(why, "/no/such.csv: No such file or directory");
  assert_int_equal(zc_trace_read_file("/dev/null", &text, &length, why, sizeof why), ZC_EIO);
  assert_string_equal(why, "/dev/null: not a regular file");
  assert_int_equal(zc_trace_read_file("/", &text, &length, why, sizeof why), ZC_EIO);
  assert_string_equal(why, "/: not a regular file");
}

static void noise_is_normal_and_repeatable(void **state) {
  (void)state;
  uint64_t key = zc_noise_key(1, "eu-west-2");
  double sum = 0, squares = 0;
  const int n = 100000;
  for (int i = 0; i < n; i++) {
    double x = zc_noise_at(key, (zc_time)i * 1800000);
    assert_true(isfinite(x));
    sum += x;
    squares += x * x;
  }
  assert_true(fabs(sum / n) < 0.02);
  assert_true(fabs(squares / n - 1) < 0.03);
  assert_true(zc_noise_at(key, 5) == zc_noise_at(key, 5));
  assert_true(zc_noise_at(key, 5) != zc_noise_at(zc_noise_key(2, "eu-west-2"), 5));
  assert_true(zc_noise_at(key, 5) != zc_noise_at(zc_noise_key(1, "eu-west-1"), 5));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bad_recordings_name_line_and_reason),
      cmocka_unit_test(what_is_no_number_is_refused),
      cmocka_unit_test(numbers_are_read_as_exactly_as_by_strtod),
      cmocka_unit_test(hostile_bytes_are_refused),
      cmocka_unit_test(good_recordings_are_read),
      cmocka_unit_test(rows_with_ends_may_leave_gaps),
      cmocka_unit_test(zeros_between_high_values_are_gaps),
      cmocka_unit_test(files_that_are_none_are_refused),
      cmocka_unit_test(noise_is_normal_and_repeatable),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
