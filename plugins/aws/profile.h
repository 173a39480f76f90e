/* profile.h - one section of the shared config or credentials file.
 *
 * The files are small and local, so they are read at once, on the loop: regular files only, and not
 * beyond a limit. What was read is wiped when it is given back. */
#ifndef ZC_PLUGINS_AWS_PROFILE_H
#define ZC_PLUGINS_AWS_PROFILE_H

#include <stddef.h>

#define ZC_AWS_FILE_MAX 262144 /* bytes of a config, credentials or token file */
#define ZC_AWS_KEYS_MAX 128    /* keys of a section */

/* A key that is nested below another one is "outer.inner". */
typedef struct {
  char *keys[ZC_AWS_KEYS_MAX], *values[ZC_AWS_KEYS_MAX];
  size_t n;
} zc_aws_section;

/* A whole file, terminated. Wipe and free it with zc_aws_wipe(). ZC_ENOTFOUND where there is no
 * such file, ZC_EIO where it cannot be read or is no regular file, ZC_EDATA where it is too large
 * or holds a NUL, ZC_ENOMEM. */
int zc_aws_read_file(const char *path, char **ret);
/* Overwrites and frees a text; NULL is fine. */
void zc_aws_wipe(char *text);

/* The section of that name, "default" or "profile x", in any spacing; where it stands there more
 * than once, the later values win. ZC_ENOTFOUND: no such file or section. ZC_EDATA: too large, or
 * more than ZC_AWS_KEYS_MAX keys. */
int zc_aws_section_read(const char *path, const char *name, zc_aws_section *ret);
/* The value of a key, or NULL where it is missing or empty. */
const char *zc_aws_section_get(const zc_aws_section *section, const char *key);
void zc_aws_section_finish(zc_aws_section *section);

/* AWS_CONFIG_FILE or AWS_SHARED_CREDENTIALS_FILE, else the one below ~/.aws; malloc()ed. NULL: no
 * home, or no memory. */
char *zc_aws_config_path(void);
char *zc_aws_credentials_path(void);

#endif
