/* What a kill leaves in the WAL, and what damage does to it. */
#include "core/state/journal_rig.h"

#define HEADER     32
#define PAGE       4096
#define FRAME      (24 + PAGE)
#define MARKS_MOST 100

/* Where the frames begin that end a transaction: their second word is not zero. */
static size_t find_marks(const rig_image *wal, size_t *marks) {
  size_t n = 0;
  for (size_t at = HEADER; at + FRAME <= wal->size; at += FRAME) {
    const unsigned char *word = wal->bytes + at + 4;
    if (!(word[0] | word[1] | word[2] | word[3])) continue;
    assert_in_range(n, 0, MARKS_MOST - 1);
    marks[n++] = at;
  }
  return n;
}

static void expect_refusal(rig *r) {
  zc_error error = {0};
  zc_clock_init_virtual(&r->clock, RIG_START);
  assert_int_equal(zc_loop_create(&r->clock, &r->loop), ZC_OK);
  assert_int_equal(zc_journal_open(r->loop, r->directory, &r->journal, &error), ZC_EDATA);
  assert_non_null(strstr(error.text, "WAL is damaged"));
  assert_int_equal(zc_loop_destroy(r->loop), ZC_OK);
}

/* SQLite alone would leave out, without a word, all that lies behind. */
static void damage_inside_a_wal_is_named(void **state) {
  rig *r = *state;
  char path[160];
  rig_image wal;
  snprintf(path, sizeof path, "%s-wal", r->file);
  static const size_t places[] = {0, 9, 20, 32, 40, 50, 32 + 24 + 100, 9000};
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    rig_empty(r->directory);
    rig_fill_and_kill(r, path, &wal);
    assert_true(wal.size > 2 * 9000);
    wal.bytes[places[i]] ^= 0x10;
    rig_store(path, &wal, wal.size);
    expect_refusal(r);
    free(wal.bytes);
  }
}

/* What a crash in the middle of a write leaves is no damage. */
static void a_wal_that_a_crash_cut_off_is_read_as_far_as_it_goes(void **state) {
  rig *r = *state;
  char path[160];
  rig_image wal;
  snprintf(path, sizeof path, "%s-wal", r->file);
  for (size_t less = 0; less < 4; less++) {
    rig_empty(r->directory);
    rig_fill_and_kill(r, path, &wal);
    rig_store(path, &wal, wal.size - less * 1000);
    rig_expect_runs(r, less ? 15 : 20, less ? 19 : 20);
    free(wal.bytes);
  }
}

/* The changes of one commit then look like the beginning of the next one that a crash cut off; but
 * no transaction writes a page twice. */
static void a_commit_whose_mark_is_gone_is_missed(void **state) {
  rig *r = *state;
  char path[160];
  rig_image wal;
  size_t marks[MARKS_MOST];
  snprintf(path, sizeof path, "%s-wal", r->file);
  rig_fill_and_kill(r, path, &wal);
  size_t n = find_marks(&wal, marks);
  assert_int_equal(n, 20);
  memset(wal.bytes + marks[n - 2] - 100, 0, 100 + 24);
  rig_store(path, &wal, wal.size);
  expect_refusal(r);
  free(wal.bytes);
}

/* Else the next engine's frames would come to lie before the rest of a transaction that a crash
 * cut off, and the two would look like damage. */
static void what_a_crash_left_in_the_wal_is_gone_once_it_is_opened(void **state) {
  rig *r = *state;
  char path[160];
  rig_image wal;
  struct stat now;
  snprintf(path, sizeof path, "%s-wal", r->file);
  rig_fill_and_kill(r, path, &wal);
  rig_store(path, &wal, wal.size - 1000);
  rig_open(r);
  assert_int_equal(stat(path, &now), 0);
  assert_int_equal(now.st_size, 0);
  rig_close(r);
  free(wal.bytes);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(damage_inside_a_wal_is_named, rig_setup, rig_teardown),
      cmocka_unit_test_setup_teardown(a_wal_that_a_crash_cut_off_is_read_as_far_as_it_goes,
                                      rig_setup, rig_teardown),
      cmocka_unit_test_setup_teardown(a_commit_whose_mark_is_gone_is_missed, rig_setup,
                                      rig_teardown),
      cmocka_unit_test_setup_teardown(what_a_crash_left_in_the_wal_is_gone_once_it_is_opened,
                                      rig_setup, rig_teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
