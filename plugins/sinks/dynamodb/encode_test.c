/* Items into typed attribute values, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dynamodb.h"

static const zc_table_index indexes[] = {{"by_status", "status", "saved.g", 'S', 'N'}};
static const zc_table runs = {.size = sizeof runs,
                              .n_indexes = 1,
                              .primary = {"runs", "id", "time", 'S', 'N'},
                              .indexes = indexes,
                              .ttl_attribute = "ttl"};

typedef struct {
  zc_dynamodb_table table;
  zc_dynamodb_text text;
  zc_dynamodb_span keys[2];
  char message[ZC_DYNAMODB_MESSAGE_MAX];
} rig;

static int encode_n(rig *r, const char *text, size_t length) {
  zc_item item = {.size = sizeof item, .table = &runs, .text = text, .length = length};
  assert_int_equal(zc_dynamodb_table_init(&r->table, &runs, "pre-"), ZC_OK);
  zc_dynamodb_text_clear(&r->text);
  return zc_dynamodb_encode(&r->text, &r->table, &item, r->keys, r->message, sizeof r->message);
}

static int encode(rig *r, const char *text) {
  return encode_n(r, text, strlen(text));
}

#define assert_refused(r, text, words)                                                             \
  do {                                                                                             \
    assert_int_equal(encode(r, text), ZC_EDATA);                                                   \
    if (!strstr((r)->message, words)) fail_msg("\"%s\" is not in: %s", words, (r)->message);       \
  } while (0)

static void finish(rig *r) {
  zc_dynamodb_text_finish(&r->text);
}

static void every_type_keeps_its_value(void **state) {
  (void)state;
  rig r = {0};
  assert_int_equal(encode(&r, "{\"id\":\"a\\\"b\",\"time\":1702551000,\"x\":{\"y\":[1,-0.50,1e-7,"
                              "true,false,null,\"\",[],{}]} }"),
                   ZC_OK);
  assert_string_equal(
      r.text.data,
      "{\"id\":{\"S\":\"a\\\"b\"},\"time\":{\"N\":\"1702551000\"},\"x\":{\"M\":{\"y\":{\"L\":["
      "{\"N\":\"1\"},{\"N\":\"-0.50\"},{\"N\":\"1e-7\"},{\"BOOL\":true},{\"BOOL\":false},"
      "{\"NULL\":true},{\"S\":\"\"},{\"L\":[]},{\"M\":{}}]}}}}");
  assert_int_equal(r.keys[0].length, 4);
  assert_memory_equal(r.keys[0].text, "a\\\"b", 4);
  assert_memory_equal(r.keys[1].text, "1702551000", 10);
  finish(&r);
}

static void numbers_beyond_38_digits_or_the_range_are_refused(void **state) {
  (void)state;
  static const char *const fine[] = {"0",
                                     "-0",
                                     "1",
                                     "0.016023",
                                     "1E-130",
                                     "9e125",
                                     "-12.50",
                                     "0.00000000001",
                                     "1000e122",
                                     "0e9999",
                                     "1e+2",
                                     "100000000000000000000000000",
                                     "12345678901234567890123456789012345678000"};
  static const char *const bad[] = {"",       "-",
                                    "1.",     ".5",
                                    "1e",     "0x1",
                                    "1e126",  "1e-131",
                                    "NaN",    "1e99999999999999999999",
                                    "+1",     "1 ",
                                    "10e125", "123456789012345678901234567890123456789"};
  for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) {
    if (!zc_dynamodb_is_number(fine[i], strlen(fine[i]))) fail_msg("%s", fine[i]);
  }
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    if (zc_dynamodb_is_number(bad[i], strlen(bad[i]))) fail_msg("%s", bad[i]);
  }
}

static void keys_must_be_there_of_their_type_and_not_empty(void **state) {
  (void)state;
  rig r = {0};
  assert_refused(&r, "{\"time\":1}", "has no key id");
  assert_refused(&r, "{\"id\":\"a\"}", "pre-runs: item a: has no key time");
  assert_refused(&r, "{\"id\":\"\",\"time\":1}", "id is a key and may not be empty");
  assert_refused(&r, "{\"id\":\"a\",\"time\":\"1\"}", "time is a key and must be a number");
  assert_refused(&r, "{\"id\":1,\"time\":1}", "id is a key and must be a text");
  assert_refused(&r, "{\"id\":\"a\",\"time\":1,\"status\":null}", "status is a key");
  assert_refused(&r, "{\"id\":\"a\",\"time\":1,\"saved.g\":\"2\"}", "saved.g is a key");
  assert_int_equal(encode(&r, "{\"id\":\"a\",\"time\":1,\"status\":\"DONE\"}"), ZC_OK);
  finish(&r);
}

static void what_is_refused_is_named_by_its_path(void **state) {
  (void)state;
  rig r = {0};
  assert_refused(&r, "{\"id\":\"a\",\"time\":1,\"x\":{\"y\":[1,1e300]}}",
                 "x/y/[] is no number that DynamoDB can hold: 1e300");
  assert_refused(&r, "{\"id\":\"a\",\"time\":1,\"\":1}", "an attribute's name must have 1 to 255");
  assert_refused(&r, "[1]", "is no JSON object");
  finish(&r);
}

static void too_large_an_item_is_refused(void **state) {
  (void)state;
  rig r = {0};
  size_t n = (size_t)410 * 1024;
  char *text = malloc(n + 64);
  assert_non_null(text);
  int head = snprintf(text, 64, "{\"id\":\"a\",\"time\":1,\"big\":\"");
  memset(text + head, 'x', n);
  memcpy(text + head + n, "\"}", 3);
  assert_refused(&r, text, "DynamoDB takes 409600");
  free(text);
  finish(&r);
}

static void nesting_has_a_limit(void **state) {
  (void)state;
  rig r = {0};
  char text[200], brackets[41], ends[41];
  memset(brackets, '[', 40);
  memset(ends, ']', 40);
  brackets[40] = ends[40] = '\0';
  snprintf(text, sizeof text, "{\"id\":\"a\",\"time\":1,\"x\":%s%s}", brackets, ends);
  assert_refused(&r, text, "nested deeper than");
  finish(&r);
}

/* Each beginning of a fine item, in memory of just that size: nothing is read beyond it. */
static void no_beginning_of_an_item_is_taken_for_one(void **state) {
  (void)state;
  static const char whole[] =
      "{\"id\":\"a\\u00e9\\\"\",\"time\":1.5e3,\"x\":{\"y\":[1,true,null,{\"z\":\"\\\\\"}]}}";
  rig r = {0};
  for (size_t n = 0; n < sizeof whole - 1; n++) {
    char *part = malloc(n + 1);
    assert_non_null(part);
    memcpy(part, whole, n);
    char *exact = realloc(part, n > 0 ? n : 1);
    assert_int_equal(encode_n(&r, exact, n), ZC_EDATA);
    free(exact);
  }
  assert_int_equal(encode(&r, whole), ZC_OK);
  finish(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_type_keeps_its_value),
      cmocka_unit_test(numbers_beyond_38_digits_or_the_range_are_refused),
      cmocka_unit_test(keys_must_be_there_of_their_type_and_not_empty),
      cmocka_unit_test(what_is_refused_is_named_by_its_path),
      cmocka_unit_test(too_large_an_item_is_refused),
      cmocka_unit_test(nesting_has_a_limit),
      cmocka_unit_test(no_beginning_of_an_item_is_taken_for_one),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
