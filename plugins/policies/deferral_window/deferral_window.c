/* deferral_window - wait for the window with the least mean intensity within the slack, where it
 * saves enough. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zerocarb/plugin.h>

#define TIME_SIZE 32
#define TIE       1e-9 /* means that differ by less, relative to their size, are equal */
#define ROUNDING  1e-9 /* percent: what two roundings may cost a saving that is exactly as asked */

typedef struct {
  const zc_host *host;
  int search_permitted;
  int has_min_savings;
  double min_savings_percent;
} deferral_window;

typedef struct {
  uint32_t region;
  zc_time start;
  double mean; /* gCO2eq/kWh */
} candidate;

static double least_savings(const deferral_window *self, const zc_decide_input *in) {
  return self->has_min_savings ? self->min_savings_percent : in->min_savings_percent;
}

static double percent_saved(const zc_decide_input *in, double mean) {
  if (!(in->baseline_intensity > 0)) return 0;
  return 100 * (in->baseline_intensity - mean) / in->baseline_intensity;
}

/* Regions come in their order, so of equals with the same start the earlier one stays. */
static int is_better(const candidate *a, const candidate *b) {
  double tie = TIE * fmax(1, fabs(b->mean));
  if (fabs(a->mean - b->mean) > tie) return a->mean < b->mean;
  return a->start < b->start;
}

/* Another region at once is no deferral: that is relocation's to propose, under its own limit. A
 * run that has waited for its window may start in it. */
static int is_relocation(const zc_decide_input *in, const candidate *c) {
  return c->region != 0 && c->start == in->requested_at;
}

static int find_best(const deferral_window *self, const zc_decide_input *in, candidate *ret) {
  uint32_t n = self->search_permitted ? in->n_regions : 1;
  int found = 0;
  for (uint32_t region = 0; region < n; region++) {
    candidate c = {.region = region};
    if (self->host->window_best(in, region, in->now, in->deadline, &c.start, &c.mean) != ZC_OK) {
      continue;
    }
    if (is_relocation(in, &c)) continue;
    if (!found || is_better(&c, ret)) *ret = c;
    found = 1;
  }
  return found;
}

/* Whether it is what happens anyway. A deferred run whose best window has come is not: it would be
 * taken for one that nobody wants to defer any longer. */
static int is_at_once(const zc_decide_input *in, const candidate *c) {
  return c->region == 0 && c->start == in->requested_at;
}

static int decide(void *state, const zc_decide_input *in, zc_proposal *ret) {
  const deferral_window *self = state;
  candidate best;
  if (!in->has_baseline || !find_best(self, in, &best) || is_at_once(in, &best)) {
    return ZC_ABSTAINED;
  }
  if (percent_saved(in, best.mean) < least_savings(self, in) - ROUNDING) return ZC_ABSTAINED;
  ret->region = best.region;
  ret->start = best.start;
  ret->intensity = best.mean;
  return ZC_PROPOSED;
}

/* ---- why ---- */

/* One decimal, half away from zero as the record rounds; the lift is for 16.05, of which a double
 * has a little less. */
static double tenth(double value) {
  double scaled = fabs(value) * 10;
  return copysign(floor(scaled + fmin(scaled * 8 * DBL_EPSILON, 1e-4) + 0.5) / 10, value);
}

/* A saving as it is shown: rounded, but where that would make it look as large as `asked` though it
 * is not, cut. */
static double shown_percent(double percent, double asked) {
  double shown = tenth(fabs(percent));
  if (percent >= asked - ROUNDING || percent < 0 || shown < asked) return shown;
  return floor(percent * 10 + ROUNDING) / 10;
}

static const char *region_name(const deferral_window *self, const zc_decide_input *in,
                               uint32_t region) {
  const char *name = self->host->decide_region(in, region);
  return name ? name : "an unknown region";
}

/* "42.1 % below" */
static void write_saved(double percent, double asked, char *text, size_t size) {
  snprintf(text, size, "%.1f %% %s", shown_percent(percent, asked),
           percent < 0 ? "above" : "below");
}

/* "Window from 2026-01-02T03:00:00Z averages 96.4 gCO2eq/kWh in eu-west-2, 42.1 % below 166.5 at
 * once" */
static void write_window(const deferral_window *self, const zc_decide_input *in, const char *first,
                         const candidate *c, char *text, size_t size) {
  char start[TIME_SIZE], saved[48];
  self->host->time_format(c->start, start, sizeof start);
  write_saved(percent_saved(in, c->mean), least_savings(self, in), saved, sizeof saved);
  snprintf(text, size, "%s from %s averages %.1f gCO2eq/kWh in %s, %s %.1f at once", first, start,
           tenth(c->mean), region_name(self, in, c->region), saved, tenth(in->baseline_intensity));
}

static void append(char *text, size_t size, const char *tail) {
  size_t length = strlen(text);
  if (length < size) snprintf(text + length, size - length, "%s", tail);
}

static void explain_unknown(const deferral_window *self, const zc_decide_input *in, char *text,
                            size_t size) {
  char from[TIME_SIZE], until[TIME_SIZE];
  const char *region = region_name(self, in, 0);
  self->host->time_format(in->now, from, sizeof from);
  self->host->time_format(in->deadline, until, sizeof until);
  if (!in->has_baseline) {
    snprintf(text, size,
             "No baseline: the carbon intensity of %s is not known for a whole run at once",
             region);
  } else {
    snprintf(text, size, "No window of %g min is known without a gap in %s%s between %s and %s",
             (double)in->duration_ms / 60000, region,
             self->search_permitted && in->n_regions > 1 ? " or elsewhere" : "", from, until);
  }
}

static void explain_abstention(const deferral_window *self, const zc_decide_input *in, char *text,
                               size_t size) {
  candidate best;
  char tail[TIME_SIZE + 32];
  if (!in->has_baseline || !find_best(self, in, &best)) {
    explain_unknown(self, in, text, size);
  } else if (is_at_once(in, &best)) {
    char until[TIME_SIZE];
    self->host->time_format(in->deadline, until, sizeof until);
    snprintf(text, size, "Starting now is already the best window until %s: %.1f gCO2eq/kWh in %s",
             until, tenth(best.mean), region_name(self, in, 0));
  } else {
    write_window(self, in, "Best window", &best, text, size);
    snprintf(tail, sizeof tail, ": less than the %g %% asked", least_savings(self, in));
    append(text, size, tail);
  }
}

static void explain(void *state, const zc_decide_input *in, const zc_proposal *proposal, char *text,
                    size_t size) {
  const deferral_window *self = state;
  char tail[48];
  if (size == 0) return;
  if (!proposal) {
    explain_abstention(self, in, text, size);
    return;
  }
  candidate c = {proposal->region, proposal->start, proposal->intensity};
  write_window(self, in, "Window", &c, text, size);
  snprintf(tail, sizeof tail, " (at least %g %% asked)", least_savings(self, in));
  append(text, size, tail);
}

/* ---- the contract ---- */

static int create(const zc_host *host, zc_self *self_handle, const zc_config *config,
                  void **ret_state) {
  (void)self_handle;
  deferral_window *self = calloc(1, sizeof *self);
  if (!self) return ZC_ENOMEM;
  const char *search = host->text(config, "search");
  self->host = host;
  self->search_permitted = search && strcmp(search, "permitted") == 0;
  self->has_min_savings = host->has(config, "min_savings_percent");
  self->min_savings_percent = host->number(config, "min_savings_percent");
  *ret_state = self;
  return ZC_OK;
}

static const zc_policy_ops ops = {.size = sizeof ops, .decide = decide, .explain = explain};

static const zc_option options[] = {
    {"search", ZC_ENUM, 0, "default", "default|permitted",
     "Regions to look at: the default one, or also those of the pipeline's relocate_to."},
    {"min_savings_percent", ZC_NUMBER, 0, NULL, "0..100",
     "How far the window's mean must lie below the baseline; unless set, the pipeline's "
     "min_savings_defer."},
};

static const zc_plugin plugin = {
    .size = sizeof plugin,
    .abi_major = ZC_ABI_MAJOR,
    .abi_minor = ZC_ABI_MINOR,
    .kind = ZC_POLICY,
    .option_size = sizeof(zc_option),
    .name = "deferral_window",
    .version = "1.0.0",
    .summary = "Waits for the window with the least mean carbon intensity within the slack",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .create = create,
    .destroy = free,
    .ops = &ops,
};

ZC_DEFINE_PLUGIN(deferral_window, plugin)
