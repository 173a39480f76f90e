#include "core/config/file_text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail(zc_error *error) {
  return zc_error_set(error, ZC_EIO, "cannot be read: %s", strerror(errno));
}

static int read_all(int file, zc_buffer *to, zc_error *error) {
  char bytes[8192];
  int status = ZC_OK;
  ssize_t n = 0;
  do {
    n = read(file, bytes, sizeof bytes);
    if (n > 0) status = zc_buffer_add(to, bytes, (size_t)n);
  } while (status == ZC_OK && (n > 0 || (n < 0 && errno == EINTR)));
  if (status == ZC_EDATA) {
    status = zc_error_set(error, ZC_EDATA, "larger than %zu KiB", to->cap / 1024);
  } else if (n < 0) {
    status = fail(error);
  }
  explicit_bzero(bytes, sizeof bytes);
  return status;
}

int zc_file_read_about(const char *path, bool regular, zc_buffer *to, struct stat *ret_about,
                       zc_error *error) {
  int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | (regular ? O_NONBLOCK : 0));
  if (file < 0) return fail(error);
  int status = fstat(file, ret_about) < 0 ? fail(error) : ZC_OK;
  if (status == ZC_OK && S_ISDIR(ret_about->st_mode)) {
    status = zc_error_set(error, ZC_EIO, "is a directory");
  } else if (status == ZC_OK && regular && !S_ISREG(ret_about->st_mode)) {
    status = zc_error_set(error, ZC_EIO, "is not a regular file");
  }
  if (status == ZC_OK) status = read_all(file, to, error);
  close(file);
  return status;
}

int zc_file_read(const char *path, bool regular, zc_buffer *to, zc_error *error) {
  struct stat about;
  return zc_file_read_about(path, regular, to, &about, error);
}
