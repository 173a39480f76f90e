#include "core/state/journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/state/journal_parts.h"

#define FILE_NAME "/journal.db"

/* Marks of pipelines that are long gone do not pile up: twice what a config may have is kept. What
 * is noted of a pipeline goes with its mark, but for a pause, which has to be ended by a person. */
#define FORGET_MARKS                                                                               \
  "DELETE FROM marks WHERE pipeline IN "                                                           \
  "(SELECT pipeline FROM marks ORDER BY slot DESC LIMIT -1 OFFSET 40000);"                         \
  "DELETE FROM pipelines WHERE paused_at=0 AND name NOT IN (SELECT pipeline FROM marks)"

static int read_counters(zc_journal *journal, zc_error *error) {
  int64_t sinks = 0, update = 0;
  int result = zc_database_number(journal->writer, "SELECT count(*) FROM sinks", &sinks);
  if (result == SQLITE_OK) {
    result = zc_database_number(
        journal->writer, "SELECT coalesce(max(updated_seq), 0) + 1 FROM executions", &update);
  }
  if (result != SQLITE_OK) return zc_database_status(journal->writer, result, error);
  journal->n_sinks = (size_t)sinks;
  journal->next_update = update;
  return ZC_OK;
}

static int on_wal(void *user, sqlite3 *database, const char *name, int pages) {
  (void)database, (void)name;
  ((zc_journal *)user)->wal_pages = pages;
  return SQLITE_OK;
}

static int open_writer(zc_journal *journal, zc_error *error) {
  int status = zc_wal_check(journal->path, error);
  if (status == ZC_OK) status = zc_database_open(journal->path, true, &journal->writer, error);
  if (status == ZC_OK)
    status = zc_database_check(journal->writer, journal->path, ZC_CHECK_SMALL, error);
  if (status == ZC_OK) {
    status =
        zc_database_damaged_items(journal->writer, journal->path, &journal->damaged_items, error);
  }
  if (status == ZC_OK) status = zc_database_adopt(journal->writer, error);
  if (status != ZC_OK) return status;
  int result = zc_database_run(journal->writer, FORGET_MARKS);
  if (result != SQLITE_OK) return zc_database_status(journal->writer, result, error);
  sqlite3_wal_hook(journal->writer, on_wal, journal);
  status = read_counters(journal, error);
  return status == ZC_OK ? zc_statements_prepare(journal, error) : status;
}

static int open_for_writing(zc_journal *journal, const char *state_dir, zc_error *error) {
  int status = zc_state_dir_make(state_dir, error);
  if (status == ZC_OK) status = zc_state_dir_lock(state_dir, &journal->lock, error);
  if (status == ZC_OK) status = zc_journal_file_prepare(journal->path, error);
  if (status == ZC_OK) status = open_writer(journal, error);
  if (status == ZC_OK) status = zc_database_open(journal->path, false, &journal->reader, error);
  if (status != ZC_OK) return status;
  status = zc_thread_start(journal);
  return status == ZC_OK ? ZC_OK : zc_error_set(error, status, "journal: cannot start its thread");
}

static int open_for_reading(zc_journal *journal, zc_error *error) {
  int status = zc_journal_file_exists(journal->path, error);
  if (status == ZC_ENOTFOUND) {
    zc_error_set(error, status, "%s is not there: no engine has run on it yet", journal->path);
  }
  if (status == ZC_OK) status = zc_database_open(journal->path, false, &journal->reader, error);
  return status == ZC_OK ? zc_database_check(journal->reader, journal->path, ZC_CHECK_KIND, error)
                         : status;
}

static void free_journal(zc_journal *journal) {
  zc_backlogs_free(journal);
  zc_statements_finalize(journal);
  sqlite3_close(journal->reader);
  sqlite3_close(journal->writer); /* the last one: moves the WAL into the file */
  if (journal->lock >= 0) close(journal->lock);
  free(journal->path);
  free(journal);
}

int zc_journal_open(zc_loop *loop, const char *state_dir, zc_journal **ret, zc_error *error) {
  size_t length = strlen(state_dir);
  zc_journal *journal = calloc(1, sizeof *journal);
  if (!journal) return zc_error_set(error, ZC_ENOMEM, "journal: no memory");
  journal->lock = -1;
  journal->path = malloc(length + sizeof FILE_NAME);
  int status = ZC_ENOMEM;
  if (!journal->path) {
    zc_error_set(error, status, "journal: no memory");
    goto failed;
  }
  snprintf(journal->path, length + sizeof FILE_NAME, "%s" FILE_NAME, state_dir);
  journal->loop = loop;
  status = loop ? open_for_writing(journal, state_dir, error) : open_for_reading(journal, error);
  if (status != ZC_OK) goto failed;
  *ret = journal;
  return ZC_OK;
failed:
  free_journal(journal);
  return status;
}

void zc_journal_close(zc_journal *journal) {
  if (!journal) return;
  if (journal->loop) zc_thread_stop(journal);
  free_journal(journal);
}

int64_t zc_journal_damaged_items(const zc_journal *journal) {
  return journal->damaged_items;
}

void zc_journal_on_items(zc_journal *journal, void (*callback)(void *user), void *user) {
  journal->on_items = callback;
  journal->on_items_user = user;
}
