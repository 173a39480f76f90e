#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/state/journal_parts.h"

#define TRIM_ROWS        1000 /* with a sink's step: it takes fewer, so that the outbox shrinks */
#define PRUNE_EVERY      100  /* ended executions; a pruning removes up to twice as many */
#define CHECKPOINT_PAGES 1000 /* of WAL, then it is moved into the file */
#define FREE_PAGES       1024 /* of the file that may lie idle; the rest is given back */

static const char *const statements[ZC_SQL_STATEMENTS] = {
    [ZC_SQL_BEGIN] = "BEGIN IMMEDIATE",
    [ZC_SQL_COMMIT] = "COMMIT",
    [ZC_SQL_ROLLBACK] = "ROLLBACK",
    [ZC_SQL_EXECUTION] =
        "INSERT INTO executions(id,pipeline,status,live,requested_at,updated_seq,body,record,sum) "
        "VALUES(?1,?2,?3,?4,?5,?6,?7,?8,zc_sum(?1,?2,?3,?4,?5,?6,?7,?8)) "
        "ON CONFLICT(id) DO UPDATE SET "
        "pipeline=excluded.pipeline,status=excluded.status,live=excluded.live,"
        "requested_at=excluded.requested_at,updated_seq=excluded.updated_seq,body=excluded.body,"
        "record=excluded.record,sum=excluded.sum",
    [ZC_SQL_ITEM] = "INSERT INTO outbox(table_name,body,sum) VALUES(?1,?2,zc_sum(?1,?2))",
    [ZC_SQL_MARK] = "INSERT INTO marks(pipeline,slot,sum) VALUES(?1,?2,zc_sum(?1,?2)) "
                    "ON CONFLICT(pipeline) DO UPDATE SET slot=excluded.slot,sum=excluded.sum "
                    "WHERE excluded.slot>slot OR excluded.pipeline GLOB '#*'",
    [ZC_SQL_CURSOR] = "UPDATE sinks SET sequence=?2,sum=zc_sum(?1,?2) "
                      "WHERE name=?1 AND sequence<?2",
    [ZC_SQL_PIPELINE] = "INSERT OR REPLACE INTO "
                        "pipelines(name,paused_at,missed,paused,schedule,sum) "
                        "VALUES(?1,?2,?3,?4,?5,zc_sum(?1,?2,?3,?4,?5))",
    [ZC_SQL_TRIM] = "DELETE FROM outbox WHERE sequence<=coalesce((SELECT min(sequence) FROM sinks),"
                    "9223372036854775807) AND sequence<(SELECT min(sequence) FROM outbox)+?1",
    [ZC_SQL_PRUNE] = "DELETE FROM executions WHERE rowid IN (SELECT rowid FROM executions WHERE "
                     "live=0 AND status<>'UNKNOWN' ORDER BY updated_seq DESC LIMIT ?2 OFFSET ?1)",
    [ZC_SQL_OUTBOX] = "SELECT sequence,table_name,body,sum IS zc_sum(table_name,body) FROM outbox "
                      "WHERE sequence>(SELECT sequence FROM sinks WHERE name=?1) "
                      "ORDER BY sequence LIMIT ?2",
    [ZC_SQL_HAS_SINK] = "SELECT 1 FROM sinks WHERE name=?1",
    /* Sequences leave no gap, so the ends say how many there are. */
    [ZC_SQL_BACKLOGS] =
        "SELECT name,max(0,coalesce((SELECT max(sequence) FROM outbox),0)-max(sequence,"
        "coalesce((SELECT min(sequence) FROM outbox)-1,0))) FROM sinks",
    [ZC_SQL_FIND] = "SELECT " ZC_EXECUTION_COLUMNS " FROM executions WHERE id=?1",
};

/* This also finds a file whose tables are not what they should be. */
int zc_statements_prepare(zc_journal *journal, zc_error *error) {
  for (size_t i = 0; i < ZC_SQL_STATEMENTS; i++) {
    int result = sqlite3_prepare_v3(journal->writer, statements[i], -1, SQLITE_PREPARE_PERSISTENT,
                                    &journal->sql[i], NULL);
    if (result != SQLITE_OK) return zc_database_status(journal->writer, result, error);
  }
  return ZC_OK;
}

void zc_statements_finalize(zc_journal *journal) {
  for (size_t i = 0; i < ZC_SQL_STATEMENTS; i++)
    sqlite3_finalize(journal->sql[i]);
}

int zc_statement_run(sqlite3_stmt *statement) {
  errno = 0; /* so that zc_database_status() does not meet an older one */
  int result = sqlite3_step(statement);
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  return result == SQLITE_DONE || result == SQLITE_ROW ? SQLITE_OK : result;
}

static void bind_text(sqlite3_stmt *statement, int column, const char *text) {
  sqlite3_bind_text(statement, column, text, -1, SQLITE_STATIC); /* NULL: null */
}

static int write_execution(zc_journal *journal, const zc_write *write) {
  sqlite3_stmt *statement = journal->sql[ZC_SQL_EXECUTION];
  bind_text(statement, 1, write->name);
  bind_text(statement, 2, write->second);
  bind_text(statement, 3, write->status);
  sqlite3_bind_int(statement, 4, write->live);
  sqlite3_bind_int64(statement, 5, write->number);
  sqlite3_bind_int64(statement, 6, journal->next_update++);
  sqlite3_bind_text(statement, 7, write->body, (int)write->length, SQLITE_STATIC);
  bind_text(statement, 8, write->record);
  if (write->live == ZC_ROW_ENDED) journal->ended++;
  return zc_statement_run(statement);
}

static int write_item(zc_journal *journal, const zc_write *write) {
  sqlite3_stmt *statement = journal->sql[ZC_SQL_ITEM];
  if (journal->n_sinks == 0) return SQLITE_OK;
  bind_text(statement, 1, write->name);
  sqlite3_bind_text(statement, 2, write->body, (int)write->length, SQLITE_STATIC);
  return zc_statement_run(statement);
}

static int write_number(zc_journal *journal, int which, const zc_write *write) {
  sqlite3_stmt *statement = journal->sql[which];
  bind_text(statement, 1, write->name);
  sqlite3_bind_int64(statement, 2, write->number);
  return zc_statement_run(statement);
}

int zc_outbox_trim(zc_journal *journal, int most) {
  sqlite3_bind_int(journal->sql[ZC_SQL_TRIM], 1, most);
  return zc_statement_run(journal->sql[ZC_SQL_TRIM]);
}

static int write_cursor(zc_journal *journal, const zc_write *write) {
  int result = write_number(journal, ZC_SQL_CURSOR, write);
  return result == SQLITE_OK ? zc_outbox_trim(journal, TRIM_ROWS) : result;
}

static int write_pipeline(zc_journal *journal, const zc_write *write) {
  sqlite3_stmt *statement = journal->sql[ZC_SQL_PIPELINE];
  sqlite3_bind_int64(statement, 3, write->missed);
  sqlite3_bind_int64(statement, 4, write->paused);
  bind_text(statement, 5, write->second);
  return write_number(journal, ZC_SQL_PIPELINE, write);
}

static int apply(zc_journal *journal, const zc_change *change) {
  int result = SQLITE_OK;
  for (const zc_write *write = change->first; write && result == SQLITE_OK; write = write->next) {
    switch (write->kind) {
    case ZC_WRITE_EXECUTION:
      result = write_execution(journal, write);
      break;
    case ZC_WRITE_ITEM:
      result = write_item(journal, write);
      break;
    case ZC_WRITE_MARK:
      result = write_number(journal, ZC_SQL_MARK, write);
      break;
    case ZC_WRITE_CURSOR:
      result = write_cursor(journal, write);
      break;
    case ZC_WRITE_PIPELINE:
      result = write_pipeline(journal, write);
      break;
    }
  }
  return result;
}

static int prune(zc_journal *journal) {
  if (journal->ended < PRUNE_EVERY) return SQLITE_OK;
  sqlite3_bind_int(journal->sql[ZC_SQL_PRUNE], 1, ZC_JOURNAL_ENDED_KEPT);
  sqlite3_bind_int64(journal->sql[ZC_SQL_PRUNE], 2, 2 * (sqlite3_int64)journal->ended);
  journal->ended = 0;
  return zc_statement_run(journal->sql[ZC_SQL_PRUNE]);
}

static void roll_back(zc_journal *journal) {
  if (sqlite3_get_autocommit(journal->writer)) return; /* SQLite has done so itself */
  zc_statement_run(journal->sql[ZC_SQL_ROLLBACK]);
}

/* One transaction over n changes. */
static int try_changes(zc_journal *journal, zc_job *first, size_t n, zc_error *error) {
  if (journal->broken.status != ZC_OK) {
    *error = journal->broken;
    return error->status;
  }
  int result = zc_statement_run(journal->sql[ZC_SQL_BEGIN]);
  for (zc_job *job = first; n > 0 && result == SQLITE_OK; job = job->next, n--)
    result = apply(journal, job->change);
  if (result == SQLITE_OK) result = prune(journal);
  if (result == SQLITE_OK) result = zc_statement_run(journal->sql[ZC_SQL_COMMIT]);
  if (result == SQLITE_OK) return ZC_OK;
  int status = zc_database_status(journal->writer, result, error);
  int primary = result & 0xff;
  if (primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB) status = error->status = ZC_EIO;
  roll_back(journal);
  if (status == ZC_EIO) journal->broken = *error;
  /* Where the disk is full, emptying the WAL may be what makes room. */
  if (status == ZC_ECONFLICT) journal->wal_pages = CHECKPOINT_PAGES;
  return status;
}

/* So that one that cannot be stored does not take others with it. Where it is the disk that
 * refuses, those behind are not tried: none overtakes another. */
static void commit_singly(zc_journal *journal, zc_jobs *group, zc_error *error) {
  int status = ZC_OK;
  for (zc_job *job = group->first; job; job = job->next) {
    if (status == ZC_OK || status == ZC_EDATA) status = try_changes(journal, job, 1, error);
    if (status != ZC_OK) zc_job_fail(job, error);
  }
}

void zc_commit_group(zc_journal *journal, zc_jobs *group) {
  zc_error error;
  int status = zc_state_dir_check(journal->path, journal->lock, &error);
  if (status == ZC_OK) status = try_changes(journal, group->first, group->n, &error);
  if (status != ZC_OK && status != ZC_EIO && group->n > 1) {
    commit_singly(journal, group, &error);
  } else if (status != ZC_OK) {
    for (zc_job *job = group->first; job; job = job->next)
      zc_job_fail(job, &error);
  }
  if (journal->n_sinks > 0) return;
  for (zc_job *job = group->first; job; job = job->next)
    job->change->has_items = false;
}

static int shrink(zc_journal *journal) {
  int64_t idle = 0;
  int result = zc_database_number(journal->writer, "PRAGMA freelist_count", &idle);
  if (result != SQLITE_OK || idle <= FREE_PAGES) return result;
  return zc_database_run(journal->writer, "PRAGMA incremental_vacuum(1024)");
}

/* Done here and not by SQLite's own checkpoints, which keep a failed fsync to themselves. Full or
 * busy is no fault: the next round tries again. */
void zc_journal_maintain(zc_journal *journal) {
  if (journal->wal_pages < CHECKPOINT_PAGES || journal->broken.status != ZC_OK) return;
  journal->wal_pages = 0;
  zc_error error;
  errno = 0;
  int result =
      sqlite3_wal_checkpoint_v2(journal->writer, "main", SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
  if (result == SQLITE_OK) result = shrink(journal);
  if (zc_database_status(journal->writer, result, &error) == ZC_EIO) journal->broken = error;
}
