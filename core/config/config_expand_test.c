/* Environment variables in values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/config/expand.h"

static void assert_expands(const char *text, const char *expected) {
  zc_buffer to;
  zc_error error = {0};
  zc_buffer_init(&to, ZC_VALUE_BYTES);
  assert_int_equal(zc_expand_text(text, &to, &error), ZC_OK);
  assert_string_equal(to.data ? to.data : "", expected);
  zc_buffer_finish(&to);
}

static void assert_refused(const char *text, const char *expected) {
  zc_buffer to;
  zc_error error = {0};
  zc_buffer_init(&to, ZC_VALUE_BYTES);
  assert_int_equal(zc_expand_text(text, &to, &error), ZC_EINVAL);
  assert_string_equal(error.text, expected);
  zc_buffer_finish(&to);
}

static void test_forms(void **state) {
  (void)state;
  setenv("ZC_WORD", "abc", 1);
  setenv("ZC_NONE", "", 1);
  unsetenv("ZC_UNSET");
  assert_expands("", "");
  assert_expands("plain", "plain");
  assert_expands("${ZC_WORD}", "abc");
  assert_expands("<${ZC_WORD}${ZC_WORD}>", "<abcabc>");
  assert_expands("${ZC_NONE}", "");
  assert_expands("${ZC_WORD:-x}", "abc");
  assert_expands("${ZC_NONE:-x}", "x");
  assert_expands("${ZC_UNSET:-}", "");
  assert_expands("${ZC_UNSET:-a b:c-d}", "a b:c-d");
  assert_expands("${ZC_WORD:?why}", "abc");
  assert_refused("${ZC_UNSET}", "the environment variable ZC_UNSET is not set");
  assert_refused("${ZC_UNSET:?why}", "the environment variable ZC_UNSET is not set: why");
  assert_refused("${ZC_NONE:?why}", "the environment variable ZC_NONE is empty: why");
}

static void test_dollars(void **state) {
  (void)state;
  setenv("ZC_WORD", "$$ ${ZC_WORD}", 1);
  assert_expands("$", "$");
  assert_expands("a$", "a$");
  assert_expands("$$", "$");
  assert_expands("$$$$", "$$");
  assert_expands("$HOME 5$", "$HOME 5$");
  assert_expands("$${ZC_WORD}", "${ZC_WORD}");
  assert_expands("${ZC_WORD}", "$$ ${ZC_WORD}"); /* what comes out is not looked at again */
  assert_expands("}{", "}{");
}

static void test_bound(void **state) {
  (void)state;
  char *value = malloc(ZC_VALUE_BYTES + 2);
  assert_non_null(value);
  memset(value, 'x', ZC_VALUE_BYTES + 1);
  value[ZC_VALUE_BYTES + 1] = '\0';
  setenv("ZC_LONG", value, 1);
  assert_refused("${ZC_LONG}", "longer than 64 KiB");
  value[ZC_VALUE_BYTES] = '\0';
  setenv("ZC_LONG", value, 1);
  assert_expands("${ZC_LONG}", value);
  assert_refused("${ZC_LONG}x", "longer than 64 KiB");
  unsetenv("ZC_LONG");
  free(value);
}

/* An error may be printed, and the text around the variable may be a secret. */
static void test_errors_quote_nothing(void **state) {
  (void)state;
  static const char *const texts[] = {"s3cret${", "s3cret${s3cret", "${}s3cret", "${3s3cret}",
                                      "${ZC_UNSET}s3cret"};
  unsetenv("ZC_UNSET");
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    zc_buffer to;
    zc_error error = {0};
    zc_buffer_init(&to, ZC_VALUE_BYTES);
    assert_int_equal(zc_expand_text(texts[i], &to, &error), ZC_EINVAL);
    assert_null(strstr(error.text, "s3cret"));
    zc_buffer_finish(&to);
  }
}

static void test_tree(void **state) {
  (void)state;
  static const char text[] = "${ZC_WORD}: [\"${ZC_WORD}\", b, {c: \"${ZC_UNSET}\"}]";
  zc_tree tree;
  zc_findings findings = {0};
  setenv("ZC_WORD", "abc", 1);
  unsetenv("ZC_UNSET");
  assert_int_equal(zc_tree_parse(text, strlen(text), &findings, &tree), ZC_OK);
  assert_int_equal(zc_expand_tree(&tree, &findings), ZC_OK);
  const zc_node *list = zc_node_get(tree.root, "${ZC_WORD}");
  assert_non_null(list);
  assert_string_equal(list->first->text, "abc");
  assert_true(list->first->expanded);
  assert_false(list->first->next->expanded);
  assert_int_equal(zc_node_get(list->last, "c")->kind, ZC_NODE_INVALID);
  assert_int_equal(findings.errors, 1);
  assert_string_equal(findings.items[0].text,
                      "${ZC_WORD}[2].c: the environment variable ZC_UNSET is not set");
  zc_tree_finish(&tree);
  zc_findings_finish(&findings);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_forms), cmocka_unit_test(test_dollars), cmocka_unit_test(test_bound),
      cmocka_unit_test(test_errors_quote_nothing), cmocka_unit_test(test_tree)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
