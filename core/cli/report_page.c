#include "core/cli/report_page.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/random.h"
#include "core/cli/cli.h"
#include "core/cli/output.h"

#define SUFFIX ".part" /* of the file while it is written, after a random number */

static int complain(const char *path) {
  zc_cli_message("cannot write '%s': %s", path, strerror(errno));
  return ZC_EXIT_INTERNAL;
}

static bool write_all(int descriptor, const zc_buffer *page) {
  size_t done = 0;
  while (done < page->length) {
    ssize_t n = write(descriptor, page->data + done, page->length - done);
    if (n < 0 && errno != EINTR) return false;
    if (n > 0) done += (size_t)n;
  }
  return true;
}

/* Into what is no regular file, such as a pipe: at once. */
static int write_at_once(const zc_buffer *page, const char *path) {
  int descriptor = open(path, O_WRONLY | O_CLOEXEC);
  if (descriptor < 0) return complain(path);
  bool written = write_all(descriptor, page);
  int status = written ? ZC_EXIT_FINE : complain(path);
  if (close(descriptor) != 0 && written) status = complain(path);
  return status;
}

/* Nobody has put anything in its way: its name is not to be guessed, and it is new. */
static int open_part(const char *path, char part[PATH_MAX]) {
  int n = snprintf(part, PATH_MAX, "%s.%016" PRIx64 SUFFIX, path, zc_random_seed());
  if (n < 0 || n >= PATH_MAX) {
    errno = ENAMETOOLONG;
    return -1;
  }
  return open(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
}

static bool write_part(const zc_buffer *page, int descriptor) {
  bool written = write_all(descriptor, page) && fsync(descriptor) == 0;
  int reason = errno;
  if (close(descriptor) != 0 && written) return false;
  errno = reason;
  return written;
}

static int replace_file(const zc_buffer *page, const char *path) {
  char part[PATH_MAX];
  int descriptor = open_part(path, part);
  if (descriptor < 0) return complain(path);
  if (write_part(page, descriptor) && rename(part, path) == 0) return ZC_EXIT_FINE;
  int status = complain(path);
  unlink(part);
  return status;
}

static int write_page(const zc_buffer *page, const char *path) {
  struct stat there;
  if (strcmp(path, "-") == 0) {
    zc_output_text(page);
    return ZC_EXIT_FINE;
  }
  if (stat(path, &there) == 0 && !S_ISREG(there.st_mode)) return write_at_once(page, path);
  return replace_file(page, path);
}

int zc_report_write_page(const zc_report_documents *documents, const char *path) {
  zc_buffer page;
  zc_error error = {0};
  zc_buffer_init(&page, ZC_PAGE_MAX);
  int status = zc_page_write(&page, documents, &error);
  if (status == ZC_OK) {
    status = write_page(&page, path);
  } else {
    zc_cli_message("%s", error.text);
    status = zc_cli_exit_of(status);
  }
  zc_buffer_finish(&page);
  return status;
}
