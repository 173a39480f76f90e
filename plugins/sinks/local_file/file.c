#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "local_file.h"

#define BUSY_MS 2000

int zc_local_run(sqlite3 *database, const char *sql) {
  return sqlite3_exec(database, sql, NULL, NULL, NULL);
}

int zc_local_prepare(sqlite3 *database, sqlite3_str *sql, sqlite3_stmt **ret) {
  char *text = sqlite3_str_finish(sql);
  if (!text) return SQLITE_NOMEM;
  int result = sqlite3_prepare_v2(database, text, -1, ret, NULL);
  sqlite3_free(text);
  return result;
}

int zc_local_run_text(sqlite3 *database, sqlite3_str *sql) {
  char *text = sqlite3_str_finish(sql);
  if (!text) return SQLITE_NOMEM;
  int result = zc_local_run(database, text);
  sqlite3_free(text);
  return result;
}

int zc_local_describe(const char *path, sqlite3 *database, int result, char *text, size_t size) {
  int number = database ? sqlite3_system_errno(database) : 0;
  switch (result & 0xff) {
  case SQLITE_OK:
  case SQLITE_DONE:
    return ZC_OK;
  case SQLITE_NOMEM:
    snprintf(text, size, "no memory");
    return ZC_ENOMEM;
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    snprintf(text, size, "%s is locked by another program", path);
    return ZC_ECONFLICT;
  case SQLITE_FULL:
    snprintf(text, size, "%s: the disk is full", path);
    return ZC_EIO;
  case SQLITE_READONLY:
    snprintf(text, size, "%s%s may not be written", path, zc_local_unwritable_part(path));
    return ZC_EIO;
  case SQLITE_CORRUPT:
  case SQLITE_NOTADB:
    snprintf(text, size, "%s is damaged or no SQLite file (%s); it is left as it is: move it aside",
             path, sqlite3_errstr(result));
    return ZC_EIO;
  case SQLITE_IOERR:
  case SQLITE_CANTOPEN:
    snprintf(text, size, "%s%s: %s%s%s", path, zc_local_unwritable_part(path),
             sqlite3_errstr(result), number ? ": " : "", number ? strerror(number) : "");
    return ZC_EIO;
  default:
    snprintf(text, size, "%s: %s", path,
             database ? sqlite3_errmsg(database) : sqlite3_errstr(result));
    return ZC_ESYSTEM;
  }
}

int zc_local_number(sqlite3 *database, const char *sql, int *ret) {
  sqlite3_stmt *statement;
  int result = sqlite3_prepare_v2(database, sql, -1, &statement, NULL);
  if (result != SQLITE_OK) return result;
  if (sqlite3_step(statement) == SQLITE_ROW) *ret = sqlite3_column_int(statement, 0);
  return sqlite3_finalize(statement);
}

/* A file that was there: whoever else can write it decides what reports say. By name: to open and
 * close it would let go of the locks that SQLite holds on it. */
static int check_file(zc_local_job *job) {
  struct stat about;
  const char *path = job->file->path;
  if (stat(path, &about) != 0) return zc_local_refuse(job, ZC_EIO, "%s: %s", path, strerror(errno));
  if (!S_ISREG(about.st_mode))
    return zc_local_refuse(job, ZC_EINVAL, "%s is not a regular file: set another path", path);
  if (about.st_uid != 0 && about.st_uid != geteuid()) {
    return zc_local_refuse(job, ZC_EINVAL,
                           "%s is owned by user %lu, who is neither root nor the running user: it "
                           "is left as it is; set another path",
                           path, (unsigned long)about.st_uid);
  }
  if (!(about.st_mode & (S_IWGRP | S_IWOTH))) return ZC_OK;
  if (about.st_uid == geteuid() && chmod(path, about.st_mode & 0755) == 0) return ZC_OK;
  return zc_local_refuse(job, ZC_EINVAL, "%s can be written by others (mode %04o): chmod go-w it",
                         path, (unsigned)(about.st_mode & 07777));
}

/* Made before SQLite sees it: so that it is private whatever the umask, and so that a missing
 * folder is told in the system's words. What lies beside it was another file's. */
static int make_file(zc_local_job *job) {
  const char *path = job->file->path;
  int descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    if (errno == EEXIST) return check_file(job);
    return zc_local_refuse(job, ZC_EIO, "%s: %s", path, strerror(errno));
  }
  job->file->made = true;
  int status = ZC_OK;
  if (fchmod(descriptor, 0600) != 0) {
    status = zc_local_refuse(job, ZC_EIO, "%s: %s", path, strerror(errno));
  }
  close(descriptor);
  zc_local_clear_parts(job);
  return status;
}

/* In one transaction: what is interrupted leaves an empty file, not one of nobody. */
static int mark_as_ours(sqlite3 *database) {
  char sql[200];
  snprintf(sql, sizeof sql,
           "BEGIN; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA application_id = %d;"
           "PRAGMA user_version = %d; COMMIT",
           ZC_LOCAL_APPLICATION, ZC_LOCAL_VERSION);
  return zc_local_run(database, sql);
}

/* For a reader, who makes nothing. */
static int no_store(zc_local_job *job) {
  return zc_local_refuse(job, ZC_ENOTFOUND,
                         "there is nothing in %s yet: the engine makes it at its first start",
                         job->file->path);
}

/* An empty file is taken; any other must bear our mark. */
static int check_owner(zc_local_job *job, sqlite3 *database) {
  int pages = 0, application = 0, version = 0, foreign = 0;
  int result = zc_local_number(database, "PRAGMA page_count", &pages);
  if (result == SQLITE_OK)
    result = zc_local_number(database, "PRAGMA application_id", &application);
  if (result == SQLITE_OK) result = zc_local_number(database, "PRAGMA user_version", &version);
  if (result == SQLITE_OK) {
    static const char sql[] =
        "SELECT count(*) FROM sqlite_schema WHERE type IN ('trigger', 'view')";
    result = zc_local_number(database, sql, &foreign);
  }
  if (result == SQLITE_OK && pages == 0 && job->file->n_tables == 0) {
    return no_store(job);
  } else if (result == SQLITE_OK && pages == 0) {
    result = mark_as_ours(database);
  } else if (result == SQLITE_OK && application != ZC_LOCAL_APPLICATION) {
    return zc_local_refuse(job, ZC_EINVAL,
                           "%s is a file of another program: it is left as it is; set another path",
                           job->file->path);
  } else if (result == SQLITE_OK && foreign > 0) {
    return zc_local_refuse(job, ZC_EINVAL,
                           "%s holds triggers or views, which this program does not make: it is "
                           "left as it is; drop them, or set another path",
                           job->file->path);
  } else if (result == SQLITE_OK && version > ZC_LOCAL_VERSION) {
    return zc_local_refuse(job, ZC_EINVAL,
                           "%s has version %d, newer than this program's %d: use the newer program",
                           job->file->path, version, ZC_LOCAL_VERSION);
  }
  return result == SQLITE_OK ? ZC_OK : zc_local_fail(job, result);
}

static int configure(sqlite3 *database) {
  sqlite3_extended_result_codes(database, 1);
  sqlite3_busy_timeout(database, BUSY_MS);
  sqlite3_db_config(database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
  sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  return zc_local_run(database, "PRAGMA temp_store = MEMORY;"
                                "PRAGMA cell_size_check = ON;"
                                "PRAGMA journal_size_limit = 4194304");
}

static int open_database(zc_local_job *job) {
  zc_local_file *file = job->file;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX; /* our mutex serves */
  int result = sqlite3_open_v2(file->path, &file->database, flags, NULL);
  if (result == SQLITE_OK) result = configure(file->database);
  if (result != SQLITE_OK) return zc_local_fail(job, result);
  if (check_owner(job, file->database) != ZC_OK) return job->status;
  /* FULL: an item that was said to be stored survives a power cut. */
  result = zc_local_run(file->database, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  if (result != SQLITE_OK) return zc_local_fail(job, result);
  return zc_local_ensure_tables(job) == ZC_OK ? zc_local_note_place(job) : job->status;
}

void zc_local_close(zc_local_file *file) {
  sqlite3_finalize(file->asked);
  sqlite3_close(file->database);
  file->asked = NULL;
  file->database = NULL;
}

int zc_local_open_to_read(zc_local_job *job) {
  zc_local_file *file = job->file;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX; /* the WAL's index is written */
  if (file->database) return ZC_OK;
  if (access(file->path, F_OK) != 0 && errno == ENOENT) return no_store(job);
  if (check_file(job) != ZC_OK) return job->status;
  int result = sqlite3_open_v2(file->path, &file->database, flags, NULL);
  if (result == SQLITE_OK) result = configure(file->database);
  if (result != SQLITE_OK)
    zc_local_fail(job, result);
  else
    check_owner(job, file->database);
  if (job->status != ZC_OK) zc_local_close(file);
  return job->status;
}

void zc_local_open(zc_local_job *job) {
  zc_local_file *file = job->file;
  if (file->database) { /* an earlier init that did not get through */
    zc_local_ensure_tables(job);
    return;
  }
  zc_local_mend_parts(file);
  if (make_file(job) != ZC_OK || open_database(job) == ZC_OK) return;
  zc_local_close(file);
}
