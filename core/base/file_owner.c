#include "core/base/file_owner.h"

#include <unistd.h>
#include <zerocarb/plugin.h>

#define OTHERS_WRITE (S_IWGRP | S_IWOTH)

int zc_check_owner(const char *what, const struct stat *about, zc_error *error) {
  if (about->st_uid == 0 || about->st_uid == geteuid()) return ZC_OK;
  return zc_error_set(error, ZC_EINVAL,
                      "%s is owned by user %lu, who is neither root nor the running user", what,
                      (unsigned long)about->st_uid);
}

int zc_check_closed(const char *what, const struct stat *about, zc_error *error) {
  if (!(about->st_mode & OTHERS_WRITE)) return ZC_OK;
  return zc_error_set(error, ZC_EINVAL, "%s can be written by others (mode %04o): chmod go-w it",
                      what, (unsigned)(about->st_mode & 07777));
}
