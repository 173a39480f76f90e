#include <stdlib.h>
#include <string.h>

#include "core/state/journal_parts.h"

typedef struct {
  zc_job job;
  size_t n;
  void (*callback)(void *user, int status, zc_read_back *rows, size_t n);
  void *user;
  char (*ids)[ZC_EXECUTION_ID_SIZE];
  zc_read_back rows[];
} read_job;

static int read_one(zc_journal *journal, const char *id, zc_read_back *row) {
  sqlite3_stmt *statement = journal->sql[ZC_SQL_FIND];
  sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
  int result = sqlite3_step(statement);
  if (result == SQLITE_ROW)
    row->status = zc_execution_of_row(statement, &row->execution);
  else
    row->status =
        result == SQLITE_DONE ? ZC_ENOTFOUND : zc_database_status(journal->writer, result, NULL);
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  bool about_the_row =
      row->status == ZC_OK || row->status == ZC_ENOTFOUND || row->status == ZC_EDATA;
  return about_the_row ? ZC_OK : row->status;
}

static void run_read(zc_journal *journal, zc_job *job) {
  read_job *reading = (read_job *)job;
  for (size_t i = 0; i < reading->n && job->status == ZC_OK; i++)
    job->status = read_one(journal, reading->ids[i], &reading->rows[i]);
}

static void finish_read(zc_job *job) {
  read_job *reading = (read_job *)job;
  reading->callback(reading->user, job->status, reading->rows, reading->n);
  for (size_t i = 0; i < reading->n; i++)
    zc_execution_finish(&reading->rows[i].execution);
  free(reading->ids);
  free(job->message);
  free(reading);
}

int zc_journal_read_back(zc_journal *journal, const char *const *ids, size_t n,
                         void (*callback)(void *user, int status, zc_read_back *rows, size_t n),
                         void *user) {
  if (!journal->loop || n == 0 || n > ZC_READ_BACK_MAX) return ZC_EINVAL;
  read_job *job = calloc(1, sizeof *job + n * sizeof *job->rows);
  if (job) job->ids = calloc(n, sizeof *job->ids);
  if (!job || !job->ids) {
    free(job);
    return ZC_ENOMEM;
  }
  job->job.run = run_read;
  job->job.finish = finish_read;
  job->n = n;
  job->callback = callback;
  job->user = user;
  for (size_t i = 0; i < n; i++)
    memccpy(job->ids[i], ids[i], '\0', sizeof job->ids[i] - 1);
  int status = zc_job_submit(journal, &job->job);
  if (status == ZC_OK) return ZC_OK;
  free(job->ids);
  free(job);
  return status;
}
