/* Policies, asked as the program asks them: through a grid and its snapshot. */
#include <string.h>

#include "core/model/decide.h"
#include "tests/testkit/host_private.h"

/* All is made `now`, and so fresh; but no observation is held on beyond its slot. */
#define MAX_AGE_MS 1

static int fill_grid(zc_grid *grid, const zc_test_question *question) {
  const zc_signal signal = {
      .size = sizeof signal, .kind = ZC_GRID_INTENSITY, .issued_at = question->now};
  int status = ZC_OK;
  for (uint32_t i = 0; i < question->n_regions && status == ZC_OK; i++) {
    const zc_test_series *series = &question->regions[i];
    size_t bad;
    status = zc_grid_put(grid, i, 0, &signal, series->points, series->n, sizeof *series->points,
                         INT64_MIN / 4, &bad);
  }
  return status;
}

static int make_snapshot(const zc_test_question *question, zc_snapshot **ret) {
  const char *names[ZC_TEST_REGIONS_MAX];
  const int64_t max_age = MAX_AGE_MS;
  zc_grid *grid = NULL;
  for (uint32_t i = 0; i < question->n_regions; i++)
    names[i] = question->regions[i].name;
  int status = zc_grid_create(names, question->n_regions, &max_age, 1, &grid);
  if (status == ZC_OK) status = fill_grid(grid, question);
  if (status == ZC_OK) status = zc_grid_snapshot(grid, question->now, ret);
  zc_grid_destroy(grid);
  return status;
}

int zc_test_host_decide(zc_test_host *host, const zc_test_question *question,
                        zc_proposal *ret_proposal, char *text, size_t size) {
  uint32_t regions[ZC_TEST_REGIONS_MAX];
  if (question->n_regions > ZC_TEST_REGIONS_MAX) zc_test_fail("too many regions");
  for (uint32_t i = 0; i < question->n_regions; i++)
    regions[i] = i;
  const zc_decide_request request = {
      .requested_at = question->requested_at,
      .now = question->now,
      .deadline = question->deadline,
      .regions = regions,
      .n_regions = question->n_regions,
      .workload = {.duration_minutes = question->duration_minutes, .vcpu_count = 1, .memory_gb = 1},
      .energy = {.watts_per_vcpu = 10, .energy_pue = 1},
      .min_savings_percent = question->min_savings_percent};
  const zc_policy policy = {
      .name = host->plugin->name, .ops = host->plugin->ops, .state = host->state};
  zc_snapshot *snapshot = NULL;
  zc_decision decision;
  int status = make_snapshot(question, &snapshot);
  if (status == ZC_OK) {
    status = zc_decide(&request, snapshot, &policy, 1, ZC_COMBINE_FIRST, &decision);
  }
  if (status == ZC_OK) {
    zc_decide_explain(&request, snapshot, &policy, &decision, 0, text, size);
    status = decision.answers[0].result;
    if (status == ZC_PROPOSED) *ret_proposal = decision.answers[0].proposal;
  }
  zc_snapshot_drop(snapshot);
  return status;
}
