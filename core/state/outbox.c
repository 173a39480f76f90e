#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"
#include "core/state/journal_parts.h"

#define PIECE_ROWS 250 /* of what goes between jobs */

/* ---- the sinks' names, at start ---- */

typedef struct {
  zc_job job;
  const char *const *names;
  size_t n;
} sinks_job;

static int add_sink(sqlite3 *database, const char *name) {
  sqlite3_stmt *statement;
  int result = sqlite3_prepare_v2(database,
                                  "INSERT INTO sinks(name,sequence,sum) VALUES(?1,0,zc_sum(?1,0)) "
                                  "ON CONFLICT(name) DO NOTHING",
                                  -1, &statement, NULL);
  if (result != SQLITE_OK) return result;
  sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
  result = zc_statement_run(statement);
  sqlite3_finalize(statement);
  return result;
}

static bool is_named(const sinks_job *job, const char *name) {
  for (size_t i = 0; i < job->n; i++) {
    if (strcmp(job->names[i], name) == 0) return true;
  }
  return false;
}

/* zc_is_named(name), for the statement that forgets the others. */
static void is_named_sql(sqlite3_context *context, int n, sqlite3_value **values) {
  (void)n;
  const char *name = (const char *)sqlite3_value_text(values[0]);
  sqlite3_result_int(context, name && is_named(sqlite3_user_data(context), name));
}

static int set_sinks(sqlite3 *database, sinks_job *job) {
  int result = sqlite3_create_function(database, "zc_is_named", 1, SQLITE_UTF8, job, is_named_sql,
                                       NULL, NULL);
  if (result == SQLITE_OK) {
    result = zc_database_run(database, "DELETE FROM sinks WHERE NOT zc_is_named(name)");
  }
  for (size_t i = 0; i < job->n && result == SQLITE_OK; i++)
    result = add_sink(database, job->names[i]);
  sqlite3_create_function(database, "zc_is_named", 1, SQLITE_UTF8, NULL, NULL, NULL, NULL);
  return result;
}

int zc_outbox_trim_more(zc_journal *journal) {
  int result = zc_outbox_trim(journal, PIECE_ROWS);
  journal->is_trimming = result == SQLITE_OK && sqlite3_changes(journal->writer) > 0;
  return result;
}

static void run_sinks(zc_journal *journal, zc_job *job) {
  sinks_job *sinks = (sinks_job *)job;
  zc_error error;
  int result = zc_statement_run(journal->sql[ZC_SQL_BEGIN]);
  if (result == SQLITE_OK) result = set_sinks(journal->writer, sinks);
  if (result == SQLITE_OK) result = zc_statement_run(journal->sql[ZC_SQL_COMMIT]);
  if (result == SQLITE_OK) {
    journal->n_sinks = sinks->n;
    result = zc_outbox_trim_more(journal);
    zc_backlogs_count(journal);
  } else if (!sqlite3_get_autocommit(journal->writer)) {
    zc_statement_run(journal->sql[ZC_SQL_ROLLBACK]);
  }
  job->status = zc_database_status(journal->writer, result, &error);
  if (job->status == ZC_EIO) journal->broken = error;
}

int zc_journal_sinks(zc_journal *journal, const char *const *names, size_t n) {
  if (!journal->loop) return ZC_EINVAL;
  sinks_job job = {.job = {.waited = true, .run = run_sinks}, .names = names, .n = n};
  int status = zc_job_submit(journal, &job.job);
  if (status != ZC_OK) return status;
  zc_job_wait(journal, &job.job);
  return job.job.status;
}

/* ---- and at a reload ---- */

typedef struct {
  sinks_job sinks;
  zc_journal_callback callback;
  void *user;
  char *names[]; /* owned */
} change_job;

static void free_change(change_job *job) {
  for (size_t i = 0; i < job->sinks.n; i++)
    free(job->names[i]);
  free(job->sinks.job.message);
  free(job);
}

static void finish_change(zc_job *job) {
  change_job *change = (change_job *)job;
  change->callback(change->user, job->status, zc_job_message(job));
  free_change(change);
}

int zc_journal_change_sinks(zc_journal *journal, const char *const *names, size_t n,
                            zc_journal_callback callback, void *user) {
  if (!journal->loop) return ZC_EINVAL;
  change_job *job = calloc(1, sizeof *job + n * sizeof job->names[0]);
  if (!job) return ZC_ENOMEM;
  job->sinks.job.run = run_sinks;
  job->sinks.job.finish = finish_change;
  job->sinks.names = (const char *const *)job->names;
  job->sinks.n = n;
  job->callback = callback;
  job->user = user;
  int status = ZC_OK;
  for (size_t i = 0; i < n && status == ZC_OK; i++) {
    if (!(job->names[i] = zc_duplicate(names[i]))) status = ZC_ENOMEM;
  }
  if (status == ZC_OK) status = zc_job_submit(journal, &job->sinks.job);
  if (status != ZC_OK) free_change(job);
  return status;
}

/* ---- reading ---- */

typedef struct {
  zc_job job;
  char *sink;
  size_t limit;
  void (*callback)(void *user, int status, const zc_outbox_item *items, size_t n_items);
  void *user;
  zc_outbox_item *items;
  char **blocks; /* what each item's texts lie in */
  size_t n_items, bytes;
} read_job;

static void free_items(read_job *job) {
  for (size_t i = 0; job->blocks && i < job->n_items; i++)
    free(job->blocks[i]);
  free(job->blocks);
  free(job->items);
  job->blocks = NULL;
  job->items = NULL;
  job->n_items = 0;
}

/* The table's name and the text share one block. */
static int copy_item(sqlite3_stmt *row, zc_outbox_item *ret, char **ret_block) {
  const char *table = (const char *)sqlite3_column_text(row, 1);
  const char *text = (const char *)sqlite3_column_text(row, 2);
  if (!table || !text) return ZC_ENOMEM;
  size_t name = strlen(table) + 1, length = (size_t)sqlite3_column_bytes(row, 2);
  char *block = malloc(name + length + 1);
  if (!block) return ZC_ENOMEM;
  memcpy(block, table, name);
  memcpy(block + name, text, length + 1);
  *ret = (zc_outbox_item){.sequence = sqlite3_column_int64(row, 0),
                          .table = block,
                          .text = block + name,
                          .length = length};
  *ret_block = block;
  return ZC_OK;
}

static int take_row(read_job *job, sqlite3_stmt *row, bool *ret_full) {
  if (!sqlite3_column_int(row, 3)) {
    job->items[job->n_items++] =
        (zc_outbox_item){.sequence = sqlite3_column_int64(row, 0), .damaged = true};
    return ZC_OK;
  }
  size_t length = (size_t)sqlite3_column_bytes(row, 2);
  *ret_full = job->n_items > 0 && job->bytes + length > ZC_OUTBOX_READ_BYTES;
  if (*ret_full) return ZC_OK;
  int status = copy_item(row, &job->items[job->n_items], &job->blocks[job->n_items]);
  if (status != ZC_OK) return status;
  job->n_items++;
  job->bytes += length;
  return ZC_OK;
}

static int read_rows(zc_journal *journal, read_job *job) {
  sqlite3_stmt *statement = journal->sql[ZC_SQL_OUTBOX];
  sqlite3_bind_text(statement, 1, job->sink, -1, SQLITE_STATIC);
  sqlite3_bind_int64(statement, 2, (sqlite3_int64)job->limit);
  int status = ZC_OK, result;
  bool full = false;
  while ((result = sqlite3_step(statement)) == SQLITE_ROW && status == ZC_OK && !full)
    status = take_row(job, statement, &full);
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  if (status != ZC_OK || full || result == SQLITE_ROW) return status;
  return zc_database_status(journal->writer, result, NULL);
}

static int has_sink(zc_journal *journal, const char *name) {
  sqlite3_stmt *statement = journal->sql[ZC_SQL_HAS_SINK];
  sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
  int result = sqlite3_step(statement);
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  if (result == SQLITE_DONE) return ZC_ENOTFOUND;
  return result == SQLITE_ROW ? ZC_OK : zc_database_status(journal->writer, result, NULL);
}

static void run_read(zc_journal *journal, zc_job *job) {
  read_job *reading = (read_job *)job;
  reading->items = calloc(reading->limit, sizeof *reading->items);
  reading->blocks = calloc(reading->limit, sizeof *reading->blocks);
  job->status = reading->items && reading->blocks ? has_sink(journal, reading->sink) : ZC_ENOMEM;
  if (job->status == ZC_OK) job->status = read_rows(journal, reading);
  if (job->status != ZC_OK) free_items(reading);
}

static void finish_read(zc_job *job) {
  read_job *reading = (read_job *)job;
  reading->callback(reading->user, job->status, reading->items, reading->n_items);
  free_items(reading);
  free(reading->sink);
  free(reading);
}

int zc_journal_read_outbox(zc_journal *journal, const char *sink, size_t n,
                           void (*callback)(void *user, int status, const zc_outbox_item *items,
                                            size_t n_items),
                           void *user) {
  if (!journal->loop || n == 0) return ZC_EINVAL;
  read_job *job = calloc(1, sizeof *job);
  if (!job) return ZC_ENOMEM;
  job->job.run = run_read;
  job->job.finish = finish_read;
  job->sink = zc_duplicate(sink);
  job->limit = n < ZC_OUTBOX_READ_ITEMS ? n : ZC_OUTBOX_READ_ITEMS;
  job->callback = callback;
  job->user = user;
  int status = job->sink ? zc_job_submit(journal, &job->job) : ZC_ENOMEM;
  if (status != ZC_OK) {
    free(job->sink);
    free(job);
  }
  return status;
}

/* ---- cursors ---- */

int zc_journal_advance(zc_journal *journal, const char *sink, int64_t sequence,
                       zc_journal_callback callback, void *user) {
  if (!journal->loop) return ZC_EINVAL;
  zc_change *change = zc_change_begin(journal);
  if (!change) return ZC_ENOMEM;
  zc_change_cursor(change, sink, sequence);
  change->callback = callback;
  change->user = user;
  int status = change->status;
  if (status == ZC_OK) status = zc_job_submit(journal, &change->job);
  if (status != ZC_OK) zc_change_drop(change);
  return status;
}
