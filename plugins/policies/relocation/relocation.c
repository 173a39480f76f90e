/* relocation - run now in the cleanest region that the pipeline permits, where it saves enough. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <zerocarb/plugin.h>

#define ROUNDING 1e-9 /* percent: what two roundings may cost a saving that is exactly as asked */

typedef struct {
  const zc_host *host;
  double min_savings_percent;
  int allow_static;
} relocation;

/* Two regions by figures of the same kind, gCO2eq/kWh. */
typedef struct {
  uint32_t region;
  double home, there, percent;
  double expected; /* what to plan with: the best figure known of `there` */
  const char *kind;
} comparison;

/* The mean over a run that starts now, the value now, the yearly average; NAN where unknown. */
static double mean_of(const relocation *self, const zc_decide_input *in, uint32_t region) {
  double value;
  return self->host->window_mean(in, region, in->now, &value) == ZC_OK ? value : NAN;
}

static double present_of(const relocation *self, const zc_decide_input *in, uint32_t region) {
  double value;
  return self->host->intensity_at(in, region, in->now, &value) == ZC_OK ? value : NAN;
}

static double average_of(const relocation *self, const zc_decide_input *in, uint32_t region) {
  double value;
  if (!self->allow_static) return NAN;
  return self->host->static_intensity(in, region, &value) == ZC_OK ? value : NAN;
}

static double first_known(double mean, double present, double average) {
  if (!isnan(mean)) return mean;
  return isnan(present) ? average : present;
}

/* Like with like: means where both are known, else present values (known wherever a mean is), else,
 * where a yearly average is allowed and is all that one of them has, the best figure of each. */
static int compare(const relocation *self, const zc_decide_input *in, double home_mean,
                   uint32_t region, comparison *ret) {
  double mean = mean_of(self, in, region), present = NAN, average = NAN;
  *ret = (comparison){.region = region, .home = home_mean, .there = mean, .kind = "over the run"};
  if (isnan(home_mean) || isnan(mean)) {
    present = ret->there = present_of(self, in, region);
    ret->home = present_of(self, in, 0);
    ret->kind = "at present";
  }
  if (isnan(ret->home) || isnan(ret->there)) {
    average = average_of(self, in, region);
    ret->home = first_known(home_mean, ret->home, average_of(self, in, 0));
    ret->there = first_known(mean, present, average);
    ret->kind = "by a yearly average";
  }
  if (isnan(ret->home) || isnan(ret->there)) return 0;
  ret->percent = ret->home > 0 ? 100 * (ret->home - ret->there) / ret->home : 0;
  ret->expected = first_known(mean, present, average);
  return 1;
}

/* The region that saves most against the default one; of equals the first in the config's order. */
static int find_cleanest(const relocation *self, const zc_decide_input *in, comparison *ret) {
  int found = 0;
  double home_mean = mean_of(self, in, 0);
  for (uint32_t region = 1; region < in->n_regions; region++) {
    comparison c;
    if (!compare(self, in, home_mean, region, &c)) continue;
    if (!found || c.percent > ret->percent + ROUNDING) *ret = c;
    found = 1;
  }
  return found;
}

static int decide(void *state, const zc_decide_input *in, zc_proposal *ret) {
  const relocation *self = state;
  comparison best;
  if (!find_cleanest(self, in, &best) || !(best.there < best.home) ||
      best.percent < self->min_savings_percent - ROUNDING) {
    return ZC_ABSTAINED;
  }
  ret->region = best.region;
  ret->start = in->now;
  ret->intensity = best.expected;
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

static const char *region_name(const relocation *self, const zc_decide_input *in, uint32_t region) {
  const char *name = self->host->decide_region(in, region);
  return name ? name : "an unknown region";
}

static void explain_unknown(const relocation *self, const zc_decide_input *in, char *text,
                            size_t size) {
  if (in->n_regions < 2) {
    snprintf(text, size, "The pipeline permits no other region");
  } else {
    snprintf(text, size,
             "Nothing to compare: no %scarbon intensity is known both for %s and for another "
             "permitted region now",
             self->allow_static ? "" : "fresh ", region_name(self, in, 0));
  }
}

static void explain(void *state, const zc_decide_input *in, const zc_proposal *proposal, char *text,
                    size_t size) {
  const relocation *self = state;
  comparison best;
  if (!find_cleanest(self, in, &best)) {
    explain_unknown(self, in, text, size);
    return;
  }
  const char *there = region_name(self, in, best.region), *home = region_name(self, in, 0);
  double percent = shown_percent(best.percent, self->min_savings_percent);
  const char *side = best.percent < 0 ? "above" : "below";
  if (proposal) {
    snprintf(text, size,
             "%s at %.1f gCO2eq/kWh is %.1f %% %s %s at %.1f, %s (at least %g %% asked)", there,
             tenth(best.there), percent, side, home, tenth(best.home), best.kind,
             self->min_savings_percent);
  } else {
    snprintf(text, size,
             "Cleanest other region: %s at %.1f gCO2eq/kWh is %.1f %% %s %s at %.1f, %s: more than "
             "%g %% is asked",
             there, tenth(best.there), percent, side, home, tenth(best.home), best.kind,
             self->min_savings_percent);
  }
}

/* ---- the contract ---- */

static int create(const zc_host *host, zc_self *self_handle, const zc_config *config,
                  void **ret_state) {
  (void)self_handle;
  relocation *self = calloc(1, sizeof *self);
  if (!self) return ZC_ENOMEM;
  self->host = host;
  self->min_savings_percent = host->number(config, "min_savings_percent");
  self->allow_static = host->integer(config, "allow_static") != 0;
  *ret_state = self;
  return ZC_OK;
}

static const zc_policy_ops ops = {.size = sizeof ops, .decide = decide, .explain = explain};

static const zc_option options[] = {
    {"min_savings_percent", ZC_NUMBER, 0, "15", "0..100",
     "How far the other region must lie below the default one."},
    {"allow_static", ZC_BOOLEAN, 0, "false", NULL,
     "Count regions of which only a yearly average is known, which says nothing about now."},
};

static const zc_plugin plugin = {
    .size = sizeof plugin,
    .abi_major = ZC_ABI_MAJOR,
    .abi_minor = ZC_ABI_MINOR,
    .kind = ZC_POLICY,
    .option_size = sizeof(zc_option),
    .name = "relocation",
    .version = "1.0.0",
    .summary = "Runs now in the cleanest permitted region",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .create = create,
    .destroy = free,
    .ops = &ops,
};

ZC_DEFINE_PLUGIN(relocation, plugin)
