/* What each of the three policies decides, and the sentence that it gives for it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

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

static void use_threshold(decide_world *world, double max_intensity, bool wait) {
  world_policy(world, "threshold", &(policy_options){.max_intensity = max_intensity, .wait = wait});
}

static void use_window(decide_world *world, const char *search, double min_savings) {
  world_policy(world, "deferral_window",
               &(policy_options){.search = search, .min_savings_percent = min_savings});
}

static void use_relocation(decide_world *world, bool allow_static) {
  world_policy(world, "relocation",
               &(policy_options){.min_savings_percent = 15, .allow_static = allow_static});
}

/* Decides as of minute `now` and expects the first policy to win. */
static void assert_decided(decide_world *world, int64_t now, zc_action action, uint32_t region,
                           int64_t start, double intensity, const char *reason) {
  assert_int_equal(world_decide(world, now), ZC_OK);
  const zc_decision *d = &world->decision;
  assert_int_equal(d->policy, 0);
  assert_string_equal(zc_action_text(d->action), zc_action_text(action));
  assert_int_equal(d->region, region);
  assert_int_equal(d->start, minute(start));
  assert_true(d->has_intensity);
  assert_close(d->intensity, intensity);
  assert_string_equal(world->reason, reason);
}

/* Decides as of minute `now` and expects the one policy to abstain, and why. */
static void assert_abstains(decide_world *world, int64_t now, const char *why) {
  assert_int_equal(world_decide(world, now), ZC_OK);
  assert_int_equal(world->decision.policy, -1);
  assert_int_equal(world->decision.answers[0].result, ZC_ABSTAINED);
  assert_int_equal(world->decision.region, 0);
  assert_int_equal(world->decision.start, minute(now));
  assert_string_equal(world_explain(world, 0), why);
}

/* ---- threshold ---- */

static void threshold_runs_now_where_it_is_clean(void **state) {
  WORLD_FORECAST(*state, 0, 0, 50, 70);
  use_threshold(*state, 50, false);
  assert_decided(*state, 0, ZC_RUN_NOW, 0, 0, 55, "Current region has acceptable carbon intensity");
}

static void threshold_counts_pue_and_renewables(void **state) {
  WORLD_FORECAST(*state, 0, 0, 71, 71);
  world_number(*state, 0, ZC_PUE, 1.135);
  world_number(*state, 0, ZC_RENEWABLE_SHARE, 0.8);
  use_threshold(*state, 16.2, false);
  assert_decided(*state, 0, ZC_RUN_NOW, 0, 0, 16.117,
                 "Current region has acceptable carbon intensity");
}

static void threshold_takes_the_value_now_where_a_gap_follows(void **state) {
  decide_world *world = *state;
  WORLD_FORECAST(world, 0, 0, 40, -1, 300);
  use_threshold(world, 50, false);
  assert_decided(world, 0, ZC_RUN_NOW, 0, 0, 40, "Current region has acceptable carbon intensity");
  assert_true(world->decision.has_baseline && !world->decision.baseline_static);
  assert_close(world->decision.baseline_intensity, 40); /* so that it saves nothing */
}

static void threshold_abstains_above_its_limit(void **state) {
  WORLD_FORECAST(*state, 0, 0, 50.01, 40);
  use_threshold(*state, 50, false);
  assert_abstains(*state, 0, "eu-west-2 is at 50.0 gCO2eq/kWh now, above the limit of 50");
}

static void threshold_abstains_without_data(void **state) {
  WORLD_FORECAST(*state, 0, 30, 40, 40);
  use_threshold(*state, 50, false);
  assert_abstains(*state, 0, "The carbon intensity of eu-west-2 is not known now");
}

static void threshold_waits_for_the_first_clean_slot(void **state) {
  WORLD_FORECAST(*state, 0, 0, 90, 60, 50, 10);
  use_threshold(*state, 50, true);
  assert_decided(*state, 5, ZC_DEFER, 0, 60, (30 * 50 + 10 * 10) / 40.0,
                 "Waits for eu-west-2 to reach 50.0 gCO2eq/kWh at 2026-01-02T01:00:00Z, the first "
                 "value of at most 50");
}

static void threshold_waits_until_the_deadline_at_the_latest(void **state) {
  decide_world *world = *state;
  world->request.deadline = minute(45);
  WORLD_FORECAST(world, 0, 0, 90, 60, 80, 10);
  use_threshold(world, 50, true);
  assert_decided(world, 0, ZC_DEFER, 0, 45, (15 * 60 + 25 * 80) / 40.0,
                 "Waits until the deadline 2026-01-02T00:45:00Z: no value of at most 50 gCO2eq/kWh "
                 "is known for eu-west-2 before");
}

static void threshold_waits_beyond_what_is_forecast(void **state) {
  decide_world *world = *state;
  WORLD_FORECAST(world, 0, 0, 90, 60);
  use_threshold(world, 50, true);
  assert_int_equal(world_decide(world, 0), ZC_OK);
  assert_int_equal(world->decision.policy, 0);
  assert_int_equal(world->decision.start, minute(24 * 60));
  assert_false(world->decision.has_intensity); /* nobody knows what the deadline brings */
  assert_true(world->decision.has_baseline);
  assert_string_equal(world->reason,
                      "Waits until the deadline 2026-01-03T00:00:00Z: no value of at most 50 "
                      "gCO2eq/kWh is known for eu-west-2 before");
}

static void threshold_starts_at_its_deadline(void **state) {
  decide_world *world = *state;
  world->request.deadline = minute(30);
  WORLD_FORECAST(world, 0, 0, 90, 60, 70);
  use_threshold(world, 50, true);
  assert_decided(world, 30, ZC_DEFER, 0, 30, (30 * 60 + 10 * 70) / 40.0,
                 "Waits until the deadline 2026-01-02T00:30:00Z: no value of at most 50 gCO2eq/kWh "
                 "is known for eu-west-2 before");
}

static void threshold_says_that_the_deadline_ends_worse(void **state) {
  decide_world *world = *state;
  world->request.deadline = minute(60);
  WORLD_FORECAST(world, 0, 0, 75, 75, 90, 90);
  use_threshold(world, 50, true);
  assert_decided(world, 0, ZC_DEFER, 0, 60, 90,
                 "Waits until the deadline 2026-01-02T01:00:00Z: no value of at most 50 gCO2eq/kWh "
                 "is known for eu-west-2 before; the deadline comes first, at 90.0 gCO2eq/kWh: "
                 "20.0 % above 75.0 at once");
}

static void threshold_does_not_wait_for_nothing(void **state) {
  decide_world *world = *state;
  world_number(world, 0, 0, 20); /* a yearly average says nothing about now */
  use_threshold(world, 50, true);
  assert_abstains(world, 0, "The carbon intensity of eu-west-2 is not known until the deadline");
  assert_true(world->decision.intensity_static);
}

static void threshold_of_zero_with_all_renewables(void **state) {
  WORLD_FORECAST(*state, 0, 0, 500, 500);
  world_number(*state, 0, ZC_RENEWABLE_SHARE, 1);
  use_threshold(*state, 0, true);
  assert_decided(*state, 0, ZC_RUN_NOW, 0, 0, 0, "Current region has acceptable carbon intensity");
}

/* ---- deferral_window ---- */

static void window_defers_to_the_best_window(void **state) {
  WORLD_FORECAST(*state, 0, 0, 166.5, 166.5, 150, 150, 150, 150, 96.4, 96.4, 120);
  use_window(*state, "default", -1);
  assert_decided(*state, 0, ZC_DEFER, 0, 180, 96.4,
                 "Window from 2026-01-02T03:00:00Z averages 96.4 gCO2eq/kWh in eu-west-2, 42.1 % "
                 "below 166.5 at once (at least 15 % asked)");
}

static void window_takes_the_earliest_of_equals(void **state) {
  WORLD_FORECAST(*state, 0, 0, 200, 200, 100, 100, 300, 100, 100);
  use_window(*state, "default", -1);
  assert_decided(*state, 0, ZC_DEFER, 0, 60, 100,
                 "Window from 2026-01-02T01:00:00Z averages 100.0 gCO2eq/kWh in eu-west-2, 50.0 % "
                 "below 200.0 at once (at least 15 % asked)");
}

static void window_counts_a_saving_exactly_as_asked(void **state) {
  WORLD_FORECAST(*state, 0, 0, 100, 100, 85, 85);
  world_number(*state, 0, ZC_PUE, 1.15); /* 115 and 97.75 do not divide to 15 exactly */
  use_window(*state, "default", -1);
  assert_decided(*state, 0, ZC_DEFER, 0, 60, 97.75,
                 "Window from 2026-01-02T01:00:00Z averages 97.8 gCO2eq/kWh in eu-west-2, 15.0 % "
                 "below 115.0 at once (at least 15 % asked)");
}

static void window_abstains_where_it_saves_too_little(void **state) {
  WORLD_FORECAST(*state, 0, 0, 100, 100, 85.03, 85.03);
  use_window(*state, "default", -1);
  assert_abstains(*state, 0,
                  "Best window from 2026-01-02T01:00:00Z averages 85.0 gCO2eq/kWh in eu-west-2, "
                  "14.9 % below 100.0 at once: less than the 15 % asked");
}

static void window_has_its_own_least_savings(void **state) {
  WORLD_FORECAST(*state, 0, 0, 100, 100, 96, 96);
  use_window(*state, "default", 4);
  assert_decided(*state, 0, ZC_DEFER, 0, 60, 96,
                 "Window from 2026-01-02T01:00:00Z averages 96.0 gCO2eq/kWh in eu-west-2, 4.0 % "
                 "below 100.0 at once (at least 4 % asked)");
}

static void window_abstains_where_now_is_best(void **state) {
  WORLD_FORECAST(*state, 0, 0, 90, 100, 110, 90);
  use_window(*state, "default", 0);
  assert_abstains(*state, 0,
                  "Starting now is already the best window until 2026-01-03T00:00:00Z: 92.5 "
                  "gCO2eq/kWh in eu-west-2");
}

static void window_never_bridges_a_gap(void **state) {
  WORLD_FORECAST(*state, 0, 0, 100, 100, 10, -1, 1, -1, 50, 50);
  use_window(*state, "default", -1);
  assert_decided(*state, 0, ZC_DEFER, 0, 50, (10 * 100 + 30 * 10) / 40.0,
                 "Window from 2026-01-02T00:50:00Z averages 32.5 gCO2eq/kWh in eu-west-2, 67.5 % "
                 "below 100.0 at once (at least 15 % asked)");
}

static void window_needs_a_baseline(void **state) {
  WORLD_FORECAST(*state, 0, 0, 100, -1, 10, 10);
  use_window(*state, "default", -1);
  assert_abstains(*state, 0,
                  "No baseline: the carbon intensity of eu-west-2 is not known for a whole run at "
                  "once");
}

static void window_needs_a_window(void **state) {
  decide_world *world = *state;
  world->request.has_baseline = true;
  world->request.baseline_intensity = 100;
  WORLD_FORECAST(world, 0, 0, 10, -1, 10);
  use_window(world, "permitted", -1);
  assert_abstains(world, 0,
                  "No window of 40 min is known without a gap in eu-west-2 or elsewhere between "
                  "2026-01-02T00:00:00Z and 2026-01-03T00:00:00Z");
}

static void window_searches_permitted_regions(void **state) {
  WORLD_FORECAST(*state, 0, 0, 200, 200, 180, 180);
  WORLD_FORECAST(*state, 1, 0, 190, 190, 60, 60);
  WORLD_FORECAST(*state, 2, 0, 190, 190, 190, 61, 61);
  use_window(*state, "permitted", -1);
  assert_decided(*state, 0, ZC_DEFER, 1, 60, 60,
                 "Window from 2026-01-02T01:00:00Z averages 60.0 gCO2eq/kWh in eu-north-1, 70.0 % "
                 "below 200.0 at once (at least 15 % asked)");
}

static void window_elsewhere_at_once_is_left_to_relocation(void **state) {
  WORLD_FORECAST(*state, 0, 0, 200, 200, 190, 190);
  WORLD_FORECAST(*state, 2, 0, 50, 50, 50, 50);
  use_window(*state, "permitted", -1);
  assert_abstains(*state, 0,
                  "Best window from 2026-01-02T01:00:00Z averages 190.0 gCO2eq/kWh in eu-west-2, "
                  "5.0 % below 200.0 at once: less than the 15 % asked");
}

static void window_elsewhere_that_has_come_is_proposed(void **state) {
  WORLD_FORECAST(*state, 0, 0, 200, 200, 190, 190);
  WORLD_FORECAST(*state, 2, 30, 50, 50, 60);
  use_window(*state, "permitted", -1);
  assert_decided(*state, 30, ZC_DEFER, 2, 30, 50,
                 "Window from 2026-01-02T00:30:00Z averages 50.0 gCO2eq/kWh in eu-west-3, 75.0 % "
                 "below 200.0 at once (at least 15 % asked)");
}

static void figures_round_as_the_record_does(void **state) {
  WORLD_FORECAST(*state, 0, 0, 396.75, 396.75, 132.25, 132.25);
  use_window(*state, "default", -1);
  assert_decided(*state, 0, ZC_DEFER, 0, 60, 132.25,
                 "Window from 2026-01-02T01:00:00Z averages 132.3 gCO2eq/kWh in eu-west-2, 66.7 % "
                 "below 396.8 at once (at least 15 % asked)");
}

static void window_prefers_the_default_region_of_equals(void **state) {
  WORLD_FORECAST(*state, 0, 0, 200, 200, 50, 50);
  WORLD_FORECAST(*state, 1, 0, 200, 200, 50, 50);
  use_window(*state, "permitted", -1);
  assert_decided(*state, 0, ZC_DEFER, 0, 60, 50,
                 "Window from 2026-01-02T01:00:00Z averages 50.0 gCO2eq/kWh in eu-west-2, 75.0 % "
                 "below 200.0 at once (at least 15 % asked)");
}

static void window_that_has_come_is_proposed(void **state) {
  WORLD_FORECAST(*state, 0, 0, 200, 200, 50, 50, 60, 60);
  use_window(*state, "default", -1);
  assert_decided(*state, 60, ZC_DEFER, 0, 60, 50,
                 "Window from 2026-01-02T01:00:00Z averages 50.0 gCO2eq/kWh in eu-west-2, 75.0 % "
                 "below 200.0 at once (at least 15 % asked)");
}

static void window_remembers_the_first_baseline(void **state) {
  decide_world *world = *state;
  world->request.has_baseline = true;
  world->request.baseline_intensity = 120;
  WORLD_FORECAST(world, 0, 60, 100, 100, 60, 60);
  use_window(world, "default", -1);
  assert_decided(world, 60, ZC_DEFER, 0, 120, 60,
                 "Window from 2026-01-02T02:00:00Z averages 60.0 gCO2eq/kWh in eu-west-2, 50.0 % "
                 "below 120.0 at once (at least 15 % asked)");
  assert_close(world->decision.baseline_intensity, 120);
}

static void window_says_when_nothing_is_saved_any_more(void **state) {
  WORLD_FORECAST(*state, 0, 0, 100, 100, 140, 140, 130, 130);
  use_window(*state, "default", 0);
  assert_abstains(*state, 60,
                  "Best window from 2026-01-02T02:00:00Z averages 130.0 gCO2eq/kWh in eu-west-2, "
                  "30.0 % above 100.0 at once: less than the 0 % asked");
}

/* ---- relocation ---- */

static void relocation_takes_the_cleanest_region(void **state) {
  WORLD_FORECAST(*state, 0, 0, 166.5, 166.5);
  WORLD_FORECAST(*state, 1, 0, 16, 16);
  WORLD_FORECAST(*state, 2, 0, 26, 26);
  use_relocation(*state, false);
  assert_decided(*state, 0, ZC_RELOCATE, 1, 0, 16,
                 "eu-north-1 at 16.0 gCO2eq/kWh is 90.4 % below eu-west-2 at 166.5, over the run "
                 "(at least 15 % asked)");
}

static void relocation_takes_the_first_of_equals(void **state) {
  WORLD_FORECAST(*state, 0, 0, 100, 100);
  WORLD_FORECAST(*state, 1, 0, 26, 26);
  WORLD_FORECAST(*state, 2, 0, 26, 26);
  use_relocation(*state, false);
  assert_decided(*state, 0, ZC_RELOCATE, 1, 0, 26,
                 "eu-north-1 at 26.0 gCO2eq/kWh is 74.0 % below eu-west-2 at 100.0, over the run "
                 "(at least 15 % asked)");
}

static void relocation_abstains_where_it_saves_too_little(void **state) {
  WORLD_FORECAST(*state, 0, 0, 100, 100);
  WORLD_FORECAST(*state, 2, 0, 96, 96);
  use_relocation(*state, false);
  assert_abstains(*state, 0,
                  "Cleanest other region: eu-west-3 at 96.0 gCO2eq/kWh is 4.0 % below eu-west-2 at "
                  "100.0, over the run: more than 15 % is asked");
}

static void relocation_compares_present_values_where_a_mean_is_missing(void **state) {
  WORLD_FORECAST(*state, 0, 0, 200, 400);
  WORLD_FORECAST(*state, 1, 0, 100); /* for half an hour, and the run takes longer */
  use_relocation(*state, false);
  assert_decided(*state, 0, ZC_RELOCATE, 1, 0, 100,
                 "eu-north-1 at 100.0 gCO2eq/kWh is 50.0 % below eu-west-2 at 200.0, at present "
                 "(at least 15 % asked)");
}

static void relocation_does_not_trust_a_yearly_average(void **state) {
  WORLD_FORECAST(*state, 0, 0, 200, 200);
  world_number(*state, 1, 0, 20);
  use_relocation(*state, false);
  assert_abstains(*state, 0,
                  "Nothing to compare: no fresh carbon intensity is known both for eu-west-2 and "
                  "for another permitted region now");
}

static void relocation_may_be_allowed_a_yearly_average(void **state) {
  decide_world *world = *state;
  WORLD_FORECAST(world, 0, 0, 200, 200);
  world_number(world, 1, 0, 20);
  use_relocation(world, true);
  assert_decided(world, 0, ZC_RELOCATE, 1, 0, 20,
                 "eu-north-1 at 20.0 gCO2eq/kWh is 90.0 % below eu-west-2 at 200.0, by a yearly "
                 "average (at least 15 % asked)");
  assert_true(world->decision.intensity_static);
  assert_false(world->decision.baseline_static);
}

static void relocation_needs_fresh_data_at_home(void **state) {
  world_number(*state, 0, 0, 200);
  WORLD_FORECAST(*state, 1, 0, 20, 20);
  use_relocation(*state, false);
  assert_abstains(*state, 0,
                  "Nothing to compare: no fresh carbon intensity is known both for eu-west-2 and "
                  "for another permitted region now");
}

static void relocation_needs_a_permitted_region(void **state) {
  decide_world *world = *state;
  world->request.n_regions = 1;
  WORLD_FORECAST(world, 0, 0, 200, 200);
  use_relocation(world, true);
  assert_abstains(world, 0, "The pipeline permits no other region");
}

static void relocation_of_a_run_that_waited_is_a_deferral(void **state) {
  WORLD_FORECAST(*state, 0, 0, 200, 200, 200, 200);
  WORLD_FORECAST(*state, 1, 30, 20, 20, 20);
  use_relocation(*state, false);
  assert_decided(*state, 30, ZC_DEFER, 1, 30, 20,
                 "eu-north-1 at 20.0 gCO2eq/kWh is 90.0 % below eu-west-2 at 200.0, over the run "
                 "(at least 15 % asked)");
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      WORLD_TEST(threshold_runs_now_where_it_is_clean),
      WORLD_TEST(threshold_counts_pue_and_renewables),
      WORLD_TEST(threshold_takes_the_value_now_where_a_gap_follows),
      WORLD_TEST(threshold_abstains_above_its_limit),
      WORLD_TEST(threshold_abstains_without_data),
      WORLD_TEST(threshold_waits_for_the_first_clean_slot),
      WORLD_TEST(threshold_waits_until_the_deadline_at_the_latest),
      WORLD_TEST(threshold_waits_beyond_what_is_forecast),
      WORLD_TEST(threshold_starts_at_its_deadline),
      WORLD_TEST(threshold_says_that_the_deadline_ends_worse),
      WORLD_TEST(threshold_does_not_wait_for_nothing),
      WORLD_TEST(threshold_of_zero_with_all_renewables),
      WORLD_TEST(window_defers_to_the_best_window),
      WORLD_TEST(window_takes_the_earliest_of_equals),
      WORLD_TEST(window_counts_a_saving_exactly_as_asked),
      WORLD_TEST(window_abstains_where_it_saves_too_little),
      WORLD_TEST(window_has_its_own_least_savings),
      WORLD_TEST(window_abstains_where_now_is_best),
      WORLD_TEST(window_never_bridges_a_gap),
      WORLD_TEST(window_needs_a_baseline),
      WORLD_TEST(window_needs_a_window),
      WORLD_TEST(window_searches_permitted_regions),
      WORLD_TEST(window_elsewhere_at_once_is_left_to_relocation),
      WORLD_TEST(window_elsewhere_that_has_come_is_proposed),
      WORLD_TEST(figures_round_as_the_record_does),
      WORLD_TEST(window_prefers_the_default_region_of_equals),
      WORLD_TEST(window_that_has_come_is_proposed),
      WORLD_TEST(window_remembers_the_first_baseline),
      WORLD_TEST(window_says_when_nothing_is_saved_any_more),
      WORLD_TEST(relocation_takes_the_cleanest_region),
      WORLD_TEST(relocation_takes_the_first_of_equals),
      WORLD_TEST(relocation_abstains_where_it_saves_too_little),
      WORLD_TEST(relocation_compares_present_values_where_a_mean_is_missing),
      WORLD_TEST(relocation_does_not_trust_a_yearly_average),
      WORLD_TEST(relocation_may_be_allowed_a_yearly_average),
      WORLD_TEST(relocation_needs_fresh_data_at_home),
      WORLD_TEST(relocation_needs_a_permitted_region),
      WORLD_TEST(relocation_of_a_run_that_waited_is_a_deferral),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
