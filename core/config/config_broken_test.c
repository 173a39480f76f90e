/* Broken configurations, each with its exact messages: tests/unit/config/broken/ holds them.
 *
 * A case is "== name", the file's text, "--", and what is printed. Lines (regions), (sources) and
 * (pipelines) stand for a valid line each; @DIR@ for the folder of the data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/clock.h"
#include "core/config/file_text.h"
#include "tests/unit/config/data_folder.h"
#include "tests/unit/config/sample_plugins.h"

#define CASES_LEAST 150
#define FILE_CAP    ((size_t)4 << 20)

static int cases, failures;
static int64_t slowest_ns;
static char slowest_name[128];

static const char *const standard[][2] = {
    {"(regions)", "regions: [eu-west-2, eu-north-1]"},
    {"(sources)", "sources: [{plugin: uk_grid_eso, regions: [eu-west-2]}]"},
    {"(pipelines)",
     "pipelines: [{name: a, region: eu-west-2, workload: {duration_minutes: 40, vcpu_count: 2, "
     "memory_gb: 3}, trigger: {plugin: exec, command: [make]}}]"},
};

static int64_t load(const char *text, size_t length, int *ret_status, zc_findings *findings) {
  zc_settings *settings = NULL;
  int64_t start = zc_clock_real_ns();
  *ret_status =
      zc_config_load_text(text, length, "t.yaml", &sample_load_options, &settings, findings);
  int64_t taken = zc_clock_real_ns() - start;
  assert_null(settings);
  return taken;
}

/* The least of three, so that a busy machine does not count. */
static void take_time(const char *name, const char *text, size_t length) {
  int64_t least = INT64_MAX;
  for (int i = 0; i < 3; i++) {
    int status;
    zc_findings findings = {0};
    int64_t taken = load(text, length, &status, &findings);
    zc_findings_finish(&findings);
    if (taken < least) least = taken;
  }
  if (least <= slowest_ns) return;
  slowest_ns = least;
  snprintf(slowest_name, sizeof slowest_name, "%s", name);
}

/* Loads, prints and compares. */
static void check(const char *name, const char *text, size_t length, const char *expected) {
  int status;
  zc_findings findings = {0};
  zc_buffer printed;
  zc_buffer_init(&printed, FILE_CAP);
  load(text, length, &status, &findings);
  zc_findings_print(&findings, "t.yaml", &printed);
  const char *got = printed.data ? printed.data : "";
  if (status != ZC_EINVAL || strcmp(got, expected) != 0) {
    print_error("%s: status %d\n--- expected\n%s--- printed\n%s", name, status, expected, got);
    failures++;
  }
  cases++;
  zc_buffer_finish(&printed);
  zc_findings_finish(&findings);
  take_time(name, text, length);
}

/* ---- from files ----------------------------------------------------------------------------- */

static void append_line(zc_buffer *to, const char *line, size_t n) {
  for (size_t i = 0; i < sizeof standard / sizeof *standard; i++) {
    if (strlen(standard[i][0]) == n && strncmp(line, standard[i][0], n) == 0) {
      line = standard[i][1], n = strlen(line);
    }
  }
  zc_buffer_add(to, line, n);
  zc_buffer_char(to, '\n');
}

static void append_expected(zc_buffer *to, const char *line, size_t n) {
  char folder[4096];
  const char *mark = memmem(line, n, "@DIR@", 5);
  assert_non_null(getcwd(folder, sizeof folder));
  size_t before = mark ? (size_t)(mark - line) : n;
  zc_buffer_add(to, line, before);
  if (mark) {
    zc_buffer_text(to, folder);
    zc_buffer_add(to, mark + 5, n - before - 5);
  }
  zc_buffer_char(to, '\n');
}

/* One case, text standing after its "== "; returns where the next one begins. */
static const char *run_case(const char *at) {
  char name[128];
  zc_buffer text, expected;
  bool after = false;
  zc_buffer_init(&text, FILE_CAP);
  zc_buffer_init(&expected, FILE_CAP);
  size_t n = strcspn(at, "\n");
  snprintf(name, sizeof name, "%.*s", (int)n, at);
  for (at += n + (at[n] == '\n'); *at && strncmp(at, "== ", 3) != 0; at += n + (at[n] == '\n')) {
    n = strcspn(at, "\n");
    if (!after && n == 2 && strncmp(at, "--", 2) == 0) {
      after = true;
    } else if (after) {
      append_expected(&expected, at, n);
    } else {
      append_line(&text, at, n);
    }
  }
  assert_true(after);
  char *yaml = zc_buffer_take(&text), *wanted = zc_buffer_take(&expected);
  assert_non_null(yaml);
  assert_non_null(wanted);
  check(name, yaml, strlen(yaml), wanted);
  free(yaml);
  free(wanted);
  return at;
}

static void run_file(const char *path) {
  zc_buffer content;
  zc_error error = {0};
  zc_buffer_init(&content, FILE_CAP);
  assert_int_equal(zc_file_read(path, true, &content, &error), ZC_OK);
  const char *at = content.data;
  while (*at) {
    assert_int_equal(strncmp(at, "== ", 3), 0);
    at = run_case(at + 3);
  }
  zc_buffer_finish(&content);
}

static void test_files(void **state) {
  (void)state;
  failures = 0;
  run_file("broken/syntax.txt");
  run_file("broken/values.txt");
  run_file("broken/plugins.txt");
  run_file("broken/pipelines.txt");
  assert_true(cases >= CASES_LEAST);
  assert_int_equal(failures, 0);
}

/* ---- made of bytes -------------------------------------------------------------------------- */

#define BYTES(text) text, sizeof(text) - 1

static void test_encodings(void **state) {
  (void)state;
  failures = 0;
  check("empty", BYTES(""),
        "t.yaml:1:1: error: the file is empty: it needs at least regions, sources and "
        "pipelines\n");
  check("mark alone", BYTES("\xef\xbb\xbf"),
        "t.yaml:1:1: error: the file is empty: it needs at least regions, sources and "
        "pipelines\n");
  check("mark before a list", BYTES("\xef\xbb\xbf[a]"),
        "t.yaml:1:1: error: a list where a mapping is wanted\n");
  check("delete character", BYTES("a: \x7f"),
        "t.yaml:1:4: error: the control character U+007F is not allowed here\n");
  check("Latin-1", BYTES("regions:\n  - \xc3\xa4 \xe4x\n"),
        "t.yaml:2:7: error: not UTF-8 (byte 0xe4): save the file as UTF-8\n");
  check("a sequence cut off", BYTES("a: \xe2\x82"),
        "t.yaml:1:4: error: not UTF-8 (byte 0xe2): save the file as UTF-8\n");
  check("a surrogate", BYTES("a: \xed\xa0\x80"),
        "t.yaml:1:4: error: not UTF-8 (byte 0xed): save the file as UTF-8\n");
  check("UTF-16", BYTES("\xff\xfe\x61\x00"),
        "t.yaml:1:1: error: not UTF-8 (byte 0xff): save the file as UTF-8\n");
  check("NUL", BYTES("regions: [a]\r\nsources\0: []\n"),
        "t.yaml:2:8: error: a NUL byte: this is not a text file\n");
  check("escape character", BYTES("a: \x1b[31m"),
        "t.yaml:1:4: error: the control character U+001B is not allowed here\n");
  assert_int_equal(failures, 0);
}

/* n times a piece, after a beginning. */
static char *repeat(const char *begin, const char *piece, size_t n) {
  size_t length = strlen(piece), at = strlen(begin);
  char *text = malloc(at + n * length + 1);
  assert_non_null(text);
  memcpy(text, begin, at);
  for (size_t i = 0; i < n; i++, at += length)
    memcpy(text + at, piece, length);
  text[at] = '\0';
  return text;
}

static void check_repeated(const char *name, const char *begin, const char *piece, size_t n,
                           const char *expected) {
  char *text = repeat(begin, piece, n);
  check(name, text, strlen(text), expected);
  free(text);
}

static void test_sizes(void **state) {
  (void)state;
  failures = 0;
  check_repeated("50 KB of [", "", "[", 50000, "t.yaml:1:65: error: nested more than 64 deep\n");
  check_repeated("50 KB of dashes", "", "- ", 25000,
                 "t.yaml:1:129: error: nested more than 64 deep\n");
  check_repeated("8 MiB and a byte", "", "#", (8 << 20) + 1, "t.yaml: error: larger than 8 MiB\n");
  check_repeated("8 MiB of comments", "", "#\n", 1 << 22,
                 "t.yaml:1:1: error: the file is empty: it needs at least regions, sources and "
                 "pipelines\n");
  check_repeated("8 MiB of blanks", "", " ", 1 << 23,
                 "t.yaml:1:1: error: the file is empty: it needs at least regions, sources and "
                 "pipelines\n");
  check_repeated("8 MiB of items", "", "- a\n", 1 << 21,
                 "t.yaml:500000:3: error: more than 500000 values in one file\n");
  check_repeated("5 MB of the same key", "", "a: 1\n", 1000000,
                 "t.yaml:250000:4: error: more than 500000 values in one file\n");
  check_repeated("8 MB of an open quote", "engine: \"", "x\n", 4000000,
                 "t.yaml:4000001:1: error: not valid YAML: found unexpected end of stream while "
                 "scanning a quoted scalar that begins on line 1\n");
  assert_int_equal(failures, 0);
}

static void test_slowest(void **state) {
  (void)state;
  print_message("%d broken configurations; the slowest took %.1f ms: %s\n", cases,
                (double)slowest_ns / 1e6, slowest_name);
}

static int set_up(void **state) {
  (void)state;
  setenv("ZC_TEST_EMPTY", "", 1);
  setenv("ZC_TEST_WORD", "abc", 1);
  setenv("ZC_TEST_LATIN", "\xff", 1);
  unsetenv("ZC_TEST_UNSET");
  return enter_data_folder();
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_files), cmocka_unit_test(test_encodings),
                                     cmocka_unit_test(test_sizes), cmocka_unit_test(test_slowest)};
  return cmocka_run_group_tests(tests, set_up, NULL);
}
