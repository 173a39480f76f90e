/* aws_private.h - what the parts of plugins/aws share; for plugins/aws/ only. */
#ifndef ZC_PLUGINS_AWS_PRIVATE_H
#define ZC_PLUGINS_AWS_PRIVATE_H

#include "aws.h"
#include "credentials.h"

#define ZC_AWS_ENDPOINTS_MAX 32
#define ZC_AWS_SERVICE_MAX   40
#define ZC_AWS_MAX_ANSWER    16777216 /* bytes */

/* A refresh is tried so long before the expiry: from the first on in passing, from the second on
 * everybody waits for it. What fails meanwhile is tried again after the pause, and the credentials
 * at hand are used until they end. */
#define ZC_AWS_ADVISORY_MS  (INT64_C(15) * 60000)
#define ZC_AWS_MANDATORY_MS (INT64_C(10) * 60000)
#define ZC_AWS_PAUSE_MS     30000

typedef enum {
  ZC_AWS_WAITING, /* for credentials */
  ZC_AWS_SENT,    /* the host has it */
  ZC_AWS_ENDING   /* its failure is told on the next turn */
} zc_aws_state;

/* One call, from zc_aws_request() to its callback. */
typedef struct zc_aws_pending {
  struct zc_aws_pending *next, *previous;
  zc_aws *aws;
  zc_op *op;
  zc_aws_state state;
  zc_aws_call call; /* its texts and its body are our own */
  void (*callback)(void *user, zc_op *op, const zc_aws_answer *answer);
  void *user;
  uint64_t generation; /* of the credentials that it was sent with */
  bool refreshed;      /* it had them refreshed once */
  zc_aws_class failure;
  char message[ZC_AWS_MESSAGE_MAX];
} zc_aws_pending;

/* The one refresh that may be under way, in the frame of some caller's operation. */
typedef struct {
  zc_op *op; /* NULL: none is under way */
  zc_aws_source source;
  bool in_session;  /* instance metadata gave a token, which is `presented` */
  bool new_session; /* a second one, as it did not know the first any more */
} zc_aws_refresh;

typedef struct {
  char service[ZC_AWS_SERVICE_MAX], region[ZC_AWS_REGION_MAX];
  char url[ZC_AWS_URL_MAX];
} zc_aws_known_endpoint;

struct zc_aws {
  const zc_host *host;
  zc_self *self;
  char *profile, *endpoint, *default_region;
  bool region_known; /* default_region was looked up */
  zc_aws_known_endpoint *endpoints;
  size_t n_endpoints;
  zc_aws_keys keys; /* id NULL: none */
  char *presented;  /* the token last shown to an endpoint for keys; hidden like them */
  bool refused;     /* the service refuses them: only new ones will do */
  uint64_t generation;
  bool served;          /* keys came before, */
  zc_aws_origin server; /* from there */
  zc_time next_try;     /* not before, after a refresh that failed while the keys held */
  zc_aws_refresh refresh;
  zc_aws_pending *pending;
};

/* aws.c */
/* The URL for a call, remembered. ZC_EINVAL with a sentence. */
int zc_aws_url(zc_aws *aws, const char *service, const char *region, const char **ret,
               char *message, size_t size);
/* Credentials are there: sends what waits. */
void zc_aws_release(zc_aws *aws);
/* There are none, and will not be: fails what waits. */
void zc_aws_fail_waiting(zc_aws *aws, zc_aws_class kind, const char *message);

/* refresh.c */
bool zc_aws_keys_usable(const zc_aws *aws); /* good for a request sent now */
bool zc_aws_keys_wanted(const zc_aws *aws); /* whether a refresh should be tried */
bool zc_aws_keys_needed(const zc_aws *aws); /* whether a request has to wait for it */
/* Begins the refresh in this operation's frame; it ends in zc_aws_release() or
 * zc_aws_fail_waiting(), perhaps before this returns. */
void zc_aws_refresh_begin(zc_aws *aws, zc_op *op, const char *region);
void zc_aws_refresh_drop(zc_aws *aws); /* forgets it; its operation has ended */
/* Takes over a token that is about to be shown to an endpoint, in place of the last; or NULL. */
void zc_aws_present(zc_aws *aws, char *token);

/* answer.c */
/* What a response means. Texts are in `scratch` or of the response. */
typedef struct {
  char code[96];
  char message[ZC_AWS_MESSAGE_MAX];
} zc_aws_scratch;
zc_aws_answer zc_aws_judge(const zc_aws *aws, const zc_aws_pending *pending,
                           const zc_http_response *response, zc_aws_scratch *scratch);

#endif
