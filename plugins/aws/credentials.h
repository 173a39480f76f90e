/* credentials.h - where credentials come from, and for how long they hold.
 *
 * The order is botocore's: environment, web identity (STS), shared credentials file, config file,
 * container (ECS, EKS Pod Identity), instance metadata (IMDSv2 only). The first source that is
 * configured is the only one asked: where it fails, nothing else is tried. What both files say of a
 * profile counts together; where it assumes a role, or gets its keys by SSO, a login or a process,
 * it is refused where botocore would ask that. */
#ifndef ZC_PLUGINS_AWS_CREDENTIALS_H
#define ZC_PLUGINS_AWS_CREDENTIALS_H

#include <stdbool.h>
#include <stddef.h>
#include <zerocarb/plugin.h>

#include "settings.h"

#define ZC_AWS_ID_MAX         128
#define ZC_AWS_SECRET_MAX     256
#define ZC_AWS_TOKEN_MAX      12288 /* what fits into one header beside its name */
#define ZC_AWS_WEB_TOKEN_MAX  20000 /* as STS limits it */
#define ZC_AWS_CREDENTIAL_MAX 65536 /* bytes of a credential endpoint's answer */
#define ZC_AWS_MESSAGE_MAX    256

typedef struct {
  char *id, *secret, *token; /* token: NULL where there is none */
  zc_time expires;           /* 0: never */
} zc_aws_keys;

/* Copies after looking whether they can be credentials at all: printable, no blanks, not too long.
 * ZC_EDATA, ZC_ENOMEM. token may be NULL or empty. */
int zc_aws_keys_make(const char *id, const char *secret, const char *token, zc_time expires,
                     zc_aws_keys *ret);
bool zc_aws_keys_equal(const zc_aws_keys *a, const zc_aws_keys *b);
void zc_aws_keys_finish(zc_aws_keys *keys); /* wipes */
/* Keys in use are not shown in logs and records; reveal before the end. */
void zc_aws_keys_hide(const zc_host *host, const zc_aws_keys *keys);
void zc_aws_keys_reveal(const zc_host *host, const zc_aws_keys *keys);

typedef enum { ZC_AWS_FROM_HERE, ZC_AWS_FROM_STS, ZC_AWS_FROM_URL, ZC_AWS_FROM_IMDS } zc_aws_origin;

/* The source that answers, found without asking anybody. */
typedef struct {
  zc_aws_origin origin;
  zc_aws_keys keys;                       /* FROM_HERE */
  char *role, *session_name, *token_path; /* FROM_STS */
  char url[ZC_AWS_URL_MAX];               /* FROM_URL, FROM_IMDS (its base, without the last '/') */
} zc_aws_source;

/* configured: the settings' profile or NULL. ZC_EAUTH, ZC_EDATA, ZC_EIO, ZC_ENOMEM with a sentence.
 * Expiries are read with the host's time_parse. */
int zc_aws_source_find(const zc_host *host, const char *configured, zc_aws_source *ret,
                       char *message, size_t size);
void zc_aws_source_finish(zc_aws_source *source);

/* Whether a container's credentials may be fetched from there: https, loopback, or the link-local
 * addresses of ECS and EKS. */
bool zc_aws_may_ask(const char *url);

/* What an endpoint answered. Messages name the fault and quote nothing of the answer but its error
 * code. */
int zc_aws_read_keys(const zc_host *host, const zc_json *json, zc_aws_keys *ret, char *message,
                     size_t size);
/* STS, XML or JSON. */
int zc_aws_read_sts(const zc_host *host, const char *body, const zc_json *json, zc_aws_keys *ret,
                    char *message, size_t size);
/* The error code in an answer of STS (XML or JSON), of a container or of IMDS: [A-Za-z0-9.]+, or
 * "". */
void zc_aws_read_error_code(const zc_host *host, const char *body, const zc_json *json, char *code,
                            size_t size);

/* The Authorization for a container's endpoint: the token file's content, read again each time,
 * else the variable's; *ret NULL where there is neither. Wipe with zc_aws_wipe(). ZC_EDATA where
 * it holds a line break. */
int zc_aws_container_token(char **ret, char *message, size_t size);

/* The web identity's token; wipe it. Its file is read again each time. ZC_EAUTH, ZC_ENOMEM. */
int zc_aws_web_token(const zc_aws_source *source, char **ret, char *message, size_t size);
/* The form that asks STS; wipe it. ZC_ENOMEM. */
int zc_aws_sts_form(const zc_aws_source *source, const char *token, char **ret);

#endif
