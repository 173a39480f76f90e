/* decide_bench - decisions per second on one core, in CPU time.
 *
 * Three policies, all asked (combine best), 8 regions of half-hour slots, a workload of 40 minutes.
 * Every decision is made for another moment, so that nothing can be remembered from the one before.
 * The last row is what the exact search replaces: every minute of the slack tried, slot by slot. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/base/random.h"
#include "core/base/time_text.h"
#include "tests/unit/policy_host.h"

#define REGIONS      8
#define SLOT         (30 * ZC_MINUTE)
#define DURATION     40                     /* minutes */
#define ORIGIN       INT64_C(1767312000000) /* 2026-01-02T00:00:00Z */
#define BATCHES      7                      /* the median of them is printed */
#define BATCH_MS     150
#define SMALL_SLOTS  96
#define GROWN_FACTOR 10

typedef struct {
  zc_grid *grid;
  zc_snapshot *snapshot;
  size_t n_slots;
  int64_t slack;
} world;

typedef struct {
  const world *world;
  zc_policy policies[3];
  uint32_t regions[REGIONS];
  zc_random random;
  double checked; /* sum of what was decided, so that nothing can be left out */
} bench;

static void fail(const char *what) {
  fprintf(stderr, "decide_bench: %s failed\n", what);
  exit(1);
}

static int64_t cpu_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* ---- the world ---- */

static void fill_region(zc_grid *grid, size_t region, size_t n, zc_random *random) {
  zc_point *points = calloc(n, sizeof *points);
  zc_signal signal = {.size = sizeof signal, .kind = ZC_GRID_INTENSITY, .issued_at = ORIGIN};
  double value = 150 + 200 * zc_random_unit(random);
  if (!points) fail("calloc");
  for (size_t i = 0; i < n; i++) {
    value += 40 * (zc_random_unit(random) - 0.5);
    if (value < 60) value = 60;
    points[i] = (zc_point){.from = ORIGIN + (int64_t)i * SLOT,
                           .to = ORIGIN + (int64_t)(i + 1) * SLOT,
                           .value = value,
                           .flags = ZC_POINT_FORECAST};
  }
  if (zc_grid_put(grid, region, 0, &signal, points, n, sizeof *points, ORIGIN, NULL) != ZC_OK) {
    fail("zc_grid_put");
  }
  zc_point pue = {.value = 1.1 + 0.01 * (double)region};
  signal.kind = ZC_PUE;
  if (zc_grid_put(grid, region, 0, &signal, &pue, 1, sizeof pue, ORIGIN, NULL) != ZC_OK) {
    fail("zc_grid_put");
  }
  free(points);
}

static void world_init(world *w, size_t n_slots) {
  static const char *const names[REGIONS] = {"eu-west-2",    "eu-north-1",  "eu-west-3",
                                             "eu-central-2", "eu-west-1",   "eu-central-1",
                                             "eu-south-1",   "ca-central-1"};
  const int64_t max_age = 1000 * ZC_DAY;
  zc_random random;
  zc_random_init(&random, 7);
  w->n_slots = n_slots;
  w->slack = (int64_t)n_slots * SLOT / 2;
  if (zc_grid_create(names, REGIONS, &max_age, 1, &w->grid) != ZC_OK) fail("zc_grid_create");
  for (size_t i = 0; i < REGIONS; i++)
    fill_region(w->grid, i, n_slots, &random);
  if (zc_grid_snapshot(w->grid, ORIGIN, &w->snapshot) != ZC_OK) fail("zc_grid_snapshot");
}

static void world_finish(world *w) {
  zc_snapshot_drop(w->snapshot);
  zc_grid_destroy(w->grid);
}

/* ---- one decision ---- */

/* A moment of the first half of the series, to the millisecond; every fourth run was deferred. */
static zc_decide_request next_request(bench *b) {
  int64_t room = b->world->slack - DURATION * ZC_MINUTE;
  zc_time requested = ORIGIN + (int64_t)zc_random_below(&b->random, (uint64_t)room);
  zc_time waited = zc_random_below(&b->random, 4) ? 0 : 5 * ZC_MINUTE;
  return (zc_decide_request){.requested_at = requested,
                             .now = requested + waited,
                             .deadline = requested + b->world->slack,
                             .regions = b->regions,
                             .n_regions = REGIONS,
                             .workload = {DURATION, 2, 3},
                             .energy = {10, 0.000392, 1, 2.5},
                             .min_savings_percent = 15};
}

static void decide(bench *b, zc_decide_request *request, zc_decision *decision) {
  *request = next_request(b);
  if (zc_decide(request, b->world->snapshot, b->policies, 3, ZC_COMBINE_BEST, decision) != ZC_OK) {
    fail("zc_decide");
  }
  b->checked += decision->intensity;
}

static void decide_only(bench *b) {
  zc_decide_request request;
  zc_decision decision;
  decide(b, &request, &decision);
}

static void decide_with_reason(bench *b) {
  zc_decide_request request;
  zc_decision decision;
  char text[ZC_REASON_SIZE];
  decide(b, &request, &decision);
  zc_decide_reason(&request, b->world->snapshot, b->policies, &decision, text, sizeof text);
  b->checked += text[0];
}

/* The mean of one window, slot by slot from the first. */
static double plain_mean(const zc_series *series, zc_time from, zc_time to) {
  double sum = 0;
  for (size_t i = 0; i < series->n; i++) {
    const zc_slot *slot = &series->slots[i];
    zc_time begin = slot->from > from ? slot->from : from, end = slot->to < to ? slot->to : to;
    if (begin < end) sum += slot->value * (double)(end - begin);
  }
  return sum / (double)(to - from);
}

/* The search of deferral_window alone, minute by minute. */
static void search_by_minutes(bench *b) {
  zc_decide_request request = next_request(b);
  const zc_region_view *region = &b->world->snapshot->regions[0];
  double least = 1e9;
  for (zc_time start = request.now; start <= request.deadline; start += ZC_MINUTE) {
    double mean = plain_mean(&region->grid, start, start + DURATION * ZC_MINUTE);
    if (mean < least) least = mean;
  }
  b->checked += least;
}

/* ---- measuring ---- */

static int compare_doubles(const void *left, const void *right) {
  const double *a = left, *b = right;
  return *a < *b ? -1 : *a > *b;
}

/* ns of CPU a call: the median of the batches, and the fastest, which neighbours on the same core
 * disturbed least. */
typedef struct {
  double median, fastest;
} timing;

static timing measure(bench *b, void (*run)(bench *)) {
  double batches[BATCHES];
  for (int i = 0; i < BATCHES; i++) {
    int64_t begin = cpu_ns(), end = begin;
    int64_t runs = 0;
    while (end - begin < BATCH_MS * INT64_C(1000000)) {
      for (int j = 0; j < 16; j++)
        run(b);
      runs += 16;
      end = cpu_ns();
    }
    batches[i] = (double)(end - begin) / (double)runs;
  }
  qsort(batches, BATCHES, sizeof *batches, compare_doubles);
  return (timing){batches[BATCHES / 2], batches[0]};
}

static void bench_init(bench *b, const world *w, const char *search) {
  const policy_options options = {
      .max_intensity = 80, .wait = true, .search = search, .min_savings_percent = 15};
  static const char *const names[] = {"threshold", "deferral_window", "relocation"};
  *b = (bench){.world = w};
  zc_random_init(&b->random, 42);
  for (uint32_t i = 0; i < REGIONS; i++)
    b->regions[i] = i;
  for (size_t i = 0; i < 3; i++)
    b->policies[i] = policy_create(names[i], &options);
}

static timing measure_in(const world *w, const char *search, void (*run)(bench *)) {
  bench b;
  bench_init(&b, w, search);
  timing t = measure(&b, run);
  for (size_t i = 0; i < 3; i++)
    policy_destroy(&b.policies[i]);
  if (!(b.checked > 0)) fail("deciding");
  return t;
}

static void print_row(const char *what, timing t, timing than, const char *note) {
  printf("%-44s %9.0f %9.0f %12.0f %9.2f  %s\n", what, t.median, t.fastest, 1e9 / t.median,
         t.median / than.median, note);
}

int main(void) {
  world small, grown;
  world_init(&small, SMALL_SLOTS);
  world_init(&grown, SMALL_SLOTS * GROWN_FACTOR);
  printf("3 policies, combine best, %d regions, %d min workload; one core, ns of CPU a decision\n",
         REGIONS, DURATION);
  printf("%-44s %9s %9s %12s %9s\n", "", "median", "fastest", "per second", "ratio");
  timing plain = measure_in(&small, "default", decide_only);
  print_row("96 slots, 24 h slack", plain, plain, "aim: over 500000 per second");
  print_row("with the reason's text", measure_in(&small, "default", decide_with_reason), plain, "");
  timing all = measure_in(&small, "permitted", decide_only);
  print_row("window searched in all 8 regions", all, plain, "");
  print_row("960 slots, 240 h slack", measure_in(&grown, "default", decide_only), plain,
            "aim: ratio at most 12");
  print_row("960 slots, searched in all 8 regions", measure_in(&grown, "permitted", decide_only),
            all, "aim: ratio at most 12 (to 96 slots likewise)");
  print_row("for comparison: every minute tried, 1 region",
            measure_in(&small, "default", search_by_minutes), plain, "");
  world_finish(&grown);
  world_finish(&small);
  return 0;
}
