/* The tree: positions, paths, what it takes and what it drops. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/config/tree.h"

typedef struct {
  zc_tree tree;
  zc_findings findings;
  int status;
} parsed;

static parsed parse(const char *text) {
  parsed p = {.status = ZC_OK};
  p.status = zc_tree_parse(text, strlen(text), &p.findings, &p.tree);
  return p;
}

static void finish(parsed *p) {
  zc_tree_finish(&p->tree);
  zc_findings_finish(&p->findings);
}

static void assert_path(const zc_node *node, const char *expected, int line, int column) {
  char path[ZC_PATH_TEXT];
  assert_non_null(node);
  zc_node_path(node, path, sizeof path);
  assert_string_equal(path, expected);
  assert_int_equal(node->line, line);
  assert_int_equal(node->column, column);
}

static void test_positions(void **state) {
  (void)state;
  parsed p = parse("\xef\xbb\xbf"
                   "a: 1\r\nb:\n  - x\n  - {c: \"ä\", d: y}\n");
  assert_int_equal(p.status, ZC_OK);
  const zc_node *root = p.tree.root, *list = zc_node_get(root, "b");
  assert_path(root, "", 1, 1);
  assert_path(zc_node_get(root, "a"), "a", 1, 4);
  assert_path(list, "b", 3, 3);
  assert_int_equal(list->kind, ZC_NODE_LIST);
  assert_int_equal(list->n, 2);
  assert_path(list->first, "b[0]", 3, 5);
  assert_path(zc_node_get(list->last, "c"), "b[1].c", 4, 9);
  assert_path(zc_node_get(list->last, "d"), "b[1].d", 4, 17);
  assert_path(zc_node_get(list->last, "d")->key, "b[1]", 4, 14);
  assert_null(zc_node_get(root, "c"));
  assert_null(zc_node_get(list, "c"));
  finish(&p);
}

static void test_scalars(void **state) {
  (void)state;
  parsed p = parse("[no, 08, 1e3, \"1\", '~', ~, null, , |\n x\n]");
  assert_int_equal(p.status, ZC_EINVAL); /* an empty item in brackets is no YAML */
  finish(&p);
  p = parse("- no\n- 08\n- \"1\"\n- '~'\n- ~\n- null\n-\n- ''\n- |\n  a\n  b\n");
  assert_int_equal(p.status, ZC_OK);
  static const struct {
    const char *text;
    bool plain, null;
  } expected[] = {{"no", true, false}, {"08", true, false}, {"1", false, false},
                  {"~", false, false}, {"~", true, true},   {"null", true, true},
                  {"", true, true},    {"", false, false},  {"a\nb\n", false, false}};
  const zc_node *item = p.tree.root->first;
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++, item = item->next) {
    assert_string_equal(item->text, expected[i].text);
    assert_int_equal(item->plain, expected[i].plain);
    assert_int_equal(zc_node_is_null(item), expected[i].null);
    assert_int_equal(item->index, i);
  }
  assert_null(item);
  finish(&p);
}

static void test_refused_members_are_dropped(void **state) {
  (void)state;
  parsed p = parse("a: 1\n<<: {b: 2}\n? [x]\n: {y: z}\na: 3\nc: *d\n");
  assert_int_equal(p.status, ZC_OK);
  assert_int_equal(p.findings.errors, 4);
  const zc_node *root = p.tree.root;
  assert_int_equal(root->n, 3);
  assert_string_equal(zc_node_get(root, "a")->text, "1");
  assert_int_equal(root->first->next->kind, ZC_NODE_INVALID); /* the second a */
  assert_int_equal(zc_node_get(root, "c")->kind, ZC_NODE_INVALID);
  finish(&p);
}

static void test_depth(void **state) {
  (void)state;
  char text[2 * (ZC_TREE_DEPTH + 1) + 1] = "";
  memset(text, '[', ZC_TREE_DEPTH);
  memset(text + ZC_TREE_DEPTH, ']', ZC_TREE_DEPTH);
  parsed p = parse(text);
  assert_int_equal(p.status, ZC_OK);
  const zc_node *node = p.tree.root;
  char path[ZC_PATH_TEXT];
  while (node->first)
    node = node->first;
  zc_node_path(node, path, sizeof path);
  assert_int_equal(strlen(path), 3 * (ZC_TREE_DEPTH - 1));
  zc_node_path(node, path, 11);
  assert_string_equal(path, "[0][0][0][");
  finish(&p);
}

static void test_empty(void **state) {
  (void)state;
  parsed p = parse("# nothing\n");
  assert_int_equal(p.status, ZC_OK);
  assert_null(p.tree.root);
  assert_int_equal(p.findings.n, 0);
  finish(&p);
}

static void test_too_many_findings_end_it(void **state) {
  (void)state;
  char text[4 * 300 + 3] = "[";
  for (size_t i = 0; i < 300; i++)
    snprintf(text + 1 + 3 * i, 4, "*a,");
  parsed p = parse(text);
  assert_int_equal(p.status, ZC_EINVAL);
  assert_int_equal(p.findings.n, ZC_FINDINGS_MAX);
  assert_int_equal(p.findings.errors, ZC_FINDINGS_MAX + 1);
  finish(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_positions),
      cmocka_unit_test(test_scalars),
      cmocka_unit_test(test_refused_members_are_dropped),
      cmocka_unit_test(test_depth),
      cmocka_unit_test(test_empty),
      cmocka_unit_test(test_too_many_findings_end_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
