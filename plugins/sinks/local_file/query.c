#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "local_file.h"

/* A page's mark is where it ended: the values of the keys that its rows are ordered by, "n16.1" or
 * "sRUN_NOW" with other characters as %2F, joined by commas. With the primary keys among them no
 * two rows are equal, so that the next page neither repeats nor misses one. */

#define FIRST_TEXTS ((size_t)16 << 10)
#define VALUES_MAX  (4 + ZC_LOCAL_KEYS_MAX) /* partition, low, high, now; the mark */

typedef struct {
  char type; /* 'S'; 'I' and 'R': a number */
  int64_t integer;
  double real;
  char *text;
} value;

typedef struct {
  zc_local_job job;
  char *sql;
  size_t n_values;
  value values[VALUES_MAX];
  size_t n_keys;
  char key_types[ZC_LOCAL_KEYS_MAX];
  uint32_t limit;
  size_t n_rows, bytes, capacity;
  char *texts; /* the rows' items, each terminated, one behind the other */
  size_t *lengths;
  char *page; /* where more follow */
} query_job;

/* ---- values ---- */

static bool parse_number(const char *text, value *ret) {
  char *end;
  errno = 0;
  long long integer = strtoll(text, &end, 10);
  if (!errno && end != text && !*end) {
    *ret = (value){.type = 'I', .integer = integer};
    return true;
  }
  double real = strtod(text, &end);
  *ret = (value){.type = 'R', .real = real};
  return end != text && !*end && isfinite(real);
}

/* The job takes `text` over, whatever comes of it. */
static int add_value(query_job *query, char type, char *text) {
  value *to = &query->values[query->n_values];
  if (!text) return ZC_ENOMEM;
  if (type == 'S') {
    *to = (value){.type = 'S', .text = text};
    query->n_values++;
    return ZC_OK;
  }
  bool good = parse_number(text, to);
  free(text);
  if (!good) return ZC_EINVAL;
  query->n_values++;
  return ZC_OK;
}

static int add_text(query_job *query, char type, const char *text) {
  return text ? add_value(query, type, strdup(text)) : ZC_EINVAL;
}

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* One value of a mark, decoded; NULL for want of memory or where it is none of ours. */
static char *decode(const char *from, size_t n) {
  char *text = malloc(n + 1), *to = text;
  for (size_t i = 0; text && i < n; i++) {
    if (from[i] != '%') {
      *to++ = from[i];
      continue;
    }
    int high = i + 2 < n + 1 ? hex_digit(from[i + 1]) : -1;
    int low = high >= 0 && i + 2 < n ? hex_digit(from[i + 2]) : -1;
    if (low < 0) {
      free(text);
      return NULL;
    }
    *to++ = (char)(high * 16 + low);
    i += 2;
  }
  if (text) *to = '\0';
  return text;
}

static int add_mark(query_job *query, const char *page) {
  for (size_t i = 0; i < query->n_keys; i++) {
    size_t n = strcspn(page, ",");
    bool is_last = i + 1 == query->n_keys;
    if (n == 0 || page[n] != (is_last ? '\0' : ',')) return ZC_EINVAL;
    if (page[0] != (query->key_types[i] == 'N' ? 'n' : 's')) return ZC_EINVAL;
    char *text = decode(page + 1, n - 1);
    if (!text) return ZC_EINVAL;
    int status = add_value(query, query->key_types[i], text);
    if (status != ZC_OK) return status;
    page += n + 1;
  }
  return ZC_OK;
}

static void encode_text(sqlite3_str *to, const unsigned char *text) {
  for (; *text; text++) {
    bool plain = *text >= 0x80 || (*text > ' ' && *text != ',' && *text != '%' && *text != 0x7f);
    if (plain)
      sqlite3_str_appendchar(to, 1, (char)*text);
    else
      sqlite3_str_appendf(to, "%%%02X", *text);
  }
}

/* The mark of the row that the statement stands at: its keys are the columns from 1 on. */
static char *mark_of(const query_job *query, sqlite3_stmt *statement) {
  sqlite3_str *mark = sqlite3_str_new(NULL);
  for (size_t i = 0; i < query->n_keys; i++) {
    int column = (int)i + 1;
    if (i > 0) sqlite3_str_appendchar(mark, 1, ',');
    if (query->key_types[i] == 'S') {
      const unsigned char *text = sqlite3_column_text(statement, column);
      sqlite3_str_appendchar(mark, 1, 's');
      encode_text(mark, text ? text : (const unsigned char *)"");
    } else if (sqlite3_column_type(statement, column) == SQLITE_INTEGER) {
      sqlite3_str_appendf(mark, "n%lld", (long long)sqlite3_column_int64(statement, column));
    } else {
      char digits[40]; /* SQLite's own %g stops at 16 digits */
      snprintf(digits, sizeof digits, "%.17g", sqlite3_column_double(statement, column));
      sqlite3_str_appendf(mark, "n%s", digits);
    }
  }
  return sqlite3_str_finish(mark);
}

/* ---- on a worker thread ---- */

static void bind_values(const query_job *query, sqlite3_stmt *statement) {
  for (size_t i = 0; i < query->n_values; i++) {
    const value *from = &query->values[i];
    if (from->type == 'S')
      sqlite3_bind_text(statement, (int)i + 1, from->text, -1, SQLITE_STATIC);
    else if (from->type == 'I')
      sqlite3_bind_int64(statement, (int)i + 1, from->integer);
    else
      sqlite3_bind_double(statement, (int)i + 1, from->real);
  }
}

static bool is_full(const query_job *query) {
  return query->n_rows >= query->limit ||
         (query->n_rows > 0 && query->bytes >= ZC_LOCAL_PAGE_BYTES);
}

static bool make_room(query_job *query, size_t n) {
  size_t capacity = query->capacity ? query->capacity : FIRST_TEXTS;
  while (capacity - query->bytes < n)
    capacity *= 2;
  if (capacity == query->capacity) return true;
  char *texts = realloc(query->texts, capacity);
  if (!texts) return false;
  query->texts = texts;
  query->capacity = capacity;
  return true;
}

/* An item that is too long is none of ours: what stands for it is no JSON, and counts as a row that
 * cannot be read. */
static int take_row(query_job *query, sqlite3_stmt *statement) {
  const char *item = (const char *)sqlite3_column_text(statement, 0);
  size_t length = (size_t)sqlite3_column_bytes(statement, 0);
  if (item && length > ZC_LOCAL_ROW_MAX) {
    item = "too long";
    length = strlen(item);
  }
  if (!item || !make_room(query, length + 1)) return SQLITE_NOMEM;
  memcpy(query->texts + query->bytes, item, length + 1);
  query->lengths[query->n_rows++] = length;
  query->bytes += length + 1;
  if (!is_full(query) || query->n_keys == 0) return SQLITE_OK; /* no keys: the only row */
  query->page = mark_of(query, statement);
  return query->page ? SQLITE_OK : SQLITE_NOMEM;
}

static int read_page(query_job *query, sqlite3_stmt *statement) {
  int result;
  bind_values(query, statement);
  while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
    if (is_full(query)) return SQLITE_OK; /* one more is there: the mark stands */
    result = take_row(query, statement);
    if (result != SQLITE_OK) return result;
  }
  if (result != SQLITE_DONE) return result;
  sqlite3_free(query->page);
  query->page = NULL;
  return SQLITE_OK;
}

/* Whole tables are read by one question a partition, of which only the values differ. */
static int prepare(zc_local_file *file, const char *sql) {
  if (file->asked && strcmp(sqlite3_sql(file->asked), sql) == 0) return SQLITE_OK;
  sqlite3_finalize(file->asked);
  file->asked = NULL;
  return sqlite3_prepare_v3(file->database, sql, -1, SQLITE_PREPARE_PERSISTENT, &file->asked, NULL);
}

static void run_query(zc_local_job *job) {
  query_job *query = (query_job *)job;
  zc_local_file *file = job->file;
  int status = file->n_tables ? zc_local_ready(job) : zc_local_open_to_read(job);
  if (status != ZC_OK) return;
  int result = prepare(file, query->sql);
  if (result == SQLITE_OK) result = read_page(query, file->asked);
  if (result != SQLITE_OK) zc_local_fail(job, result);
  if (!file->asked) return;
  sqlite3_reset(file->asked); /* its error is that of the step */
  sqlite3_clear_bindings(file->asked);
}

/* ---- on the loop ---- */

static void finish_query(zc_local_job *job, zc_op *op) {
  query_job *query = (query_job *)job;
  const zc_host *host = job->file->host;
  const char *text = query->texts;
  int status = ZC_OK;
  for (size_t i = 0; i < query->n_rows && status == ZC_OK; i++) {
    status = host->row(op, text, query->lengths[i]);
    text += query->lengths[i] + 1;
  }
  if (status == ZC_OK && query->page) status = host->page(op, query->page);
  if (status != ZC_OK) zc_local_refuse(job, status, "the host did not take the rows");
}

static void free_query(zc_local_job *job) {
  query_job *query = (query_job *)job;
  for (size_t i = 0; i < query->n_values; i++)
    free(query->values[i].text);
  free(query->texts);
  free(query->lengths);
  sqlite3_free(query->page);
  sqlite3_free(query->sql);
  free(query);
}

const char *zc_local_query_sql(const zc_local_job *job) {
  return ((const query_job *)job)->sql;
}

static void append_keys(sqlite3_str *sql, const zc_local_column *keys, size_t n,
                        const char *suffix) {
  for (size_t i = 0; i < n; i++)
    sqlite3_str_appendf(sql, "%s\"%w\"%s", i ? "," : "", keys[i].name, suffix);
}

/* Adds the conditions on the sort key, with their values. */
static int add_range(query_job *query, sqlite3_str *sql, const zc_table_query *asked) {
  const char *key = asked->index->sort_key;
  char type = asked->index->sort_type;
  bool low = asked->compare == ZC_COMPARE_EQUAL || asked->compare == ZC_COMPARE_AT_LEAST ||
             asked->compare == ZC_COMPARE_BETWEEN;
  bool high = asked->compare == ZC_COMPARE_AT_MOST || asked->compare == ZC_COMPARE_BETWEEN;
  if (asked->compare > ZC_COMPARE_AT_MOST) return ZC_EINVAL;
  int status = ZC_OK;
  if (low) {
    const char *sign = asked->compare == ZC_COMPARE_EQUAL ? "=" : ">=";
    sqlite3_str_appendf(sql, " AND \"%w\"%s?", key, sign);
    status = add_text(query, type, asked->low);
  }
  if (high && status == ZC_OK) {
    sqlite3_str_appendf(sql, " AND \"%w\"<=?", key);
    status = add_text(query, type, asked->high);
  }
  if (!low && !high) sqlite3_str_appendf(sql, " AND \"%w\" IS NOT NULL", key);
  return status;
}

/* The + keeps the ttl's own index out of this: the rows' order is the asked index's. */
static int add_expiry(query_job *query, sqlite3_str *sql, const zc_table_query *asked) {
  char now[32];
  const char *ttl = asked->table->ttl_attribute;
  if (!ttl) return ZC_OK;
  sqlite3_str_appendf(sql, " AND (+\"%w\" IS NULL OR +\"%w\">=?)", ttl, ttl);
  snprintf(now, sizeof now, "%lld", (long long)((asked->now + 999) / 1000));
  return add_text(query, 'N', now);
}

/* Goes on behind the mark of the page before. */
static int add_page(query_job *query, sqlite3_str *sql, const zc_table_query *asked,
                    const zc_local_column *order) {
  if (!asked->page) return ZC_OK;
  if (query->n_keys == 0) return ZC_EINVAL; /* one row at most: there was no page before */
  sqlite3_str_appendall(sql, " AND (");
  append_keys(sql, order, query->n_keys, "");
  sqlite3_str_appendall(sql, asked->descending ? ")<(" : ")>(");
  for (size_t i = 0; i < query->n_keys; i++)
    sqlite3_str_appendall(sql, i ? ",?" : "?");
  sqlite3_str_appendall(sql, ")");
  return add_mark(query, asked->page);
}

static int compose(query_job *query, sqlite3_str *sql, const zc_table_query *asked) {
  zc_local_column keys[ZC_LOCAL_KEYS_MAX];
  size_t n = zc_local_keys(asked->table, asked->index, keys);
  /* Rows are ordered by the keys that the question does not fix. */
  size_t fixed = asked->compare == ZC_COMPARE_EQUAL ? 2 : 1;
  const zc_local_column *order = keys + fixed;
  query->n_keys = n - fixed;
  for (size_t i = 0; i < query->n_keys; i++)
    query->key_types[i] = order[i].type;
  sqlite3_str_appendf(sql, "SELECT item%s", query->n_keys ? "," : "");
  append_keys(sql, order, query->n_keys, "");
  sqlite3_str_appendf(sql, " FROM \"%w\" WHERE \"%w\"=?", asked->table->primary.name, keys[0].name);
  int status = add_text(query, keys[0].type, asked->partition);
  if (status == ZC_OK) status = add_range(query, sql, asked);
  if (status == ZC_OK) status = add_expiry(query, sql, asked);
  if (status == ZC_OK) status = add_page(query, sql, asked, order);
  if (query->n_keys) sqlite3_str_appendall(sql, " ORDER BY ");
  append_keys(sql, order, query->n_keys, asked->descending ? " DESC" : "");
  sqlite3_str_appendf(sql, " LIMIT %lld", (long long)query->limit + 1);
  return status;
}

static query_job *make_job(zc_local_file *file, uint32_t limit) {
  query_job *query = calloc(1, sizeof *query);
  if (!query) return NULL;
  query->job =
      (zc_local_job){.file = file, .run = run_query, .finish = finish_query, .free = free_query};
  query->limit = limit < ZC_LOCAL_PAGE_ROWS ? limit : ZC_LOCAL_PAGE_ROWS;
  query->lengths = calloc(query->limit, sizeof *query->lengths);
  if (query->lengths) return query;
  free_query(&query->job);
  return NULL;
}

int zc_local_query_job(zc_local_file *file, const zc_table_query *asked, zc_local_job **ret) {
  bool is_known = file->n_tables == 0 || zc_local_find_table(file, asked->table);
  if (asked->limit == 0 || !is_known) return ZC_EINVAL;
  query_job *query = make_job(file, asked->limit);
  if (!query) return ZC_ENOMEM;
  sqlite3_str *sql = sqlite3_str_new(NULL);
  int status = compose(query, sql, asked);
  query->sql = sqlite3_str_finish(sql);
  if (status == ZC_OK && !query->sql) status = ZC_ENOMEM;
  if (status != ZC_OK) {
    free_query(&query->job);
    return status;
  }
  *ret = &query->job;
  return ZC_OK;
}
