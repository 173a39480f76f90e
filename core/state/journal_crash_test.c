/* A child commits and is killed at a random point; whatever it was told is on disk must be there.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "core/base/random.h"
#include "core/state/journal_rig.h"

#define ROUNDS    50
#define RUNS      20 /* executions that are changed again and again */
#define REVISIONS 100000

/* Shared with the child: the newest revision of each run that was acknowledged. */
typedef struct {
  volatile int acknowledged[RUNS];
  volatile int items; /* acknowledged */
  volatile int told;  /* something was acknowledged in this round */
} ledger;

typedef struct {
  rig *r;
  ledger *book;
  int run, revision;
} promise;

static void acknowledge(void *user, int status, const char *message) {
  promise *made = user;
  (void)message;
  if (status != ZC_OK) _exit(3);
  made->book->acknowledged[made->run] = made->revision;
  made->book->items++;
  made->book->told = 1;
  free(made);
}

static void commit_revision(rig *r, ledger *book, int run, int revision) {
  char item[64];
  zc_execution execution;
  zc_change *change = zc_change_begin(r->journal);
  rig_execution(&execution, run, ZC_RUNNING);
  execution.attempt = (uint32_t)revision;
  zc_change_execution(change, &execution);
  zc_execution_finish(&execution);
  snprintf(item, sizeof item, "{\"run\":%d,\"revision\":%d}", run, revision);
  zc_change_item(change, &rig_table, item, strlen(item));
  promise *made = malloc(sizeof *made);
  if (!made) _exit(3);
  *made = (promise){.r = r, .book = book, .run = run, .revision = revision};
  zc_journal_commit(r->journal, change, acknowledge, made);
}

static void child(rig *r, ledger *book, int from) {
  zc_error error;
  zc_clock_init_virtual(&r->clock, RIG_START);
  if (zc_loop_create(&r->clock, &r->loop) != ZC_OK) _exit(3);
  if (zc_journal_open(r->loop, r->directory, &r->journal, &error) != ZC_OK) _exit(4);
  if (zc_journal_sinks(r->journal, (const char *const[]){"a"}, 1) != ZC_OK) _exit(3);
  for (int revision = from; revision < from + REVISIONS; revision++) {
    for (int i = 0; i < 1 + revision % 5; i++)
      commit_revision(r, book, (revision * 7 + i) % RUNS, revision);
    if (revision % 3 == 0) zc_loop_run(r->loop, RIG_START);
  }
  _exit(0);
}

/* Real time: this is about a real process and a real disk. Every second one is left alone until it
 * was told something; the others may be killed before they have opened the journal. */
static void kill_soon(pid_t pid, ledger *book, bool later, zc_random *random) {
  struct timespec moment = {.tv_nsec = 100000};
  struct timespec wait = {.tv_nsec = (long)(500000 + zc_random_below(random, 20000000))};
  while (later && !book->told && kill(pid, 0) == 0)
    nanosleep(&moment, NULL);
  nanosleep(&wait, NULL);
  kill(pid, SIGKILL);
  int status;
  assert_int_equal(waitpid(pid, &status, 0), pid);
  assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static int newest(void *user, const zc_execution *execution) {
  int *found = user, run = atoi(execution->id + 24);
  assert_in_range(run, 0, RUNS - 1);
  found[run] = (int)execution->attempt;
  return ZC_OK;
}

static void compare(rig *r, ledger *book) {
  int found[RUNS] = {0};
  rig_open(r);
  assert_int_equal(zc_journal_executions(r->journal, true, SIZE_MAX, newest, found), ZC_OK);
  for (int i = 0; i < RUNS; i++) {
    if (found[i] < book->acknowledged[i]) fail_msg("run %d: an acknowledged revision is lost", i);
    book->acknowledged[i] = found[i];
  }
  int64_t backlog = zc_journal_backlog(r->journal, "a");
  if (book->items > 0) assert_true(backlog >= book->items);
  if (backlog >= 0) book->items = (int)backlog;
  rig_close(r);
}

static void nothing_acknowledged_is_lost(void **state) {
  rig *r = *state;
  zc_random random;
  zc_random_init(&random, 1);
  ledger *book =
      mmap(NULL, sizeof *book, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  assert_ptr_not_equal(book, MAP_FAILED);
  for (int round = 0; round < ROUNDS; round++) {
    book->told = 0;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) child(r, book, 1 + round * REVISIONS);
    kill_soon(pid, book, round % 2, &random);
    compare(r, book);
  }
  print_message("%d kills, %d acknowledged changes, none lost\n", ROUNDS, book->items);
  assert_true(book->items > 0);
  munmap(book, sizeof *book);
}

static void a_killed_engine_leaves_no_lock(void **state) {
  rig *r = *state;
  int ready[2];
  char byte;
  assert_int_equal(pipe(ready), 0);
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    rig_open(r);
    if (write(ready[1], "x", 1) != 1) _exit(3);
    pause();
    _exit(0);
  }
  assert_int_equal(read(ready[0], &byte, 1), 1);
  zc_clock clock;
  zc_loop *loop;
  zc_journal *journal;
  zc_error error = {0};
  char text[32];
  zc_clock_init_virtual(&clock, RIG_START);
  assert_int_equal(zc_loop_create(&clock, &loop), ZC_OK);
  assert_int_equal(zc_journal_open(loop, r->directory, &journal, &error), ZC_ECONFLICT);
  snprintf(text, sizeof text, "(pid %ld)", (long)pid);
  assert_non_null(strstr(error.text, text));
  assert_int_equal(zc_loop_destroy(loop), ZC_OK);
  kill(pid, SIGKILL);
  assert_int_equal(waitpid(pid, NULL, 0), pid);
  close(ready[0]);
  close(ready[1]);
  rig_open(r);
  rig_close(r);
}

/* Between fork and exec the child has all that its parent has open, the lock too. */
static void
a_child_that_has_just_been_forked_does_not_keep_the_next_engine_from_starting(void **state) {
  rig *r = *state;
  const struct timespec moment = {.tv_nsec = 50000000};
  int ready[2];
  char byte = 0;
  assert_int_equal(pipe(ready), 0);
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    rig_open(r);
    if (fork() == 0) {
      nanosleep(&moment, NULL);
      _exit(0);
    }
    if (write(ready[1], "r", 1) != 1) _exit(3);
    pause();
    _exit(0);
  }
  assert_int_equal(read(ready[0], &byte, 1), 1);
  kill(pid, SIGKILL);
  assert_int_equal(waitpid(pid, NULL, 0), pid);
  close(ready[0]);
  close(ready[1]);
  rig_open(r);
  rig_close(r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(nothing_acknowledged_is_lost, rig_setup, rig_teardown),
      cmocka_unit_test_setup_teardown(a_killed_engine_leaves_no_lock, rig_setup, rig_teardown),
      cmocka_unit_test_setup_teardown(
          a_child_that_has_just_been_forked_does_not_keep_the_next_engine_from_starting, rig_setup,
          rig_teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
