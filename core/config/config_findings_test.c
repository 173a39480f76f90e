/* Findings: order, bound, and what is printed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/config/config.h"

static void assert_prints(zc_findings *findings, const char *expected) {
  zc_buffer to;
  zc_buffer_init(&to, 1 << 20);
  zc_findings_sort(findings);
  zc_findings_print(findings, "f.yaml", &to);
  assert_string_equal(to.data ? to.data : "", expected);
  zc_buffer_finish(&to);
}

static void test_order(void **state) {
  (void)state;
  zc_findings findings = {0};
  assert_prints(&findings, "");
  zc_findings_add(&findings, false, 3, 2, "%s", "c");
  zc_findings_add(&findings, true, 1, 9, "a");
  zc_findings_add(&findings, false, 3, 1, "b");
  zc_findings_add(&findings, false, 3, 2, "d");
  zc_findings_add(&findings, false, 0, 0, "whole");
  assert_int_equal(findings.errors, 4);
  assert_prints(&findings, "f.yaml: error: whole\n"
                           "f.yaml:1:9: warning: a\n"
                           "f.yaml:3:1: error: b\n"
                           "f.yaml:3:2: error: c\n"
                           "f.yaml:3:2: error: d\n");
  zc_findings_finish(&findings);
  assert_int_equal(findings.n, 0);
}

static void test_bound(void **state) {
  (void)state;
  zc_findings findings = {0};
  for (int i = 0; i < ZC_FINDINGS_MAX + 7; i++)
    zc_findings_add(&findings, true, i + 1, 1, "w");
  assert_int_equal(findings.n, ZC_FINDINGS_MAX);
  assert_int_equal(findings.left_out, 7);
  assert_int_equal(findings.errors, 0);
  for (int i = 0; i < ZC_FINDINGS_MAX; i++) /* an error takes a warning's place */
    zc_findings_add(&findings, false, i + 1, 1, "e");
  assert_int_equal(findings.n, ZC_FINDINGS_MAX);
  assert_int_equal(findings.left_out, 7 + ZC_FINDINGS_MAX);
  for (size_t i = 0; i < findings.n; i++)
    assert_false(findings.items[i].warning);
  zc_findings_add(&findings, false, 1, 1, "one more");
  assert_int_equal(findings.errors, ZC_FINDINGS_MAX + 1);
  zc_buffer to;
  zc_buffer_init(&to, 1 << 20);
  zc_findings_print(&findings, "f.yaml", &to);
  assert_non_null(strstr(to.data, "f.yaml: … and 108 more\n"));
  zc_buffer_finish(&to);
  zc_findings_finish(&findings);
}

/* What a finding quotes may be of a stranger. */
static void test_printable(void **state) {
  (void)state;
  zc_findings findings = {0};
  zc_findings_add(&findings, false, 1, 1, "%s", "a\x1b[2J\nf.yaml: fine \xc2\x9b \xff");
  assert_prints(&findings, "f.yaml:1:1: error: a?[2J?f.yaml: fine ? ?\n");
  zc_findings_finish(&findings);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_order), cmocka_unit_test(test_bound),
                                     cmocka_unit_test(test_printable)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
