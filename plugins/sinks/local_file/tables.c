#include <stdlib.h>
#include <string.h>

#include "local_file.h"

/* ---- what a table looks like ---- */

static size_t add_column(zc_local_column *columns, size_t n, size_t max, const char *name,
                         char type) {
  for (size_t i = 0; i < n; i++) {
    if (strcmp(columns[i].name, name) == 0) return n;
  }
  if (n < max) columns[n++] = (zc_local_column){name, type};
  return n;
}

static size_t add_keys(zc_local_column *columns, size_t n, size_t max,
                       const zc_table_index *index) {
  n = add_column(columns, n, max, index->partition_key, index->partition_type);
  return add_column(columns, n, max, index->sort_key, index->sort_type);
}

size_t zc_local_columns(const zc_table *table, zc_local_column *ret) {
  size_t n = add_keys(ret, 0, ZC_LOCAL_COLUMNS_MAX, &table->primary);
  for (uint32_t i = 0; i < table->n_indexes; i++)
    n = add_keys(ret, n, ZC_LOCAL_COLUMNS_MAX, &table->indexes[i]);
  if (table->ttl_attribute) {
    n = add_column(ret, n, ZC_LOCAL_COLUMNS_MAX, table->ttl_attribute, 'N');
  }
  return n;
}

size_t zc_local_keys(const zc_table *table, const zc_table_index *index, zc_local_column *ret) {
  size_t n = add_keys(ret, 0, ZC_LOCAL_KEYS_MAX, index);
  return add_keys(ret, n, ZC_LOCAL_KEYS_MAX, &table->primary);
}

void zc_local_extract(sqlite3_str *sql, const zc_local_column *column, const char *source) {
  /* The path is a text literal with a quoted key in it: '$."carbon_analysis.decision"' */
  const char *types = column->type == 'N' ? "'integer','real'" : "'text'";
  sqlite3_str_appendf(sql,
                      "CASE WHEN json_type(%s,'$.\"%q\"') IN (%s) "
                      "THEN json_extract(%s,'$.\"%q\"') END",
                      source, column->name, types, source, column->name);
}

static const char *affinity(const zc_local_column *column) {
  return column->type == 'N' ? "NUMERIC" : "TEXT";
}

static sqlite3_str *table_sql(sqlite3 *database, const zc_table *table) {
  zc_local_column columns[ZC_LOCAL_COLUMNS_MAX];
  size_t n = zc_local_columns(table, columns);
  sqlite3_str *sql = sqlite3_str_new(database);
  sqlite3_str_appendf(sql, "CREATE TABLE \"%w\"(", table->primary.name);
  for (size_t i = 0; i < n; i++)
    sqlite3_str_appendf(sql, "\"%w\" %s%s, ", columns[i].name, affinity(&columns[i]),
                        i < 2 ? " NOT NULL" : "");
  sqlite3_str_appendf(sql, "item TEXT NOT NULL, PRIMARY KEY(\"%w\", \"%w\"))",
                      table->primary.partition_key, table->primary.sort_key);
  return sql;
}

static sqlite3_str *index_sql(sqlite3 *database, const zc_table *table,
                              const zc_table_index *index) {
  zc_local_column keys[ZC_LOCAL_KEYS_MAX];
  size_t n = zc_local_keys(table, index, keys);
  sqlite3_str *sql = sqlite3_str_new(database);
  sqlite3_str_appendf(sql, "CREATE INDEX \"%w\" ON \"%w\"(", index->name, table->primary.name);
  for (size_t i = 0; i < n; i++)
    sqlite3_str_appendf(sql, "%s\"%w\"", i ? ", " : "", keys[i].name);
  sqlite3_str_appendchar(sql, 1, ')');
  return sql;
}

/* ---- what is there ---- */

typedef struct {
  char *sql, *table; /* of sqlite_schema; NULL where there is no such thing */
} found;

static void forget(found *thing) {
  free(thing->sql);
  free(thing->table);
}

static char *copy_text(sqlite3_stmt *statement, int column) {
  const char *text = (const char *)sqlite3_column_text(statement, column);
  return text ? strdup(text) : NULL;
}

static int look_up(sqlite3 *database, const char *type, const char *name, found *ret) {
  sqlite3_stmt *statement;
  *ret = (found){0};
  int result = sqlite3_prepare_v2(
      database, "SELECT sql,tbl_name FROM sqlite_schema WHERE type=?1 AND name=?2", -1, &statement,
      NULL);
  if (result != SQLITE_OK) return result;
  sqlite3_bind_text(statement, 1, type, -1, SQLITE_STATIC);
  sqlite3_bind_text(statement, 2, name, -1, SQLITE_STATIC);
  if (sqlite3_step(statement) == SQLITE_ROW) {
    ret->sql = copy_text(statement, 0);
    ret->table = copy_text(statement, 1);
  }
  return sqlite3_finalize(statement);
}

/* The place of a column in the primary key, from 1; 0: not of it; -1: there is no such column. */
static int place_in_key(sqlite3 *database, const char *table, const char *column, int *ret) {
  sqlite3_stmt *statement;
  *ret = -1;
  int result = sqlite3_prepare_v2(database, "SELECT pk FROM pragma_table_info(?1) WHERE name=?2",
                                  -1, &statement, NULL);
  if (result != SQLITE_OK) return result;
  sqlite3_bind_text(statement, 1, table, -1, SQLITE_STATIC);
  sqlite3_bind_text(statement, 2, column, -1, SQLITE_STATIC);
  if (sqlite3_step(statement) == SQLITE_ROW) *ret = sqlite3_column_int(statement, 0);
  return sqlite3_finalize(statement);
}

/* ---- making it so ---- */

/* A key that an older version did not know, filled from the items that are there. */
static int add_missing_column(sqlite3 *database, const char *table, const zc_local_column *column) {
  sqlite3_str *sql = sqlite3_str_new(database);
  sqlite3_str_appendf(sql,
                      "ALTER TABLE \"%w\" ADD COLUMN \"%w\" %s; UPDATE \"%w\" SET \"%w\" = ", table,
                      column->name, affinity(column), table, column->name);
  zc_local_extract(sql, column, "item");
  return zc_local_run_text(database, sql);
}

static int ensure_columns(zc_local_job *job, const zc_table *table) {
  sqlite3 *database = job->file->database;
  zc_local_column columns[ZC_LOCAL_COLUMNS_MAX];
  size_t n = zc_local_columns(table, columns);
  for (size_t i = 0; i < n; i++) {
    int place;
    int result = place_in_key(database, table->primary.name, columns[i].name, &place);
    if (result == SQLITE_OK && place < 0 && i >= 2) {
      result = add_missing_column(database, table->primary.name, &columns[i]);
    }
    if (result != SQLITE_OK) return zc_local_fail(job, result);
    if (place != (int)i + 1 && (i < 2 || place > 0)) {
      return zc_local_refuse(
          job, ZC_EINVAL, "%s: table %s has another primary key than (%s, %s); set another path",
          job->file->path, table->primary.name, columns[0].name, columns[1].name);
    }
  }
  return ZC_OK;
}

static int replace_index(sqlite3 *database, const char *name, const char *sql) {
  sqlite3_str *drop = sqlite3_str_new(database);
  sqlite3_str_appendf(drop, "DROP INDEX IF EXISTS \"%w\"", name);
  int result = zc_local_run_text(database, drop);
  return result == SQLITE_OK ? zc_local_run(database, sql) : result;
}

static int ensure_index(zc_local_job *job, const char *table, const char *name, sqlite3_str *sql) {
  sqlite3 *database = job->file->database;
  found there = {0};
  char *wanted = sqlite3_str_finish(sql);
  int result = wanted ? look_up(database, "index", name, &there) : SQLITE_NOMEM;
  if (result != SQLITE_OK) {
    zc_local_fail(job, result);
  } else if (there.table && strcmp(there.table, table) != 0) {
    zc_local_refuse(job, ZC_EINVAL, "%s: two tables, %s and %s, have an index %s", job->file->path,
                    there.table, table, name);
  } else if (!there.sql || strcmp(there.sql, wanted) != 0) {
    zc_local_fail(job, replace_index(database, name, wanted));
  }
  forget(&there);
  sqlite3_free(wanted);
  return job->status;
}

/* By which rows whose time has passed are found. */
static int ensure_ttl_index(zc_local_job *job, const zc_table *table) {
  if (!table->ttl_attribute) return ZC_OK;
  sqlite3_str *sql = sqlite3_str_new(job->file->database);
  char *name = sqlite3_mprintf("%s_%s", table->primary.name, table->ttl_attribute);
  sqlite3_str_appendf(sql, "CREATE INDEX \"%w\" ON \"%w\"(\"%w\")", name ? name : "",
                      table->primary.name, table->ttl_attribute);
  int status = ensure_index(job, table->primary.name, name ? name : "", sql);
  sqlite3_free(name);
  return status;
}

static int ensure_table(zc_local_job *job, const zc_table *table) {
  sqlite3 *database = job->file->database;
  found there;
  int result = look_up(database, "table", table->primary.name, &there);
  bool exists = there.table != NULL;
  forget(&there);
  if (result == SQLITE_OK && !exists) {
    result = zc_local_run_text(database, table_sql(database, table));
  }
  if (result != SQLITE_OK) return zc_local_fail(job, result);
  int status = exists ? ensure_columns(job, table) : ZC_OK;
  for (uint32_t i = 0; i < table->n_indexes && status == ZC_OK; i++) {
    const zc_table_index *index = &table->indexes[i];
    status = ensure_index(job, table->primary.name, index->name, index_sql(database, table, index));
  }
  return status == ZC_OK ? ensure_ttl_index(job, table) : status;
}

static int ensure_all(zc_local_job *job, const char *begin) {
  sqlite3 *database = job->file->database;
  job->status = ZC_OK;
  zc_local_fail(job, zc_local_run(database, begin));
  for (size_t i = 0; i < job->file->n_tables && job->status == ZC_OK; i++)
    ensure_table(job, job->file->tables[i]);
  if (job->status == ZC_OK) zc_local_fail(job, zc_local_run(database, "COMMIT"));
  if (!sqlite3_get_autocommit(database)) zc_local_run(database, "ROLLBACK");
  return job->status;
}

/* Reading, where all is as it should be, so that a report does not wait for an engine. Where
 * another process adds to the file at the same moment, the second try waits for it. */
int zc_local_ensure_tables(zc_local_job *job) {
  int status = ensure_all(job, "BEGIN");
  return status == ZC_ECONFLICT ? ensure_all(job, "BEGIN IMMEDIATE") : status;
}
