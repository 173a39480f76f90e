/* local_file.h - what the files of the plugin share.
 *
 *   local_file.c  the contract with the host; work and its results
 *   file.c        opening the file, whose it is, what its errors mean
 *   place.c       whether the path still names the file that is open
 *   check.c       what can be known of the path before anything is opened
 *   tables.c      tables, columns and indexes from the descriptors; additions to older files
 *   write.c       batches, and rows whose ttl has passed
 *   query.c       pages of a table or index
 *
 * All that may wait for the disk runs on the host's worker threads, one piece at a time. */
#ifndef ZC_LOCAL_FILE_H
#define ZC_LOCAL_FILE_H

#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <sys/types.h>
#include <zerocarb/plugin.h>

#define ZC_LOCAL_APPLICATION 0x5a634c31 /* application_id of our files: "ZcL1" */
#define ZC_LOCAL_VERSION     1

#define ZC_LOCAL_TABLES_MAX  32
#define ZC_LOCAL_COLUMNS_MAX 24
#define ZC_LOCAL_KEYS_MAX    4 /* partition and sort key of an index, and the primary ones */
#define ZC_LOCAL_BATCH       1000
#define ZC_LOCAL_PAGE_ROWS   1000
#define ZC_LOCAL_ROW_MAX     ((size_t)1 << 20) /* of an item, as the host takes them */
#define ZC_LOCAL_PAGE_BYTES  ((size_t)4 << 20) /* beyond a page's first row */

typedef struct {
  bool known, absent; /* neither: it could not be looked at */
  dev_t device;
  ino_t inode;
} zc_local_identity;

typedef struct {
  const zc_host *host;
  zc_self *self;
  char *path;
  size_t references; /* the instance, and work under way; the loop's thread counts */
  zc_time next_purge;
  const zc_table *tables[ZC_LOCAL_TABLES_MAX];
  size_t n_tables;
  pthread_mutex_t mutex;       /* guards the following */
  sqlite3 *database;           /* NULL before init, and where the file was lost */
  sqlite3_stmt *asked;         /* of the last query, for the next one is often the same; or NULL */
  zc_local_identity main, wal; /* of what is open, or was last */
  bool lost;                   /* it was removed, renamed or replaced, and none was opened since */
  bool made;                   /* and not yet open */
} zc_local_file;

/* A piece of work. The first member of what the operations add to it. */
typedef struct zc_local_job zc_local_job;
struct zc_local_job {
  zc_local_file *file;
  void (*run)(zc_local_job *job);               /* on a worker thread, with the mutex held */
  void (*finish)(zc_local_job *job, zc_op *op); /* went well: what there is to hand over, or NULL */
  void (*free)(zc_local_job *job);
  int status;
  bool read_only; /* and that is why it failed */
  char message[512];
  char warning[2048]; /* what is to be told beside it */
};

/* Fails the job: an SQLite result into status and sentence. Returns the status. */
int zc_local_fail(zc_local_job *job, int result);
int zc_local_refuse(zc_local_job *job, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds a sentence to the job's warning. */
void zc_local_tell(zc_local_job *job, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* place.c; those with a status set the job's, and return it */
int zc_local_note_place(zc_local_job *job);  /* after the file was opened */
int zc_local_check_place(zc_local_job *job); /* closes the file where it has lost its name */
int zc_local_ready(zc_local_job *job);       /* open under its name; opens again what was closed */
void zc_local_clear_parts(zc_local_job *job);
void zc_local_mend_parts(const zc_local_file *file);
const char *zc_local_unwritable_part(const char *path); /* "", "-wal" or "-shm" */

/* file.c; these and all below return SQLite results unless said otherwise */
void zc_local_open(zc_local_job *job); /* sets the job's status */
void zc_local_close(zc_local_file *file);
/* Of an instance without init, for reading: makes no file. Sets the job's status, and returns it.
 */
int zc_local_open_to_read(zc_local_job *job);
int zc_local_run(sqlite3 *database, const char *sql);
/* The first column of the first row; *ret stays where there is none. */
int zc_local_number(sqlite3 *database, const char *sql, int *ret);
/* Prepares what was written into `sql`, which is freed. */
int zc_local_prepare(sqlite3 *database, sqlite3_str *sql, sqlite3_stmt **ret);
int zc_local_run_text(sqlite3 *database, sqlite3_str *sql);
int zc_local_describe(const char *path, sqlite3 *database, int result, char *text, size_t size);

/* check.c; see zc_sink_ops */
int zc_local_check(const char *path, char *text, size_t size);

/* A column that holds an attribute of its own: keys and the ttl. The item itself is `item`. */
typedef struct {
  const char *name;
  char type; /* 'S' | 'N' */
} zc_local_column;

/* tables.c. The primary partition and sort key come first. ret: ZC_LOCAL_COLUMNS_MAX. */
size_t zc_local_columns(const zc_table *table, zc_local_column *ret);
/* In which order an index lists its rows: its own keys, then the primary ones that are not among
 * them. ret: ZC_LOCAL_KEYS_MAX. */
size_t zc_local_keys(const zc_table *table, const zc_table_index *index, zc_local_column *ret);
/* Appends the SQL that takes a column's value out of the item `source`; NULL where it is not there
 * or of another type. */
void zc_local_extract(sqlite3_str *sql, const zc_local_column *column, const char *source);
int zc_local_ensure_tables(zc_local_job *job);

/* write.c, query.c: ZC_OK with a job to be run, or why not. */
int zc_local_write_job(zc_local_file *file, const zc_item *items, size_t n, size_t stride,
                       zc_local_job **ret);
int zc_local_query_job(zc_local_file *file, const zc_table_query *query, zc_local_job **ret);
/* The SQL that a query runs, for those who want to see how. */
const char *zc_local_query_sql(const zc_local_job *job);

const zc_table *zc_local_find_table(const zc_local_file *file, const zc_table *table);

#endif
