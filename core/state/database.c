#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/state/journal_parts.h"

#define APPLICATION_ID 0x5a634a31 /* "ZcJ1" */
#define BUSY_MS        2000
#define CHECKED_WHOLE  ((int64_t)64 << 20) /* bytes */
#define WAL_BYTES      "4194304"           /* kept between checkpoints */

/* As SQLite keeps them, word for word: the check compares. `sum` is zc_sum() of the columns. */
static const char *const schema[] = {
    "CREATE TABLE executions(id TEXT PRIMARY KEY NOT NULL, pipeline TEXT NOT NULL, status TEXT NOT "
    "NULL, live INTEGER NOT NULL, requested_at INTEGER NOT NULL, updated_seq INTEGER NOT NULL, "
    "body TEXT NOT NULL, record TEXT, sum INTEGER NOT NULL)",
    "CREATE INDEX executions_live ON executions(requested_at) WHERE live = 1",
    "CREATE INDEX executions_ended ON executions(updated_seq) WHERE live = 0 AND status <> "
    "'UNKNOWN'",
    "CREATE INDEX executions_requested ON executions(requested_at)",
    "CREATE TABLE marks(pipeline TEXT PRIMARY KEY NOT NULL, slot INTEGER NOT NULL, sum INTEGER NOT "
    "NULL) WITHOUT ROWID",
    "CREATE TABLE outbox(sequence INTEGER PRIMARY KEY AUTOINCREMENT, table_name TEXT NOT NULL, "
    "body TEXT NOT NULL, sum INTEGER NOT NULL)",
    "CREATE TABLE sinks(name TEXT PRIMARY KEY NOT NULL, sequence INTEGER NOT NULL, sum INTEGER NOT "
    "NULL) WITHOUT ROWID",
    "CREATE TABLE pipelines(name TEXT PRIMARY KEY NOT NULL, paused_at INTEGER NOT NULL, missed "
    "INTEGER NOT NULL, paused INTEGER NOT NULL, sum INTEGER NOT NULL, schedule TEXT) WITHOUT ROWID",
};
#define SCHEMA_PARTS (sizeof schema / sizeof *schema)
#define FIRST_PARTS  (SCHEMA_PARTS - 1) /* of version 1, which had no `pipelines` */

/* The last part in version 2, and how it becomes the present one. What is damaged stays so. */
static const char pipelines_2[] =
    "CREATE TABLE pipelines(name TEXT PRIMARY KEY NOT NULL, paused_at INTEGER NOT NULL, missed "
    "INTEGER NOT NULL, paused INTEGER NOT NULL, sum INTEGER NOT NULL) WITHOUT ROWID";
static const char from_2[] = "ALTER TABLE pipelines ADD COLUMN schedule TEXT;"
                             "UPDATE pipelines SET sum=zc_sum(name,paused_at,missed,paused,"
                             "schedule) WHERE sum IS zc_sum(name,paused_at,missed,paused)";

/* zc_sum(…): FNV-1a, 64 bits, over the arguments' texts. */
static void sum(sqlite3_context *context, int n, sqlite3_value **values) {
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (int i = 0; i < n; i++) {
    const unsigned char *text = sqlite3_value_text(values[i]);
    int length = sqlite3_value_bytes(values[i]);
    for (int j = 0; j <= length; j++) { /* with an end mark: "ab","c" is not "a","bc" */
      hash ^= j < length && text ? text[j] : 0x1ffu;
      hash *= UINT64_C(0x100000001b3);
    }
  }
  sqlite3_result_int64(context, (sqlite3_int64)hash);
}

int zc_database_run(sqlite3 *database, const char *sql) {
  errno = 0;
  return sqlite3_exec(database, sql, NULL, NULL, NULL);
}

int zc_database_number(sqlite3 *database, const char *sql, int64_t *ret) {
  sqlite3_stmt *statement;
  int result = sqlite3_prepare_v2(database, sql, -1, &statement, NULL);
  if (result != SQLITE_OK) return result;
  result = sqlite3_step(statement);
  if (result == SQLITE_ROW) {
    *ret = sqlite3_column_int64(statement, 0);
    result = SQLITE_OK;
  }
  int end = sqlite3_finalize(statement);
  return result == SQLITE_OK || result == SQLITE_DONE ? result : end;
}

static bool is_sync(int result) {
  return result == SQLITE_IOERR_FSYNC || result == SQLITE_IOERR_DIR_FSYNC;
}

/* A failed fsync is never taken for a full disk: what was written before may be gone. */
static int status_of(int result, int number) {
  bool is_full = number == ENOSPC || number == EDQUOT || number == EFBIG;
  if (is_full && !is_sync(result)) return ZC_ECONFLICT;
  switch (result & 0xff) {
  case SQLITE_OK:
  case SQLITE_DONE:
    return ZC_OK;
  case SQLITE_NOMEM:
    return ZC_ENOMEM;
  case SQLITE_FULL:
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    return ZC_ECONFLICT;
  case SQLITE_IOERR:
    return result == SQLITE_IOERR_NOMEM ? ZC_ENOMEM : ZC_EIO;
  case SQLITE_CORRUPT:
  case SQLITE_NOTADB:
  case SQLITE_CONSTRAINT:
  case SQLITE_MISMATCH:
  case SQLITE_TOOBIG:
    return ZC_EDATA;
  case SQLITE_MISUSE:
  case SQLITE_RANGE:
  case SQLITE_INTERNAL:
    return ZC_ESYSTEM;
  default: /* READONLY, CANTOPEN, PERM, …: the disk or the file's permissions */
    return ZC_EIO;
  }
}

/* The system's reason. SQLite keeps it for some failures only; for writes errno still has it. */
static int number_of(sqlite3 *database, int result) {
  switch (result) {
  case SQLITE_IOERR_WRITE:
  case SQLITE_IOERR_TRUNCATE:
  case SQLITE_IOERR_SHMSIZE:
  case SQLITE_IOERR_FSYNC:
  case SQLITE_IOERR_DIR_FSYNC:
    return errno;
  default:
    break;
  }
  int primary = result & 0xff;
  if (!database || (primary != SQLITE_IOERR && primary != SQLITE_CANTOPEN)) return 0;
  return sqlite3_system_errno(database);
}

int zc_database_status(sqlite3 *database, int result, zc_error *error) {
  int number = number_of(database, result);
  int status = status_of(result, number);
  if (status == ZC_OK) return ZC_OK;
  const char *path = database ? sqlite3_db_filename(database, "main") : NULL;
  return zc_error_set(error, status, "%s: %s%s%s", path && *path ? path : "journal.db",
                      is_sync(result) ? "fsync failed" : sqlite3_errstr(result), number ? ": " : "",
                      number ? strerror(number) : "");
}

/* Nobody else's SQL runs here, and what the file says about itself is not believed. */
static void configure(sqlite3 *database) {
  sqlite3_busy_timeout(database, BUSY_MS);
  sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
  sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  /* Until it is known to be whole, closing must not move the WAL's pages into it. */
  sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
  sqlite3_limit(database, SQLITE_LIMIT_LENGTH, 8 << 20);
  sqlite3_limit(database, SQLITE_LIMIT_ATTACHED, 0);
}

static const char settings[] = "PRAGMA cell_size_check = ON;"
                               "PRAGMA foreign_keys = OFF;"
                               "PRAGMA temp_store = MEMORY;"
                               "PRAGMA mmap_size = 0";
static const char writing_settings[] = "PRAGMA synchronous = FULL;"
                                       "PRAGMA wal_autocheckpoint = 0;" /* commit.c does it */
                                       "PRAGMA journal_size_limit = " WAL_BYTES;

/* Reading a damaged file fails in many ways; all but the passing ones are damage. */
static int unreadable(sqlite3 *database, const char *path, int result, zc_error *error) {
  int status = zc_database_status(database, result, error);
  if (status == ZC_ENOMEM || status == ZC_ECONFLICT || status == ZC_EIO) return status;
  return zc_journal_damaged(error, path, "it is damaged (%s)", sqlite3_errstr(result));
}

static int open_plain(const char *path, int flags, sqlite3 **ret, zc_error *error) {
  sqlite3 *database = NULL;
  int result = sqlite3_open_v2(path, &database, flags | SQLITE_OPEN_NOMUTEX, NULL);
  if (result == SQLITE_OK) {
    sqlite3_extended_result_codes(database, 1);
    configure(database);
    result = sqlite3_create_function(database, "zc_sum", -1, SQLITE_UTF8 | SQLITE_DETERMINISTIC,
                                     NULL, sum, NULL, NULL);
  }
  if (result == SQLITE_OK) result = zc_database_run(database, settings);
  if (result != SQLITE_OK) {
    int status = unreadable(database, path, result, error);
    sqlite3_close(database);
    return status;
  }
  *ret = database;
  return ZC_OK;
}

int zc_database_open(const char *path, bool writing, sqlite3 **ret, zc_error *error) {
  sqlite3 *database = NULL;
  int flags = writing ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
  int status = open_plain(path, flags, &database, error);
  if (status != ZC_OK) return status;
  int result = writing ? zc_database_run(database, writing_settings) : SQLITE_OK;
  if (result != SQLITE_OK) {
    status = unreadable(database, path, result, error);
    sqlite3_close(database);
    return status;
  }
  *ret = database;
  return ZC_OK;
}

static int create_schema(sqlite3 *database) {
  char numbers[96];
  snprintf(numbers, sizeof numbers, "PRAGMA application_id = %d; PRAGMA user_version = %d",
           APPLICATION_ID, ZC_JOURNAL_VERSION);
  int result = zc_database_run(database, "PRAGMA auto_vacuum = INCREMENTAL;"
                                         "PRAGMA journal_mode = WAL;"
                                         "PRAGMA synchronous = FULL;"
                                         "BEGIN");
  for (size_t i = 0; i < SCHEMA_PARTS && result == SQLITE_OK; i++)
    result = zc_database_run(database, schema[i]);
  if (result == SQLITE_OK) result = zc_database_run(database, numbers);
  if (result == SQLITE_OK) result = zc_database_run(database, "COMMIT");
  if (result == SQLITE_OK) result = zc_database_run(database, "PRAGMA wal_checkpoint(TRUNCATE)");
  return result;
}

int zc_database_create(const char *path, zc_error *error) {
  sqlite3 *database = NULL;
  int status = open_plain(path, SQLITE_OPEN_READWRITE, &database, error);
  if (status != ZC_OK) return status;
  sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
  status = zc_database_status(database, create_schema(database), error);
  sqlite3_close(database); /* removes the draft's WAL */
  return status;
}

static int check_kind(sqlite3 *database, const char *path, int64_t *ret_version, zc_error *error) {
  int64_t application = 0, version = 0;
  int result = zc_database_number(database, "PRAGMA application_id", &application);
  if (result == SQLITE_OK) result = zc_database_number(database, "PRAGMA user_version", &version);
  if (result != SQLITE_OK) return unreadable(database, path, result, error);
  if (application != APPLICATION_ID) {
    return zc_journal_damaged(error, path, "it is no journal of ZeroCarb");
  }
  if (version > ZC_JOURNAL_VERSION) {
    return zc_journal_damaged(error, path,
                              "its version %lld is newer than this program's %d: use the newer "
                              "program",
                              (long long)version, ZC_JOURNAL_VERSION);
  }
  if (version < 1) {
    return zc_journal_damaged(error, path, "it has the unknown version %lld", (long long)version);
  }
  *ret_version = version;
  return ZC_OK;
}

static bool is_in_schema(const char *sql, int64_t version) {
  for (size_t i = 0; sql && i < FIRST_PARTS; i++) {
    if (strcmp(sql, schema[i]) == 0) return true;
  }
  const char *last = version == 2 ? pipelines_2 : schema[FIRST_PARTS];
  return sql && version > 1 && strcmp(sql, last) == 0;
}

static int check_schema(sqlite3 *database, const char *path, int64_t version, zc_error *error) {
  sqlite3_stmt *statement;
  size_t known = 0, found = 0, parts = version == 1 ? FIRST_PARTS : SCHEMA_PARTS;
  int result = sqlite3_prepare_v2(database,
                                  "SELECT sql FROM sqlite_schema WHERE name<>'sqlite_sequence' AND "
                                  "(sql IS NOT NULL OR name NOT "
                                  "GLOB 'sqlite_autoindex_*')",
                                  -1, &statement, NULL);
  if (result != SQLITE_OK) return unreadable(database, path, result, error);
  for (; (result = sqlite3_step(statement)) == SQLITE_ROW; found++)
    known += is_in_schema((const char *)sqlite3_column_text(statement, 0), version);
  sqlite3_finalize(statement);
  if (result != SQLITE_DONE) return unreadable(database, path, result, error);
  if (known == parts && found == parts) return ZC_OK; /* no triggers, no views */
  return zc_journal_damaged(error, path, "its tables are not those of a journal");
}

static int check_pages(sqlite3 *database, const char *path, zc_error *error) {
  sqlite3_stmt *statement;
  int result = sqlite3_prepare_v2(database, "PRAGMA integrity_check(1)", -1, &statement, NULL);
  if (result != SQLITE_OK) return unreadable(database, path, result, error);
  result = sqlite3_step(statement);
  int status = ZC_OK;
  if (result != SQLITE_ROW) {
    status = unreadable(database, path, result, error);
  } else {
    const char *text = (const char *)sqlite3_column_text(statement, 0);
    if (!text || strcmp(text, "ok") != 0) {
      status = zc_journal_damaged(error, path, "it is damaged (%s)", text ? text : "unreadable");
    }
  }
  sqlite3_finalize(statement);
  return status;
}

static int check_rows(sqlite3 *database, const char *path, int64_t version, zc_error *error) {
  static const char *const questions[][2] = {
      {"executions", "SELECT count(*) FROM executions WHERE sum IS NOT "
                     "zc_sum(id,pipeline,status,live,requested_at,updated_seq,body,record)"},
      {"marks", "SELECT count(*) FROM marks WHERE sum IS NOT zc_sum(pipeline,slot)"},
      {"sinks", "SELECT count(*) FROM sinks WHERE sum IS NOT zc_sum(name,sequence)"},
      {"the outbox's counter", "SELECT coalesce((SELECT max(sequence) FROM sinks), 0) > "
                               "coalesce((SELECT seq FROM sqlite_sequence), 0)"},
      {"pipelines", "SELECT count(*) FROM pipelines WHERE sum IS NOT "
                    "zc_sum(name,paused_at,missed,paused,schedule)"},
  };
  static const char pipelines_of_2[] =
      "SELECT count(*) FROM pipelines WHERE sum IS NOT zc_sum(name,paused_at,missed,paused)";
  size_t n = sizeof questions / sizeof *questions; /* the last one: version 1 has none */
  for (size_t i = 0; i < n - (version == 1); i++) {
    int64_t bad = 0;
    bool older = version == 2 && i == n - 1;
    int result = zc_database_number(database, older ? pipelines_of_2 : questions[i][1], &bad);
    if (result != SQLITE_OK) return unreadable(database, path, result, error);
    if (bad) return zc_journal_damaged(error, path, "it is damaged (rows of %s)", questions[i][0]);
  }
  return ZC_OK;
}

/* Larger files are checked as they are read. */
static int is_small(sqlite3 *database, const char *path, bool *ret, zc_error *error) {
  int64_t pages = 0, bytes = 0;
  int result = zc_database_number(database, "PRAGMA page_count", &pages);
  if (result == SQLITE_OK) result = zc_database_number(database, "PRAGMA page_size", &bytes);
  if (result != SQLITE_OK) return unreadable(database, path, result, error);
  *ret = pages * bytes <= CHECKED_WHOLE;
  return ZC_OK;
}

int zc_database_damaged_items(sqlite3 *database, const char *path, int64_t *ret, zc_error *error) {
  bool small = false;
  int64_t bad = 0;
  int status = is_small(database, path, &small, error);
  if (status != ZC_OK) return status;
  int result = SQLITE_OK;
  if (small) {
    result = zc_database_number(
        database, "SELECT count(*) FROM outbox WHERE sum IS NOT zc_sum(table_name,body)", &bad);
  }
  if (result != SQLITE_OK) return unreadable(database, path, result, error);
  *ret = bad;
  return ZC_OK;
}

int zc_database_version(sqlite3 *database, int64_t *ret) {
  int64_t application = 0;
  int result = zc_database_number(database, "PRAGMA application_id", &application);
  if (result == SQLITE_OK) result = zc_database_number(database, "PRAGMA user_version", ret);
  return result == SQLITE_OK && application == APPLICATION_ID ? ZC_OK : ZC_EDATA;
}

int zc_database_check(sqlite3 *database, const char *path, zc_check how, zc_error *error) {
  bool small = true;
  int64_t version = 0;
  int status = check_kind(database, path, &version, error);
  if (status == ZC_OK) status = check_schema(database, path, version, error);
  if (status != ZC_OK || how == ZC_CHECK_KIND) return status;
  if (how == ZC_CHECK_SMALL) status = is_small(database, path, &small, error);
  if (status != ZC_OK || !small) return status;
  status = check_pages(database, path, error);
  return status == ZC_OK ? check_rows(database, path, version, error) : status;
}

/* From an older version, in one transaction: a file is of the one or of the other. */
static int upgrade(sqlite3 *database) {
  int64_t version = ZC_JOURNAL_VERSION;
  char sql[512];
  int result = zc_database_number(database, "PRAGMA user_version", &version);
  if (result != SQLITE_OK || version == ZC_JOURNAL_VERSION) return result;
  snprintf(sql, sizeof sql, "BEGIN;%s;PRAGMA user_version = %d;COMMIT",
           version == 1 ? schema[FIRST_PARTS] : from_2, ZC_JOURNAL_VERSION);
  result = zc_database_run(database, sql);
  if (!sqlite3_get_autocommit(database)) zc_database_run(database, "ROLLBACK");
  return result;
}

/* So that no new frame comes to lie before what a crash left of a transaction: together they would
 * look like damage. Full or busy is no fault: it is an attempt, as a checkpoint always is. */
static int empty_wal(sqlite3 *database) {
  int result = sqlite3_wal_checkpoint_v2(database, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
  int kind = result & 0xff;
  return kind == SQLITE_BUSY || kind == SQLITE_FULL ? SQLITE_OK : result;
}

int zc_database_adopt(sqlite3 *database, zc_error *error) {
  sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
  int result = zc_database_run(database, "PRAGMA journal_mode = WAL");
  if (result == SQLITE_OK && sqlite3_db_readonly(database, "main")) result = SQLITE_READONLY;
  if (result == SQLITE_OK) result = empty_wal(database);
  if (result == SQLITE_OK) result = upgrade(database);
  return zc_database_status(database, result, error);
}
