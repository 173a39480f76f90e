#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "local_file.h"

/* Of SQLite's file format, section 1.3 */
#define HEADER_BYTES   72
#define MAGIC          "SQLite format 3"
#define VERSION_AT     60
#define APPLICATION_AT 68

typedef struct {
  char *text;
  size_t size;
} answer;

static int say(answer to, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static int say(answer to, int status, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(to.text, to.size, format, arguments);
  va_end(arguments);
  return status;
}

static int check_folder(const char *path, answer to) {
  char folder[4096];
  const char *slash = strrchr(path, '/');
  int length = slash ? (int)(slash - path) + 1 : 1;
  if (snprintf(folder, sizeof folder, "%.*s", length, slash ? path : ".") >= (int)sizeof folder) {
    return say(to, ZC_EINVAL, "path: too long");
  }
  if (faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) == 0) return ZC_OK;
  if (errno == ENOENT) {
    return say(to, ZC_ENOTFOUND, "path: there is no folder %s: until it is made the rows wait",
               folder);
  }
  return say(to, errno == ENOTDIR ? ZC_EINVAL : ZC_EIO, "path: no file can be made in %s: %s",
             folder, strerror(errno));
}

static uint32_t big_endian(const unsigned char *at) {
  return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static int check_header(const char *path, answer to) {
  unsigned char header[HEADER_BYTES];
  int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return say(to, ZC_EIO, "path: %s: %s", path, strerror(errno));
  ssize_t n = pread(descriptor, header, sizeof header, 0);
  close(descriptor); /* lets go of SQLite's locks on it in this process: there are none yet */
  if (n < 0) return say(to, ZC_EIO, "path: %s: %s", path, strerror(errno));
  if (n == 0) return ZC_OK;
  if (n < HEADER_BYTES || memcmp(header, MAGIC, sizeof MAGIC) != 0) {
    return say(to, ZC_EINVAL, "path: %s is no SQLite file: set another path", path);
  }
  if (big_endian(header + APPLICATION_AT) != ZC_LOCAL_APPLICATION) {
    return say(to, ZC_EINVAL, "path: %s is a file of another program: set another path", path);
  }
  if (big_endian(header + VERSION_AT) > ZC_LOCAL_VERSION) {
    return say(to, ZC_EINVAL, "path: %s is of a newer version: use the newer program", path);
  }
  return ZC_OK;
}

int zc_local_check(const char *path, char *text, size_t size) {
  answer to = {text, size};
  struct stat status;
  if (stat(path, &status) != 0) {
    if (errno == ENOENT) return check_folder(path, to);
    return say(to, errno == ENOTDIR ? ZC_EINVAL : ZC_EIO, "path: %s: %s", path, strerror(errno));
  }
  if (!S_ISREG(status.st_mode)) {
    return say(to, ZC_EINVAL, "path: %s is %s: name a file", path,
               S_ISDIR(status.st_mode) ? "a folder" : "no regular file");
  }
  if (faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) != 0) {
    return say(to, ZC_EIO, "path: %s may not be written: %s", path, strerror(errno));
  }
  return check_header(path, to);
}
