#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "local_file.h"

/* SQLite goes on writing into a file that has lost its name: the rows would be found by nobody. */

static bool part_path(const zc_local_file *file, const char *suffix, char *ret) {
  return snprintf(ret, PATH_MAX, "%s%s", file->path, suffix) < PATH_MAX;
}

static zc_local_identity identity_of(const zc_local_file *file, const char *suffix) {
  char path[PATH_MAX];
  struct stat status;
  if (!part_path(file, suffix, path)) return (zc_local_identity){0};
  if (stat(path, &status) != 0) {
    return (zc_local_identity){.absent = errno == ENOENT || errno == ENOTDIR};
  }
  return (zc_local_identity){.known = true, .device = status.st_dev, .inode = status.st_ino};
}

static bool is_same(zc_local_identity a, zc_local_identity b) {
  return a.known && b.known && a.device == b.device && a.inode == b.inode;
}

/* Which file was opened is asked of SQLite, as the path may have changed since. */
int zc_local_note_place(zc_local_job *job) {
  zc_local_file *file = job->file;
  int moved = 1;
  file->main = identity_of(file, "");
  file->wal = identity_of(file, "-wal");
  sqlite3_file_control(file->database, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  if (moved || !file->main.known) {
    return zc_local_refuse(job, ZC_EIO, "%s was replaced while it was opened", file->path);
  }
  if (file->lost) {
    zc_local_tell(job, "%s: %s: what had been written into the one before is not in it", file->path,
                  file->made ? "a new file was made" : "another file is there now");
  }
  file->lost = false;
  file->made = false;
  return ZC_OK;
}

/* SQLite gives -wal and -shm the mode that the file has when they are made: those of a time when it
 * was read-only would keep it so. Another user's cannot be mended: writing says so. */
void zc_local_mend_parts(const zc_local_file *file) {
  static const char *const parts[] = {"-wal", "-shm"};
  char path[PATH_MAX];
  struct stat main, status;
  if (stat(file->path, &main) != 0 || !(main.st_mode & S_IWUSR)) return;
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    if (!part_path(file, parts[i], path) || lstat(path, &status) != 0) continue;
    bool ours = S_ISREG(status.st_mode) && status.st_uid == geteuid();
    if (ours && !(status.st_mode & S_IWUSR)) chmod(path, main.st_mode & 0777);
  }
}

/* Which of the three may not be written; the file where none can be told. */
const char *zc_local_unwritable_part(const char *path) {
  static const char *const parts[] = {"", "-wal", "-shm"};
  char text[PATH_MAX];
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    int length = snprintf(text, sizeof text, "%s%s", path, parts[i]);
    if (length >= (int)sizeof text) break;
    if (faccessat(AT_FDCWD, text, W_OK, AT_EACCESS) != 0 && errno != ENOENT) return parts[i];
  }
  return "";
}

/* A removed or replaced file's -wal and -shm must not meet the file that comes in its place. Rows
 * that are in a -wal alone are kept. */
void zc_local_clear_parts(zc_local_job *job) {
  const zc_local_file *file = job->file;
  char path[PATH_MAX], kept[PATH_MAX];
  struct stat status;
  if (part_path(file, "-shm", path)) unlink(path);
  if (!part_path(file, "-wal", path) || stat(path, &status) != 0) return;
  if (status.st_size == 0) {
    unlink(path);
  } else if (part_path(file, "-wal.left", kept) && rename(path, kept) == 0) {
    zc_local_tell(job, "%s belonged to a file that is gone: kept as %s", path, kept);
  }
}

/* A file that was renamed gets what is still in its WAL. What is compared is compared while the
 * file is open: once closed, a removed file's number may be another's. */
static void leave(zc_local_job *job, zc_local_identity now) {
  zc_local_file *file = job->file;
  bool gone = now.absent || (now.known && !is_same(now, file->main));
  bool wal_stays = is_same(identity_of(file, "-wal"), file->wal);
  sqlite3_busy_timeout(file->database, 0);
  int result =
      sqlite3_wal_checkpoint_v2(file->database, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
  if (result != SQLITE_OK) {
    char reason[400];
    zc_local_describe(file->path, file->database, result, reason, sizeof reason);
    zc_local_tell(job, "its last rows may be in its -wal alone: %s", reason);
  }
  zc_local_close(file);
  file->lost = file->lost || gone;
  if (gone && wal_stays) zc_local_clear_parts(job);
}

int zc_local_check_place(zc_local_job *job) {
  zc_local_file *file = job->file;
  zc_local_identity now = identity_of(file, "");
  bool main = is_same(now, file->main);
  bool wal = !file->wal.known || is_same(identity_of(file, "-wal"), file->wal);
  if (main && wal) return ZC_OK;
  zc_local_refuse(job, ZC_EIO, "%s%s was removed or replaced while it was in use", file->path,
                  main ? "-wal" : "");
  leave(job, now);
  return job->status;
}

int zc_local_ready(zc_local_job *job) {
  if (job->file->database) return zc_local_check_place(job);
  zc_local_open(job);
  return job->status;
}
