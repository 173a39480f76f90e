/* decide_world.h - three regions, a request and policies: what a test of decisions is set in.
 *
 * Time is counted in minutes from 2026-01-02T00:00:00Z, which is also when a run is requested
 * unless the test says otherwise. Set up, give data, decide; a failure of the set-up aborts. */
#ifndef ZC_TESTS_DECIDE_WORLD_H
#define ZC_TESTS_DECIDE_WORLD_H

#include "tests/unit/policy_host.h"

#define DECIDE_WORLD_REGIONS 3 /* eu-west-2 (the default), eu-north-1, eu-west-3 */

typedef struct {
  zc_grid *grid;
  zc_snapshot *snapshot;
  uint32_t regions[DECIDE_WORLD_REGIONS];
  zc_decide_request request; /* 40 minutes, 2 vCPU, 3 GB; a day of slack; 15 percent */
  zc_policy policies[ZC_POLICIES_MAX];
  bool owned[ZC_POLICIES_MAX];
  size_t n_policies;
  zc_combine combine;
  zc_decision decision;
  char reason[ZC_REASON_SIZE];
} decide_world;

zc_time minute(int64_t minutes);

void world_init(decide_world *world);
void world_finish(decide_world *world);

/* Forecast of half-hour slots from a minute on; a negative value is a gap. */
void world_forecast(decide_world *world, size_t region, int64_t from, const double *values,
                    size_t n);
/* kind: ZC_PUE, ZC_RENEWABLE_SHARE; 0: the yearly average. */
void world_number(decide_world *world, size_t region, uint32_t kind, double value);

/* The real policy of that name. */
void world_policy(decide_world *world, const char *name, const policy_options *options);
/* Any other; `state` stays the caller's. */
void world_fake(decide_world *world, const char *name, const zc_policy_ops *ops, void *state);

/* Sets request.now and decides: the status, and where it is ZC_OK the decision and its reason. */
int world_decide(decide_world *world, int64_t now);
/* The reason of policy i for its answer, valid until the next call. */
const char *world_explain(decide_world *world, size_t i);

#define WORLD_FORECAST(world, region, from, ...)                                                   \
  world_forecast(world, region, from, (const double[]){__VA_ARGS__},                               \
                 sizeof((const double[]){__VA_ARGS__}) / sizeof(double))

#endif
