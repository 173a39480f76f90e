/* file_text.h - a small file, read whole. */
#ifndef ZC_CONFIG_FILE_TEXT_H
#define ZC_CONFIG_FILE_TEXT_H

#include <stdbool.h>
#include <sys/stat.h>

#include "core/base/buffer.h"
#include "core/base/error.h"

/* Appends the file's bytes, at most `to->cap`. `regular`: nothing else than a regular file, so that
 * no pipe can make the caller wait. ZC_EIO or, where it is too large, ZC_EDATA, with an error that
 * does not name the path; ZC_ENOMEM. */
int zc_file_read(const char *path, bool regular, zc_buffer *to, zc_error *error);
/* The same, with what fstat() says of what was read. */
int zc_file_read_about(const char *path, bool regular, zc_buffer *to, struct stat *ret_about,
                       zc_error *error);

#endif
