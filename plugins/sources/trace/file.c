#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zerocarb/plugin.h>

static int fail(const char *path, const char *reason, char *why, size_t why_size) {
  snprintf(why, why_size, "%s: %s", path, reason);
  return ZC_EIO;
}

/* At most `size` bytes; what a file has beyond them, because it grew, is left. -1 with errno. */
static ssize_t read_up_to(int descriptor, char *text, size_t size) {
  size_t n = 0;
  while (n < size) {
    ssize_t got = read(descriptor, text + n, size - n);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (got == 0) break;
    n += (size_t)got;
  }
  return (ssize_t)n;
}

static int read_open_file(int descriptor, const char *path, char **ret_text, size_t *ret_length,
                          char *why, size_t why_size) {
  struct stat info;
  if (fstat(descriptor, &info) != 0) return fail(path, strerror(errno), why, why_size);
  if (!S_ISREG(info.st_mode)) return fail(path, "not a regular file", why, why_size);
  if (info.st_size > (off_t)ZC_TRACE_FILE_MAX) {
    return fail(path, "larger than 64 MiB", why, why_size);
  }
  size_t size = (size_t)info.st_size;
  char *text = malloc(size + 1);
  if (!text) {
    snprintf(why, why_size, "%s: no memory for it", path);
    return ZC_ENOMEM;
  }
  ssize_t n = read_up_to(descriptor, text, size);
  if (n < 0) {
    int status = fail(path, strerror(errno), why, why_size);
    free(text);
    return status;
  }
  text[n] = '\0';
  *ret_text = text;
  *ret_length = (size_t)n;
  return ZC_OK;
}

int zc_trace_read_file(const char *path, char **ret_text, size_t *ret_length, char *why,
                       size_t why_size) {
  /* Not blocking: a FIFO without a writer would hold the program for ever. */
  int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return fail(path, strerror(errno), why, why_size);
  int status = read_open_file(descriptor, path, ret_text, ret_length, why, why_size);
  close(descriptor);
  return status;
}
