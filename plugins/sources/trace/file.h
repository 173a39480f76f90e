/* file.h - the text of a recording on disk. */
#ifndef ZC_TRACE_FILE_H
#define ZC_TRACE_FILE_H

#include <stddef.h>

#define ZC_TRACE_FILE_MAX (64u * 1024u * 1024u) /* bytes: a year of 22 zones, hourly, is 1.5 MB */

/* The whole of a regular file, terminated; the caller frees. ZC_EIO with "path: reason" in `why`,
 * also where it is longer than ZC_TRACE_FILE_MAX; ZC_ENOMEM. */
int zc_trace_read_file(const char *path, char **ret_text, size_t *ret_length, char *why,
                       size_t why_size);

#endif
