/* aws.h - what the AWS plugins share: credentials, endpoints, signed JSON calls, and error classes.
 *
 * One zc_aws belongs to one plugin instance. Calls are made in the frame of the caller's operation,
 * so they end with it. Credentials are looked up in botocore's order (environment, web identity,
 * shared files, container, IMDSv2), kept until shortly before they expire, and fetched by one
 * request at a time. They are never logged, and are wiped when they are replaced. Signing is
 * libcurl's SigV4 through the host, within what Debian 12's curl gets right: POST to "/", no query,
 * the body in memory. */
#ifndef ZC_PLUGINS_AWS_H
#define ZC_PLUGINS_AWS_H

#include <zerocarb/plugin.h>

typedef struct zc_aws zc_aws;

/* The environment variables that hold credentials: for zc_plugin.secret_variables. */
extern const char *const zc_aws_secret_variables[];

typedef struct {
  const char *profile;  /* NULL: AWS_PROFILE, else "default" */
  const char *endpoint; /* NULL: AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, the profile's, else
                           AWS's own */
} zc_aws_settings;

/* Copies. Reads no file and asks nobody yet. ZC_ENOMEM. */
int zc_aws_create(const zc_host *host, zc_self *self, const zc_aws_settings *settings,
                  zc_aws **ret);
void zc_aws_destroy(zc_aws *aws); /* wipes; NULL is fine */

/* AWS_REGION, AWS_DEFAULT_REGION, or the profile's region; NULL where there is none. */
const char *zc_aws_default_region(zc_aws *aws);

/* Whether calls to a region can be made at all: looks at its name and at the endpoint that is
 * configured, and asks nobody. ZC_EINVAL with a sentence in `message`; ZC_ENOMEM. */
int zc_aws_check(zc_aws *aws, const char *service, const char *region, char *message, size_t size);

typedef struct {
  const char *service;      /* "dynamodb", "codepipeline": the signing name and the host's */
  const char *region;       /* required */
  const char *target;       /* "DynamoDB_20120810.PutItem" */
  const char *content_type; /* "application/x-amz-json-1.0" | "-1.1" */
  const void *body;
  size_t body_length;
  uint32_t timeout_ms;  /* of one attempt; 0: 10 s */
  uint32_t check_crc32; /* 1: the body must match x-amz-crc32 where that header is there */
  uint32_t repeatable;  /* 1: done twice it does no harm, so a connection kept open may be used */
} zc_aws_call;

typedef enum {
  ZC_AWS_FINE = 0,
  ZC_AWS_THROTTLED, /* slow down, then again */
  ZC_AWS_TRANSIENT, /* 5xx, reset, timeout, crc, a good status without a JSON object: again; `sent`
                       tells whether it may have been done */
  ZC_AWS_CREDENTIALS, /* missing, expired or refused, also after one forced refresh */
  ZC_AWS_CLOCK,       /* our clock is off: message says by how much */
  ZC_AWS_CONFLICT,    /* busy there, or a limit of the service: later */
  ZC_AWS_NOT_FOUND,
  ZC_AWS_REFUSED /* never again as it is: validation, access denied … */
} zc_aws_class;

typedef struct {
  zc_aws_class kind;
  int32_t status;      /* HTTP, 0 without an answer */
  uint32_t sent;       /* 1: the remote may have got it */
  const char *code;    /* "ThrottlingException", "" where there is none */
  const char *message; /* one sentence with the host; never a secret; never NULL */
  const zc_json *json; /* of a fine answer: an object */
  const char *body;
  size_t length;
  int64_t retry_after_ms; /* as the service asked, 0: it did not */
} zc_aws_answer;          /* valid in the callback only */

/* One attempt (credentials are fetched first where needed; ExpiredToken and the like refresh once
 * and try again once; nothing else is retried here: the caller knows what is idempotent). The
 * callback comes once, on a later turn. Negative: refused, no callback. */
int zc_aws_request(zc_aws *aws, zc_op *op, const zc_aws_call *call,
                   void (*callback)(void *user, zc_op *op, const zc_aws_answer *answer),
                   void *user);

/* For the plugin's own cancel(), before it frees what its callbacks use: forgets the operation's
 * calls, whose callbacks do not come any more, and has somebody else go on where it was fetching
 * the credentials. An operation that still has calls under way must not be ended by done(). */
void zc_aws_cancel(zc_aws *aws, zc_op *op);

/* The result code a plugin gives to done() for a class. */
int zc_aws_status(zc_aws_class kind, uint32_t sent);

/* IEEE CRC-32 of bytes, as x-amz-crc32 has it. */
uint32_t zc_aws_crc32(const void *bytes, size_t length);

#endif
