/* api_parts.h - what the files that answer the API's routes share. */
#ifndef ZC_SERVE_API_PARTS_H
#define ZC_SERVE_API_PARTS_H

#include "core/serve/api.h"

struct zc_api {
  zc_loop *loop;
  zc_engine *engine;
  char *state_dir, *trigger_source;
  zc_router router;
};

/* The HTTP status that a failure of the engine stands for. */
int zc_api_http_status(int status);
/* The only body that is understood is an empty object: whoever sends options learns that none are
 * taken. False where there is another: it has been answered then. */
bool zc_api_body_is_empty(zc_exchange *exchange);
/* A whole number of the query from `least` to `most`; *ret stays where it was not given. False
 * where it is none: that has been answered then. */
bool zc_api_number(zc_exchange *exchange, const char *name, long long least, long long most,
                   long long *ret);

/* api_pipelines.c; user: the zc_api */
void zc_api_get_pipelines(void *user, zc_exchange *exchange);
void zc_api_get_pipeline(void *user, zc_exchange *exchange);
void zc_api_post_pause(void *user, zc_exchange *exchange);
void zc_api_post_resume(void *user, zc_exchange *exchange);

/* api_resolve.c; likewise */
void zc_api_post_resolve(void *user, zc_exchange *exchange);

#endif
