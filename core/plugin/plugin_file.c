#include "core/plugin/plugin_file.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/file_owner.h"

#define LINKS_MAX    40 /* symbolic links on one path, as the kernel has it */
#define SEGMENTS_MAX 64
#define HASH_BLOCK   16384
#define OTHERS_WRITE (S_IWGRP | S_IWOTH)

extern const ElfW(Ehdr) __ehdr_start; /* from the linker: the running program's own header */

/* ---- who may have put it there ---- */

typedef struct {
  char resolved[PATH_MAX]; /* without links, checked so far; "" is / */
  char pending[PATH_MAX];  /* what is left of the path */
  char folder_name[PATH_MAX + 16];
  struct stat folder; /* that of `resolved` */
  struct stat file;
  int links;
} path_walk;

/* Sticky folders keep strangers from replacing what is ours in them: enough on the way, not for the
 * file's own folder, into which they could still put files of their own. */
static int check_folder(path_walk *walk, zc_error *error) {
  snprintf(walk->folder_name, sizeof walk->folder_name, "its folder %s",
           walk->resolved[0] ? walk->resolved : "/");
  int status = zc_check_owner(walk->folder_name, &walk->folder, error);
  if (status != ZC_OK || walk->folder.st_mode & S_ISVTX) return status;
  return zc_check_closed(walk->folder_name, &walk->folder, error);
}

/* A shared folder such as /tmp is as it must be: it is the file that has to go elsewhere. */
static int check_own_folder(const path_walk *walk, zc_error *error) {
  if (!(walk->folder.st_mode & S_ISVTX && walk->folder.st_mode & OTHERS_WRITE)) {
    return zc_check_closed(walk->folder_name, &walk->folder, error);
  }
  return zc_error_set(
      error, ZC_EINVAL,
      "%s can be written by others (mode %04o): move the file to a folder of its own",
      walk->folder_name, (unsigned)(walk->folder.st_mode & 07777));
}

static int check_file(const path_walk *walk, zc_error *error) {
  int status = check_own_folder(walk, error);
  if (status == ZC_OK) status = zc_check_owner("it", &walk->file, error);
  if (status == ZC_OK) status = zc_check_closed("it", &walk->file, error);
  return status;
}

/* Splits the first name off `pending`; false where none is left. */
static bool next_name(path_walk *walk, char name[NAME_MAX + 1]) {
  const char *begin = walk->pending + strspn(walk->pending, "/");
  size_t n = strcspn(begin, "/");
  if (n == 0 || n > NAME_MAX) return false;
  memcpy(name, begin, n);
  name[n] = '\0';
  memmove(walk->pending, begin + n, strlen(begin + n) + 1);
  return true;
}

static int follow_link(path_walk *walk, const char *path, zc_error *error) {
  char target[PATH_MAX], rest[PATH_MAX];
  ssize_t n = readlink(path, target, sizeof target - 1);
  if (n < 0) return zc_error_set(error, ZC_EIO, "%s", strerror(errno));
  target[n] = '\0';
  memcpy(rest, walk->pending, sizeof rest);
  int length = snprintf(walk->pending, sizeof walk->pending, "%s%s", target, rest);
  if (length >= (int)sizeof walk->pending || ++walk->links > LINKS_MAX) {
    return zc_error_set(error, ZC_EINVAL, "too many symbolic links, or too long a path");
  }
  if (target[0] != '/') return ZC_OK;
  walk->resolved[0] = '\0';
  if (stat("/", &walk->folder) < 0) return zc_error_set(error, ZC_EIO, "/: %s", strerror(errno));
  return check_folder(walk, error);
}

static int go_up(path_walk *walk, zc_error *error) {
  char *slash = strrchr(walk->resolved, '/');
  if (slash) *slash = '\0';
  if (stat(walk->resolved[0] ? walk->resolved : "/", &walk->folder) < 0) {
    return zc_error_set(error, ZC_EIO, "%s", strerror(errno));
  }
  return check_folder(walk, error);
}

/* One name further; *ret_found once the file itself is reached. */
static int step(path_walk *walk, const char *name, bool *ret_found, zc_error *error) {
  if (strcmp(name, ".") == 0) return ZC_OK;
  if (strcmp(name, "..") == 0) return go_up(walk, error);
  char path[PATH_MAX];
  struct stat status;
  if (snprintf(path, sizeof path, "%s/%s", walk->resolved, name) >= (int)sizeof path) {
    return zc_error_set(error, ZC_EINVAL, "the path is too long");
  }
  if (lstat(path, &status) < 0) return zc_error_set(error, ZC_EIO, "%s", strerror(errno));
  if (S_ISLNK(status.st_mode)) {
    int result = zc_check_owner("a symbolic link on its path", &status, error);
    return result == ZC_OK ? follow_link(walk, path, error) : result;
  }
  memcpy(walk->resolved, path, sizeof path);
  if (S_ISDIR(status.st_mode)) {
    walk->folder = status;
    return check_folder(walk, error);
  }
  if (!S_ISREG(status.st_mode)) return zc_error_set(error, ZC_EINVAL, "not a file");
  walk->file = status;
  *ret_found = true;
  return check_file(walk, error);
}

/* `walk` is zeroed. */
static int walk_to(path_walk *walk, const char *absolute, zc_error *error) {
  char name[NAME_MAX + 1];
  bool found = false;
  if (absolute[0] != '/' || strlen(absolute) >= sizeof walk->pending) {
    return zc_error_set(error, ZC_EINVAL, "the path is not absolute, or too long");
  }
  memcpy(walk->pending, absolute, strlen(absolute) + 1);
  int status = go_up(walk, error); /* from / */
  while (status == ZC_OK && !found && next_name(walk, name)) {
    status = step(walk, name, &found, error);
  }
  if (status != ZC_OK) return status;
  if (!found || walk->pending[0]) return zc_error_set(error, ZC_EINVAL, "not a file");
  return ZC_OK;
}

/* ---- is it whole ---- */

static bool is_foreign(const ElfW(Ehdr) * header) {
  return header->e_ident[EI_CLASS] != __ehdr_start.e_ident[EI_CLASS] ||
         header->e_ident[EI_DATA] != __ehdr_start.e_ident[EI_DATA] ||
         header->e_machine != __ehdr_start.e_machine;
}

/* Where the file should end by its own account. */
static int needed_size(int fd, const ElfW(Ehdr) * header, uint64_t *ret, zc_error *error) {
  ElfW(Phdr) segments[SEGMENTS_MAX];
  size_t n = header->e_phnum, bytes = n * sizeof segments[0];
  if (header->e_type != ET_DYN || n == 0 || n > SEGMENTS_MAX ||
      header->e_phentsize != sizeof segments[0]) {
    return zc_error_set(error, ZC_EINVAL, "not a shared object");
  }
  uint64_t end = header->e_shoff + (uint64_t)header->e_shnum * header->e_shentsize;
  if (pread(fd, segments, bytes, (off_t)header->e_phoff) == (ssize_t)bytes) {
    for (size_t i = 0; i < n; i++) {
      uint64_t segment_end = segments[i].p_offset + segments[i].p_filesz;
      if (segments[i].p_type == PT_LOAD && segment_end > end) end = segment_end;
    }
  } else if (end < header->e_phoff + bytes) {
    end = header->e_phoff + bytes;
  }
  *ret = end;
  return ZC_OK;
}

/* The dynamic loader maps a file that was cut short and dies of SIGBUS later: look first. */
static int check_whole(int fd, off_t size, zc_error *error) {
  ElfW(Ehdr) header;
  uint64_t needed = 0;
  ssize_t n = pread(fd, &header, sizeof header, 0);
  if (n < 0) return zc_error_set(error, ZC_EIO, "%s", strerror(errno));
  if (n < SELFMAG || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) {
    return zc_error_set(error, ZC_EINVAL, "not an ELF file");
  }
  if ((size_t)n < sizeof header) return zc_error_set(error, ZC_EINVAL, "cut short: %zd bytes", n);
  if (is_foreign(&header)) return zc_error_set(error, ZC_EINVAL, "built for another machine");
  int status = needed_size(fd, &header, &needed, error);
  if (status == ZC_OK && needed > (uint64_t)size) {
    status = zc_error_set(error, ZC_EINVAL, "cut short: %lld of %llu bytes", (long long)size,
                          (unsigned long long)needed);
  }
  return status;
}

/* FNV-1a, 64 bits (http://www.isthe.com/chongo/tech/comp/fnv/): against accidents, not forgery. */
static int hash_content(int fd, uint64_t *ret) {
  unsigned char bytes[HASH_BLOCK];
  uint64_t hash = UINT64_C(14695981039346656037);
  ssize_t n;
  off_t at = 0;
  while ((n = pread(fd, bytes, sizeof bytes, at)) > 0) {
    for (ssize_t i = 0; i < n; i++)
      hash = (hash ^ bytes[i]) * UINT64_C(1099511628211);
    at += n;
  }
  *ret = hash;
  return n < 0 ? ZC_EIO : ZC_OK;
}

static int check_content(const path_walk *walk, uint64_t *ret_hash, zc_error *error) {
  struct stat opened;
  int fd = open(walk->resolved, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), status;
  if (fd < 0) return zc_error_set(error, ZC_EIO, "%s", strerror(errno));
  if (fstat(fd, &opened) < 0) {
    status = zc_error_set(error, ZC_EIO, "%s", strerror(errno));
  } else if (opened.st_dev != walk->file.st_dev || opened.st_ino != walk->file.st_ino) {
    status = zc_error_set(error, ZC_ECONFLICT, "replaced while it was looked at: try again");
  } else {
    status = check_whole(fd, opened.st_size, error);
    if (status == ZC_OK && hash_content(fd, ret_hash) != ZC_OK)
      status = zc_error_set(error, ZC_EIO, "%s", strerror(errno));
  }
  close(fd);
  return status;
}

/* ---- loading ---- */

static int find_entry(zc_plugin_file *file, zc_error *error) {
  char name[32];
  snprintf(name, sizeof name, "zc_entry_v%u", ZC_ABI_MAJOR);
  /* ISO C has no cast between the two kinds of pointers; POSIX promises that this works. */
  *(void **)&file->entry = dlsym(file->handle, name);
  if (file->entry) return ZC_OK;
  for (unsigned major = 0; major <= 9; major++) {
    snprintf(name, sizeof name, "zc_entry_v%u", major);
    if (dlsym(file->handle, name)) {
      return zc_error_set(error, ZC_EINVAL, "built for ABI major %u, this program has %u", major,
                          ZC_ABI_MAJOR);
    }
  }
  return zc_error_set(error, ZC_EINVAL, "has no entry symbol zc_entry_v%u: is it a plugin?",
                      ZC_ABI_MAJOR);
}

static int load(const char *path, zc_plugin_file *file, zc_error *error) {
  dlerror();
  file->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (file->handle) return find_entry(file, error);
  const char *reason = dlerror();
  size_t n = strlen(path);
  if (!reason) reason = "cannot be loaded";
  if (strncmp(reason, path, n) == 0 && strncmp(reason + n, ": ", 2) == 0) reason += n + 2;
  return zc_error_set(error, ZC_EINVAL, "%.200s", reason);
}

int zc_plugin_file_open(const char *absolute, zc_plugin_file *ret, zc_error *error) {
  path_walk walk = {0};
  zc_plugin_file file = {0};
  int status = walk_to(&walk, absolute, error);
  if (status == ZC_OK) status = check_content(&walk, &file.content, error);
  if (status == ZC_OK) status = load(walk.resolved, &file, error);
  if (status == ZC_OK) {
    file.about = walk.file;
    *ret = file;
  } else {
    zc_plugin_file_close(&file);
  }
  return status;
}

bool zc_plugin_file_is_same(const zc_plugin_file *file, const char *absolute) {
  struct stat now;
  const struct stat *then = &file->about;
  return stat(absolute, &now) == 0 && now.st_dev == then->st_dev && now.st_ino == then->st_ino &&
         now.st_size == then->st_size && now.st_mtim.tv_sec == then->st_mtim.tv_sec &&
         now.st_mtim.tv_nsec == then->st_mtim.tv_nsec;
}

bool zc_plugin_file_is_overwritten(const zc_plugin_file *file, const char *absolute) {
  struct stat now;
  const struct stat *then = &file->about;
  uint64_t content = file->content;
  int fd = open(absolute, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return false;
  bool same = fstat(fd, &now) == 0 && now.st_dev == then->st_dev && now.st_ino == then->st_ino;
  bool read = same && hash_content(fd, &content) == ZC_OK;
  close(fd);
  return read && content != file->content;
}

void zc_plugin_file_close(zc_plugin_file *file) {
#ifndef ZC_SANITIZED
  if (file->handle) dlclose(file->handle);
#endif
  file->handle = NULL;
}
