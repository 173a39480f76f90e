/* Tests of arguments.c: every form of a switch, and every mistake with its sentence. */
#include "core/cli/arguments.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const zc_switch switches[] = {
    {"config", 'c', "FILE", ""}, {"json", 'j', NULL, ""}, {"dir", 'd', "DIR", ""},
    {"at", 0, "TIME", ""},       {"limit", 0, "N", ""},   {"verbose", 'v', NULL, ""},
};
#define N_SWITCHES (sizeof switches / sizeof *switches)

#define PARSE(ret, error, ...) parse((char *const[]){__VA_ARGS__, NULL}, (ret), (error))

static int parse(char *const *words, zc_arguments *ret, zc_error *error) {
  int n = 0;
  while (words[n])
    n++;
  return zc_arguments_parse(switches, N_SWITCHES, n, words, ret, error);
}

static void takes_every_form_of_a_value(void **state) {
  (void)state;
  zc_arguments a;
  assert_int_equal(PARSE(&a, NULL, "--config", "one"), ZC_OK);
  assert_string_equal(zc_arguments_text(&a, "config"), "one");
  assert_int_equal(PARSE(&a, NULL, "--config=two"), ZC_OK);
  assert_string_equal(zc_arguments_text(&a, "config"), "two");
  assert_int_equal(PARSE(&a, NULL, "-c", "three"), ZC_OK);
  assert_string_equal(zc_arguments_text(&a, "config"), "three");
  assert_int_equal(PARSE(&a, NULL, "-cfour"), ZC_OK);
  assert_string_equal(zc_arguments_text(&a, "config"), "four");
  assert_int_equal(PARSE(&a, NULL, "--config="), ZC_OK);
  assert_string_equal(zc_arguments_text(&a, "config"), "");
  assert_int_equal(PARSE(&a, NULL, "-jvc", "five"), ZC_OK);
  assert_string_equal(zc_arguments_text(&a, "config"), "five");
  assert_true(zc_arguments_has(&a, "json"));
  assert_true(zc_arguments_has(&a, "verbose"));
  assert_false(zc_arguments_has(&a, "dir"));
  assert_null(zc_arguments_text(&a, "dir"));
}

static void a_value_may_look_like_a_switch(void **state) {
  (void)state;
  zc_arguments a;
  assert_int_equal(PARSE(&a, NULL, "--config", "--json"), ZC_OK);
  assert_string_equal(zc_arguments_text(&a, "config"), "--json");
  assert_false(zc_arguments_has(&a, "json"));
}

static void operands_and_switches_mix(void **state) {
  (void)state;
  zc_arguments a;
  assert_int_equal(PARSE(&a, NULL, "show", "--json", "-", "--", "--json", "-c"), ZC_OK);
  assert_int_equal(a.n_operands, 4);
  assert_string_equal(a.operands[0], "show");
  assert_string_equal(a.operands[1], "-");
  assert_string_equal(a.operands[2], "--json");
  assert_string_equal(a.operands[3], "-c");
  assert_int_equal(a.n_given, 1);
}

static void the_last_one_counts_and_all_can_be_read(void **state) {
  (void)state;
  zc_arguments a;
  assert_int_equal(PARSE(&a, NULL, "-d", "a", "-cx", "--dir=b", "-d", "c"), ZC_OK);
  assert_string_equal(zc_arguments_text(&a, "dir"), "c");
  assert_string_equal(zc_arguments_nth(&a, "dir", 0), "a");
  assert_string_equal(zc_arguments_nth(&a, "dir", 1), "b");
  assert_string_equal(zc_arguments_nth(&a, "dir", 2), "c");
  assert_null(zc_arguments_nth(&a, "dir", 3));
}

static void mistakes_are_named(void **state) {
  (void)state;
  static const struct {
    char *words[3];
    const char *sentence;
  } mistakes[] = {
      {{"--jsn"}, "unknown option --jsn: did you mean --json?"},
      {{"--jsn=1"}, "unknown option --jsn: did you mean --json?"},
      {{"--wholly-else"}, "unknown option --wholly-else"},
      {{"--js"}, "unknown option --js"},
      {{"-x"}, "unknown option -x"},
      {{"-jx"}, "unknown option -x"},
      {{"--config"}, "--config wants a FILE"},
      {{"-c"}, "--config wants a FILE"},
      {{"--json=yes"}, "--json takes no value"},
  };
  for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
    zc_arguments a;
    zc_error error = {0};
    assert_int_equal(parse(mistakes[i].words, &a, &error), ZC_EINVAL);
    assert_string_equal(error.text, mistakes[i].sentence);
  }
}

static void too_many_are_refused(void **state) {
  (void)state;
  char *words[ZC_ARGUMENTS_MAX + 2] = {0};
  zc_arguments a;
  zc_error error;
  for (size_t i = 0; i < ZC_ARGUMENTS_MAX + 1; i++)
    words[i] = "x";
  assert_int_equal(parse(words, &a, &error), ZC_EINVAL);
  assert_string_equal(error.text, "too many arguments");
  for (size_t i = 0; i < ZC_ARGUMENTS_MAX + 1; i++)
    words[i] = "-j";
  assert_int_equal(parse(words, &a, &error), ZC_EINVAL);
  assert_string_equal(error.text, "too many options");
  words[ZC_ARGUMENTS_MAX] = NULL;
  assert_int_equal(parse(words, &a, &error), ZC_OK);
}

static void times_and_numbers_are_checked(void **state) {
  (void)state;
  zc_arguments a;
  zc_error error;
  zc_time at = 7;
  long long n = 50;
  assert_int_equal(PARSE(&a, NULL, "--at", "2026-01-02T03:04:05Z", "--limit", "3"), ZC_OK);
  assert_int_equal(zc_arguments_time(&a, "at", &at, &error), ZC_OK);
  assert_int_equal(at, INT64_C(1767323045000));
  assert_int_equal(zc_arguments_number(&a, "limit", 1, 9, &n, &error), ZC_OK);
  assert_int_equal(n, 3);
  assert_int_equal(zc_arguments_number(&a, "limit", 4, 9, &n, &error), ZC_EINVAL);
  assert_string_equal(error.text, "--limit: '3' is no whole number from 4 to 9");
  assert_int_equal(PARSE(&a, NULL, "--at", "tomorrow", "--limit", "3x"), ZC_OK);
  assert_int_equal(zc_arguments_time(&a, "at", &at, &error), ZC_EINVAL);
  assert_string_equal(error.text, "--at: 'tomorrow' is no time such as 2026-01-02T03:04:05Z");
  assert_int_equal(zc_arguments_number(&a, "limit", 1, 9, &n, &error), ZC_EINVAL);
  assert_int_equal(PARSE(&a, NULL, "--at", "1970-01-01T00:00:00Z"), ZC_OK);
  assert_int_equal(zc_arguments_time(&a, "at", &at, &error), ZC_EINVAL);
  assert_string_equal(error.text,
                      "--at: 1970-01-01T00:00:00Z does not lie after 1970-01-01T00:00:00Z");
  assert_int_equal(PARSE(&a, NULL, "-j"), ZC_OK);
  assert_int_equal(zc_arguments_time(&a, "at", &at, &error), ZC_OK);
  assert_int_equal(zc_arguments_number(&a, "limit", 1, 9, &n, &error), ZC_OK);
  assert_int_equal(at, INT64_C(1767323045000)); /* not given: as it was */
  assert_int_equal(n, 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(takes_every_form_of_a_value),
      cmocka_unit_test(a_value_may_look_like_a_switch),
      cmocka_unit_test(operands_and_switches_mix),
      cmocka_unit_test(the_last_one_counts_and_all_can_be_read),
      cmocka_unit_test(mistakes_are_named),
      cmocka_unit_test(too_many_are_refused),
      cmocka_unit_test(times_and_numbers_are_checked),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
