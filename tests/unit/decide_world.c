#include "tests/unit/decide_world.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/time_text.h"

#define T0 INT64_C(1767312000000) /* 2026-01-02T00:00:00Z */

static void require(bool good, const char *what) {
  if (good) return;
  fprintf(stderr, "decide_world: %s failed\n", what);
  abort();
}

zc_time minute(int64_t minutes) {
  return T0 + minutes * ZC_MINUTE;
}

void world_init(decide_world *world) {
  static const char *const names[] = {"eu-west-2", "eu-north-1", "eu-west-3"};
  const int64_t max_age = 365 * ZC_DAY;
  *world = (decide_world){.combine = ZC_COMBINE_FIRST};
  for (uint32_t i = 0; i < DECIDE_WORLD_REGIONS; i++)
    world->regions[i] = i;
  world->request = (zc_decide_request){.requested_at = minute(0),
                                       .deadline = minute(24 * 60),
                                       .regions = world->regions,
                                       .n_regions = DECIDE_WORLD_REGIONS,
                                       .workload = {40, 2, 3},
                                       .energy = {10, 0.000392, 1, 2.5},
                                       .min_savings_percent = 15};
  require(zc_grid_create(names, DECIDE_WORLD_REGIONS, &max_age, 1, &world->grid) == ZC_OK,
          "zc_grid_create");
}

void world_finish(decide_world *world) {
  for (size_t i = 0; i < world->n_policies; i++) {
    if (world->owned[i]) policy_destroy(&world->policies[i]);
  }
  zc_snapshot_drop(world->snapshot);
  zc_grid_destroy(world->grid);
}

static void put(decide_world *world, size_t region, uint32_t kind, const zc_point *point) {
  zc_signal signal = {.size = sizeof signal, .kind = kind, .issued_at = T0};
  require(zc_grid_put(world->grid, region, 0, &signal, point, 1, sizeof *point, ZC_TIME_MIN,
                      NULL) == ZC_OK,
          "zc_grid_put");
}

void world_forecast(decide_world *world, size_t region, int64_t from, const double *values,
                    size_t n) {
  for (size_t i = 0; i < n; i++) {
    int64_t begin = from + 30 * (int64_t)i;
    zc_point point = {.from = minute(begin),
                      .to = minute(begin + 30),
                      .value = values[i],
                      .flags = ZC_POINT_FORECAST};
    if (values[i] >= 0) put(world, region, ZC_GRID_INTENSITY, &point);
  }
}

void world_number(decide_world *world, size_t region, uint32_t kind, double value) {
  zc_point point = {.value = value, .flags = ZC_POINT_STATIC};
  put(world, region, kind ? kind : ZC_GRID_INTENSITY, &point);
}

static void add(decide_world *world, zc_policy policy, bool owned) {
  require(world->n_policies < ZC_POLICIES_MAX, "one more policy");
  world->owned[world->n_policies] = owned;
  world->policies[world->n_policies++] = policy;
}

void world_policy(decide_world *world, const char *name, const policy_options *options) {
  add(world, policy_create(name, options), true);
}

void world_fake(decide_world *world, const char *name, const zc_policy_ops *ops, void *state) {
  add(world, (zc_policy){.name = name, .ops = ops, .state = state}, false);
}

int world_decide(decide_world *world, int64_t now) {
  zc_snapshot_drop(world->snapshot);
  world->snapshot = NULL;
  world->request.now = minute(now);
  require(zc_grid_snapshot(world->grid, minute(now), &world->snapshot) == ZC_OK,
          "zc_grid_snapshot");
  int status = zc_decide(&world->request, world->snapshot, world->policies, world->n_policies,
                         world->combine, &world->decision);
  if (status == ZC_OK) {
    zc_decide_reason(&world->request, world->snapshot, world->policies, &world->decision,
                     world->reason, sizeof world->reason);
  }
  return status;
}

const char *world_explain(decide_world *world, size_t i) {
  static char text[ZC_REASON_SIZE];
  zc_decide_explain(&world->request, world->snapshot, world->policies, &world->decision, i, text,
                    sizeof text);
  return text;
}
