/* journal_parts.h - what the journal's files share; nobody else includes it.
 *
 *   files.c     the state dir, its lock, making a new file
 *   aside.c     keeping a damaged journal aside
 *   wal.c       damage inside the WAL, which SQLite would leave out silently
 *   database.c  connections: settings, statuses, checks for damage
 *   journal.c   open and close
 *   change.c    collecting writes
 *   thread.c    the queue of jobs, the thread, and the way back to the loop
 *   commit.c    writing groups of changes; keeping the file small
 *   outbox.c    sinks and their cursors
 *   backlog.c   how many items wait for each
 *   reads.c     blocking reads
 *   read_back.c reads of single executions while the loop runs
 *
 * The loop's thread makes jobs and takes them back; between the two the journal's thread has
 * them. It alone uses the writing connection, the loop's thread alone the reading one. */
#ifndef ZC_STATE_JOURNAL_PARTS_H
#define ZC_STATE_JOURNAL_PARTS_H

#include <sqlite3.h>

#include "core/state/journal.h"

#define ZC_JOURNAL_VERSION  3  /* of the schema */
#define ZC_JOURNAL_REFUSALS 64 /* commits of a NULL change that wait to be called back */

typedef struct zc_job zc_job;

/* A piece of work. Changes are committed in groups; any other is run by itself. */
struct zc_job {
  zc_job *next;
  zc_change *change; /* the change that this is, or NULL */
  size_t bytes;      /* what it counts for in the limit */
  bool waited;       /* the loop's thread waits for it; nobody is called back */
  bool done;         /* of one that is waited for */
  int status;
  char *message;                                 /* owned; NULL: the status's word */
  void (*run)(zc_journal *journal, zc_job *job); /* on the journal's thread */
  void (*finish)(zc_job *job);                   /* on the loop: calls back, frees */
};

typedef struct {
  zc_job *first, **last;
  size_t n, bytes;
} zc_jobs;

enum { ZC_WRITE_EXECUTION, ZC_WRITE_ITEM, ZC_WRITE_MARK, ZC_WRITE_CURSOR, ZC_WRITE_PIPELINE };

/* executions.live. Only what has ended is pruned. */
enum { ZC_ROW_ENDED, ZC_ROW_LIVE, ZC_ROW_UNSETTLED };

/* One row to be written. Texts lie behind it in the same block. */
typedef struct zc_write zc_write;
struct zc_write {
  zc_write *next;
  int kind;
  int live;               /* ZC_ROW_… */
  int64_t number;         /* requested_at, slot, sequence or paused_at */
  int64_t missed, paused; /* a pipeline's */
  const char *name;       /* id, table, pipeline or sink */
  const char *second;     /* an execution's pipeline, a pipeline's schedule or NULL */
  const char *status;
  const char *body;
  const char *record; /* an execution's; NULL: none */
  size_t length;      /* of body */
};

struct zc_change {
  zc_job job;
  zc_journal *journal;
  zc_write *first, **last;
  bool has_items; /* and, once committed, that a sink is there to take them */
  int status;     /* of collecting */
  zc_journal_callback callback;
  void *user;
};

enum {
  ZC_SQL_BEGIN,
  ZC_SQL_COMMIT,
  ZC_SQL_ROLLBACK,
  ZC_SQL_EXECUTION,
  ZC_SQL_ITEM,
  ZC_SQL_MARK,
  ZC_SQL_CURSOR,
  ZC_SQL_PIPELINE,
  ZC_SQL_TRIM,
  ZC_SQL_PRUNE,
  ZC_SQL_OUTBOX,
  ZC_SQL_HAS_SINK,
  ZC_SQL_FIND,
  ZC_SQL_BACKLOGS,
  ZC_SQL_STATEMENTS
};

typedef struct {
  char *sink;
  int64_t items;
} zc_backlog;

struct zc_journal {
  char *path; /* STATE_DIR/journal.db */
  int lock;   /* descriptor, or -1 */
  sqlite3 *reader;

  /* The rest is for writing only; loop NULL where the journal is read only. */
  zc_loop *loop;
  uv_async_t *wake;
  size_t owed; /* jobs that the loop is to hear of */
  int64_t damaged_items;
  void (*on_items)(void *user);
  void *on_items_user;
  char refusal[640]; /* of the newest commit; "": it was written */

  uv_mutex_t mutex; /* guards the following */
  uv_cond_t more, done;
  zc_jobs waiting, finished;
  zc_change refusals[ZC_JOURNAL_REFUSALS]; /* so that want of memory can be told without any */
  size_t waiting_bytes, waiting_jobs;
  bool closing;
  zc_backlog *backlogs; /* one a sink */
  size_t n_backlogs;

  uv_thread_t thread; /* owns the following */
  sqlite3 *writer;
  sqlite3_stmt *sql[ZC_SQL_STATEMENTS];
  size_t n_sinks;
  int64_t next_update; /* executions.updated_seq */
  size_t ended;        /* since the last pruning */
  int wal_pages;       /* since the last checkpoint */
  bool is_trimming;    /* the outbox may have more that every sink has taken */
  zc_error broken;     /* status ZC_OK until a write to disk fails */
};

/* files.c */
int zc_state_dir_make(const char *path, zc_error *error);
int zc_state_dir_lock(const char *path, int *ret_descriptor, zc_error *error);
/* Whether the lock is still that of the journal's folder; ZC_EIO. */
int zc_state_dir_check(const char *journal_path, int lock, zc_error *error);
/* Makes the journal's file where there is none; sees to it that no part of one is left over. */
int zc_journal_file_prepare(const char *path, zc_error *error);
/* A new name is there after a power cut only once its folder is on disk too. 0 or errno. */
int zc_sync_folder_of(const char *path);
int zc_journal_file_exists(const char *path, zc_error *error); /* ZC_OK, ZC_ENOTFOUND, ZC_EDATA */
/* Sets the error for a file that cannot be used, with the advice. Returns ZC_EDATA. */
int zc_journal_damaged(zc_error *error, const char *path, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* wal.c */
int zc_wal_check(const char *path, zc_error *error); /* of the journal; before it is opened */

/* database.c */
int zc_database_open(const char *path, bool writing, sqlite3 **ret, zc_error *error);
int zc_database_create(const char *path, zc_error *error); /* the schema, in an empty file */
/* Whether it is a journal of ours, and every page and row is sound, but for the outbox's: a lost
 * item is no reason to forget what runs. */
typedef enum { ZC_CHECK_KIND, ZC_CHECK_SMALL, ZC_CHECK_ALL } zc_check;
int zc_database_check(sqlite3 *database, const char *path, zc_check how, zc_error *error);
/* ZC_EDATA where it is no journal of ours. */
int zc_database_version(sqlite3 *database, int64_t *ret);
int zc_database_damaged_items(sqlite3 *database, const char *path, int64_t *ret, zc_error *error);
/* Once it is known to be whole: from now on it may be changed. */
int zc_database_adopt(sqlite3 *database, zc_error *error);
int zc_database_run(sqlite3 *database, const char *sql); /* an SQLite result */
/* The first column of the first row; SQLITE_DONE where there is none. */
int zc_database_number(sqlite3 *database, const char *sql, int64_t *ret);
/* What an SQLite result means for the caller, see journal.h; `error` may be NULL. */
int zc_database_status(sqlite3 *database, int result, zc_error *error);

/* thread.c */
int zc_thread_start(zc_journal *journal);
void zc_thread_stop(zc_journal *journal); /* once all that was handed in is done and called back */
int zc_job_submit(zc_journal *journal, zc_job *job); /* ZC_ECONFLICT, ZC_ECANCELED: not taken */
/* Done without the thread: called back on a later turn. */
void zc_job_refuse(zc_journal *journal, zc_job *job, int status, const char *message);
void zc_job_wait(zc_journal *journal, zc_job *job); /* blocks until it has run */
void zc_job_fail(zc_job *job, const zc_error *error);
const char *zc_job_message(const zc_job *job); /* NULL where it went well */

/* reads.c: an execution out of a row of these columns. ZC_EDATA: it is not what was written. */
#define ZC_EXECUTION_COLUMNS                                                                       \
  "body,record,sum IS zc_sum(id,pipeline,status,live,requested_at,updated_seq,body,record),"       \
  "id,status,live,requested_at"
int zc_execution_of_row(sqlite3_stmt *row, zc_execution *ret);

/* change.c */
void zc_change_cursor(zc_change *change, const char *sink, int64_t sequence);

/* backlog.c: on the journal's thread */
void zc_backlogs_count(zc_journal *journal);
void zc_backlogs_free(zc_journal *journal);

/* commit.c */
int zc_statements_prepare(zc_journal *journal, zc_error *error);
void zc_statements_finalize(zc_journal *journal);
void zc_commit_group(zc_journal *journal, zc_jobs *group);
/* Runs a prepared statement that gives no rows, and readies it again. An SQLite result. */
int zc_statement_run(sqlite3_stmt *statement);
/* At most so many items that no sink lacks go. An SQLite result. */
int zc_outbox_trim(zc_journal *journal, int most);
void zc_journal_maintain(zc_journal *journal);

/* outbox.c: a piece of what no sink lacks any more goes; is_trimming: there may be another. What a
 * sink that is forgotten had not taken is many: it goes between jobs, which wait for a piece at the
 * most. An SQLite result. */
int zc_outbox_trim_more(zc_journal *journal);

#endif
