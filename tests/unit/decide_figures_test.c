/* What a decision's figures stand on: held values, unknown means, the policies' own word, and
 * baselines of the same kind. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

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

/* A policy that proposes what its state says. */
static int fake_decide(void *state, const zc_decide_input *in, zc_proposal *ret) {
  (void)in;
  *ret = *(const zc_proposal *)state;
  return ZC_PROPOSED;
}

static const zc_policy_ops fake_ops = {.size = sizeof fake_ops, .decide = fake_decide};

static void propose(decide_world *world, const char *name, zc_proposal *proposal) {
  world_fake(world, name, &fake_ops, proposal);
}

static void observe(decide_world *world, size_t region, int64_t from, int64_t to, double value) {
  zc_signal signal = {.size = sizeof signal, .kind = ZC_GRID_INTENSITY, .issued_at = minute(from)};
  zc_point point = {
      .from = minute(from), .to = minute(to), .value = value, .flags = ZC_POINT_OBSERVED};
  assert_int_equal(
      zc_grid_put(world->grid, region, 0, &signal, &point, 1, sizeof point, ZC_TIME_MIN, NULL),
      ZC_OK);
}

static const zc_decision *decided(decide_world *world, int64_t now) {
  assert_int_equal(world_decide(world, now), ZC_OK);
  return &world->decision;
}

/* ---- held values ---- */

static void no_window_is_found_behind_the_forecast(void **state) {
  decide_world *world = *state;
  observe(world, 0, 0, 60, 100);
  WORLD_FORECAST(world, 0, 60, 400, 400, 500, 500);
  world_policy(world, "deferral_window", &(policy_options){.min_savings_percent = 15});
  assert_int_equal(decided(world, 50)->policy, -1);
  world->request.requested_at = minute(100); /* dirty now: the old 100 would look like a window */
  assert_int_equal(decided(world, 100)->policy, -1);
  assert_int_equal(world->decision.start, minute(100));
}

/* The forecast is shorter than the run: only a window that leans on held time would reach it. */
static void held_time_is_no_window_for_later(void **state) {
  decide_world *world = *state;
  observe(world, 0, 0, 30, 100);
  WORLD_FORECAST(world, 0, 240, 40);
  world_policy(world, "deferral_window", &(policy_options){.min_savings_percent = 15});
  assert_int_equal(decided(world, 0)->policy, -1);
  assert_int_equal(world->decision.start, minute(0)); /* a run at once may count with it */
  assert_close(world->decision.intensity, 100);
  assert_close(world->decision.baseline_intensity, 100);
}

static void nobody_waits_for_a_held_value(void **state) {
  decide_world *world = *state;
  observe(world, 0, 0, 30, 100);
  world_policy(world, "threshold", &(policy_options){.max_intensity = 50, .wait = true});
  world->request.deadline = minute(120);
  assert_int_equal(decided(world, 0)->policy, 0);
  assert_int_equal(world->decision.start, minute(120));
  assert_false(world->decision.has_intensity); /* and not the 100 of now */
}

/* ---- unknown figures ---- */

static void an_unknown_intensity_comes_last(void **state) {
  decide_world *world = *state;
  zc_proposal vague = {.start = minute(600), .intensity = NAN},
              known = {.start = minute(60), .intensity = 400};
  WORLD_FORECAST(world, 0, 0, 100, 100, 400, 400);
  propose(world, "vague", &vague);
  propose(world, "known", &known);
  world->combine = ZC_COMBINE_BEST;
  assert_int_equal(decided(world, 0)->policy, 1);
  world->n_policies = 1;
  assert_int_equal(decided(world, 0)->policy, 0);
  assert_false(world->decision.has_intensity);
  assert_true(world->decision.has_baseline);
}

/* ---- the policies' own word ---- */

static void a_policys_figure_is_not_taken_on_trust(void **state) {
  decide_world *world = *state;
  zc_proposal boast = {.start = minute(60), .intensity = 1},
              honest = {.start = minute(0), .intensity = 100};
  WORLD_FORECAST(world, 0, 0, 100, 100, 400, 400);
  propose(world, "boast", &boast);
  propose(world, "honest", &honest);
  world->combine = ZC_COMBINE_BEST;
  assert_int_equal(decided(world, 0)->policy, 1);
  world->combine = ZC_COMBINE_FIRST;
  assert_close(decided(world, 0)->intensity, 400);
}

static void without_a_mean_only_known_figures_stay(void **state) {
  decide_world *world = *state;
  zc_proposal p = {.region = 1, .start = minute(0), .intensity = 30};
  WORLD_FORECAST(world, 0, 0, 100, 200);
  WORLD_FORECAST(world, 1, 0, 30); /* for half an hour, and the run takes longer */
  world_number(world, 1, 0, 20);
  propose(world, "p", &p);
  assert_close(decided(world, 0)->intensity, 30);
  assert_close(world->decision.baseline_intensity, 100); /* the value at the start, too */
  assert_false(world->decision.intensity_static || world->decision.unlike);
  p.intensity = 20;
  assert_close(decided(world, 0)->intensity, 20);
  assert_close(world->decision.baseline_intensity, 125); /* the mean */
  assert_true(world->decision.intensity_static && world->decision.unlike);
  p.intensity = 25;
  assert_false(decided(world, 0)->has_intensity);
}

static void figures_of_different_kinds_are_marked(void **state) {
  decide_world *world = *state;
  zc_proposal p = {.start = minute(60), .intensity = 50};
  WORLD_FORECAST(world, 0, 0, 100, -1, 50, 50);
  propose(world, "p", &p);
  assert_close(decided(world, 0)->intensity, 50);
  assert_close(world->decision.baseline_intensity, 100);
  assert_true(world->decision.unlike); /* a mean against a value */
  world->n_policies = 0;
  assert_close(decided(world, 0)->intensity, 100); /* the fallback: a value against itself */
  assert_false(world->decision.unlike);
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      WORLD_TEST(no_window_is_found_behind_the_forecast),
      WORLD_TEST(held_time_is_no_window_for_later),
      WORLD_TEST(nobody_waits_for_a_held_value),
      WORLD_TEST(an_unknown_intensity_comes_last),
      WORLD_TEST(a_policys_figure_is_not_taken_on_trust),
      WORLD_TEST(without_a_mean_only_known_figures_stay),
      WORLD_TEST(figures_of_different_kinds_are_marked),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
