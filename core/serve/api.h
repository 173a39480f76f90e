/* api.h - the routes of the engine's HTTP API and what answers them.
 *
 *   GET  /v1/status
 *   GET  /v1/health                        200: the loop turns; nothing else is looked at
 *   GET  /v1/ready                         200, or 503: {"reasons":[…],"ready":…}
 *   POST /v1/pipelines/{name}/trigger      202 {"execution_id":…,"status":…}
 *   GET  /v1/pipelines?offset=0&limit=9    {"pipelines":[pipeline, …],"total":…}
 *   GET  /v1/pipelines/{name}              pipeline: see zc_engine_pipeline()
 *   POST /v1/pipelines/{name}/pause        pipeline, once that is in the journal
 *   POST /v1/pipelines/{name}/resume       likewise
 *   GET  /v1/executions?live=1&limit=50    {"executions":[item, …]}
 *   GET  /v1/executions/{id}               item
 *   POST /v1/executions/{id}/cancel        202 {"execution_id":…,"status":…}
 *   POST /v1/executions/{id}/resolve?status=SUCCESS
 *                                          {"execution_id":…,"status":…}, once it is in the journal
 *   POST /v1/tables/rebuild?from=…&to=…    202: dates; the derived tables are made anew
 *   POST /v1/reload                        {"taken":true,"path":…,"findings":"…"}; 422: "error" too
 *
 * Items are those of the table pipeline_executions. A trigger is answered once its run is in the
 * journal. */
#ifndef ZC_SERVE_API_H
#define ZC_SERVE_API_H

#include "core/engine/engine.h"
#include "core/serve/router.h"

#define ZC_API_EXECUTIONS_MAX 1000 /* items in one answer */
#define ZC_API_PIPELINES_MAX  1000 /* likewise */

typedef struct zc_api zc_api;

/* trigger_source: what runs that are asked for here carry. ZC_ENOMEM. */
int zc_api_create(zc_loop *loop, zc_engine *engine, const char *state_dir,
                  const char *trigger_source, zc_api **ret);
/* Exchanges that are held may still be answered after this. NULL is fine. */
void zc_api_destroy(zc_api *api);
const zc_router *zc_api_router(const zc_api *api);

#endif
