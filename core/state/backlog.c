/* How many items wait for each sink: counted on the journal's thread after each write, so that
 * whoever asks on the loop waits for no disk. */
#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"
#include "core/state/journal_parts.h"

static void free_all(zc_backlog *backlogs, size_t n) {
  for (size_t i = 0; i < n; i++)
    free(backlogs[i].sink);
  free(backlogs);
}

/* One row a sink. ZC_ENOMEM or the database's status; *ret_n rows are there in any case. */
static int read_all(zc_journal *journal, zc_backlog *ret, size_t most, size_t *ret_n) {
  sqlite3_stmt *statement = journal->sql[ZC_SQL_BACKLOGS];
  int status = ZC_OK, result = SQLITE_DONE;
  *ret_n = 0;
  while (status == ZC_OK && *ret_n < most && (result = sqlite3_step(statement)) == SQLITE_ROW) {
    zc_backlog *backlog = &ret[*ret_n];
    backlog->sink = zc_duplicate((const char *)sqlite3_column_text(statement, 0));
    backlog->items = sqlite3_column_int64(statement, 1);
    if (backlog->sink)
      ++*ret_n;
    else
      status = ZC_ENOMEM;
  }
  sqlite3_reset(statement);
  if (status != ZC_OK || result == SQLITE_ROW) return status;
  return zc_database_status(journal->writer, result, NULL);
}

void zc_backlogs_count(zc_journal *journal) {
  size_t n = 0, most = journal->n_sinks;
  zc_backlog *fresh = calloc(most + 1, sizeof *fresh);
  if (!fresh) return;
  if (read_all(journal, fresh, most, &n) == ZC_OK) {
    uv_mutex_lock(&journal->mutex);
    zc_backlog *old = journal->backlogs;
    size_t n_old = journal->n_backlogs;
    journal->backlogs = fresh;
    journal->n_backlogs = n;
    uv_mutex_unlock(&journal->mutex);
    fresh = old;
    n = n_old;
  }
  free_all(fresh, n);
}

void zc_backlogs_free(zc_journal *journal) {
  free_all(journal->backlogs, journal->n_backlogs);
}

int64_t zc_journal_backlog(zc_journal *journal, const char *sink) {
  int64_t found = -1;
  if (!journal->loop) return found;
  uv_mutex_lock(&journal->mutex);
  for (size_t i = 0; i < journal->n_backlogs; i++) {
    const zc_backlog *backlog = &journal->backlogs[i];
    if (sink && strcmp(backlog->sink, sink) != 0) continue;
    if (backlog->items > found) found = backlog->items;
  }
  uv_mutex_unlock(&journal->mutex);
  return found;
}
