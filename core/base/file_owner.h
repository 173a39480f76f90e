/* file_owner.h - who may have put a file there, by what stat() says of it. */
#ifndef ZC_BASE_FILE_OWNER_H
#define ZC_BASE_FILE_OWNER_H

#include <sys/stat.h>

#include "core/base/error.h"

/* `what`: how the error names it. ZC_EINVAL where it belongs to neither root nor the running user.
 */
int zc_check_owner(const char *what, const struct stat *about, zc_error *error);
/* ZC_EINVAL where others than its owner can write it. */
int zc_check_closed(const char *what, const struct stat *about, zc_error *error);

#endif
