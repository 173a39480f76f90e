/* Files that are not what they were: never a crash; the damage is named, or all is there. */
#include <sqlite3.h>

#include "core/base/random.h"
#include "core/state/journal_rig.h"

#define ROUNDS 100
#define RUNS   60

static void fill(rig *r) {
  char text[600];
  rig_open(r);
  assert_int_equal(zc_journal_sinks(r->journal, (const char *const[]){"a", "b"}, 2), ZC_OK);
  for (int i = 0; i < RUNS; i++) {
    rig_commit_execution(r, i, i % 3 ? ZC_SUCCESS : ZC_RUNNING);
    memset(text, 'a' + i % 26, sizeof text);
    text[sizeof text - 1] = '\0';
    rig_commit_item(r, text);
    zc_change *change = zc_change_begin(r->journal);
    snprintf(text, sizeof text, "pipeline-%d", i);
    zc_change_mark(change, text, i);
    zc_change_pipeline(change, &(zc_pipeline_note){text, i % 2 ? 0 : RIG_START + i, i, 2 * i,
                                                   i % 3 ? "0 3 * * * UTC" : NULL});
    zc_journal_commit(r->journal, change, rig_count, r);
  }
  rig_run(r);
  assert_int_equal(zc_journal_advance(r->journal, "a", 10, rig_count, r), ZC_OK);
  rig_run(r);
  assert_int_equal(r->status, ZC_OK);
  rig_close(r);
}

/* All that a journal holds, as one text. */
typedef struct {
  zc_buffer text;
  int status;
} content;

static int add_execution(void *user, const zc_execution *execution) {
  content *all = user;
  return zc_execution_write(execution, &all->text);
}

static int add_mark(void *user, const char *pipeline, zc_time slot) {
  content *all = user;
  return zc_buffer_printf(&all->text, "%s %lld\n", pipeline, (long long)slot);
}

static int add_pipeline(void *user, const zc_pipeline_note *note) {
  content *all = user;
  const long long at = note->paused_at, missed = note->slots_missed, paused = note->slots_paused;
  return zc_buffer_printf(&all->text, "%s %lld %lld %lld %s\n", note->pipeline, at, missed, paused,
                          note->schedule ? note->schedule : "-");
}

static void add_items(void *user, int status, const zc_outbox_item *items, size_t n) {
  content *all = user;
  all->status = status;
  for (size_t i = 0; i < n; i++) {
    if (items[i].damaged)
      all->status = ZC_EDATA;
    else
      zc_buffer_printf(&all->text, "%s %s\n", items[i].table, items[i].text);
  }
}

static int read_all(rig *r, content *all) {
  int status = zc_journal_executions(r->journal, false, SIZE_MAX, add_execution, all);
  if (status == ZC_OK)
    status = zc_journal_executions(r->journal, true, SIZE_MAX, add_execution, all);
  if (status == ZC_OK) status = zc_journal_marks(r->journal, add_mark, all);
  if (status == ZC_OK) status = zc_journal_pipelines(r->journal, add_pipeline, all);
  const char *const sinks[] = {"a", "b"};
  for (int i = 0; i < 2 && status == ZC_OK; i++) {
    assert_int_equal(zc_journal_read_outbox(r->journal, sinks[i], 1000, add_items, all), ZC_OK);
    zc_loop_run(r->loop, RIG_START);
    status = all->status;
  }
  return status;
}

/* Opens and reads; ZC_OK with *ret, or why not. */
static int inspect(rig *r, char **ret, zc_error *error) {
  content all = {.status = ZC_OK};
  zc_buffer_init(&all.text, 64 << 20);
  zc_clock_init_virtual(&r->clock, RIG_START);
  assert_int_equal(zc_loop_create(&r->clock, &r->loop), ZC_OK);
  int status = zc_journal_open(r->loop, r->directory, &r->journal, error);
  if (status == ZC_OK) {
    status = read_all(r, &all);
    zc_journal_close(r->journal);
    error->text[0] = '\0';
  }
  assert_int_equal(zc_loop_destroy(r->loop), ZC_OK);
  if (status == ZC_OK) *ret = zc_buffer_take(&all.text);
  zc_buffer_finish(&all.text);
  return status;
}

static bool is_unchanged(rig *r, const rig_image *before) {
  rig_image now = rig_load(r->file);
  bool same = now.size == before->size && memcmp(now.bytes, before->bytes, now.size) == 0;
  free(now.bytes);
  return same;
}

/* One damaged file: true where it was named, false where its content is whole. */
static bool judge(rig *r, const char *whole, const rig_image *damaged) {
  zc_error error = {0};
  char *text = NULL;
  int status = inspect(r, &text, &error);
  if (status == ZC_OK) {
    assert_string_equal(text, whole);
    free(text);
    return false;
  }
  assert_int_equal(status, ZC_EDATA);
  if (error.text[0]) {
    assert_non_null(strstr(error.text, "aside"));
    assert_non_null(strstr(error.text, r->file));
    assert_true(is_unchanged(r, damaged));
  }
  return true;
}

static void flipped_bits_are_named(void **state) {
  rig *r = *state;
  zc_random random;
  zc_error error;
  char *whole = NULL;
  int named = 0;
  zc_random_init(&random, 2);
  fill(r);
  rig_image sound = rig_load(r->file);
  assert_int_equal(inspect(r, &whole, &error), ZC_OK);
  for (int round = 0; round < ROUNDS; round++) {
    rig_image damaged = {.size = sound.size, .bytes = malloc(sound.size)};
    memcpy(damaged.bytes, sound.bytes, sound.size);
    size_t flips = 1 + zc_random_below(&random, 4);
    /* Half of them where it hurts most: the headers and the first tables. */
    size_t within = round % 2 ? sound.size : 8192;
    for (size_t i = 0; i < flips; i++)
      damaged.bytes[zc_random_below(&random, within)] ^=
          (unsigned char)(1u << zc_random_below(&random, 8));
    rig_remove_sidecars(r);
    rig_store(r->file, &damaged, damaged.size);
    named += judge(r, whole, &damaged);
    free(damaged.bytes);
  }
  print_message("%d files with flipped bits: %d named, %d whole in content\n", ROUNDS, named,
                ROUNDS - named);
  assert_true(named > 0);
  free(whole);
  free(sound.bytes);
}

static void truncated_files_are_named(void **state) {
  rig *r = *state;
  zc_random random;
  zc_error error;
  char *whole = NULL;
  zc_random_init(&random, 3);
  fill(r);
  rig_image sound = rig_load(r->file);
  assert_int_equal(inspect(r, &whole, &error), ZC_OK);
  for (int round = 0; round < ROUNDS; round++) {
    size_t size = round == 0 ? 0 : zc_random_below(&random, sound.size);
    if (round % 4 == 1) size &= ~(size_t)4095;
    rig_image damaged = {.size = size, .bytes = sound.bytes};
    rig_remove_sidecars(r);
    rig_store(r->file, &sound, size);
    assert_true(judge(r, whole, &damaged));
  }
  free(whole);
  free(sound.bytes);
}

static void expect_refusal(rig *r, const char *word) {
  zc_error error = {0};
  char *text = NULL;
  rig_image before = rig_load(r->file);
  assert_int_equal(inspect(r, &text, &error), ZC_EDATA);
  if (!strstr(error.text, word)) fail_msg("\"%s\" is not in: %s", word, error.text);
  assert_true(is_unchanged(r, &before));
  free(before.bytes);
}

static void same_sum(sqlite3_context *context, int n, sqlite3_value **values) {
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (int i = 0; i < n; i++) {
    const unsigned char *text = sqlite3_value_text(values[i]);
    int length = sqlite3_value_bytes(values[i]);
    for (int j = 0; j <= length; j++)
      hash = (hash ^ (j < length && text ? text[j] : 0x1ffu)) * UINT64_C(0x100000001b3);
  }
  sqlite3_result_int64(context, (sqlite3_int64)hash);
}

static void alter(rig *r, const char *sql) {
  sqlite3 *database;
  assert_int_equal(sqlite3_open(r->file, &database), SQLITE_OK);
  sqlite3_create_function(database, "zc_sum", -1, SQLITE_UTF8, NULL, same_sum, NULL, NULL);
  assert_int_equal(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
  sqlite3_close(database);
}

static void foreign_files_are_refused(void **state) {
  rig *r = *state;
  assert_int_equal(mkdir(r->directory, 0700), 0);
  FILE *text = fopen(r->file, "w");
  assert_non_null(text);
  fputs("these are notes of somebody, and no database of any kind\n", text);
  fclose(text);
  expect_refusal(r, "damaged");
  unlink(r->file);
  alter(r, "CREATE TABLE theirs(a)");
  expect_refusal(r, "no journal of ZeroCarb");
}

static void what_belongs_to_no_journal_is_refused(void **state) {
  rig *r = *state;
  fill(r);
  alter(r, "CREATE TRIGGER theirs AFTER INSERT ON executions BEGIN DELETE FROM marks; END");
  expect_refusal(r, "tables");
  alter(r, "DROP TRIGGER theirs; CREATE VIEW sqlite3_is_no_prefix AS SELECT 1");
  expect_refusal(r, "tables");
}

/* With a sum that is right: its columns and its body tell different tales. */
static void a_row_that_contradicts_itself_is_refused(void **state) {
  rig *r = *state;
  zc_error error = {0};
  char *text = NULL;
  fill(r);
  assert_int_equal(inspect(r, &text, &error), ZC_OK);
  free(text);
  alter(r, "UPDATE executions SET status='TRIGGERING', live=1 WHERE live=0;"
           "UPDATE executions SET sum=zc_sum(id,pipeline,status,live,requested_at,"
           "updated_seq,body,record)");
  assert_int_equal(inspect(r, &text, &error), ZC_EDATA);
}

static void other_versions_are_refused(void **state) {
  rig *r = *state;
  fill(r);
  alter(r, "PRAGMA user_version = 4");
  expect_refusal(r, "newer");
  alter(r, "PRAGMA user_version = 0");
  expect_refusal(r, "unknown version");
  alter(r, "PRAGMA user_version = 1"); /* which it is not */
  expect_refusal(r, "tables");
  alter(r, "PRAGMA user_version = 2"); /* likewise */
  expect_refusal(r, "tables");
  alter(r, "PRAGMA user_version = 3; DROP INDEX executions_live");
  expect_refusal(r, "tables");
}

static void a_journal_of_version_1_is_taken_over(void **state) {
  rig *r = *state;
  zc_error error = {0};
  char *before = NULL, *after = NULL;
  fill(r);
  alter(r, "DELETE FROM pipelines");
  assert_int_equal(inspect(r, &before, &error), ZC_OK);
  alter(r, "DROP TABLE pipelines; PRAGMA user_version = 1");
  assert_int_equal(zc_journal_open(NULL, r->directory, &r->journal, &error), ZC_OK);
  zc_journal_close(r->journal); /* reading changes nothing */
  for (int i = 0; i < 2; i++) {
    assert_int_equal(inspect(r, &after, &error), ZC_OK);
    assert_string_equal(after, before);
    free(after);
  }
  free(before);
}

#define PIPELINES_2                                                                                \
  "DROP TABLE pipelines; "                                                                         \
  "CREATE TABLE pipelines(name TEXT PRIMARY KEY NOT NULL, paused_at INTEGER NOT NULL, missed "     \
  "INTEGER NOT NULL, paused INTEGER NOT NULL, sum INTEGER NOT NULL) WITHOUT ROWID; "               \
  "PRAGMA user_version = 2; "

static void a_journal_of_version_2_is_taken_over(void **state) {
  rig *r = *state;
  zc_error error = {0};
  char *text = NULL;
  fill(r);
  alter(r, PIPELINES_2
        "INSERT INTO pipelines VALUES('nightly', 1000, 2, 3, zc_sum('nightly', 1000, 2, 3)); "
        "INSERT INTO marks VALUES('nightly', 500, zc_sum('nightly', 500))");
  for (int i = 0; i < 2; i++) {
    if (inspect(r, &text, &error) != ZC_OK) fail_msg("%s", error.text);
    assert_non_null(strstr(text, "nightly 1000 2 3 -"));
    free(text);
  }
}

static void a_damaged_row_of_version_2_is_not_taken_over(void **state) {
  rig *r = *state;
  fill(r);
  alter(r, PIPELINES_2 "INSERT INTO pipelines VALUES('nightly', 1000, 2, 3, "
                       "zc_sum('nightly', 1000, 2, 4))");
  expect_refusal(r, "rows of pipelines");
}

static void a_wal_without_its_file_is_named(void **state) {
  rig *r = *state;
  zc_error error = {0};
  char path[160], *text = NULL;
  fill(r);
  unlink(r->file);
  snprintf(path, sizeof path, "%s-wal", r->file);
  FILE *wal = fopen(path, "w");
  assert_non_null(wal);
  fclose(wal);
  assert_int_equal(inspect(r, &text, &error), ZC_EDATA);
  assert_non_null(strstr(error.text, "journal.db-wal"));
}

/* Damage that comes while the journal is open: the row is refused, not handed on. */
static void a_changed_row_is_not_read(void **state) {
  rig *r = *state;
  zc_execution execution;
  fill(r);
  rig_open(r);
  alter(r, "UPDATE executions SET body = replace(body, 'eu-north-1', 'eu-south-1') "
           "WHERE id LIKE '%03'");
  const char id[] = "00000000-0000-4000-8000-000000000003";
  assert_int_equal(zc_journal_find(r->journal, id, &execution), ZC_EDATA);
  rig_close(r);
}

static int keep_aside(rig *r, char *name, size_t size) {
  zc_error error = {0};
  return zc_journal_aside(r->directory, RIG_START, name, size, &error);
}

static void a_damaged_journal_is_kept_aside_on_request(void **state) {
  rig *r = *state;
  char name[200], expected[200];
  fill(r);
  rig_image file = rig_load(r->file);
  file.bytes[file.size / 2] ^= 0x55;
  memset(file.bytes + 4096, 0x55, 8192);
  rig_store(r->file, &file, file.size);
  assert_int_equal(keep_aside(r, name, sizeof name), ZC_OK);
  snprintf(expected, sizeof expected, "%s.damaged-2026-01-01T00:00:00Z", r->file);
  assert_string_equal(name, expected);
  rig_image kept = rig_load(name);
  assert_int_equal(kept.size, file.size);
  assert_memory_equal(kept.bytes, file.bytes, file.size);
  free(kept.bytes);
  rig_expect_runs(r, 0, 0); /* a new one */
  rig_store(r->file, &file, file.size);
  free(file.bytes);
  assert_int_equal(keep_aside(r, name, sizeof name), ZC_ECONFLICT); /* never replaced */
  assert_int_equal(access(r->file, F_OK), 0);
}

static void what_is_not_damaged_is_not_kept_aside(void **state) {
  rig *r = *state;
  char name[200];
  assert_int_equal(keep_aside(r, name, sizeof name), ZC_OK); /* nothing there */
  assert_string_equal(name, "");
  fill(r);
  assert_int_equal(keep_aside(r, name, sizeof name), ZC_OK);
  assert_string_equal(name, "");
  rig_open(r);
  assert_int_equal(keep_aside(r, name, sizeof name), ZC_ECONFLICT); /* in use */
  rig_close(r);
  alter(r, "PRAGMA user_version = 4");
  assert_int_equal(keep_aside(r, name, sizeof name), ZC_EINVAL); /* a newer program's */
  assert_int_equal(access(r->file, F_OK), 0);
}

/* A move that a crash cut short: the file is away, its WAL still there. */
static void a_move_that_was_cut_short_is_finished(void **state) {
  rig *r = *state;
  char name[200], path[160];
  rig_image wal;
  snprintf(path, sizeof path, "%s-wal", r->file);
  rig_fill_and_kill(r, path, &wal);
  rig_store(path, &wal, wal.size);
  free(wal.bytes);
  unlink(r->file);
  assert_int_equal(keep_aside(r, name, sizeof name), ZC_OK);
  assert_string_not_equal(name, "");
  assert_int_equal(access(path, F_OK), -1);
  rig_expect_runs(r, 0, 0);
}

/* Which rows came, in order: "11 12! 13", ! for a damaged one. */
static void list_rows(void *user, int status, const zc_outbox_item *items, size_t n) {
  content *all = user;
  all->status = status;
  for (size_t i = 0; i < n; i++) {
    assert_true(items[i].damaged == !items[i].text);
    zc_buffer_printf(&all->text, "%lld%s ", (long long)items[i].sequence,
                     items[i].damaged ? "!" : "");
  }
}

static void expect_rows(rig *r, size_t n, const char *rows) {
  content all = {.status = ZC_EIO};
  zc_buffer_init(&all.text, 1 << 20);
  assert_int_equal(zc_journal_read_outbox(r->journal, "a", n, list_rows, &all), ZC_OK);
  zc_loop_run(r->loop, RIG_START);
  assert_int_equal(all.status, ZC_OK);
  assert_string_equal(all.text.data, rows);
  zc_buffer_finish(&all.text);
}

/* It holds up neither the rows behind it nor the engine's next start. */
static void a_damaged_row_of_the_outbox_is_told_and_passed_over(void **state) {
  rig *r = *state;
  fill(r);
  rig_open(r);
  assert_int_equal(zc_journal_damaged_items(r->journal), 0);
  alter(r, "UPDATE outbox SET body = 'z' WHERE sequence IN (11, 13);"
           "UPDATE outbox SET body = x'00ff' WHERE sequence = 14");
  expect_rows(r, 5, "11! 12 13! 14! 15 ");
  rig_close(r);
  rig_open(r);
  assert_int_equal(zc_journal_damaged_items(r->journal), 3);
  expect_rows(r, 2, "11! 12 ");
  assert_int_equal(zc_journal_advance(r->journal, "a", 12, rig_count, r), ZC_OK);
  rig_run(r);
  expect_rows(r, 3, "13! 14! 15 ");
  rig_close(r);
}

static void damaged_executions_marks_and_cursors_are_refused(void **state) {
  rig *r = *state;
  static const char *const damages[][2] = {
      {"UPDATE executions SET pipeline = 'other' WHERE id LIKE '%03'", "rows of executions"},
      {"UPDATE marks SET slot = slot + 1 WHERE pipeline = 'pipeline-3'", "rows of marks"},
      {"UPDATE sinks SET sequence = sequence + 1 WHERE name = 'a'", "rows of sinks"},
      {"UPDATE pipelines SET paused_at = 0 WHERE name = 'pipeline-2'", "rows of pipelines"},
      {"UPDATE pipelines SET schedule = '0 4 * * * UTC' WHERE name = 'pipeline-2'",
       "rows of pipelines"},
  };
  for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
    rig_empty(r->directory);
    fill(r);
    alter(r, damages[i][0]);
    expect_refusal(r, damages[i][1]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(flipped_bits_are_named, rig_setup, rig_teardown),
      cmocka_unit_test_setup_teardown(truncated_files_are_named, rig_setup, rig_teardown),
      cmocka_unit_test_setup_teardown(foreign_files_are_refused, rig_setup, rig_teardown),
      cmocka_unit_test_setup_teardown(what_belongs_to_no_journal_is_refused, rig_setup,
                                      rig_teardown),
      cmocka_unit_test_setup_teardown(a_row_that_contradicts_itself_is_refused, rig_setup,
                                      rig_teardown),
      cmocka_unit_test_setup_teardown(other_versions_are_refused, rig_setup, rig_teardown),
      cmocka_unit_test_setup_teardown(a_journal_of_version_2_is_taken_over, rig_setup,
                                      rig_teardown),
      cmocka_unit_test_setup_teardown(a_damaged_row_of_version_2_is_not_taken_over, rig_setup,
                                      rig_teardown),
      cmocka_unit_test_setup_teardown(a_journal_of_version_1_is_taken_over, rig_setup,
                                      rig_teardown),
      cmocka_unit_test_setup_teardown(a_wal_without_its_file_is_named, rig_setup, rig_teardown),
      cmocka_unit_test_setup_teardown(a_damaged_journal_is_kept_aside_on_request, rig_setup,
                                      rig_teardown),
      cmocka_unit_test_setup_teardown(what_is_not_damaged_is_not_kept_aside, rig_setup,
                                      rig_teardown),
      cmocka_unit_test_setup_teardown(a_move_that_was_cut_short_is_finished, rig_setup,
                                      rig_teardown),
      cmocka_unit_test_setup_teardown(a_changed_row_is_not_read, rig_setup, rig_teardown),
      cmocka_unit_test_setup_teardown(a_damaged_row_of_the_outbox_is_told_and_passed_over,
                                      rig_setup, rig_teardown),
      cmocka_unit_test_setup_teardown(damaged_executions_marks_and_cursors_are_refused, rig_setup,
                                      rig_teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
