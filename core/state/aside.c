/* Keeps a damaged journal aside, on request. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/time_text.h"
#include "core/state/journal_parts.h"

static const char *const parts[] = {"", "-wal", "-journal", "-shm"};
#define NAME_BYTES (PATH_MAX + 64) /* a path and what is put behind it */
#define PARTS      (sizeof parts / sizeof *parts)

static bool is_there(const char *path, const char *part) {
  char name[NAME_BYTES];
  snprintf(name, sizeof name, "%s%s", path, part);
  return access(name, F_OK) == 0;
}

/* ZC_OK: sound. ZC_ENOTFOUND: nothing is there. ZC_EDATA with the reason: damaged. ZC_EINVAL: a
 * newer program's, which is to be left alone. */
static int examine(const char *path, zc_error *error) {
  sqlite3 *database = NULL;
  int64_t version = 0;
  int status = zc_journal_file_exists(path, error);
  if (status == ZC_ENOTFOUND && (is_there(path, "-wal") || is_there(path, "-journal"))) {
    return zc_journal_damaged(error, path, "it is gone, but a part of it is there");
  }
  if (status == ZC_OK) status = zc_wal_check(path, error);
  if (status == ZC_OK) status = zc_database_open(path, true, &database, error);
  if (status == ZC_OK) status = zc_database_check(database, path, ZC_CHECK_ALL, error);
  bool ours = database && zc_database_version(database, &version) == ZC_OK;
  if (status == ZC_EDATA && ours && version > ZC_JOURNAL_VERSION) status = ZC_EINVAL;
  sqlite3_close(database);
  return status;
}

/* The names of the kept files; one that exists already is never replaced. */
static int choose_name(const char *path, zc_time now, char *name, size_t size, zc_error *error) {
  char time[ZC_TIME_TEXT_SIZE] = "";
  zc_time_format(now - now % ZC_SECOND, time, sizeof time);
  snprintf(name, size, "%s.damaged-%s", path, time);
  for (size_t i = 0; i < PARTS; i++) {
    if (!is_there(name, parts[i])) continue;
    return zc_error_set(error, ZC_ECONFLICT, "%s%s is there already: not replaced", name, parts[i]);
  }
  return ZC_OK;
}

/* The file itself first: where the move is cut short the rest of it is found without it, and named.
 */
static int move(const char *path, const char *name, zc_error *error) {
  char from[NAME_BYTES], to[NAME_BYTES];
  for (size_t i = 0; i < PARTS; i++) {
    snprintf(from, sizeof from, "%s%s", path, parts[i]);
    snprintf(to, sizeof to, "%s%s", name, parts[i]);
    if (rename(from, to) != 0 && errno != ENOENT) {
      return zc_error_set(error, ZC_EIO, "%s: cannot be moved aside: %s", from, strerror(errno));
    }
  }
  int number = zc_sync_folder_of(path);
  return number ? zc_error_set(error, ZC_EIO, "%s: %s", path, strerror(number)) : ZC_OK;
}

int zc_journal_aside(const char *state_dir, zc_time now, char *ret_name, size_t size,
                     zc_error *error) {
  char path[PATH_MAX];
  int lock = -1;
  ret_name[0] = '\0';
  if (snprintf(path, sizeof path, "%s/journal.db", state_dir) >= (int)sizeof path) {
    return zc_error_set(error, ZC_EINVAL, "state_dir: the path is too long");
  }
  int status = zc_state_dir_make(state_dir, error);
  if (status == ZC_OK) status = zc_state_dir_lock(state_dir, &lock, error);
  if (status != ZC_OK) return status;
  status = examine(path, error);
  if (status == ZC_EDATA) {
    status = choose_name(path, now, ret_name, size, error);
    if (status == ZC_OK) status = move(path, ret_name, error);
  } else if (status == ZC_ENOTFOUND) {
    status = ZC_OK;
  }
  close(lock);
  return status;
}
