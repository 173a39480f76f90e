/* journal.h - what must survive: executions, schedule marks, pauses, and the sinks' outbox.
 *
 * One SQLite file, STATE_DIR/journal.db, WAL, synchronous=FULL. Writes are collected in a change
 * and committed as one transaction on the journal's own thread; changes that wait are committed
 * together (group commit), in the order in which they were handed in. One engine a state dir:
 * STATE_DIR/engine.lock. Every row carries a checksum, so that a flipped bit is found, not used.
 *
 * What a commit's callback gets, and what to do
 *   ZC_OK         it is on disk
 *   ZC_ECONFLICT  disk full, file busy, or too much waits: nothing was written, the caller still
 *                 has it and may hand it in again (as it is then: later changes may be in already)
 *   ZC_ENOMEM     as ZC_ECONFLICT
 *   ZC_EDATA      this change cannot be stored; others are not affected
 *   ZC_EIO        writing or fsync failed: fatal, the engine exits 70. Every later one gets it too
 *   ZC_ECANCELED  the journal is closing */
#ifndef ZC_STATE_JOURNAL_H
#define ZC_STATE_JOURNAL_H

#include "core/io/loop.h"
#include "core/model/execution.h"

#define ZC_JOURNAL_GROUP_CHANGES 1000                /* in one transaction, at most */
#define ZC_JOURNAL_GROUP_BYTES   ((size_t)4 << 20)   /* likewise, beyond the first change */
#define ZC_JOURNAL_WAITING_BYTES ((size_t)256 << 20) /* of changes not yet committed */
#define ZC_JOURNAL_WAITING_JOBS  ((size_t)65536)     /* commits and reads not yet done */
#define ZC_JOURNAL_CHANGE_BYTES  ((size_t)16 << 20)  /* of one change */
#define ZC_JOURNAL_BODY_BYTES    ((size_t)1 << 20)   /* of one execution or item */
#define ZC_JOURNAL_ENDED_KEPT    1000                /* ended executions, the newest */
/* The files' sizes at most, where no run waits and the sinks have everything: idle pages and the
 * newest ended runs, with rows of up to 4 KiB; and what is not yet moved from the WAL. */
#define ZC_JOURNAL_REST_BYTES ((size_t)8 << 20)
#define ZC_JOURNAL_WAL_BYTES  ((size_t)12 << 20)
#define ZC_OUTBOX_READ_ITEMS  1000              /* of one read */
#define ZC_OUTBOX_READ_BYTES  ((size_t)1 << 20) /* likewise, beyond the first item */

typedef struct zc_journal zc_journal;
typedef struct zc_change zc_change;
/* message: one sentence where status is not ZC_OK, else NULL. */
typedef void (*zc_journal_callback)(void *user, int status, const char *message);

/* Blocking; before the loop runs. Makes state_dir (0700) where it is missing. loop NULL: read only,
 * no lock, commits refused (for `executions list` beside a running engine); ZC_ENOTFOUND where
 * there is no journal yet. ZC_ECONFLICT where another engine holds the lock; ZC_EDATA where the
 * file is damaged, foreign or of a newer version: the error says what and how to keep it aside, and
 * the file is left as it is. Before writing, files up to 64 MiB are checked whole; otherwise rows
 * are checked as they are read. A damaged row of the outbox does not stand in the way. ZC_EINVAL
 * where others could write to state_dir. */
int zc_journal_open(zc_loop *loop, const char *state_dir, zc_journal **ret, zc_error *error);
/* Whether nobody else can write to state_dir, as opening asks: ZC_OK also where it is not there
 * yet; ZC_EINVAL. */
int zc_state_dir_trusted(const char *path, zc_error *error);
/* Blocking; before zc_journal_open(). Where the journal is damaged (here always checked whole) its
 * files are renamed to journal.db.damaged-TIME…, so that opening makes an empty one; ret_name (of
 * size bytes) is the first one's path then, else "". A sound journal, and one of a newer program
 * (ZC_EINVAL), is left as it is. ZC_ECONFLICT where another engine holds the lock. */
int zc_journal_aside(const char *state_dir, zc_time now, char *ret_name, size_t size,
                     zc_error *error);
/* Commits what was handed in, calls back what is still owed, then closes. Blocking; after the loop
 * stopped taking new work, before zc_loop_destroy(). NULL is fine. */
void zc_journal_close(zc_journal *journal);

/* A set of writes, all or none. NULL for want of memory; every function below takes NULL and then
 * makes commit fail with ZC_ENOMEM. */
zc_change *zc_change_begin(zc_journal *journal);
/* Insert or replace by id. */
void zc_change_execution(zc_change *change, const zc_execution *execution);
/* One item for every sink's outbox; nothing where there are no sinks. */
void zc_change_item(zc_change *change, const zc_table *table, const char *text, size_t length);
/* The newest cron slot of a pipeline that was taken up, or passed over. An older one than the mark
 * that is there changes nothing; but a name that begins with # is no pipeline's: its mark may go
 * back. */
void zc_change_mark(zc_change *change, const char *pipeline, zc_time slot);
/* What holds for a pipeline beyond its settings. Replaces what was there. */
typedef struct {
  const char *pipeline;
  zc_time paused_at; /* 0: it is not paused */
  /* Slots that passed without a run, since the beginning: while the engine was away, and while the
   * pipeline was paused. */
  int64_t slots_missed, slots_paused;
  const char *schedule; /* what its mark is a slot of; "": of none any more; NULL: not known */
} zc_pipeline_note;
void zc_change_pipeline(zc_change *change, const zc_pipeline_note *note);
/* Hands the change over (freed here). callback (may be NULL) comes on a later turn, after the
 * fsync. */
void zc_journal_commit(zc_journal *journal, zc_change *change, zc_journal_callback callback,
                       void *user);
void zc_change_drop(zc_change *change);

/* Blocking reads, for start-up and the command line. `each` returns ZC_OK or ends it. Live: not
 * ended, oldest first; else newest first; at most `limit`. ZC_EDATA: a row is damaged. Of ended
 * executions the last ZC_JOURNAL_ENDED_KEPT are there, all UNKNOWN ones, which need a person, and
 * all that are `unsettled`. */
int zc_journal_executions(zc_journal *journal, bool live_only, size_t limit,
                          int (*each)(void *user, const zc_execution *execution), void *user);
/* Those that are `unsettled`, the newest first. */
int zc_journal_unsettled(zc_journal *journal, size_t limit,
                         int (*each)(void *user, const zc_execution *execution), void *user);
/* The live ones, given away: what `take` gets is its own to finish, also where it gives an error.
 */
int zc_journal_take_live(zc_journal *journal, size_t limit,
                         int (*take)(void *user, zc_execution *execution), void *user);
/* ZC_ENOTFOUND; *ret is the caller's to finish. */
int zc_journal_find(zc_journal *journal, const char *id, zc_execution *ret);
int zc_journal_marks(zc_journal *journal,
                     int (*each)(void *user, const char *pipeline, zc_time slot), void *user);
int zc_journal_pipelines(zc_journal *journal, int (*each)(void *user, const zc_pipeline_note *note),
                         void *user);

/* Executions that have ended, read back while the loop runs: on the journal's thread, after all
 * that was handed in before. */
typedef struct {
  int status; /* ZC_OK; ZC_ENOTFOUND; ZC_EDATA: its row is damaged */
  zc_execution execution;
} zc_read_back;
#define ZC_READ_BACK_MAX 100
/* n ids, at most ZC_READ_BACK_MAX. The rows are in the order of the ids and valid during the
 * callback only. A negative result: refused, no callback comes. */
int zc_journal_read_back(zc_journal *journal, const char *const *ids, size_t n,
                         void (*callback)(void *user, int status, zc_read_back *rows, size_t n),
                         void *user);

/* The outbox. Each sink has a cursor by its instance's name; items beyond all cursors are removed.
 * A sink that is new begins with what is still there; one that is not named any more is forgotten.
 */
int zc_journal_sinks(zc_journal *journal, const char *const *names,
                     size_t n); /* blocking, at start */
/* The same while the journal is at work, on its thread. A negative result: refused, no callback. */
int zc_journal_change_sinks(zc_journal *journal, const char *const *names, size_t n,
                            zc_journal_callback callback, void *user);
typedef struct {
  int64_t sequence;
  const char *table; /* its name */
  const char *text;
  size_t length;
  bool damaged; /* the row is not what was written: no table, no text; to be passed over */
} zc_outbox_item;
/* Reads the next items (at most n, at most 1 MiB) of a sink on the journal's thread; valid during
 * the callback only. n_items 0: none waits. ZC_ENOTFOUND: no such sink. A negative result: refused,
 * no callback comes. */
int zc_journal_read_outbox(zc_journal *journal, const char *sink, size_t n,
                           void (*callback)(void *user, int status, const zc_outbox_item *items,
                                            size_t n_items),
                           void *user);
/* The sink has everything up to and with `sequence`. A negative result: refused, no callback. */
int zc_journal_advance(zc_journal *journal, const char *sink, int64_t sequence,
                       zc_journal_callback callback, void *user);
/* Damaged rows that the outbox had when it was opened; 0 also where it was too large to be checked.
 */
int64_t zc_journal_damaged_items(const zc_journal *journal);
/* Called on the loop after each commit that added items. */
void zc_journal_on_items(zc_journal *journal, void (*callback)(void *user), void *user);
/* Items that wait for a sink, or (NULL) for the one that has most to come, as of the newest write
 * that was called back; -1: no such sink. Reads no disk. */
int64_t zc_journal_backlog(zc_journal *journal, const char *sink);
/* Why the newest commit was refused with ZC_ECONFLICT (a full disk), until one is written again;
 * NULL: it was written. On the loop. */
const char *zc_journal_refusal(const zc_journal *journal);

#endif
