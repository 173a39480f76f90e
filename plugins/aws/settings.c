#include "settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zerocarb/plugin.h>

#include "aws.h"
#include "profile.h"

/* The key's id too: without its secret the AWS tools refuse it rather than looking further. */
const char *const zc_aws_secret_variables[] = {"AWS_ACCESS_KEY_ID",
                                               "AWS_SECRET_ACCESS_KEY",
                                               "AWS_SESSION_TOKEN",
                                               "AWS_SECURITY_TOKEN",
                                               "AWS_CONTAINER_AUTHORIZATION_TOKEN",
                                               NULL};

const char *zc_aws_variable(const char *name) {
  const char *value = getenv(name);
  return value && *value ? value : NULL;
}

static bool is_true(const char *value) {
  return value && strcasecmp(value, "true") == 0;
}

bool zc_aws_variable_is_true(const char *name) {
  return is_true(zc_aws_variable(name));
}

/* ---- the profile ---- */

const char *zc_aws_profile_name(const char *configured) {
  const char *name = configured ? configured : zc_aws_variable("AWS_PROFILE");
  return name ? name : "default";
}

/* Frees the path. */
static char *value_in(char *path, const char *heading, const char *key) {
  zc_aws_section section;
  char *value = NULL;
  if (zc_aws_section_read(path, heading, &section) == ZC_OK) {
    const char *found = zc_aws_section_get(&section, key);
    value = found ? strdup(found) : NULL;
    zc_aws_section_finish(&section);
  }
  free(path);
  return value;
}

static char *config_value(const char *heading, const char *key) {
  return value_in(zc_aws_config_path(), heading, key);
}

char *zc_aws_profile_value(const char *profile, const char *key) {
  char heading[ZC_AWS_NAME_MAX + 16];
  bool is_default = strcmp(profile, "default") == 0;
  char *value = value_in(zc_aws_credentials_path(), profile, key);
  if (value) return value;
  snprintf(heading, sizeof heading, "profile %s", profile);
  value = config_value(heading, key);
  return value || !is_default ? value : config_value("default", key);
}

/* ---- the region ---- */

bool zc_aws_is_region(const char *region) {
  size_t n = region ? strspn(region, "abcdefghijklmnopqrstuvwxyz0123456789-") : 0;
  return n > 0 && n < ZC_AWS_REGION_MAX && region[n] == '\0' && region[0] != '-';
}

static const char *suffix_of(const char *region) {
  static const struct {
    const char *prefix, *suffix;
  } partitions[] = {{"cn-", "amazonaws.com.cn"},    {"eusc-", "amazonaws.eu"},
                    {"us-isof-", "csp.hci.ic.gov"}, {"us-isob-", "sc2s.sgov.gov"},
                    {"us-iso-", "c2s.ic.gov"},      {"eu-isoe-", "cloud.adc-e.uk"}};
  for (size_t i = 0; i < sizeof partitions / sizeof *partitions; i++) {
    if (strncmp(region, partitions[i].prefix, strlen(partitions[i].prefix)) == 0)
      return partitions[i].suffix;
  }
  return "amazonaws.com";
}

/* ---- endpoints ---- */

/* "dynamodb" -> AWS_ENDPOINT_URL_DYNAMODB */
static const char *service_variable(const char *service) {
  char name[96] = "AWS_ENDPOINT_URL_";
  size_t n = strlen(name);
  for (const char *c = service; *c && n + 1 < sizeof name; c++, n++)
    name[n] = *c == '-' || *c == ' ' ? '_' : *c >= 'a' && *c <= 'z' ? (char)(*c - 32) : *c;
  name[n] = '\0';
  return zc_aws_variable(name);
}

/* [services NAME] of the config file, "SERVICE = / endpoint_url = …" in it. */
static char *services_value(const char *profile, const char *service) {
  char heading[ZC_AWS_NAME_MAX + 16], key[96];
  char *services = zc_aws_profile_value(profile, "services");
  if (!services) return NULL;
  snprintf(heading, sizeof heading, "services %.*s", ZC_AWS_NAME_MAX, services);
  snprintf(key, sizeof key, "%.64s.endpoint_url", service);
  free(services);
  return config_value(heading, key);
}

static bool ignores_configured(const char *profile) {
  if (zc_aws_variable_is_true("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")) return true;
  char *value = zc_aws_profile_value(profile, "ignore_configured_endpoint_urls");
  bool ignores = is_true(value);
  free(value);
  return ignores;
}

/* malloc()ed; NULL: nothing is configured. */
static char *configured_url(const char *profile, const char *service) {
  const char *url = service_variable(service);
  if (ignores_configured(profile)) return NULL;
  if (!url) url = zc_aws_variable("AWS_ENDPOINT_URL");
  if (url) return strdup(url);
  char *value = services_value(profile, service);
  return value ? value : zc_aws_profile_value(profile, "endpoint_url");
}

static int refuse(char *message, size_t size, const char *service, const char *why) {
  snprintf(message, size, "the endpoint for %s %s", service, why);
  return ZC_EINVAL;
}

/* Only what curl signs as AWS does: no query, nothing percent-encoded. */
static int take_url(const char *given, const char *service, char *url, size_t size, char *message,
                    size_t message_size) {
  size_t n = strlen(given);
  if (strncmp(given, "http://", 7) != 0 && strncmp(given, "https://", 8) != 0)
    return refuse(message, message_size, service, "is no http:// or https:// URL");
  if (strpbrk(given, "?#%@ ") || n + 2 > size)
    return refuse(message, message_size, service,
                  "may hold no query, no user and nothing percent-encoded");
  snprintf(url, size, "%s%s", given, given[n - 1] == '/' ? "" : "/");
  return ZC_OK;
}

int zc_aws_endpoint(const char *configured, const char *profile, const char *service,
                    const char *region, char *url, size_t size, char *message,
                    size_t message_size) {
  if (!zc_aws_is_region(region)) {
    snprintf(message, message_size, "\"%.40s\" is no name of an AWS region", region ? region : "");
    return ZC_EINVAL;
  }
  if (configured) return take_url(configured, service, url, size, message, message_size);
  char *found = configured_url(profile, service);
  if (found) {
    int status = take_url(found, service, url, size, message, message_size);
    free(found);
    return status;
  }
  snprintf(url, size, "https://%s.%s.%s/", service, region, suffix_of(region));
  return ZC_OK;
}

void zc_aws_host_of(const char *url, char *host, size_t size) {
  const char *start = strstr(url, "://");
  start = start ? start + 3 : url;
  size_t n = strcspn(start, "/?#");
  for (size_t i = 0; i < n; i++) {
    if (start[i] != '@') continue;
    start += i + 1;
    n -= i + 1;
    i = 0;
  }
  snprintf(host, size, "%.*s", (int)(n < size ? n : size - 1), start);
}
