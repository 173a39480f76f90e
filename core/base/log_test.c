/* Tests of log.c: lines that nobody can forge, and secrets that do not show. */
#include "core/base/log.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <zerocarb/plugin.h>

typedef struct {
  FILE *stream;
  char *text;
  size_t size, read;
} memory;

static int set_up(void **state) {
  memory *m = calloc(1, sizeof *m);
  assert_non_null(m);
  m->stream = open_memstream(&m->text, &m->size);
  assert_non_null(m->stream);
  zc_log_setup(ZC_LOG_INFO, false, NULL, m->stream);
  *state = m;
  return 0;
}

static int tear_down(void **state) {
  memory *m = *state;
  zc_log_forget();
  zc_log_setup(ZC_LOG_INFO, false, NULL, NULL);
  fclose(m->stream);
  free(m->text);
  free(m);
  return 0;
}

/* The text that was logged since the last call. */
static const char *logged(memory *m) {
  static char text[4096];
  snprintf(text, sizeof text, "%.*s", (int)(m->size - m->read), m->text + m->read);
  m->read = m->size;
  return text;
}

static void a_line_stays_a_line(void **state) {
  memory *m = *state;
  zc_log(ZC_LOG_ERROR, "source:a", "%s",
         "one\ntwo \xc2\x9b"
         "2J \xe2\x80\xae"
         "x \x9b.");
  assert_string_equal(logged(m), "- error   source:a: one two  2J  x ?.\n");
}

static void secrets_are_hidden(void **state) {
  memory *m = *state;
  assert_int_equal(zc_log_hide("tok-123456"), ZC_OK);
  assert_int_equal(zc_log_hide("tok-123456"), ZC_OK); /* once is enough */
  assert_int_equal(zc_log_hide("tok-123456-and-more"), ZC_OK);
  zc_log(ZC_LOG_ERROR, "a", "%s", "HTTP 401: tok-123456, tok-123456-and-more tok-123456");
  assert_string_equal(logged(m), "- error   a: HTTP 401: ***, *** ***\n");
  zc_log_forget();
  zc_log(ZC_LOG_ERROR, "a", "tok-123456");
  assert_string_equal(logged(m), "- error   a: tok-123456\n");
}

static void redact(const char *from, const char *expected) {
  char text[128];
  snprintf(text, sizeof text, "%s", from);
  zc_log_redact(text);
  assert_string_equal(text, expected);
}

static void what_a_cut_leaves_is_hidden(void **state) {
  (void)state;
  assert_int_equal(zc_log_hide("abcdefghijkl"), ZC_OK);
  redact("abcdefghijkl", "***");
  redact("abcdefghijklabcdefghijkl.", "******.");
  redact("said abcdefghijk", "said ***");
  redact("said abcdef", "said ***");
  redact("said abcde", "said abcde");
  redact("abcdefg is in the middle", "abcdefg is in the middle");
  redact("bcdefghijkl: a tail", "***: a tail");
  redact("ghijkl", "***");
  redact("hijkl: a tail", "hijkl: a tail");
  redact("in the middle: ghijkl.", "in the middle: ghijkl.");
  redact("", "");
}

static void many_and_long_ones_only(void **state) {
  (void)state;
  char text[32];
  assert_int_equal(zc_log_hide(""), ZC_EINVAL);
  assert_int_equal(zc_log_hide("short"), ZC_EINVAL);
  redact("short", "short");
  for (int i = 0; i < ZC_LOG_SECRETS; i++) {
    snprintf(text, sizeof text, "secret-%d-x", i);
    assert_int_equal(zc_log_hide(text), ZC_OK);
  }
  assert_int_equal(zc_log_hide("secret-7-x"), ZC_OK);
  assert_int_equal(zc_log_hide("one too many"), ZC_ECONFLICT);
  redact("secret-0-x secret-64-x secret-65535-x.", "*** *** ***.");
}

static void a_secret_is_hidden_until_all_have_released_it(void **state) {
  (void)state;
  char text[64];
  assert_int_equal(zc_log_hide("abcdef-first"), ZC_OK);
  assert_int_equal(zc_log_hide("abcdef-first"), ZC_OK);
  assert_int_equal(zc_log_hide("another-secret"), ZC_OK);
  zc_log_release("abcdef-first");
  zc_log_release("never hidden");
  strcpy(text, "it is abcdef-first");
  zc_log_redact(text);
  assert_string_equal(text, "it is ***");
  zc_log_release("abcdef-first");
  strcpy(text, "it is abcdef-first, another-secret");
  zc_log_redact(text);
  assert_string_equal(text, "it is abcdef-first, ***");
  zc_log_forget();
}

/* What it took and did not read is all that it lacks. */
static void a_reader_that_does_not_read_stops_nobody(void **state) {
  (void)state;
  int ends[2];
  static char text[1 << 20];
  assert_int_equal(pipe(ends), 0);
  FILE *stream = fdopen(ends[1], "w");
  assert_non_null(stream);
  zc_log_setup(ZC_LOG_INFO, false, NULL, stream);
  alarm(30); /* where it does */
  for (int i = 0; i < 2000; i++)
    zc_log(ZC_LOG_INFO, "engine", "line %04d %0100d", i, 0);
  ssize_t n = read(ends[0], text, sizeof text - 1);
  assert_in_range(n, 4096, sizeof text - 1);
  text[n] = '\0';
  int taken = 0;
  for (const char *line = text; (line = strchr(line, '\n')); line++)
    taken++;
  assert_in_range(taken, 1, 1999);
  zc_log(ZC_LOG_INFO, "engine", "again");
  n = read(ends[0], text, sizeof text - 1);
  assert_in_range(n, 1, sizeof text - 1);
  text[n] = '\0';
  char wanted[200];
  snprintf(wanted, sizeof wanted,
           "- warning log: %d lines are lost: nobody took them in time\n- info    engine: again\n",
           2000 - taken);
  assert_string_equal(text, wanted);
  alarm(0);
  zc_log_setup(ZC_LOG_INFO, false, NULL, NULL);
  fclose(stream);
  close(ends[0]);
}

static void *read_late(void *user) {
  static char text[1 << 20];
  size_t length = 0;
  poll(NULL, 0, ZC_LOG_READER_MS + 200);
  for (ssize_t n = 1; n > 0; length += n > 0 ? (size_t)n : 0)
    n = read(*(int *)user, text + length, sizeof text - 1 - length);
  text[length] = '\0';
  return text;
}

static void recorded_time_waits_for_the_reader(void **state) {
  (void)state;
  int ends[2];
  pthread_t thread;
  zc_clock clock;
  void *text;
  assert_int_equal(pipe(ends), 0);
  FILE *stream = fdopen(ends[1], "w");
  assert_non_null(stream);
  assert_int_equal(pthread_create(&thread, NULL, read_late, &ends[0]), 0);
  zc_clock_init_virtual(&clock, 0);
  zc_log_setup(ZC_LOG_INFO, false, &clock, stream);
  for (int i = 0; i < 2000; i++)
    zc_log(ZC_LOG_INFO, "engine", "line %04d %0100d", i, 0);
  zc_log_setup(ZC_LOG_INFO, false, NULL, NULL);
  fclose(stream);
  assert_int_equal(pthread_join(thread, &text), 0);
  int taken = 0;
  for (const char *line = text; (line = strchr(line, '\n')); line++)
    taken++;
  assert_int_equal(taken, 2000);
  assert_null(strstr(text, "lost"));
  close(ends[0]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(a_line_stays_a_line, set_up, tear_down),
      cmocka_unit_test_setup_teardown(secrets_are_hidden, set_up, tear_down),
      cmocka_unit_test_setup_teardown(what_a_cut_leaves_is_hidden, set_up, tear_down),
      cmocka_unit_test_setup_teardown(many_and_long_ones_only, set_up, tear_down),
      cmocka_unit_test(a_secret_is_hidden_until_all_have_released_it),
      cmocka_unit_test(a_reader_that_does_not_read_stops_nobody),
      cmocka_unit_test(recorded_time_waits_for_the_reader),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
