#include "core/base/json_extract.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/random.h"

typedef struct {
  double number, inner, deep;
  int flag;
  zc_span text;
} found;

static const zc_json_field deep_fields[] = {{"d", ZC_JSON_NUMBER, offsetof(found, deep), NULL, 0}};
static const zc_json_field inner_fields[] = {
    {"b", ZC_JSON_NUMBER, offsetof(found, inner), NULL, 0},
    {"c", ZC_JSON_OBJECT, 0, deep_fields, 1},
};
static const zc_json_field fields[] = {
    {"number", ZC_JSON_NUMBER, offsetof(found, number), NULL, 0},
    {"flag", ZC_JSON_BOOLEAN, offsetof(found, flag), NULL, 0},
    {"text", ZC_JSON_STRING, offsetof(found, text), NULL, 0},
    {"a", ZC_JSON_OBJECT, 0, inner_fields, 2},
};

static int extract(const char *text, found *ret) {
  *ret = (found){.number = -1, .inner = -1, .deep = -1, .flag = -1};
  /* A copy of the exact size, so that a sanitizer sees a step too far. */
  size_t n = strlen(text);
  char *copy = malloc(n + 1);
  assert_non_null(copy);
  memcpy(copy, text, n + 1);
  int status = zc_json_extract(copy, n, fields, sizeof fields / sizeof *fields, ret);
  free(copy);
  return status;
}

static void members_are_found_in_any_order_and_depth(void **state) {
  (void)state;
  found f;
  const char *text = " { \"x\" : [1,{\"number\":9}, \"]}\"], \"a\":{\"c\":{\"d\":2.5e1,\"e\":[]},"
                     "\"b\":-7 } ,\"number\": 3 , \"a.b\":4,\"flag\":true,\"numbers\":5}\n";
  assert_int_equal(extract(text, &f), ZC_OK);
  assert_true(f.number == 3 && f.inner == -7 && f.deep == 25 && f.flag == 1);
  assert_null(f.text.text);
  assert_int_equal(extract("{}", &f), ZC_OK);
  assert_int_equal(extract("{\"number\":1,\"number\":2}", &f), ZC_OK);
  assert_true(f.number == 2);
}

static void a_key_with_a_zero_byte_is_no_other(void **state) {
  (void)state;
  static const char text[] = "{\"number\0000000000000000000\":7}";
  double number = -1;
  char *name = strdup("number"); /* its own memory: a sanitizer sees a step too far */
  assert_non_null(name);
  const zc_json_field field = {name, ZC_JSON_NUMBER, 0, NULL, 0};
  assert_int_equal(zc_json_extract(text, sizeof text - 1, &field, 1, &number), ZC_OK);
  assert_true(number == -1);
  free(name);
}

static void a_text_is_given_as_it_stands(void **state) {
  (void)state;
  zc_span span = {0};
  const zc_json_field field = {"text", ZC_JSON_STRING, 0, NULL, 0};
  const char *text = "{\"text\":\"eu-west-2\"}", *escaped = "{\"text\":\"a\\\"b\",\"n\":1}";
  assert_int_equal(zc_json_extract(text, strlen(text), &field, 1, &span), ZC_OK);
  assert_int_equal(span.length, 9);
  assert_memory_equal(span.text, "eu-west-2", 9);
  span = (zc_span){0};
  assert_int_equal(zc_json_extract(escaped, strlen(escaped), &field, 1, &span), ZC_OK);
  assert_null(span.text);
}

static void a_member_of_another_type_is_as_if_it_were_not_there(void **state) {
  (void)state;
  found f;
  const char *const texts[] = {
      "{\"number\":\"3\",\"flag\":1,\"a\":7}",
      "{\"number\":null,\"flag\":null,\"a\":[1]}",
      "{\"number\":1e999,\"flag\":\"true\"}",
      "{\"number\":0x10,\"a\":{\"b\":{\"d\":1}}}",
      "{\"number\":nan,\"a\":{\"c\":\"d\"}}",
      "{\"number\":1-2,\"a\":\"b\"}",
      "{\"number\":-}",
      "{\"number\":.}",
      "{\"number\":1.2.3}",
      "{\"number\":12ab}",
  };
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    assert_int_equal(extract(texts[i], &f), ZC_OK);
    assert_true(f.number == -1 && f.flag == -1 && f.inner == -1 && f.deep == -1);
  }
}

/* Most have a way of their own: up to 15 characters, without an exponent. */
static void numbers_are_read_as_strtod_reads_them(void **state) {
  (void)state;
  static const char *const fixed[] = {
      "-0",       "0.1",   "1e22", "123456789012345", "12345678901234567", "-0.30000000000000004",
      "0.000001", "5e-324"};
  zc_random random;
  zc_random_init(&random, 5);
  for (size_t i = 0; i < 100000; i++) {
    char number[40], text[64];
    found f;
    double size = pow(10, (double)zc_random_below(&random, 16));
    snprintf(number, sizeof number, "%.*f", (int)zc_random_below(&random, 15),
             (zc_random_unit(&random) - 0.5) * size);
    const char *written = i < sizeof fixed / sizeof *fixed ? fixed[i] : number;
    snprintf(text, sizeof text, "{\"number\":%s}", written);
    double wanted = strtod(written, NULL);
    assert_int_equal(extract(text, &f), ZC_OK);
    assert_memory_equal(&f.number, &wanted, sizeof wanted);
  }
}

static void what_is_no_object_is_refused(void **state) {
  (void)state;
  found f;
  const char *const texts[] = {"",        "[]",          "1",          "{",           "{}}",
                               "{\"a\"}", "{\"a\":}",    "{\"a\":1,}", "{\"a\":1 2}", "{a:1}",
                               "{\"x\":", "{\"x\":\"\\", "{\"x\":[}",  "{\"x\":{[",   "{}x"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    assert_int_equal(extract(texts[i], &f), ZC_EDATA);
}

static void a_text_that_is_cut_anywhere_is_refused(void **state) {
  (void)state;
  found f;
  const char *text = "{\"a\":{\"c\":{\"d\":1},\"b\":2},\"text\":\"x\\\"y\",\"q\":[{\"z\":[1,2]}],"
                     "\"flag\":false,\"number\":12.5}";
  char cut[200];
  assert_int_equal(extract(text, &f), ZC_OK);
  for (size_t n = 0; n < strlen(text); n++) {
    memcpy(cut, text, n);
    cut[n] = '\0';
    assert_int_equal(extract(cut, &f), ZC_EDATA);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(members_are_found_in_any_order_and_depth),
      cmocka_unit_test(a_key_with_a_zero_byte_is_no_other),
      cmocka_unit_test(a_text_is_given_as_it_stands),
      cmocka_unit_test(a_member_of_another_type_is_as_if_it_were_not_there),
      cmocka_unit_test(numbers_are_read_as_strtod_reads_them),
      cmocka_unit_test(what_is_no_object_is_refused),
      cmocka_unit_test(a_text_that_is_cut_anywhere_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
