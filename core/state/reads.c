#include <stdint.h>
#include <string.h>

#include "core/base/text.h"
#include "core/state/journal_parts.h"

static int prepare(zc_journal *journal, const char *sql, sqlite3_stmt **ret) {
  int result = sqlite3_prepare_v2(journal->reader, sql, -1, ret, NULL);
  return zc_database_status(journal->reader, result, NULL);
}

/* Ends a statement after its last step. */
static int finish(zc_journal *journal, sqlite3_stmt *statement, int status, int result) {
  if (status == ZC_OK && result != SQLITE_ROW) {
    status = zc_database_status(journal->reader, result, NULL);
  }
  sqlite3_finalize(statement);
  return status;
}

/* What rows are found by says the same as their body. */
static bool agrees(sqlite3_stmt *row, const zc_execution *read) {
  const char *id = (const char *)sqlite3_column_text(row, 3);
  const char *status = (const char *)sqlite3_column_text(row, 4);
  bool live = sqlite3_column_int(row, 5) == ZC_ROW_LIVE;
  return id && status && strcmp(id, read->id) == 0 &&
         strcmp(status, zc_execution_status_text(read->status)) == 0 &&
         live != zc_execution_ended(read->status) &&
         sqlite3_column_int64(row, 6) == read->requested_at;
}

int zc_execution_of_row(sqlite3_stmt *row, zc_execution *ret) {
  if (!sqlite3_column_int(row, 2)) return ZC_EDATA;
  const char *body = (const char *)sqlite3_column_text(row, 0);
  const char *record = (const char *)sqlite3_column_text(row, 1);
  if (!body || (!record && sqlite3_column_type(row, 1) != SQLITE_NULL)) return ZC_ENOMEM;
  zc_execution read;
  int status = zc_execution_read(body, (size_t)sqlite3_column_bytes(row, 0), &read);
  if (status != ZC_OK) return status;
  if (!agrees(row, &read)) {
    zc_execution_finish(&read);
    return ZC_EDATA;
  }
  read.record = zc_duplicate(record);
  if (record && !read.record) {
    zc_execution_finish(&read);
    return ZC_ENOMEM;
  }
  *ret = read;
  return ZC_OK;
}

/* `take` owns what it is given. */
static int take_executions(zc_journal *journal, const char *sql, size_t limit,
                           int (*take)(void *user, zc_execution *execution), void *user) {
  sqlite3_stmt *statement;
  int status = prepare(journal, sql, &statement);
  if (status != ZC_OK) return status;
  sqlite3_bind_int64(statement, 1, limit < INT64_MAX ? (sqlite3_int64)limit : -1);
  int result = SQLITE_ROW;
  while (status == ZC_OK && (result = sqlite3_step(statement)) == SQLITE_ROW) {
    zc_execution execution;
    status = zc_execution_of_row(statement, &execution);
    if (status == ZC_OK) status = take(user, &execution);
  }
  return finish(journal, statement, status, result);
}

typedef struct {
  int (*each)(void *user, const zc_execution *execution);
  void *user;
} reader;

static int show(void *user, zc_execution *execution) {
  const reader *to = user;
  int status = to->each(to->user, execution);
  zc_execution_finish(execution);
  return status;
}

static int read_executions(zc_journal *journal, const char *sql, size_t limit,
                           int (*each)(void *user, const zc_execution *execution), void *user) {
  reader to = {.each = each, .user = user};
  return take_executions(journal, sql, limit, show, &to);
}

#define LIVE                                                                                       \
  "SELECT " ZC_EXECUTION_COLUMNS                                                                   \
  " FROM executions WHERE live=1 ORDER BY requested_at,rowid LIMIT ?1"

int zc_journal_take_live(zc_journal *journal, size_t limit,
                         int (*take)(void *user, zc_execution *execution), void *user) {
  return take_executions(journal, LIVE, limit, take, user);
}

int zc_journal_executions(zc_journal *journal, bool live_only, size_t limit,
                          int (*each)(void *user, const zc_execution *execution), void *user) {
  static const char *const sql[] = {
      "SELECT " ZC_EXECUTION_COLUMNS
      " FROM executions ORDER BY requested_at DESC,rowid DESC LIMIT ?1",
      LIVE};
  return read_executions(journal, sql[live_only], limit, each, user);
}

int zc_journal_unsettled(zc_journal *journal, size_t limit,
                         int (*each)(void *user, const zc_execution *execution), void *user) {
  static const char sql[] = "SELECT " ZC_EXECUTION_COLUMNS
                            " FROM executions WHERE live=2 ORDER BY updated_seq DESC LIMIT ?1";
  return read_executions(journal, sql, limit, each, user);
}

int zc_journal_find(zc_journal *journal, const char *id, zc_execution *ret) {
  sqlite3_stmt *statement;
  int status =
      prepare(journal, "SELECT " ZC_EXECUTION_COLUMNS " FROM executions WHERE id=?1", &statement);
  if (status != ZC_OK) return status;
  sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
  int result = sqlite3_step(statement);
  if (result == SQLITE_ROW) status = zc_execution_of_row(statement, ret);
  if (result == SQLITE_DONE) status = ZC_ENOTFOUND;
  return finish(journal, statement, status, result);
}

int zc_journal_marks(zc_journal *journal,
                     int (*each)(void *user, const char *pipeline, zc_time slot), void *user) {
  sqlite3_stmt *statement;
  int status =
      prepare(journal, "SELECT pipeline,slot,sum IS zc_sum(pipeline,slot) FROM marks", &statement);
  if (status != ZC_OK) return status;
  int result = SQLITE_ROW;
  while (status == ZC_OK && (result = sqlite3_step(statement)) == SQLITE_ROW) {
    const char *pipeline = (const char *)sqlite3_column_text(statement, 0);
    if (!pipeline) {
      status = ZC_ENOMEM;
    } else if (!sqlite3_column_int(statement, 2)) {
      status = ZC_EDATA;
    } else {
      status = each(user, pipeline, sqlite3_column_int64(statement, 1));
    }
  }
  return finish(journal, statement, status, result);
}

int zc_journal_pipelines(zc_journal *journal, int (*each)(void *user, const zc_pipeline_note *note),
                         void *user) {
  sqlite3_stmt *statement;
  int status = prepare(journal,
                       "SELECT name,paused_at,missed,paused,schedule,"
                       "sum IS zc_sum(name,paused_at,missed,paused,schedule) FROM pipelines",
                       &statement);
  if (status != ZC_OK) return status;
  int result = SQLITE_ROW;
  while (status == ZC_OK && (result = sqlite3_step(statement)) == SQLITE_ROW) {
    const zc_pipeline_note note = {.pipeline = (const char *)sqlite3_column_text(statement, 0),
                                   .paused_at = sqlite3_column_int64(statement, 1),
                                   .slots_missed = sqlite3_column_int64(statement, 2),
                                   .slots_paused = sqlite3_column_int64(statement, 3),
                                   .schedule = (const char *)sqlite3_column_text(statement, 4)};
    bool unknown = sqlite3_column_type(statement, 4) == SQLITE_NULL;
    if (!note.pipeline || (!note.schedule && !unknown))
      status = ZC_ENOMEM;
    else
      status = sqlite3_column_int(statement, 5) ? each(user, &note) : ZC_EDATA;
  }
  return finish(journal, statement, status, result);
}
