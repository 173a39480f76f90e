/* Which source of credentials answers, by environment and shared files. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "credentials.h"
#include "profile.h"

#define CONTAINER_HOST "http://169.254.170.2"
#define IMDS_HOST      "http://169.254.169.254"
#define IMDS_HOST_6    "http://[fd00:ec2::254]"

/* Where a profile may stand: the credentials file, and two headings of the config file, of which
 * the second is the default profile's only. What the first says wins. */
enum { IN_CREDENTIALS, IN_CONFIG, IN_CONFIG_DEFAULT, PLACES };

typedef struct {
  zc_aws_section sections[PLACES];
  int status[PLACES]; /* of reading them */
} shared_profile;

typedef struct {
  const zc_host *host;
  const char *configured; /* the settings' profile */
  const char *profile;    /* the one in effect */
  shared_profile *shared; /* what the files say of it */
  zc_aws_source *source;
  char *message;
  size_t size;
} search;

static int refuse(const search *s, int status, const char *text) {
  snprintf(s->message, s->size, "%s", text);
  return status;
}

/* ---- environment ---- */

static int from_environment(const search *s) {
  const char *id = zc_aws_variable("AWS_ACCESS_KEY_ID");
  const char *secret = zc_aws_variable("AWS_SECRET_ACCESS_KEY");
  const char *token = zc_aws_variable("AWS_SESSION_TOKEN");
  const char *until = zc_aws_variable("AWS_CREDENTIAL_EXPIRATION");
  zc_time expires = 0;
  if (!id || s->configured) return ZC_ENOTFOUND;
  if (!secret) return refuse(s, ZC_EAUTH, "AWS_ACCESS_KEY_ID without AWS_SECRET_ACCESS_KEY");
  if (!token) token = zc_aws_variable("AWS_SECURITY_TOKEN");
  if (until && s->host->time_parse(until, &expires) != ZC_OK)
    return refuse(s, ZC_EAUTH, "AWS_CREDENTIAL_EXPIRATION is no RFC 3339 time");
  int status = zc_aws_keys_make(id, secret, token, expires, &s->source->keys);
  if (status == ZC_EDATA)
    return refuse(s, ZC_EAUTH, "the AWS_ variables hold what cannot be credentials");
  return status;
}

/* ---- what the shared files say ---- */

/* Both files count as one, as they do for botocore: its role, for one, may stand in the config file
 * and the keys of the same profile in the other. */
static int read_shared(const search *s) {
  char *credentials = zc_aws_credentials_path(), *config = zc_aws_config_path();
  char heading[ZC_AWS_NAME_MAX + 16];
  bool is_default = strcmp(s->profile, "default") == 0;
  shared_profile *shared = s->shared;
  snprintf(heading, sizeof heading, "profile %s", s->profile);
  const char *const paths[PLACES] = {credentials, config, is_default ? config : NULL};
  const char *const headings[PLACES] = {s->profile, heading, "default"};
  int status = ZC_ENOTFOUND;
  for (size_t i = 0; i < PLACES; i++) {
    shared->status[i] = zc_aws_section_read(paths[i], headings[i], &shared->sections[i]);
    if (shared->status[i] == ZC_ENOMEM) status = ZC_ENOMEM;
  }
  free(credentials);
  free(config);
  return status;
}

static const char *shared_value(const search *s, const char *key) {
  const char *value = NULL;
  for (size_t i = 0; i < PLACES && !value; i++)
    value = zc_aws_section_get(&s->shared->sections[i], key);
  return value;
}

/* Where one of these keys is there: rather than going on to some other identity in silence. */
static int refuse_unsupported(const search *s, const char *const *keys, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (!shared_value(s, keys[i])) continue;
    snprintf(s->message, s->size,
             "profile %.60s takes its credentials by %s, which is not supported: keys, a web "
             "identity, a container's or an instance's role are",
             s->profile, keys[i]);
    return ZC_EAUTH;
  }
  return ZC_ENOTFOUND;
}

/* A profile's own keys are what its role would be assumed with: they must not sign instead. */
static int refuse_role(const search *s) {
  static const char *const role[] = {"role_arn"};
  if (shared_value(s, "web_identity_token_file")) return ZC_ENOTFOUND;
  return refuse_unsupported(s, role, 1);
}

/* ---- web identity ---- */

static char *copy_of(const char *text) {
  return text ? strdup(text) : NULL;
}

static void web_identity_values(const search *s, zc_aws_source *source) {
  if (!s->configured) {
    source->token_path = copy_of(zc_aws_variable("AWS_WEB_IDENTITY_TOKEN_FILE"));
    source->role = copy_of(zc_aws_variable("AWS_ROLE_ARN"));
    source->session_name = copy_of(zc_aws_variable("AWS_ROLE_SESSION_NAME"));
  }
  if (source->token_path) return;
  source->token_path = copy_of(shared_value(s, "web_identity_token_file"));
  if (!source->token_path) return;
  if (!source->role) source->role = copy_of(shared_value(s, "role_arn"));
  if (!source->session_name) source->session_name = copy_of(shared_value(s, "role_session_name"));
}

static bool is_session_name(const char *name) {
  size_t n = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+=,.@-");
  return n >= 2 && n <= 64 && name[n] == '\0';
}

static int from_web_identity(const search *s) {
  zc_aws_source *source = s->source;
  web_identity_values(s, source);
  if (!source->token_path) return ZC_ENOTFOUND;
  if (!source->role)
    return refuse(s, ZC_EAUTH, "there is a web identity token file, but no role (AWS_ROLE_ARN)");
  if (!source->session_name) source->session_name = strdup("zerocarb");
  if (!source->session_name) return ZC_ENOMEM;
  if (!is_session_name(source->session_name))
    return refuse(s, ZC_EAUTH, "the role's session name is not 2 to 64 of [A-Za-z0-9_+=,.@-]");
  source->origin = ZC_AWS_FROM_STS;
  return ZC_OK;
}

/* ---- keys of the shared files ---- */

static int keys_in(const search *s, size_t place) {
  const zc_aws_section *section = &s->shared->sections[place];
  const char *id = zc_aws_section_get(section, "aws_access_key_id");
  const char *secret = zc_aws_section_get(section, "aws_secret_access_key");
  if (!id) return ZC_ENOTFOUND;
  if (!secret) {
    snprintf(s->message, s->size, "profile %.60s has an access key without its secret", s->profile);
    return ZC_EAUTH;
  }
  int status = zc_aws_keys_make(id, secret, zc_aws_section_get(section, "aws_session_token"), 0,
                                &s->source->keys);
  if (status != ZC_EDATA) return status;
  snprintf(s->message, s->size, "profile %.60s holds what cannot be credentials", s->profile);
  return ZC_EAUTH;
}

/* A file that cannot be read might say that the keys of the other one are not to be used. */
static int refuse_unreadable(const search *s, bool *ret_seen) {
  for (size_t i = 0; i < PLACES; i++) {
    int status = s->shared->status[i];
    if (status == ZC_OK) *ret_seen = true;
    if (status != ZC_EIO && status != ZC_EDATA) continue;
    char *path = i == IN_CREDENTIALS ? zc_aws_credentials_path() : zc_aws_config_path();
    snprintf(s->message, s->size, "the AWS %s file %.120s cannot be read%s",
             i == IN_CREDENTIALS ? "credentials" : "config", path ? path : "",
             status == ZC_EDATA ? ": too large, or not text" : "");
    free(path);
    return ZC_EAUTH;
  }
  return ZC_ENOTFOUND;
}

/* In botocore's order. */
static int from_shared_files(const search *s) {
  static const char *const before[] = {"sso_account_id", "sso_role_name"};
  static const char *const after[] = {"login_session", "credential_process", "sso_session",
                                      "sso_start_url"};
  bool seen = false;
  int status = refuse_unreadable(s, &seen);
  if (status == ZC_ENOTFOUND)
    status = refuse_unsupported(s, before, sizeof before / sizeof *before);
  if (status == ZC_ENOTFOUND) status = keys_in(s, IN_CREDENTIALS);
  if (status == ZC_ENOTFOUND) status = refuse_unsupported(s, after, sizeof after / sizeof *after);
  if (status == ZC_ENOTFOUND) status = keys_in(s, IN_CONFIG);
  if (status == ZC_ENOTFOUND) status = keys_in(s, IN_CONFIG_DEFAULT);
  if (status != ZC_ENOTFOUND || seen || strcmp(s->profile, "default") == 0) return status;
  snprintf(s->message, s->size, "there is no profile %.60s in the AWS config or credentials file",
           s->profile);
  return ZC_EAUTH;
}

/* ---- container ---- */

/* The host part, [] taken off. False where there is anything before an '@'. */
static bool host_part(const char *url, char *host, size_t size) {
  const char *start = strstr(url, "://");
  if (!start) return false;
  start += 3;
  size_t n = strcspn(start, "/?#\\");
  if (memchr(start, '@', n)) return false;
  const char *end = *start == '[' ? memchr(start, ']', n) : start + strcspn(start, ":/?#\\");
  if (!end || end > start + n) return false;
  if (*start == '[') start++;
  if (end <= start || (size_t)(end - start) >= size) return false;
  snprintf(host, size, "%.*s", (int)(end - start), start);
  return true;
}

static bool is_loopback(const char *host) {
  struct in_addr four;
  struct in6_addr six;
  if (strcasecmp(host, "localhost") == 0) return true;
  if (inet_pton(AF_INET, host, &four) == 1) return ntohl(four.s_addr) >> 24 == 127;
  return inet_pton(AF_INET6, host, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

bool zc_aws_may_ask(const char *url) {
  char host[256];
  if (!host_part(url, host, sizeof host)) return false;
  if (strncasecmp(url, "https://", 8) == 0) return true;
  if (strncasecmp(url, "http://", 7) != 0) return false;
  return is_loopback(host) || strcmp(host, "169.254.170.2") == 0 ||
         strcmp(host, "169.254.170.23") == 0 || strcasecmp(host, "fd00:ec2::23") == 0;
}

static int from_container(const search *s) {
  const char *relative = zc_aws_variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  const char *full = zc_aws_variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  zc_aws_source *source = s->source;
  if (!relative && !full) return ZC_ENOTFOUND;
  if (relative && relative[0] != '/')
    return refuse(s, ZC_EAUTH, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI does not begin with /");
  int n = snprintf(source->url, sizeof source->url, "%s%s", relative ? CONTAINER_HOST : "",
                   relative ? relative : full);
  if (n < 0 || (size_t)n >= sizeof source->url || !zc_aws_may_ask(source->url))
    return refuse(s, ZC_EAUTH,
                  "AWS_CONTAINER_CREDENTIALS_FULL_URI may be https, or http to loopback, "
                  "169.254.170.2, 169.254.170.23 or fd00:ec2::23 only");
  source->origin = ZC_AWS_FROM_URL;
  return ZC_OK;
}

/* ---- instance metadata ---- */

static int from_instance(const search *s) {
  const char *own = zc_aws_variable("AWS_EC2_METADATA_SERVICE_ENDPOINT");
  const char *mode = zc_aws_variable("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
  zc_aws_source *source = s->source;
  if (zc_aws_variable_is_true("AWS_EC2_METADATA_DISABLED"))
    return refuse(s, ZC_EAUTH,
                  "no AWS credentials: none in the environment, a web identity, the shared files "
                  "or a container, and AWS_EC2_METADATA_DISABLED is set");
  bool six = mode && strcasecmp(mode, "ipv6") == 0;
  const char *base = own ? own : six ? IMDS_HOST_6 : IMDS_HOST;
  size_t n = strlen(base);
  while (n > 0 && base[n - 1] == '/')
    n--;
  if (n + 128 > sizeof source->url)
    return refuse(s, ZC_EAUTH, "AWS_EC2_METADATA_SERVICE_ENDPOINT is too long");
  snprintf(source->url, sizeof source->url, "%.*s", (int)n, base);
  source->origin = ZC_AWS_FROM_IMDS;
  return ZC_OK;
}

/* ---- in order ---- */

static int find(const search *s) {
  int (*const sources[])(const search *) = {from_environment,  read_shared,       refuse_role,
                                            from_web_identity, from_shared_files, from_container,
                                            from_instance};
  int status = ZC_ENOTFOUND;
  for (size_t i = 0; i < sizeof sources / sizeof *sources && status == ZC_ENOTFOUND; i++)
    status = sources[i](s);
  return status;
}

int zc_aws_source_find(const zc_host *host, const char *configured, zc_aws_source *ret,
                       char *message, size_t size) {
  shared_profile shared = {.status = {ZC_ENOTFOUND, ZC_ENOTFOUND, ZC_ENOTFOUND}};
  const search s = {.host = host,
                    .configured = configured,
                    .profile = zc_aws_profile_name(configured),
                    .shared = &shared,
                    .source = ret,
                    .message = message,
                    .size = size};
  memset(ret, 0, sizeof *ret);
  snprintf(message, size, "no memory");
  if (strlen(s.profile) >= ZC_AWS_NAME_MAX)
    return refuse(&s, ZC_EAUTH, "the AWS profile's name is too long");
  int status = find(&s);
  for (size_t i = 0; i < PLACES; i++)
    zc_aws_section_finish(&shared.sections[i]);
  if (status != ZC_OK) zc_aws_source_finish(ret);
  return status;
}

void zc_aws_source_finish(zc_aws_source *source) {
  zc_aws_keys_finish(&source->keys);
  free(source->role);
  free(source->session_name);
  free(source->token_path);
  memset(source, 0, sizeof *source);
}
