/* router.h - from a method and a path to the function that answers, apart from any transport.
 *
 * An exchange is one request with its answer. The transport fills in the request and dispatches; a
 * handler answers at once, or holds the exchange and answers on a later turn of the loop. Answers
 * are JSON; errors are {"error":"…"}. */
#ifndef ZC_SERVE_ROUTER_H
#define ZC_SERVE_ROUTER_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/buffer.h"

#define ZC_EXCHANGE_BODY_MAX       ((size_t)64 * 1024)
#define ZC_EXCHANGE_ANSWER_MAX     ((size_t)16 * 1024 * 1024)
#define ZC_EXCHANGE_PARAMETERS_MAX 16
#define ZC_EXCHANGE_NAME_MAX       256 /* bytes of the decoded {} of a path */
#define ZC_EXCHANGE_RETRY_AFTER_S  5   /* where no more exchanges can be held */

typedef struct zc_exchange zc_exchange;

struct zc_exchange {
  /* the request, filled in by the transport; all borrowed until the answer */
  const char *method;
  const char *path; /* percent-encoded, without the query */
  const char *body; /* terminated; NULL where there is none */
  size_t body_length;
  struct {
    const char *name, *value; /* percent-encoded, as sent; "" for a name without a value */
  } parameters[ZC_EXCHANGE_PARAMETERS_MAX];
  size_t n_parameters;
  void (*ready)(zc_exchange *exchange); /* an exchange that was held has its answer */
  bool crowded;                         /* there is no room to hold it */
  /* set by the router */
  char name[ZC_EXCHANGE_NAME_MAX]; /* the decoded {} of the path */
  char allow[32];                  /* with status 405: the methods that there are */
  /* the answer */
  int status;      /* HTTP status; 0: none yet */
  int retry_after; /* seconds, with status 503; 0: none */
  zc_buffer answer;
  bool held;
};

typedef struct {
  const char *method;
  const char *pattern; /* "/v1/executions/{}/cancel": {} is one segment, at most once */
  void (*handle)(void *user, zc_exchange *exchange);
} zc_route;

typedef struct {
  const zc_route *routes;
  size_t n;
  void *user;
} zc_router;

/* Clears an exchange; ready and the request come after this. */
void zc_exchange_init(zc_exchange *exchange);
void zc_exchange_finish(zc_exchange *exchange);

/* Calls the handler, or answers 400 (a path that cannot be decoded), 404 or 405. HEAD goes where
 * GET goes. */
void zc_router_dispatch(const zc_router *router, zc_exchange *exchange);

/* For handlers. The value of a parameter of the query, NULL where it was not given. */
const char *zc_exchange_parameter(const zc_exchange *exchange, const char *name);
/* The answer comes on a later turn. False where too many wait already: 503 has been answered then,
 * so this comes before anything is set going. */
bool zc_exchange_hold(zc_exchange *exchange);
/* The answer stands in exchange->answer; a failed buffer becomes 500. Once. */
void zc_exchange_answer(zc_exchange *exchange, int status);
void zc_exchange_error(zc_exchange *exchange, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
