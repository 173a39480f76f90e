#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/text.h"
#include "core/base/time_text.h"
#include "core/io/child.h"
#include "core/io/child_environment.h"

typedef struct {
  zc_clock clock;
  zc_loop *loop;
  zc_child *child;
  int n_results;
  int error, exit_status, signal;
  unsigned timed_out;
  char message[512];
  char tail[ZC_CHILD_TAIL_MAX + 1];
} scene;

static void keep_result(void *user, const zc_process_result *result) {
  scene *s = user;
  s->n_results++;
  s->error = result->error;
  s->exit_status = result->exit_status;
  s->signal = result->signal;
  s->timed_out = result->timed_out;
  snprintf(s->message, sizeof s->message, "%s", result->message);
  snprintf(s->tail, sizeof s->tail, "%s", result->tail);
  zc_child_stop(s->child, 0); /* has no effect any more */
}

static void begin(scene *s) {
  memset(s, 0, sizeof *s);
  zc_clock_init_virtual(&s->clock, 1000);
  assert_int_equal(zc_loop_create(&s->clock, &s->loop), ZC_OK);
}

static void start(scene *s, const zc_process *process) {
  assert_int_equal(zc_child_start(s->loop, process, "trigger:exec", keep_result, s, &s->child),
                   ZC_OK);
  assert_int_equal(s->n_results, 0);
}

static void finish(scene *s) {
  zc_loop_run(s->loop, ZC_TIME_MAX);
  assert_int_equal(zc_loop_destroy(s->loop), ZC_OK);
  assert_int_equal(s->n_results, 1);
}

static zc_process shell(const char *const *command) {
  return (zc_process){.size = sizeof(zc_process), .command = command, .tail_bytes = 4096};
}

#define SHELL(text) ((const char *const[]){"/bin/sh", "-c", text, NULL})

static void run_shell(scene *s, const char *script) {
  zc_process process = shell(SHELL(script));
  begin(s);
  start(s, &process);
  finish(s);
}

static void test_exit_status_and_output(void **state) {
  (void)state;
  scene s;
  run_shell(&s, "echo one; echo two >&2; echo three; exit 3");
  assert_int_equal(s.error, ZC_OK);
  assert_int_equal(s.exit_status, 3);
  assert_int_equal(s.signal, 0);
  assert_int_equal(s.timed_out, 0);
  assert_string_equal(s.message, "exit status 3");
  assert_string_equal(s.tail, "one\ntwo\nthree\n");
  run_shell(&s, "read line || echo no input");
  assert_int_equal(s.exit_status, 0);
  assert_string_equal(s.message, "exit status 0");
  assert_string_equal(s.tail, "no input\n");
}

static void test_signal(void **state) {
  (void)state;
  scene s;
  run_shell(&s, "kill -KILL $$");
  assert_int_equal(s.error, ZC_OK);
  assert_int_equal(s.exit_status, -1);
  assert_int_equal(s.signal, SIGKILL);
  assert_string_equal(s.message, "killed by signal 9 (Killed)");
  run_shell(&s, "kill -PIPE $$"); /* which we ignore, and children must not */
  assert_int_equal(s.signal, SIGPIPE);
}

static void test_time_limit(void **state) {
  (void)state;
  scene s;
  zc_process process = shell(SHELL("trap 'echo bye; exit 7' TERM; echo ready; sleep 60 & wait"));
  process.timeout_ms = 300;
  begin(&s);
  start(&s, &process);
  finish(&s);
  assert_int_equal(s.timed_out, 1);
  assert_int_equal(s.error, ZC_OK);
  if (strcmp(s.tail, "ready\nbye\n") == 0) { /* unless the shell was slower than the limit */
    assert_int_equal(s.exit_status, 7);
    assert_string_equal(s.message, "stopped after 300 ms: exit status 7");
  }
}

static void stop_when_ready(uv_timer_t *timer) {
  scene *s = timer->data;
  zc_child_stop(s->child, 1);
  uv_close((uv_handle_t *)timer, NULL);
}

static void test_term_is_followed_by_kill(void **state) {
  (void)state;
  scene s;
  zc_process process = shell(SHELL("trap '' TERM; echo deaf; while :; do sleep 1; done"));
  begin(&s);
  start(&s, &process);
  uv_timer_t timer;
  timer.data = &s;
  uv_timer_init(zc_loop_uv(s.loop), &timer);
  uv_timer_start(&timer, stop_when_ready, 100, 0);
  finish(&s);
  assert_int_equal(s.timed_out, 0);
  assert_true(s.signal == SIGKILL || s.signal == SIGTERM); /* TERM: before the trap was set */
  assert_int_equal(strncmp(s.message, "stopped: killed by signal ", 26), 0);
}

static void test_stop_at_once(void **state) {
  (void)state;
  scene s;
  zc_process process = shell(SHELL("sleep 60 & sleep 60"));
  begin(&s);
  start(&s, &process);
  int group = zc_child_pid(s.child);
  assert_true(group > 0);
  zc_child_stop(s.child, 0);
  finish(&s);
  assert_int_equal(s.signal, SIGKILL);
  assert_string_equal(s.message, "stopped: killed by signal 9 (Killed)");
}

static void test_tail_is_bounded_and_clean(void **state) {
  (void)state;
  scene s;
  zc_process process =
      shell(SHELL("i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done"));
  process.tail_bytes = 23;
  begin(&s);
  start(&s, &process);
  finish(&s);
  assert_string_equal(s.tail, "\nline 19998\nline 19999\n");

  run_shell(&s, "printf 'a\\303\\244b\\377c\\000d\\342\\202'");
  assert_string_equal(s.tail, "a\xc3\xa4"
                              "b\xef\xbf\xbd"
                              "c\xef\xbf\xbd"
                              "d\xef\xbf\xbd\xef\xbf\xbd");
  assert_true(zc_is_utf8(s.tail, strlen(s.tail)));

  /* A newline and a colour may stay; what other bytes do to a terminal or to the order of words
   * not. */
  run_shell(&s, "printf '\\033[1m\\n\\302\\233x\\342\\200\\256y\\342\\200\\250'");
  assert_string_equal(s.tail, "\033[1m\n\xef\xbf\xbdx\xef\xbf\xbdy\xef\xbf\xbd");

  process = shell(SHELL("printf '\\303\\244\\303\\244\\303\\244'")); /* cut within a character */
  process.tail_bytes = 5;
  begin(&s);
  start(&s, &process);
  finish(&s);
  assert_string_equal(s.tail, "\xc3\xa4\xc3\xa4");

  process.tail_bytes = 0;
  begin(&s);
  start(&s, &process);
  finish(&s);
  assert_string_equal(s.tail, "");
}

static void run_missing(scene *s, const char *const *command, const char *directory) {
  zc_process process = {.size = sizeof process, .command = command, .directory = directory};
  begin(s);
  start(s, &process);
  assert_int_equal(zc_child_pid(s->child), 0);
  finish(s);
  assert_int_equal(s->error, ZC_EIO);
  assert_int_equal(s->exit_status, -1);
  assert_string_equal(s->tail, "");
}

static void test_programs_that_cannot_start(void **state) {
  (void)state;
  scene s;
  run_missing(&s, (const char *const[]){"/no/such/program", "x", NULL}, NULL);
  assert_string_equal(s.message, "no such program: /no/such/program");
  run_missing(&s, (const char *const[]){"zerocarb-no-such-program", NULL}, NULL);
  assert_string_equal(s.message, "no such program: zerocarb-no-such-program");
  run_missing(&s, (const char *const[]){"/etc/passwd", NULL}, NULL);
  assert_string_equal(s.message, "cannot start /etc/passwd: permission denied");
  run_missing(&s, (const char *const[]){"/bin/true", NULL}, "/no/such/folder");
  assert_string_equal(s.message,
                      "cannot enter the directory /no/such/folder: No such file or directory");
}

static void test_a_missing_interpreter(void **state) {
  (void)state;
  const char *preload = getenv("LD_PRELOAD");
  if (preload && strstr(preload, "vgpreload")) {
    print_message("skipped: valgrind ends a child whose exec fails so late\n");
    skip();
  }
  scene s;
  char script[] = "/tmp/zerocarb-child-test-XXXXXX";
  int fd = mkstemp(script);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, "#!/no/such/interpreter\n", 23), 23);
  fchmod(fd, 0700);
  close(fd);
  run_missing(&s, (const char *const[]){script, NULL}, NULL);
  unlink(script);
  assert_non_null(strstr(s.message, "its interpreter is missing"));
}

static void test_refusals(void **state) {
  (void)state;
  scene s;
  begin(&s);
  zc_process process = shell((const char *const[]){NULL});
  assert_int_equal(zc_child_start(s.loop, &process, NULL, keep_result, &s, NULL), ZC_EINVAL);
  process = shell(SHELL("true"));
  process.tail_bytes = ZC_CHILD_TAIL_MAX + 1;
  assert_int_equal(zc_child_start(s.loop, &process, NULL, keep_result, &s, NULL), ZC_EINVAL);
  process = shell(SHELL("true"));
  process.environment = (const char *const[]){"=x", NULL};
  assert_int_equal(zc_child_start(s.loop, &process, NULL, keep_result, &s, NULL), ZC_EINVAL);
  zc_loop_run(s.loop, ZC_TIME_MAX);
  assert_int_equal(s.n_results, 0);
  assert_int_equal(zc_loop_destroy(s.loop), ZC_OK);
}

static const char *find_entry(char **environment, const char *beginning) {
  for (; *environment; environment++) {
    if (strncmp(*environment, beginning, strlen(beginning)) == 0) return *environment;
  }
  return NULL;
}

static void test_what_is_withheld_is_not_inherited(void **state) {
  (void)state;
  char longest[ZC_WITHHELD_NAME_SIZE], **environment;
  memset(longest, 'X', sizeof longest);
  setenv("ZC_CHILD_SECRET", "s3cret", 1);
  setenv("ZC_CHILD_SECRETS", "no secret", 1);
  assert_int_equal(zc_child_environment_withhold("ZC_CHILD_SECRET"), ZC_OK);
  assert_int_equal(zc_child_environment_withhold("ZC_CHILD_SECRET"), ZC_OK);
  assert_int_equal(zc_child_environment(NULL, &environment), ZC_OK);
  assert_null(find_entry(environment, "ZC_CHILD_SECRET="));
  assert_non_null(find_entry(environment, "ZC_CHILD_SECRETS="));
  free(environment);
  const char *const given[] = {"ZC_CHILD_SECRET=given", NULL};
  assert_int_equal(zc_child_environment(given, &environment), ZC_OK);
  assert_string_equal(find_entry(environment, "ZC_CHILD_SECRET="), "ZC_CHILD_SECRET=given");
  free(environment);
  assert_int_equal(zc_child_environment_withhold(""), ZC_EINVAL);
  longest[sizeof longest - 1] = '\0';
  assert_int_equal(zc_child_environment_withhold(longest), ZC_OK);
  int status = ZC_OK;
  for (int i = 0; status == ZC_OK && i <= ZC_WITHHELD_MAX; i++) {
    snprintf(longest, sizeof longest, "ZC_CHILD_%d", i);
    status = zc_child_environment_withhold(longest);
  }
  assert_int_equal(status, ZC_ECONFLICT);
}

static void test_environment_and_directory(void **state) {
  (void)state;
  setenv("ZC_TEST_KEPT", "kept", 1);
  setenv("ZC_TEST_CHANGED", "old", 1);
  scene s;
  zc_process process = shell(SHELL("echo $ZC_TEST_KEPT $ZC_TEST_CHANGED $ZC_TEST_NEW; pwd; "
                                   "env | grep -c ^ZC_TEST_CHANGED="));
  process.environment =
      (const char *const[]){"ZC_TEST_NEW=first", "ZC_TEST_CHANGED=new", "ZC_TEST_NEW=a b=c", NULL};
  process.directory = "/usr";
  begin(&s);
  start(&s, &process);
  finish(&s);
  assert_string_equal(s.tail, "kept new a b=c\n/usr\n1\n");
}

static void test_descriptors_are_not_inherited(void **state) {
  (void)state;
  int open_one = open("/dev/null", O_RDONLY); /* as a careless library would */
  assert_true(open_one > 2);
  scene s;
  run_shell(&s, "for f in /proc/self/fd/*; do case $f in */[012]) ;; "
                "*) readlink $f | grep -v /proc/;; esac; done; readlink /proc/self/fd/0");
  close(open_one);
  assert_string_equal(s.tail, "/dev/null\n");
}

static void test_own_group(void **state) {
  (void)state;
  scene s;
  run_shell(&s, "set -- $(cut -d' ' -f5,6 /proc/$$/stat);"
                "[ $1 = $$ ] && [ $2 = $$ ] && echo own");
  assert_string_equal(s.tail, "own\n");
}

static void test_grandchild_does_not_hold_the_result(void **state) {
  (void)state;
  scene s;
  run_shell(&s, "sleep 60 & echo $!; exit 4");
  assert_int_equal(s.exit_status, 4);
  int grandchild = atoi(s.tail);
  assert_true(grandchild > 1);
  assert_int_equal(kill(grandchild, 0), 0); /* a run may leave a service behind */
  kill(grandchild, SIGKILL);
}

static bool is_running(int pid) {
  char path[64], text[512] = "";
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  FILE *file = fopen(path, "r");
  if (!file) return false;
  size_t n = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  const char *after_name = strrchr(text, ')');
  return n > 0 && after_name && after_name[2] != 'Z' && after_name[2] != 'X';
}

static void test_stop_reaches_grandchildren(void **state) {
  (void)state;
  scene s;
  zc_process process = shell(SHELL("trap '' TERM; sleep 600 & echo $!; trap - TERM; wait"));
  process.timeout_ms = 300;
  begin(&s);
  start(&s, &process);
  finish(&s);
  assert_int_equal(s.timed_out, 1);
  int grandchild = atoi(s.tail);
  assert_true(grandchild > 1);
  while (is_running(grandchild)) /* main's alarm ends the wait for one that was left */
    sched_yield();
}

static void test_abandoned_children_are_reaped(void **state) {
  (void)state;
  scene s;
  zc_process process = shell(SHELL("sleep 60"));
  begin(&s);
  start(&s, &process);
  zc_child_abandon(s.child);
  zc_process missing = shell((const char *const[]){"/no/such/program", NULL});
  start(&s, &missing);
  zc_child_abandon(s.child);
  assert_int_equal(zc_loop_destroy(s.loop), ZC_OK); /* without a run: waits for them */
  assert_int_equal(s.n_results, 0);
}

static void count_result(void *user, const zc_process_result *result) {
  assert_int_equal(result->error, ZC_OK);
  ++*(int *)user;
}

/* Where descriptors run out a start is refused, to be tried again, and some are left for others. */
static void test_children_do_not_take_the_last_descriptors(void **state) {
  (void)state;
  scene s;
  int ended = 0, started = 0, status, others[ZC_CHILD_FILES_LEFT / 2];
  struct rlimit old, tight;
  zc_process process = shell(SHELL("exec sleep 0.1"));
  begin(&s);
  assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
  tight = (struct rlimit){.rlim_cur = ZC_CHILD_FILES_LEFT + 20, .rlim_max = old.rlim_max};
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
  while ((status = zc_child_start(s.loop, &process, "trigger:exec", count_result, &ended, NULL)) ==
         ZC_OK)
    started++;
  assert_int_equal(status, ZC_ECONFLICT);
  assert_true(started > 0);
  for (size_t i = 0; i < ZC_CHILD_FILES_LEFT / 2; i++)
    assert_true((others[i] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0);
  for (size_t i = 0; i < ZC_CHILD_FILES_LEFT / 2; i++)
    close(others[i]);
  zc_loop_run(s.loop, ZC_TIME_MAX);
  assert_int_equal(ended, started);
  start(&s, &process); /* there is room again */
  finish(&s);
  assert_int_equal(s.exit_status, 0);
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
}

int main(void) {
  alarm(120);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_exit_status_and_output),
      cmocka_unit_test(test_signal),
      cmocka_unit_test(test_time_limit),
      cmocka_unit_test(test_term_is_followed_by_kill),
      cmocka_unit_test(test_stop_at_once),
      cmocka_unit_test(test_tail_is_bounded_and_clean),
      cmocka_unit_test(test_programs_that_cannot_start),
      cmocka_unit_test(test_a_missing_interpreter),
      cmocka_unit_test(test_refusals),
      cmocka_unit_test(test_environment_and_directory),
      cmocka_unit_test(test_what_is_withheld_is_not_inherited),
      cmocka_unit_test(test_descriptors_are_not_inherited),
      cmocka_unit_test(test_children_do_not_take_the_last_descriptors),
      cmocka_unit_test(test_own_group),
      cmocka_unit_test(test_grandchild_does_not_hold_the_result),
      cmocka_unit_test(test_stop_reaches_grandchildren),
      cmocka_unit_test(test_abandoned_children_are_reaped),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
