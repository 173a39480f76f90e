#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "local_file.h"

#define PURGE_EVERY_MS ((int64_t)3600 * 1000)
#define PURGE_ROWS     1000   /* of a table at once; where there are more, the next write goes on */
#define IDLE_PAGES     1024   /* of the file, for rows to come; what is beyond is given back */
#define GIVEN_BACK     "2048" /* pages at once; likewise */

typedef struct {
  const zc_table *table;
  const char *text; /* the items' texts follow in one block */
  size_t length;
} row;

typedef struct {
  zc_local_job job;
  zc_time now;
  bool purge, more_to_purge;
  size_t n;
  row rows[];
} write_job;

/* ---- on a worker thread ---- */

/* Items that are the same as before are left alone: a batch that is sent again costs nothing. */
static sqlite3_str *upsert_sql(sqlite3 *database, const zc_table *table) {
  zc_local_column columns[ZC_LOCAL_COLUMNS_MAX];
  size_t n = zc_local_columns(table, columns);
  sqlite3_str *sql = sqlite3_str_new(database);
  sqlite3_str_appendf(sql, "INSERT INTO \"%w\"(", table->primary.name);
  for (size_t i = 0; i < n; i++)
    sqlite3_str_appendf(sql, "\"%w\",", columns[i].name);
  sqlite3_str_appendall(sql, "item) VALUES(");
  for (size_t i = 0; i < n; i++) {
    zc_local_extract(sql, &columns[i], "?1");
    sqlite3_str_appendchar(sql, 1, ',');
  }
  sqlite3_str_appendf(sql, "?1) ON CONFLICT(\"%w\",\"%w\") DO UPDATE SET ", columns[0].name,
                      columns[1].name);
  for (size_t i = 2; i < n; i++)
    sqlite3_str_appendf(sql, "\"%w\"=excluded.\"%w\",", columns[i].name, columns[i].name);
  sqlite3_str_appendall(sql, "item=excluded.item WHERE item IS NOT excluded.item");
  return sql;
}

/* SQLite says "NOT NULL constraint failed: TABLE.KEY". */
static int refuse_item(write_job *write, const row *item, int result) {
  zc_local_job *job = &write->job;
  const zc_table_index *primary = &item->table->primary;
  if ((result & 0xff) == SQLITE_CONSTRAINT) {
    const char *message = sqlite3_errmsg(job->file->database), *at = strstr(message, primary->name);
    const char *key = at ? at + strlen(primary->name) + 1 : message;
    bool is_partition = strcmp(key, primary->partition_key) == 0;
    char type = is_partition ? primary->partition_type : primary->sort_type;
    return zc_local_refuse(job, ZC_EDATA, "%s: an item has no key %s (%s): %.80s", primary->name,
                           key, type == 'N' ? "number" : "text", item->text);
  }
  if ((result & 0xff) == SQLITE_ERROR) { /* "malformed JSON" */
    return zc_local_refuse(job, ZC_EDATA, "%s: %s: %.80s", primary->name,
                           sqlite3_errmsg(job->file->database), item->text);
  }
  return zc_local_fail(job, result);
}

static int write_table(write_job *write, const zc_table *table) {
  sqlite3 *database = write->job.file->database;
  sqlite3_stmt *statement;
  int result = zc_local_prepare(database, upsert_sql(database, table), &statement);
  if (result != SQLITE_OK) return zc_local_fail(&write->job, result);
  for (size_t i = 0; i < write->n && write->job.status == ZC_OK; i++) {
    const row *item = &write->rows[i];
    if (item->table != table) continue;
    sqlite3_bind_text64(statement, 1, item->text, item->length, SQLITE_STATIC, SQLITE_UTF8);
    result = sqlite3_step(statement);
    if (result != SQLITE_DONE) refuse_item(write, item, result);
    sqlite3_reset(statement);
  }
  sqlite3_finalize(statement);
  return write->job.status;
}

static bool has_rows(const write_job *write, const zc_table *table) {
  for (size_t i = 0; i < write->n; i++) {
    if (write->rows[i].table == table) return true;
  }
  return false;
}

static int write_all(write_job *write) {
  zc_local_job *job = &write->job;
  sqlite3 *database = job->file->database;
  zc_local_fail(job, zc_local_run(database, "BEGIN IMMEDIATE"));
  for (size_t i = 0; i < job->file->n_tables && job->status == ZC_OK; i++) {
    if (has_rows(write, job->file->tables[i])) write_table(write, job->file->tables[i]);
  }
  if (job->status == ZC_OK) zc_local_fail(job, zc_local_run(database, "COMMIT"));
  if (!sqlite3_get_autocommit(database)) zc_local_run(database, "ROLLBACK");
  return job->status;
}

static int purge_table(write_job *write, const zc_table *table) {
  sqlite3 *database = write->job.file->database;
  if (!table->ttl_attribute) return SQLITE_OK;
  sqlite3_str *sql = sqlite3_str_new(database);
  sqlite3_str_appendf(sql,
                      "DELETE FROM \"%w\" WHERE rowid IN (SELECT rowid FROM \"%w\" "
                      "WHERE \"%w\" < %lld LIMIT %d)",
                      table->primary.name, table->primary.name, table->ttl_attribute,
                      (long long)(write->now / 1000), PURGE_ROWS);
  int result = zc_local_run_text(database, sql);
  if (result == SQLITE_OK && sqlite3_changes(database) == PURGE_ROWS) write->more_to_purge = true;
  return result;
}

/* Deleting leaves pages idle inside the file: but for a few they go back to the system. */
static int shrink(write_job *write) {
  sqlite3 *database = write->job.file->database;
  int idle = 0;
  int result = zc_local_number(database, "PRAGMA freelist_count", &idle);
  if (result != SQLITE_OK || idle <= IDLE_PAGES) return result;
  result = zc_local_run(database, "PRAGMA incremental_vacuum(" GIVEN_BACK ")");
  if (result == SQLITE_OK) result = zc_local_number(database, "PRAGMA freelist_count", &idle);
  if (result == SQLITE_OK && idle > IDLE_PAGES) write->more_to_purge = true;
  return result;
}

/* The items are stored already: what fails here is told, and tried again an hour later. */
static void purge(write_job *write) {
  zc_local_job *job = &write->job;
  char reason[400];
  int result = SQLITE_OK;
  for (size_t i = 0; i < job->file->n_tables && result == SQLITE_OK; i++)
    result = purge_table(write, job->file->tables[i]);
  if (result == SQLITE_OK) result = shrink(write);
  if (result == SQLITE_OK) return;
  zc_local_describe(job->file->path, job->file->database, result, reason, sizeof reason);
  zc_local_tell(job, "expired rows were not deleted: %s", reason);
}

static void run_write(zc_local_job *job) {
  write_job *write = (write_job *)job;
  if (zc_local_ready(job) != ZC_OK) return;
  if (write_all(write) != ZC_OK) {
    if (job->read_only) zc_local_close(job->file); /* as it would stay, whatever its mode then */
    return;
  }
  if (write->purge) purge(write);
  zc_local_check_place(job); /* else what was just stored is found by nobody */
}

/* ---- on the loop ---- */

static void finish_write(zc_local_job *job, zc_op *op) {
  write_job *write = (write_job *)job;
  (void)op;
  if (write->more_to_purge) job->file->next_purge = 0;
}

static void free_write(zc_local_job *job) {
  free(job);
}

static const zc_item *item_at(const zc_item *items, size_t stride, size_t i) {
  return (const zc_item *)(const void *)((const char *)items + i * stride);
}

/* Copied: where the operation ends early the items go, while the thread goes on. */
int zc_local_write_job(zc_local_file *file, const zc_item *items, size_t n, size_t stride,
                       zc_local_job **ret) {
  size_t bytes = 0;
  for (size_t i = 0; i < n; i++)
    bytes += item_at(items, stride, i)->length + 1;
  write_job *write = calloc(1, sizeof *write + n * sizeof(row) + bytes);
  if (!write) return ZC_ENOMEM;
  char *at = (char *)&write->rows[n];
  for (size_t i = 0; i < n; i++) {
    const zc_item *item = item_at(items, stride, i);
    const zc_table *table = zc_local_find_table(file, item->table);
    if (!table) {
      free(write);
      return ZC_EINVAL;
    }
    memcpy(at, item->text, item->length);
    write->rows[i] = (row){.table = table, .text = at, .length = item->length};
    at += item->length + 1; /* terminated: the block is zeroed */
  }
  write->n = n;
  write->now = file->host->now(file->self);
  write->purge = write->now >= file->next_purge;
  if (write->purge) file->next_purge = write->now + PURGE_EVERY_MS;
  write->job =
      (zc_local_job){.file = file, .run = run_write, .finish = finish_write, .free = free_write};
  *ret = &write->job;
  return ZC_OK;
}
