/* JSON from strangers, and numbers as they are written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/random.h"

static zc_json *parse(const char *text) {
  zc_json *json = NULL;
  assert_int_equal(zc_json_parse(text, strlen(text), &json), ZC_OK);
  return json;
}

static void null_is_not_absent_and_no_number(void **state) {
  (void)state;
  zc_json *json = parse("{\"data\":[{\"actual\":null,\"forecast\":12.5}]}");
  double value = 7;
  const zc_json *actual = zc_json_at(json, "data/0/actual");
  assert_int_equal(zc_json_type(actual), ZC_JSON_NULL);
  assert_int_equal(zc_json_number(actual, &value), ZC_EDATA);
  assert_int_equal(zc_json_type(zc_json_at(json, "data/0/missing")), 0);
  assert_int_equal(zc_json_number(zc_json_at(json, "data/1/actual"), &value), ZC_EDATA);
  assert_true(value == 7);
  assert_int_equal(zc_json_number(zc_json_at(json, "data/0/forecast"), &value), ZC_OK);
  assert_true(value == 12.5);
  zc_json_free(json);
  json = parse("null");
  assert_int_equal(zc_json_type(json), ZC_JSON_NULL);
  zc_json_free(json);
}

static void a_refused_text_is_told_with_its_place(void **state) {
  (void)state;
  static const char *const rows[][2] = {
      {"<html>", "line 1, byte 1: that is not JSON"},
      {"{\"a\": 1,\n \"b\": nul}", "line 2, byte 7: that is not JSON"},
      {"{\"a\": [1, 2", "line 1, byte 12: it ends there too early"},
      {"", "line 1, byte 1: it ends there too early"},
      {"{} {}", "line 1, byte 4: more follows the value"},
      {"\"\xff\"", "line 1, byte 1: it is not UTF-8"},
      {"[1]", ""},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char text[100];
    zc_json_fault(rows[i][0], strlen(rows[i][0]), text, sizeof text);
    assert_string_equal(text, rows[i][1]);
  }
}

static void what_is_no_number_is_refused(void **state) {
  (void)state;
  static const char *const odd[] = {"[\"12\"]", "[true]", "[1e400]", "[-1e400]", "[{}]", "[[]]"};
  for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
    zc_json *json = parse(odd[i]);
    double value;
    assert_int_equal(zc_json_number(zc_json_at(json, "0"), &value), ZC_EDATA);
    zc_json_free(json);
  }
  zc_json *json = NULL;
  double value;
  if (zc_json_parse("[NaN]", 5, &json) == ZC_OK) {
    assert_int_equal(zc_json_number(zc_json_at(json, "0"), &value), ZC_EDATA);
    zc_json_free(json);
  }
}

static void what_is_not_one_text_is_refused(void **state) {
  (void)state;
  static const char *const bad[] = {"",         "{",          "[1,2", "{} {}", "[1] x",
                                    "<html>",   "{\"a\":1,}", "'a'",  "[1 2]", "{\"a\" 1}",
                                    "\"\xff\"", "nul",        "[01x]"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    zc_json *json = NULL;
    assert_int_equal(zc_json_parse(bad[i], strlen(bad[i]), &json), ZC_EDATA);
    assert_null(json);
  }
  char deep[200];
  memset(deep, '[', sizeof deep);
  zc_json *json = NULL;
  assert_int_equal(zc_json_parse(deep, sizeof deep, &json), ZC_EDATA);
}

static void what_the_standard_leaves_out_is_refused(void **state) {
  (void)state;
  static const char *const bad[] = {
      "01",      "-",           "1.",          ".5",       "1e",     "+1",        "1e+",
      "0x10",    "NaN",         "-Infinity",   "[,]",      "[1,]",   "{1:2}",     "{\"a\"}",
      "\"\\x\"", "\"\\u12g4\"", "\"\\u12\"",   "\"a\nb\"", "\"open", "truefalse", "tru",
      "[1",      "{\"a\":",     "{\"a\":1,,}", "]",        "[1}",    "\\",        "nulll"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    zc_json *json = NULL;
    if (zc_json_parse(bad[i], strlen(bad[i]), &json) != ZC_EDATA) fail_msg("%s", bad[i]);
  }
}

static void values_are_written_as_they_were_read(void **state) {
  (void)state;
  static const char *const pairs[][2] = {
      {" [ 1 , 2.50 , -0e1 ] ", "[1,2.50,-0e1]"},
      {"{\"a\" : {} , \"b\":[true,false,null]}", "{\"a\":{},\"b\":[true,false,null]}"},
      {"\"\\u00e9\\u20ac\\ud83d\\ude00\"", "\"\u00e9\u20ac\U0001f600\""},
      {"\"\\ud800 \\udc00\"", "\"\ufffd \ufffd\""}, /* halves of pairs */
      {"\"\\/\\b\\t\\u0000\"", "\"/\\u0008\\u0009\\u0000\""},
      {"123456789012345678901234567890", "123456789012345678901234567890"},
  };
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    zc_buffer text;
    zc_json *json = parse(pairs[i][0]);
    zc_buffer_init(&text, 1000);
    zc_json_write(&text, json);
    assert_string_equal(text.data, pairs[i][1]);
    zc_buffer_finish(&text);
    zc_json_free(json);
  }
}

static void the_last_of_two_members_of_one_name_counts(void **state) {
  (void)state;
  zc_json *json = parse("{\"a\":1,\"b\":2,\"a\":3}");
  double value;
  assert_true(zc_json_get_number(json, "a", &value) && value == 3);
  zc_json_free(json);
}

/* n values in an array, each as `value`. */
static int parse_many(const char *value, size_t n) {
  zc_buffer text;
  zc_json *json = NULL;
  zc_buffer_init(&text, 8 << 20);
  for (size_t i = 0; i < n; i++)
    zc_buffer_printf(&text, "%c%s", i == 0 ? '[' : ',', value);
  zc_buffer_char(&text, ']');
  assert_int_equal(text.status, ZC_OK);
  int status = zc_json_parse(text.data, text.length, &json);
  if (status == ZC_OK) assert_int_equal(zc_json_count(json), n);
  zc_json_free(json);
  zc_buffer_finish(&text);
  return status;
}

static void values_without_end_are_refused(void **state) {
  (void)state;
  assert_int_equal(parse_many("{}", 300000), ZC_EDATA);
  assert_int_equal(parse_many("1", ZC_JSON_VALUES_MAX), ZC_EDATA);
  assert_int_equal(parse_many("1", ZC_JSON_VALUES_MAX - 1), ZC_OK);
  assert_int_equal(parse_many("[]", ZC_JSON_VALUES_MAX / 2 - 1), ZC_OK);
  /* In texts they count for nothing, escaped quotes included. */
  assert_int_equal(parse_many("\",,,[[[{{{,,,\\\",,,,,\\\\\"", ZC_JSON_VALUES_MAX / 2), ZC_OK);
}

static void members_in_order_and_keys_with_any_character(void **state) {
  (void)state;
  zc_json *json = parse("{\"b\":1,\"carbon_analysis.decision\":\"DEFER\",\"a/b\":2} \n");
  const char *key;
  assert_int_equal(zc_json_count(json), 3);
  assert_non_null(zc_json_member(json, 1, &key));
  assert_string_equal(key, "carbon_analysis.decision");
  assert_string_equal(zc_json_get_text(json, "carbon_analysis.decision"), "DEFER");
  double value;
  assert_true(zc_json_get_number(json, "a/b", &value) && value == 2);
  assert_null(zc_json_member(json, 3, &key));
  zc_json_free(json);
}

static void digits_are_kept_as_written(void **state) {
  (void)state;
  zc_json *json = parse("[0.1,16.1,1702551000,-3]");
  static const char *const wanted[] = {"0.1", "16.1", "1702551000", "-3"};
  for (size_t i = 0; i < 4; i++) {
    char text[40];
    assert_int_equal(zc_json_digits(zc_json_member(json, i, NULL), text, sizeof text), ZC_OK);
    assert_string_equal(text, wanted[i]);
  }
  zc_json_free(json);
}

static void numbers_are_short_and_read_back(void **state) {
  (void)state;
  char text[40];
  static const struct {
    double value;
    const char *text;
  } cases[] = {{16, "16"},         {0.1, "0.1"},    {-0.0, "0"},
               {3.5913, "3.5913"}, {1e15, "1e+15"}, {1e300, "1e+300"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_int_equal(zc_format_number(cases[i].value, text, sizeof text), ZC_OK);
    assert_string_equal(text, cases[i].text);
  }
  zc_random random;
  zc_random_init(&random, 3);
  for (int i = 0; i < 100000; i++) {
    double value =
        (zc_random_unit(&random) - 0.5) * pow(10, (double)zc_random_below(&random, 30) - 10);
    assert_int_equal(zc_format_number(value, text, sizeof text), ZC_OK);
    assert_true(strtod(text, NULL) == value);
  }
  assert_int_equal(zc_format_number(NAN, text, sizeof text), ZC_EDATA);
  zc_buffer buffer;
  zc_buffer_init(&buffer, 100);
  zc_json_write_number(&buffer, INFINITY);
  assert_int_equal(buffer.status, ZC_EDATA);
  zc_buffer_finish(&buffer);
}

/* Figures of records have up to six decimals and take a way of their own. */
static void numbers_of_few_decimals_are_written_like_all_others(void **state) {
  (void)state;
  zc_random random;
  zc_random_init(&random, 4);
  for (int i = 0; i < 200000; i++) {
    char text[40], wanted[40];
    double scale = pow(10, (double)zc_random_below(&random, 9));
    double whole = floor(zc_random_unit(&random) * pow(10, (double)zc_random_below(&random, 17)));
    double value = (i % 2 ? -1 : 1) * whole / scale;
    snprintf(wanted, sizeof wanted, "%.15g", value);
    if (value == floor(value) && fabs(value) < 1e15)
      snprintf(wanted, sizeof wanted, "%lld", (long long)value);
    else if (strtod(wanted, NULL) != value)
      continue;
    assert_int_equal(zc_format_number(value, text, sizeof text), ZC_OK);
    assert_string_equal(text, wanted);
  }
  char text[3];
  assert_int_equal(zc_format_number(1.25, text, sizeof text), ZC_OK); /* no room: it is cut */
  assert_string_equal(text, "1.");
}

static void written_text_reads_back(void **state) {
  (void)state;
  static const char *const texts[] = {"", "plain", "quote \" slash \\ /", "line\nbreak\ttab\x01",
                                      "Zürich €"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    zc_buffer buffer;
    const char *back;
    size_t length;
    zc_buffer_init(&buffer, 1000);
    zc_json_write_text(&buffer, texts[i]);
    zc_json *json = parse(buffer.data);
    assert_int_equal(zc_json_text(json, &back, &length), ZC_OK);
    assert_string_equal(back, texts[i]);
    zc_json_free(json);
    zc_buffer_finish(&buffer);
  }
  zc_buffer buffer;
  zc_buffer_init(&buffer, 1000);
  zc_json_write_text(&buffer, "bad \xff byte");
  assert_string_equal(buffer.data, "\"bad \xef\xbf\xbd byte\"");
  zc_json_free(parse(buffer.data));
  zc_buffer_finish(&buffer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(null_is_not_absent_and_no_number),
      cmocka_unit_test(a_refused_text_is_told_with_its_place),
      cmocka_unit_test(what_is_no_number_is_refused),
      cmocka_unit_test(what_is_not_one_text_is_refused),
      cmocka_unit_test(what_the_standard_leaves_out_is_refused),
      cmocka_unit_test(values_are_written_as_they_were_read),
      cmocka_unit_test(the_last_of_two_members_of_one_name_counts),
      cmocka_unit_test(values_without_end_are_refused),
      cmocka_unit_test(members_in_order_and_keys_with_any_character),
      cmocka_unit_test(digits_are_kept_as_written),
      cmocka_unit_test(numbers_are_short_and_read_back),
      cmocka_unit_test(numbers_of_few_decimals_are_written_like_all_others),
      cmocka_unit_test(written_text_reads_back),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
