#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/state/journal_parts.h"

#define PATH_BYTES   4096
#define HOLDER_BYTES 24
#define LOCK_TRIES   200
#define LOCK_WAIT_MS 10

int zc_journal_damaged(zc_error *error, const char *path, const char *format, ...) {
  char reason[256];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(reason, sizeof reason, format, arguments);
  va_end(arguments);
  return zc_error_set(
      error, ZC_EDATA,
      "%s: %s. Nothing was changed. `zerocarb run --journal-aside` keeps it aside and "
      "starts with an empty journal: runs in flight are then forgotten",
      path, reason);
}

int zc_sync_folder_of(const char *path) {
  char folder[PATH_BYTES];
  const char *slash = strrchr(path, '/');
  snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
  int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return errno;
  int number = fsync(descriptor) == 0 ? 0 : errno;
  close(descriptor);
  return number;
}

/* The folders above may be shared, the last one is ours alone. */
static int make_folder(const char *path, bool last) {
  if (mkdir(path, last ? 0700 : 0755) != 0) return errno == EEXIST ? 0 : errno;
  if (last && chmod(path, 0700) != 0) return errno;
  return zc_sync_folder_of(path);
}

/* Whoever can write there can put another journal or socket in the place of ours. */
static int check_owner(const char *path, const struct stat *about, zc_error *error) {
  if (about->st_uid != 0 && about->st_uid != geteuid()) {
    return zc_error_set(error, ZC_EINVAL,
                        "state_dir %s belongs to another user (uid %ld), who could change the "
                        "journal: chown %ld '%s', or choose another folder",
                        path, (long)about->st_uid, (long)geteuid(), path);
  }
  if (about->st_mode & (S_IWGRP | S_IWOTH)) {
    return zc_error_set(error, ZC_EINVAL,
                        "state_dir %s can be written by other users (mode %04o), who could change "
                        "the journal: chmod go-w '%s', or choose another folder",
                        path, (unsigned)about->st_mode & 07777u, path);
  }
  return ZC_OK;
}

int zc_state_dir_trusted(const char *path, zc_error *error) {
  struct stat about;
  return stat(path, &about) == 0 ? check_owner(path, &about, error) : ZC_OK;
}

int zc_state_dir_make(const char *path, zc_error *error) {
  char folder[PATH_BYTES];
  struct stat status;
  size_t length = strlen(path);
  if (length == 0 || length >= sizeof folder) {
    return zc_error_set(error, ZC_EINVAL, "state_dir: the path is empty or too long");
  }
  memcpy(folder, path, length + 1);
  int number = 0;
  for (char *slash = strchr(folder + 1, '/'); slash && !number; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    number = make_folder(folder, slash[1] == '\0');
    *slash = '/';
  }
  if (!number) number = make_folder(folder, true);
  if (!number && (stat(path, &status) != 0 || !S_ISDIR(status.st_mode))) number = ENOTDIR;
  if (!number) return check_owner(path, &status, error);
  return zc_error_set(error, ZC_EIO, "state_dir %s: %s", path, strerror(number));
}

/* The pid that the lock's holder wrote down; "" in the moment after it took the lock. */
static void read_holder(int descriptor, char pid[HOLDER_BYTES]) {
  ssize_t n = pread(descriptor, pid, HOLDER_BYTES - 1, 0);
  pid[n > 0 ? n : 0] = '\0';
  pid[strspn(pid, "0123456789")] = '\0';
}

static int lock_held(int descriptor, const char *path, zc_error *error) {
  char pid[HOLDER_BYTES];
  read_holder(descriptor, pid);
  return zc_error_set(error, ZC_ECONFLICT, "another zerocarb%s%s%s holds state_dir %s",
                      *pid ? " (pid " : "", pid, *pid ? ")" : "", path);
}

static bool holder_is_gone(int descriptor) {
  char pid[HOLDER_BYTES];
  read_holder(descriptor, pid);
  long number = strtol(pid, NULL, 10);
  return number > 0 && number <= INT_MAX && kill((pid_t)number, 0) != 0 && errno == ESRCH;
}

/* A killed engine's child that has not yet become the command still has the lock: for moments. */
static int take_lock(int descriptor) {
  const struct timespec moment = {.tv_nsec = LOCK_WAIT_MS * 1000000L};
  int result = flock(descriptor, LOCK_EX | LOCK_NB);
  for (int i = 0; i < LOCK_TRIES && result != 0 && errno == EWOULDBLOCK; i++) {
    if (!holder_is_gone(descriptor)) {
      errno = EWOULDBLOCK;
      break;
    }
    nanosleep(&moment, NULL);
    result = flock(descriptor, LOCK_EX | LOCK_NB);
  }
  return result;
}

int zc_state_dir_lock(const char *path, int *ret_descriptor, zc_error *error) {
  char file[PATH_BYTES];
  if (snprintf(file, sizeof file, "%s/engine.lock", path) >= (int)sizeof file) {
    return zc_error_set(error, ZC_EINVAL, "state_dir: the path is too long");
  }
  int descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) return zc_error_set(error, ZC_EIO, "%s: %s", file, strerror(errno));
  int status = ZC_OK;
  if (take_lock(descriptor) != 0) {
    status = errno == EWOULDBLOCK ? lock_held(descriptor, path, error)
                                  : zc_error_set(error, ZC_EIO, "%s: %s", file, strerror(errno));
    /* The pid is there for people: no room for it is no reason not to start. */
  } else if (ftruncate(descriptor, 0) == 0 && dprintf(descriptor, "%ld\n", (long)getpid()) < 0) {
    errno = 0;
  }
  if (status != ZC_OK) {
    close(descriptor);
    return status;
  }
  *ret_descriptor = descriptor;
  return ZC_OK;
}

int zc_journal_file_exists(const char *path, zc_error *error) {
  struct stat status;
  if (stat(path, &status) != 0) {
    if (errno == ENOENT) return ZC_ENOTFOUND;
    return zc_error_set(error, ZC_EIO, "%s: %s", path, strerror(errno));
  }
  if (!S_ISREG(status.st_mode)) return zc_journal_damaged(error, path, "it is not a file");
  if (status.st_size == 0) return zc_journal_damaged(error, path, "it is empty");
  return ZC_OK;
}

/* The file appears whole under its name or not at all: an empty one is then always damage. */
static int make_file(const char *path, const char *draft, zc_error *error) {
  unlink(draft); /* what a crash left; it was never in use */
  int descriptor = open(draft, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0) return zc_error_set(error, ZC_EIO, "%s: %s", draft, strerror(errno));
  close(descriptor);
  int status = zc_database_create(draft, error);
  if (status != ZC_OK) {
    unlink(draft);
    return status;
  }
  int number = rename(draft, path) == 0 ? zc_sync_folder_of(path) : errno;
  return number ? zc_error_set(error, ZC_EIO, "%s: %s", path, strerror(number)) : ZC_OK;
}

int zc_journal_file_prepare(const char *path, zc_error *error) {
  static const char *const parts[] = {"-wal", "-journal"};
  char other[PATH_BYTES];
  int status = zc_journal_file_exists(path, error);
  if (status != ZC_ENOTFOUND) return status;
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    snprintf(other, sizeof other, "%s%s", path, parts[i]);
    if (access(other, F_OK) == 0) {
      return zc_journal_damaged(error, path, "it is gone, but journal.db%s is there", parts[i]);
    }
  }
  snprintf(other, sizeof other, "%s.new", path);
  return make_file(path, other, error);
}

/* Asked before every group of writes: with the folder removed or replaced another engine can hold
 * the lock of that name, and what is written here is found by nobody. */
int zc_state_dir_check(const char *journal_path, int lock, zc_error *error) {
  struct stat ours, there;
  char file[PATH_MAX];
  const char *slash = strrchr(journal_path, '/');
  int length = slash ? (int)(slash - journal_path) : 0;
  if (snprintf(file, sizeof file, "%.*s/engine.lock", length, journal_path) >= (int)sizeof file) {
    return zc_error_set(error, ZC_EINVAL, "%s: the path is too long", journal_path);
  }
  bool same = fstat(lock, &ours) == 0 && stat(file, &there) == 0 && ours.st_ino == there.st_ino &&
              ours.st_dev == there.st_dev;
  if (same) return ZC_OK;
  return zc_error_set(error, ZC_EIO, "%.*s was removed or replaced while the engine ran", length,
                      journal_path);
}
