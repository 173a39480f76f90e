/* Combining policies, the fallback, bad proposals, malformed requests, and the host services. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/random.h"
#include "core/base/time_text.h"
#include "tests/unit/decide_world.h"

static int set_up(void **state) {
  decide_world *world = malloc(sizeof *world);
  if (!world) return -1;
  world_init(world);
  *state = world;
  return 0;
}

static int tear_down(void **state) {
  world_finish(*state);
  free(*state);
  return 0;
}

static void assert_close(double value, double expected) {
  assert_true(fabs(value - expected) <= 1e-9);
}

/* A policy that answers what its state says. */
typedef struct {
  int result;
  uint32_t region;
  zc_time start;
  double intensity;
} answer;

static int fake_decide(void *state, const zc_decide_input *in, zc_proposal *ret) {
  const answer *a = state;
  assert_int_equal(in->size, sizeof *in);
  assert_int_equal(ret->size, sizeof *ret);
  *ret = (zc_proposal){.region = a->region, .start = a->start, .intensity = a->intensity};
  return a->result;
}

static const zc_policy_ops fake_ops = {.size = sizeof fake_ops, .decide = fake_decide};

/* One made before `explain` was thought of. */
static const zc_policy_ops short_ops = {.size = offsetof(zc_policy_ops, explain),
                                        .decide = fake_decide};

static void propose(decide_world *world, const char *name, answer *a) {
  world_fake(world, name, &fake_ops, a);
}

static void assert_winner(decide_world *world, int64_t now, int policy, zc_action action) {
  assert_int_equal(world_decide(world, now), ZC_OK);
  assert_int_equal(world->decision.policy, policy);
  assert_string_equal(zc_action_text(world->decision.action), zc_action_text(action));
}

/* ---- the fallback ---- */

static void assert_fallback(decide_world *world, int64_t now, zc_action action,
                            const char *reason) {
  assert_winner(world, now, -1, action);
  assert_int_equal(world->decision.region, 0);
  assert_int_equal(world->decision.start, minute(now));
  assert_string_equal(world->reason, reason);
}

static void nobody_proposes(void **state) {
  decide_world *world = *state;
  WORLD_FORECAST(world, 0, 0, 182, 182);
  assert_fallback(world, 0, ZC_RUN_NOW,
                  "No policy proposed otherwise: default region at 182.0 gCO2eq/kWh");
  assert_close(world->decision.intensity, 182);
  assert_close(world->decision.baseline_intensity, 182);
  assert_true(world->decision.has_intensity && world->decision.has_baseline);
  assert_false(world->decision.intensity_static || world->decision.baseline_static);
  assert_int_equal(world->decision.n_answers, 0);
}

static void only_a_yearly_average_is_known(void **state) {
  decide_world *world = *state;
  world_number(world, 0, 0, 160);
  world_number(world, 0, ZC_PUE, 1.1);
  assert_fallback(world, 0, ZC_RUN_NOW,
                  "No fresh carbon data for eu-west-2: yearly average 176.0 gCO2eq/kWh assumed; "
                  "run in the default region");
  assert_true(world->decision.intensity_static && world->decision.baseline_static);
  assert_close(world->decision.intensity, 176);
  assert_close(world->decision.baseline_intensity, 176);
}

static void nothing_is_known(void **state) {
  decide_world *world = *state;
  assert_fallback(world, 0, ZC_RUN_NOW, "No carbon data for eu-west-2: run in the default region");
  assert_false(world->decision.has_intensity || world->decision.has_baseline);
}

static void a_deferred_run_that_nobody_holds_back(void **state) {
  decide_world *world = *state;
  WORLD_FORECAST(world, 0, 0, 100, 100, 182, 182, 182);
  assert_fallback(
      world, 60, ZC_DEFER,
      "No policy proposed otherwise: default region at 182.0 gCO2eq/kWh (deferred since "
      "2026-01-02T00:00:00Z)");
  assert_close(world->decision.baseline_intensity, 100);
  world->request.deadline = minute(80);
  assert_fallback(
      world, 80, ZC_DEFER,
      "No policy proposed otherwise: default region at 182.0 gCO2eq/kWh (deferred since "
      "2026-01-02T00:00:00Z, deadline reached)");
}

static void a_deferred_run_without_data(void **state) {
  decide_world *world = *state;
  world->request.has_baseline = true;
  world->request.baseline_intensity = 120;
  assert_fallback(world, 60, ZC_DEFER,
                  "No carbon data for eu-west-2: run in the default region (deferred since "
                  "2026-01-02T00:00:00Z)");
  assert_true(world->decision.has_baseline && !world->decision.baseline_static);
  assert_close(world->decision.baseline_intensity, 120);
}

/* ---- combining ---- */

static void first_takes_the_first_and_asks_no_further(void **state) {
  decide_world *world = *state;
  answer abstains = {ZC_ABSTAINED, 0, 0, 0}, dear = {ZC_PROPOSED, 0, minute(30), 300},
         cheap = {ZC_PROPOSED, 0, minute(60), 1};
  WORLD_FORECAST(world, 0, 0, 400, 300, 1, 1, 1);
  propose(world, "abstains", &abstains);
  propose(world, "dear", &dear);
  propose(world, "cheap", &cheap);
  assert_winner(world, 0, 1, ZC_DEFER);
  assert_int_equal(world->decision.n_answers, 2);
  assert_close(world->decision.intensity, (30 * 300 + 10 * 1) / 40.0);
  world->combine = ZC_COMBINE_BEST;
  assert_winner(world, 0, 2, ZC_DEFER);
  assert_int_equal(world->decision.n_answers, 3);
  assert_int_equal(world->decision.answers[0].result, ZC_ABSTAINED);
}

static void best_counts_emissions(void **state) {
  decide_world *world = *state;
  answer one = {ZC_PROPOSED, 1, minute(0), 16.1};
  world->combine = ZC_COMBINE_BEST;
  world->request.energy.energy_pue = 1.135;
  WORLD_FORECAST(world, 1, 0, 16.1, 16.1);
  propose(world, "one", &one);
  assert_winner(world, 0, 0, ZC_RELOCATE);
  assert_true(fabs(world->decision.answers[0].emissions_g - 3.5913) < 5e-5);
}

/* Two proposals, whose emissions are equal; which one wins. */
static void assert_tie(answer a, answer b, int winner) {
  decide_world world;
  world_init(&world);
  world.combine = ZC_COMBINE_BEST;
  for (size_t i = 0; i < DECIDE_WORLD_REGIONS; i++)
    WORLD_FORECAST(&world, i, 0, 100, 100, 100, 100);
  propose(&world, "a", &a);
  propose(&world, "b", &b);
  assert_int_equal(world_decide(&world, 0), ZC_OK);
  assert_int_equal(world.decision.policy, winner);
  world_finish(&world);
}

static void ties_go_to_the_earliest_then_by_region(void **state) {
  (void)state;
  answer late = {ZC_PROPOSED, 0, minute(60), 100}, early_away = {ZC_PROPOSED, 1, minute(30), 100},
         early_home = {ZC_PROPOSED, 0, minute(30), 100},
         early_far = {ZC_PROPOSED, 2, minute(30), 100};
  assert_tie(late, early_away, 1);
  assert_tie(early_away, late, 0);
  assert_tie(early_away, early_home, 1);
  assert_tie(early_home, early_away, 0);
  assert_tie(early_far, early_away, 1);
  assert_tie(early_away, early_far, 0);
  assert_tie(early_home, early_home, 0);
}

static void the_real_three_together(void **state) {
  decide_world *world = *state;
  const policy_options options = {.max_intensity = 50, .min_savings_percent = 15};
  WORLD_FORECAST(world, 0, 0, 200, 200, 100, 100);
  WORLD_FORECAST(world, 1, 0, 90, 90);
  world_policy(world, "threshold", &options);
  world_policy(world, "deferral_window", &options);
  world_policy(world, "relocation", &options);
  assert_winner(world, 0, 1, ZC_DEFER);
  world->combine = ZC_COMBINE_BEST;
  assert_winner(world, 0, 2, ZC_RELOCATE);
  assert_string_equal(world_explain(world, 0),
                      "eu-west-2 is at 200.0 gCO2eq/kWh now, above the limit of 50");
  assert_true(strstr(world_explain(world, 1), "Window from 2026-01-02T01:00:00Z") != NULL);
  assert_string_equal(world_explain(world, 3), ""); /* there is none */
}

/* ---- proposals that cannot be used ---- */

static void assert_left_out(decide_world *world, answer bad, const char *why) {
  world->n_policies = 0;
  answer good = {ZC_PROPOSED, 0, minute(10), 50};
  propose(world, "broken", &bad);
  propose(world, "sound", &good);
  for (int combine = 0; combine < 2; combine++) {
    world->combine = combine ? ZC_COMBINE_BEST : ZC_COMBINE_FIRST;
    assert_winner(world, 5, 1, ZC_DEFER);
    assert_true(world->decision.answers[0].result < 0);
    assert_string_equal(world_explain(world, 0), why);
  }
}

static void bad_proposals_are_left_out_and_named(void **state) {
  decide_world *world = *state;
  assert_left_out(world, (answer){ZC_PROPOSED, 3, minute(5), 1},
                  "broken proposed a region that the pipeline does not have: left out");
  assert_left_out(world, (answer){ZC_PROPOSED, 0, minute(5) - 1, 1},
                  "broken proposed a start that has passed: left out");
  assert_left_out(world, (answer){ZC_PROPOSED, 0, minute(24 * 60) + 1, 1},
                  "broken proposed a start after the deadline: left out");
  assert_left_out(world, (answer){ZC_PROPOSED, 0, minute(5), INFINITY},
                  "broken proposed an infinite intensity: left out");
  assert_left_out(world, (answer){ZC_PROPOSED, 0, minute(5), -1},
                  "broken proposed a negative intensity: left out");
  assert_left_out(world, (answer){7, 0, minute(5), 1}, "broken failed: unusable data");
  assert_left_out(world, (answer){ZC_ENOMEM, 0, minute(5), 1}, "broken failed: no memory");
}

static void policies_without_reasons_are_named(void **state) {
  decide_world *world = *state;
  answer abstains = {ZC_ABSTAINED, 0, 0, 0}, proposes = {ZC_PROPOSED, 0, minute(0), 9};
  propose(world, "quiet", &abstains);
  world_fake(world, "old", &short_ops, &proposes);
  assert_winner(world, 0, 1, ZC_RUN_NOW);
  assert_string_equal(world_explain(world, 0), "quiet abstained and gives no reason");
  assert_string_equal(world->reason, "old proposed this and gives no reason");
}

/* ---- malformed requests ---- */

static void malformed_requests_are_refused(void **state) {
  decide_world *world = *state;
  const zc_decide_request good = world->request;
  uint32_t unknown = DECIDE_WORLD_REGIONS;
  assert_int_equal(world_decide(world, 0), ZC_OK);
  assert_int_equal(world_decide(world, -1), ZC_EINVAL);
  assert_int_equal(world_decide(world, 24 * 60 + 1), ZC_EINVAL);
  world->request.n_regions = 0;
  assert_int_equal(world_decide(world, 0), ZC_EINVAL);
  world->request.regions = &unknown;
  world->request.n_regions = 1;
  assert_int_equal(world_decide(world, 0), ZC_EINVAL);
  const double bad_minutes[] = {0, -1, NAN, INFINITY};
  for (size_t i = 0; i < 4; i++) {
    world->request = good;
    world->request.workload.duration_minutes = bad_minutes[i];
    assert_int_equal(world_decide(world, 0), ZC_EINVAL);
  }
  world->request = good;
  world->request.workload.vcpu_count = NAN;
  assert_int_equal(world_decide(world, 0), ZC_EINVAL);
  world->request = good;
  world->request.min_savings_percent = NAN;
  assert_int_equal(world_decide(world, 0), ZC_EINVAL);
  world->request = good;
  assert_int_equal(world_decide(world, 0), ZC_OK);
}

/* ---- host services ---- */

static int ask_services(void *state, const zc_decide_input *in, zc_proposal *ret) {
  const zc_host *host = state;
  double value;
  zc_time start;
  (void)ret;
  assert_string_equal(host->decide_region(in, 0), "eu-west-2");
  assert_null(host->decide_region(in, 3));
  assert_int_equal(host->window_mean(in, 3, in->now, &value), ZC_EINVAL);
  assert_int_equal(host->window_mean(in, 0, INT64_MAX, &value), ZC_EINVAL);
  assert_int_equal(host->window_mean(in, 1, in->now, &value), ZC_EDATA);
  assert_int_equal(host->window_best(in, 3, in->now, in->deadline, &start, &value), ZC_EINVAL);
  assert_int_equal(host->window_best(in, 0, in->deadline, in->now, &start, &value), ZC_EINVAL);
  assert_int_equal(host->window_best(in, 1, in->now, in->deadline, &start, &value), ZC_EDATA);
  assert_int_equal(host->intensity_at(in, 3, in->now, &value), ZC_EINVAL);
  assert_int_equal(host->intensity_at(in, 1, in->now, &value), ZC_EDATA);
  assert_int_equal(host->static_intensity(in, 3, &value), ZC_EINVAL);
  assert_int_equal(host->static_intensity(in, 0, &value), ZC_ENOTFOUND);
  assert_int_equal(host->first_at_most(in, 3, 1, in->now, in->deadline, &start), ZC_EINVAL);
  assert_int_equal(host->first_at_most(in, 0, NAN, in->now, in->deadline, &start), ZC_EINVAL);
  assert_int_equal(host->first_at_most(in, 0, 1, in->now, in->deadline, &start), ZC_ENOTFOUND);
  return ZC_ABSTAINED;
}

static void services_refuse_what_is_not_there(void **state) {
  static const zc_policy_ops ops = {.size = sizeof ops, .decide = ask_services};
  zc_host host = {.size = sizeof host};
  zc_decide_services(&host);
  WORLD_FORECAST(*state, 0, 0, 100, 100);
  world_fake(*state, "asks", &ops, &host);
  assert_winner(*state, 0, -1, ZC_RUN_NOW);
}

/* The value now, given as the limit, is within it: to the last bit, whatever the factor. */
static int ask_limit(void *state, const zc_decide_input *in, zc_proposal *ret) {
  const zc_host *host = state;
  double value;
  zc_time found;
  (void)ret;
  assert_int_equal(host->intensity_at(in, 0, in->now, &value), ZC_OK);
  assert_int_equal(host->first_at_most(in, 0, value, in->now, in->now, &found), ZC_OK);
  assert_int_equal(found, in->now);
  assert_int_equal(host->first_at_most(in, 0, nextafter(value, 0), in->now, in->now, &found),
                   ZC_ENOTFOUND);
  return ZC_ABSTAINED;
}

static void a_limit_is_exact_under_any_factor(void **state) {
  static const zc_policy_ops ops = {.size = sizeof ops, .decide = ask_limit};
  decide_world *world = *state;
  zc_host host = {.size = sizeof host};
  zc_random random;
  zc_decide_services(&host);
  zc_random_init(&random, 5);
  world_fake(world, "asks", &ops, &host);
  for (int i = 0; i < 2000; i++) {
    WORLD_FORECAST(world, 0, 0, 1 + 800 * zc_random_unit(&random));
    world_number(world, 0, ZC_PUE, 1 + zc_random_unit(&random));
    world_number(world, 0, ZC_RENEWABLE_SHARE, 0.99 * zc_random_unit(&random));
    assert_winner(world, 0, -1, ZC_RUN_NOW);
  }
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      WORLD_TEST(nobody_proposes),
      WORLD_TEST(only_a_yearly_average_is_known),
      WORLD_TEST(nothing_is_known),
      WORLD_TEST(a_deferred_run_that_nobody_holds_back),
      WORLD_TEST(a_deferred_run_without_data),
      WORLD_TEST(first_takes_the_first_and_asks_no_further),
      WORLD_TEST(best_counts_emissions),
      cmocka_unit_test(ties_go_to_the_earliest_then_by_region),
      WORLD_TEST(the_real_three_together),
      WORLD_TEST(bad_proposals_are_left_out_and_named),
      WORLD_TEST(policies_without_reasons_are_named),
      WORLD_TEST(malformed_requests_are_refused),
      WORLD_TEST(services_refuse_what_is_not_there),
      WORLD_TEST(a_limit_is_exact_under_any_factor),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
