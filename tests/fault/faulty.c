/* Linked into the program for the fault harness: one call of one kind fails, as ZC_FAULT says.
 *
 *   ZC_FAULT=KIND,N[,TIMES[,ERRNO]]   the N-th call of the kind in the process (1: the first) and
 *                                     those behind it, TIMES in all, fail with ERRNO
 *   ZC_FAULT_COUNT=FILE               at the end FILE gets "KIND COUNT"
 *
 * Kinds: allocation, own (an allocation by the program's own code, not by a library), write,
 * pwrite64, fsync, fdatasync, ftruncate64, rename, unlink, open64. The sanitizer's functions of
 * these names are weak; the ones here take their place and call on. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PUBLIC __attribute__((visibility("default")))

enum { ALLOCATION, OWN, WRITE, PWRITE, FSYNC, FDATASYNC, FTRUNCATE, RENAME, UNLINK, OPEN, KINDS };
static const char *const names[KINDS] = {"allocation", "own",       "write",       "pwrite64",
                                         "fsync",      "fdatasync", "ftruncate64", "rename",
                                         "unlink",     "open64"};

static int kind = -1, number = EIO;
static long first, times = 1;
static atomic_long calls;
static pid_t owner;

__attribute__((constructor)) static void arm(void) {
  const char *text = getenv("ZC_FAULT");
  char word[32] = "";
  owner = getpid();
  if (!text || sscanf(text, "%31[^,],%ld,%ld,%d", word, &first, &times, &number) < 2) return;
  for (int i = 0; i < KINDS; i++) {
    if (strcmp(word, names[i]) == 0) kind = i;
  }
}

__attribute__((destructor)) static void tell(void) {
  const char *path = getenv("ZC_FAULT_COUNT");
  if (!path || kind < 0 || getpid() != owner) return;
  char text[64];
  int n = snprintf(text, sizeof text, "%s %ld\n", names[kind], atomic_load(&calls));
  int file = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  syscall(SYS_write, file, text, (size_t)n);
  syscall(SYS_close, file);
}

/* Whether this call is one that fails; errno is set then. */
static bool fails(int which) {
  if (which != kind || getpid() != owner) return false;
  long n = atomic_fetch_add(&calls, 1) + 1;
  if (n < first || n >= first + times) return false;
  errno = number;
  return true;
}

/* ---- allocations ---- */

void *__interceptor_malloc(size_t size);
void *__interceptor_calloc(size_t n, size_t size);
void *__interceptor_realloc(void *block, size_t size);
int __interceptor_posix_memalign(void **ret, size_t alignment, size_t size);

extern const char __executable_start, etext; /* the linker's */

static bool refused(const void *caller) {
  uintptr_t at = (uintptr_t)caller;
  bool own = at >= (uintptr_t)&__executable_start && at < (uintptr_t)&etext;
  bool refuse = fails(ALLOCATION) || (own && fails(OWN));
  if (refuse) errno = ENOMEM;
  return refuse;
}

#define REFUSED() refused(__builtin_return_address(0))

PUBLIC void *malloc(size_t size) {
  return REFUSED() ? NULL : __interceptor_malloc(size);
}

PUBLIC void *calloc(size_t n, size_t size) {
  return REFUSED() ? NULL : __interceptor_calloc(n, size);
}

PUBLIC void *realloc(void *block, size_t size) {
  return REFUSED() ? NULL : __interceptor_realloc(block, size);
}

PUBLIC int posix_memalign(void **ret, size_t alignment, size_t size) {
  return REFUSED() ? ENOMEM : __interceptor_posix_memalign(ret, alignment, size);
}

PUBLIC char *strdup(const char *text) {
  size_t size = strlen(text) + 1;
  char *copy = REFUSED() ? NULL : __interceptor_malloc(size);
  return copy ? memcpy(copy, text, size) : NULL;
}

PUBLIC char *strndup(const char *text, size_t most) {
  size_t length = strnlen(text, most);
  char *copy = REFUSED() ? NULL : __interceptor_malloc(length + 1);
  if (!copy) return NULL;
  memcpy(copy, text, length);
  copy[length] = '\0';
  return copy;
}

/* ---- system calls ---- */

/* libuv wakes its loop through an eventfd and rightly takes that for certain. */
static bool is_file(int file) {
  struct stat status;
  return fstat(file, &status) == 0 && S_ISREG(status.st_mode);
}

PUBLIC ssize_t write(int file, const void *bytes, size_t n) {
  return is_file(file) && fails(WRITE) ? -1 : syscall(SYS_write, file, bytes, n);
}

PUBLIC ssize_t pwrite64(int file, const void *bytes, size_t n, off64_t at) {
  return fails(PWRITE) ? -1 : syscall(SYS_pwrite64, file, bytes, n, at);
}

PUBLIC int fsync(int file) {
  return fails(FSYNC) ? -1 : (int)syscall(SYS_fsync, file);
}

PUBLIC int fdatasync(int file) {
  return fails(FDATASYNC) ? -1 : (int)syscall(SYS_fdatasync, file);
}

PUBLIC int ftruncate64(int file, off64_t length) {
  return fails(FTRUNCATE) ? -1 : (int)syscall(SYS_ftruncate, file, length);
}

PUBLIC int rename(const char *from, const char *to) {
  return fails(RENAME) ? -1 : (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

PUBLIC int unlink(const char *path) {
  return fails(UNLINK) ? -1 : (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

PUBLIC int open64(const char *path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  unsigned mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, unsigned) : 0;
  va_end(arguments);
  return fails(OPEN) ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}
