/* Option tables: every type, defaults, ranges and accessors, through zc_config_make(). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/config/config.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static const zc_option rows[] = {
    {"text", ZC_STRING, 0, "it's", NULL, "Text."},
    {"quoted", ZC_STRING, 0, "\"a: b\"", NULL, "A default that YAML reads."},
    {"empty", ZC_STRING, 0, "", NULL, "Empty text."},
    {"integer", ZC_INTEGER, 0, "3", "-5..10", "A count."},
    {"number", ZC_NUMBER, 0, "0.25", ">0..1.5", "A share."},
    {"boolean", ZC_BOOLEAN, 0, "true", NULL, "Whether."},
    {"duration", ZC_DURATION, 0, "90m", "500ms..2h", "How long."},
    {"word", ZC_ENUM, 0, "best", "first|best", "Which."},
    {"url", ZC_URL, 0, "https://example.org", NULL, "Where."},
    {"path", ZC_PATH, 0, "./a", NULL, "Which file."},
    {"list", ZC_STRING_LIST, 0, "[a, 'b c']", "1..3", "Which ones."},
    {"secret", ZC_STRING, ZC_SECRET, NULL, NULL, "The token."},
    {"headers", ZC_STRING_LIST, ZC_SECRET_VALUES, NULL, NULL, "Headers."},
    {"absent", ZC_INTEGER, 0, NULL, NULL, "Not given."},
};

static zc_config *make(const char *const (*pairs)[2], size_t n) {
  zc_config *config = NULL;
  zc_error error = {0};
  int status = zc_config_make(rows, COUNT(rows), pairs, n, &config, &error);
  if (status != ZC_OK) print_error("%s\n", error.text);
  assert_int_equal(status, ZC_OK);
  return config;
}

static void assert_refused(const char *name, const char *value, const char *expected) {
  const char *const pairs[][2] = {{name, value}};
  zc_config *config = NULL;
  zc_error error = {0};
  assert_int_equal(zc_config_make(rows, COUNT(rows), pairs, 1, &config, &error), ZC_EINVAL);
  assert_null(config);
  assert_string_equal(error.text, expected);
}

static void test_defaults(void **state) {
  (void)state;
  char folder[4096], path[4200];
  zc_config *config = make(NULL, 0);
  assert_non_null(getcwd(folder, sizeof folder));
  snprintf(path, sizeof path, "%s/a", folder);
  assert_string_equal(zc_config_text(config, "text"), "it's");
  assert_string_equal(zc_config_text(config, "quoted"), "a: b");
  assert_string_equal(zc_config_text(config, "empty"), "");
  assert_int_equal(zc_config_integer(config, "integer"), 3);
  assert_true(zc_config_number(config, "number") == 0.25);
  assert_int_equal(zc_config_integer(config, "boolean"), 1);
  assert_int_equal(zc_config_integer(config, "duration"), 5400000);
  assert_string_equal(zc_config_text(config, "word"), "best");
  assert_string_equal(zc_config_text(config, "url"), "https://example.org");
  assert_string_equal(zc_config_text(config, "path"), path);
  assert_int_equal(zc_config_count(config, "list"), 2);
  assert_string_equal(zc_config_item(config, "list", 1), "b c");
  assert_null(zc_config_item(config, "list", 2));
  zc_config_free(config);
}

static void test_absent(void **state) {
  (void)state;
  zc_config *config = make(NULL, 0);
  assert_true(zc_config_has(config, "text"));
  assert_false(zc_config_has(config, "absent"));
  assert_false(zc_config_has(config, "secret"));
  assert_false(zc_config_has(config, "no such option"));
  assert_null(zc_config_text(config, "secret"));
  assert_int_equal(zc_config_integer(config, "absent"), 0);
  assert_true(zc_config_number(config, "absent") == 0);
  assert_int_equal(zc_config_count(config, "absent"), 0);
  assert_null(zc_config_item(config, "absent", 0));
  assert_int_equal(zc_config_n_regions(config), 0);
  assert_null(zc_config_region_name(config, 0));
  assert_null(zc_config_region_config(config, 0));
  assert_false(zc_config_has(NULL, "text"));
  zc_config_free(config);
  zc_config_free(NULL);
}

static void test_values(void **state) {
  (void)state;
  const char *const pairs[][2] = {{"text", "a: [b"},
                                  {"integer", "08"},
                                  {"number", "1e-3"},
                                  {"boolean", "false"},
                                  {"duration", "500ms"},
                                  {"word", "first"},
                                  {"url", "HTTP://[::1]:80/x?y"},
                                  {"path", "/x/../y"},
                                  {"list", "[no, 08, ~x]"},
                                  {"secret", "\"s3cret"}};
  zc_config *config = make(pairs, COUNT(pairs));
  assert_string_equal(zc_config_text(config, "text"), "a: [b");
  assert_int_equal(zc_config_integer(config, "integer"), 8);
  assert_true(zc_config_number(config, "integer") == 8);
  assert_true(zc_config_number(config, "number") == 1e-3);
  assert_string_equal(zc_config_text(config, "number"), "1e-3");
  assert_int_equal(zc_config_integer(config, "boolean"), 0);
  assert_int_equal(zc_config_integer(config, "duration"), 500);
  assert_string_equal(zc_config_text(config, "path"), "/x/../y");
  assert_int_equal(zc_config_count(config, "list"), 3);
  assert_string_equal(zc_config_item(config, "list", 0), "no");
  assert_string_equal(zc_config_item(config, "list", 1), "08");
  assert_string_equal(zc_config_text(config, "secret"), "\"s3cret");
  zc_config_free(config);
}

static void test_refusals(void **state) {
  (void)state;
  assert_refused("integer", "-6", "integer: -6 is below -5");
  assert_refused("integer", "11", "integer: 11 is above 10");
  assert_refused("integer", "", "integer: the text \"\" where a whole number (-5 to 10) is wanted");
  assert_refused("integer", "99999999999999999999",
                 "integer: 99999999999999999999 is too large a "
                 "number");
  assert_refused("number", "0", "number: 0 is not above 0");
  assert_refused("number", "1.51", "number: 1.51 is above 1.5");
  assert_refused("number", "-1e999", "number: -1e999 is too large a number");
  assert_refused("number", "1 2",
                 "number: the text \"1 2\" where a number (above 0, at most 1.5) is wanted");
  assert_refused("duration", "499ms", "duration: 499ms is below 500ms");
  assert_refused("duration", "7201s", "duration: 7201s is above 2h");
  assert_refused("boolean", "TRUE", "boolean: the text \"TRUE\" where true or false is wanted");
  assert_refused("word", "besst",
                 "word: \"besst\" is not one of first, best: did you mean \"best\"?");
  assert_refused("list", "[]", "list: the number of items, 0, is below 1");
  assert_refused("list", "[a, b, c, d]", "list: the number of items, 4, is above 3");
  assert_refused("list", "", "list: required, but missing");
  assert_refused("list", "a", "list: the text \"a\" where a list of texts (1 to 3) is wanted");
  assert_refused("nothing", "x", "unknown option 'nothing'");
}

static void test_required(void **state) {
  (void)state;
  const zc_option row = {"must", ZC_STRING, ZC_REQUIRED, NULL, NULL, "Given."};
  zc_config *config = NULL;
  zc_error error = {0};
  assert_int_equal(zc_config_make(&row, 1, NULL, 0, &config, &error), ZC_EINVAL);
  assert_string_equal(error.text, "must: required, but missing");
}

/* What a plugin's author may get wrong. */
static void test_bad_tables(void **state) {
  (void)state;
  static const struct {
    zc_option row;
    const char *expected;
  } cases[] = {
      {{"a", ZC_INTEGER, 0, "x", NULL, ""}, "a: the text \"x\" where a whole number is wanted"},
      {{"a", ZC_NUMBER, 0, "2", "0..1", ""}, "a: 2 is above 1"},
      {{"a", ZC_NUMBER, 0, NULL, "0-1", ""}, "a: the range \"0-1\" is malformed"},
      {{"a", ZC_NUMBER, 0, NULL, "..", ""}, "a: the range \"..\" is malformed"},
      {{"a", ZC_NUMBER, 0, NULL, "2..1", ""}, "a: the range \"2..1\" is malformed"},
      {{"a", ZC_DURATION, 0, NULL, "0..1h", ""}, "a: the range \"0..1h\" is malformed"},
      {{"a", ZC_ENUM, 0, "c", "a|b", ""}, "a: \"c\" is not one of a, b: did you mean \"a\"?"},
      {{"a", ZC_STRING_LIST, 0, "{}", NULL, ""}, "a: a mapping where a list of texts is wanted"},
      {{"a", ZC_STRING, 0, "\"", NULL, ""},
       "not valid YAML: found unexpected end of stream while scanning a quoted scalar that begins "
       "on line 1"},
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    zc_config *config = NULL;
    zc_error error = {0};
    assert_int_equal(zc_config_make(&cases[i].row, 1, NULL, 0, &config, &error), ZC_EINVAL);
    assert_string_equal(error.text, cases[i].expected);
  }
}

/* A secret's own text never stands in a message. */
static void test_secret(void **state) {
  (void)state;
  static const uint32_t types[] = {ZC_INTEGER, ZC_NUMBER, ZC_BOOLEAN,    ZC_DURATION,
                                   ZC_ENUM,    ZC_URL,    ZC_STRING_LIST};
  static const char *const texts[] = {"s3cret", "33333", "99999999999999999999", "1e99999", "bess"};
  for (size_t i = 0; i < COUNT(types); i++) {
    for (size_t j = 0; j < COUNT(texts); j++) {
      const zc_option row = {"key",
                             types[i],
                             ZC_SECRET,
                             NULL,
                             types[i] == ZC_ENUM       ? "best|worst"
                             : types[i] == ZC_DURATION ? "1h.."
                             : types[i] <= ZC_NUMBER   ? "0..1"
                                                       : NULL,
                             ""};
      const char *const pairs[][2] = {{"key", texts[j]}};
      zc_config *config = NULL;
      zc_error error = {0};
      assert_int_equal(zc_config_make(&row, 1, pairs, 1, &config, &error), ZC_EINVAL);
      assert_null(strstr(error.text, texts[j]));
    }
  }
}

/* As long as the config lives, the log knows what not to show. */
static void test_secret_is_hidden(void **state) {
  (void)state;
  char text[] = "the remote said: hunter-2345", later[] = "hunter-2345";
  zc_config *config = make((const char *const[][2]){{"secret", "hunter-2345"}}, 1);
  zc_log_redact(text);
  assert_string_equal(text, "the remote said: ***");
  zc_config_free(config);
  zc_log_redact(later);
  assert_string_equal(later, "hunter-2345");
  zc_log_forget();
}

static void assert_shown(const char *text, const char *expected) {
  char copy[200];
  snprintf(copy, sizeof copy, "%s", text);
  zc_log_redact(copy);
  assert_string_equal(copy, expected);
}

/* A remote may send back the token alone. */
static void test_parts_of_a_secret_are_hidden(void **state) {
  (void)state;
  zc_config *config =
      make((const char *const[][2]){{"secret", "Bearer token-4711 abc token-4712"}}, 1);
  assert_shown("no token-4711, no token-4712: abc", "no ***, no ***: abc");
  assert_shown("Bearer is wanted", "Bearer is wanted");
  zc_config_free(config);
  assert_shown("token-4711", "token-4711");
  zc_log_forget();
}

static void test_values_of_telling_names_are_hidden(void **state) {
  (void)state;
  zc_config *config =
      make((const char *const[][2]){{"headers", "['PRIVATE-TOKEN: glpat-4711', "
                                                "'Accept: text/html', glpat-4712]"}},
           1);
  assert_shown("PRIVATE-TOKEN glpat-4711 text/html glpat-4712", "PRIVATE-TOKEN *** text/html ***");
  zc_config_free(config);
  assert_refused("headers", "{a: glpat-4713}",
                 "headers: a mapping where a list of texts is wanted");
  zc_log_forget();
}

static void test_regions(void **state) {
  (void)state;
  zc_config *config = make(NULL, 0);
  assert_int_equal(zc_config_add_region(config, "eu-west-2", make(NULL, 0)), ZC_OK);
  assert_int_equal(zc_config_add_region(config, "eu-north-1", make(NULL, 0)), ZC_OK);
  assert_int_equal(zc_config_n_regions(config), 2);
  assert_string_equal(zc_config_region_name(config, 1), "eu-north-1");
  assert_int_equal(zc_config_integer(zc_config_region_config(config, 1), "integer"), 3);
  zc_config_free(config);
}

static uint64_t sum(const char *const (*pairs)[2], size_t n, size_t n_rows) {
  zc_config *config = make(pairs, n);
  uint64_t found = zc_config_sum(config, rows, n_rows);
  zc_config_free(config);
  return found;
}

/* Other values have another sum; secrets and one more option with its default have none. */
static void test_sum(void **state) {
  (void)state;
  static const char *const same[][2] = {
      {"text", "it's"}, {"word", "best"}, {"secret", "abcdef-one"}, {"headers", "['A: abcdef']"}};
  static const char *const other[][2] = {
      {"text", "its"},        {"integer", "4"}, {"word", "first"}, {"list", "[a, b, c]"},
      {"list", "[b, 'a c']"}, {"path", "./b"},  {"absent", "3"},   {"list", "[a]"}};
  uint64_t found[COUNT(other) + 1] = {sum(NULL, 0, COUNT(rows))};
  assert_true(sum(same, COUNT(same), COUNT(rows)) == found[0]);
  for (size_t i = 0; i < COUNT(other); i++) {
    found[i + 1] = sum(&other[i], 1, COUNT(rows));
    for (size_t j = 0; j <= i; j++)
      assert_true(found[i + 1] != found[j]);
  }
  static const char *const text[][2] = {{"text", "x"}};
  assert_true(sum(text, 1, 1) == sum(text, 1, COUNT(rows)));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_defaults),
      cmocka_unit_test(test_absent),
      cmocka_unit_test(test_values),
      cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_required),
      cmocka_unit_test(test_bad_tables),
      cmocka_unit_test(test_secret),
      cmocka_unit_test(test_secret_is_hidden),
      cmocka_unit_test(test_regions),
      cmocka_unit_test(test_sum),
      cmocka_unit_test(test_parts_of_a_secret_are_hidden),
      cmocka_unit_test(test_values_of_telling_names_are_hidden),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
