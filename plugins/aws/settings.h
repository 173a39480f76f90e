/* settings.h - what the environment and the profile say: region, endpoints, keys of the profile. */
#ifndef ZC_PLUGINS_AWS_SETTINGS_H
#define ZC_PLUGINS_AWS_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#define ZC_AWS_URL_MAX    2048
#define ZC_AWS_REGION_MAX 64
#define ZC_AWS_NAME_MAX   128 /* of a profile */

/* A variable of the environment; NULL where it is missing or empty. */
const char *zc_aws_variable(const char *name);
bool zc_aws_variable_is_true(const char *name);

/* The profile in effect: the configured one, else AWS_PROFILE, else "default". */
const char *zc_aws_profile_name(const char *configured);

/* A key of the profile: the credentials file's, else the config file's; malloc()ed, to be freed
 * with zc_aws_wipe(). NULL where there is none. */
char *zc_aws_profile_value(const char *profile, const char *key);

/* [a-z0-9-]{1,63} */
bool zc_aws_is_region(const char *region);

/* "https://SERVICE.REGION.amazonaws.com/" or what is configured instead, always ending in '/'.
 * `configured`: the caller's own, or NULL. ZC_EINVAL with a sentence in `message`. */
int zc_aws_endpoint(const char *configured, const char *profile, const char *service,
                    const char *region, char *url, size_t size, char *message, size_t message_size);

/* "host:port" of a URL, without what stands before '@'. */
void zc_aws_host_of(const char *url, char *host, size_t size);

#endif
