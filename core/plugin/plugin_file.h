/* plugin_file.h - one plugin's file: may it be trusted, is it whole, and opening it.
 *
 * Every folder on the way to the file is checked from / downwards, symbolic links included. A
 * folder that only root and the running user can change keeps what it holds, so nobody else can
 * swap the file between the check and dlopen(). */
#ifndef ZC_PLUGIN_PLUGIN_FILE_H
#define ZC_PLUGIN_PLUGIN_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "core/base/error.h"
#include "core/plugin/builtin.h"

typedef struct {
  void *handle;
  zc_builtin_entry entry;
  struct stat about; /* of the file that was loaded */
  uint64_t content;  /* a hash of its bytes then */
} zc_plugin_file;

/* Checks and loads. ZC_EINVAL with the reason (without the path) where the file is refused, ZC_EIO
 * where it cannot be read, ZC_ENOMEM. */
int zc_plugin_file_open(const char *absolute, zc_plugin_file *ret, zc_error *error);
/* Whether the path still leads to the file that was loaded, unchanged. */
bool zc_plugin_file_is_same(const zc_plugin_file *file, const char *absolute);
/* Whether the very file that was loaded now holds other bytes, as after `cp` onto it: the code and
 * the tables that are mapped from it are no more what they were, and nothing of them may be used.
 */
bool zc_plugin_file_is_overwritten(const zc_plugin_file *file, const char *absolute);
/* Unloads; not in sanitizer builds, where the stacks of leaks would lose their names. */
void zc_plugin_file_close(zc_plugin_file *file);

#endif
