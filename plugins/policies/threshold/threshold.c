/* threshold - run at once where the default region is clean enough; else, with `wait`, wait until
 * it is. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zerocarb/plugin.h>

#define TIME_SIZE 32

typedef struct {
  const zc_host *host;
  double max_intensity; /* gCO2eq/kWh */
  int wait;
} threshold;

/* The mean over the run. Where a gap denies it, a start now has the value now, and a later one is
 * not known: NAN. */
static double expected_at(const threshold *self, const zc_decide_input *in, zc_time start) {
  double value;
  if (self->host->window_mean(in, 0, start, &value) == ZC_OK) return value;
  if (start > in->now || self->host->intensity_at(in, 0, start, &value) != ZC_OK) return NAN;
  return value;
}

static int propose(const threshold *self, const zc_decide_input *in, zc_time start,
                   zc_proposal *ret) {
  ret->region = 0;
  ret->start = start;
  ret->intensity = expected_at(self, in, start);
  return ZC_PROPOSED;
}

/* At the deadline, where anything is known of the slack at all. */
static int propose_later(const threshold *self, const zc_decide_input *in, zc_proposal *ret) {
  zc_time start;
  const zc_host *host = self->host;
  if (host->first_at_most(in, 0, self->max_intensity, in->now, in->deadline, &start) == ZC_OK) {
    return propose(self, in, start, ret);
  }
  if (host->first_at_most(in, 0, DBL_MAX, in->now, in->deadline, &start) != ZC_OK) {
    return ZC_ABSTAINED;
  }
  return propose(self, in, in->deadline, ret);
}

static int decide(void *state, const zc_decide_input *in, zc_proposal *ret) {
  const threshold *self = state;
  double present;
  if (self->host->intensity_at(in, 0, in->now, &present) == ZC_OK &&
      present <= self->max_intensity) {
    return propose(self, in, in->now, ret);
  }
  return self->wait ? propose_later(self, in, ret) : ZC_ABSTAINED;
}

/* ---- why ---- */

/* One decimal, half away from zero as the record rounds; the lift is for 16.05, of which a double
 * has a little less. */
static double tenth(double value) {
  double scaled = fabs(value) * 10;
  return copysign(floor(scaled + fmin(scaled * 8 * DBL_EPSILON, 1e-4) + 0.5) / 10, value);
}

static const char *region_name(const threshold *self, const zc_decide_input *in) {
  const char *name = self->host->decide_region(in, 0);
  return name ? name : "the default region";
}

static void explain_abstention(const threshold *self, const zc_decide_input *in, char *text,
                               size_t size) {
  double present;
  if (self->host->intensity_at(in, 0, in->now, &present) == ZC_OK) {
    snprintf(text, size, "%s is at %.1f gCO2eq/kWh now, above the limit of %g",
             region_name(self, in), tenth(present), self->max_intensity);
  } else {
    snprintf(text, size, "The carbon intensity of %s is not known%s", region_name(self, in),
             self->wait ? " until the deadline" : " now");
  }
}

/* Nobody may wait longer, though the run emits more then than at once. */
static void append_excess(const zc_decide_input *in, double intensity, char *text, size_t size) {
  double base = in->baseline_intensity;
  size_t length = strlen(text);
  if (!in->has_baseline || !(base > 0) || !(intensity > base)) return;
  snprintf(text + length, size - length,
           "; the deadline comes first, at %.1f gCO2eq/kWh: %.1f %% above %.1f at once",
           tenth(intensity), tenth(100 * (intensity - base) / base), tenth(base));
}

static void explain_wait(const threshold *self, const zc_decide_input *in,
                         const zc_proposal *proposal, char *text, size_t size) {
  double then;
  char start[TIME_SIZE];
  self->host->time_format(proposal->start, start, sizeof start);
  if (self->host->intensity_at(in, 0, proposal->start, &then) == ZC_OK &&
      then <= self->max_intensity) {
    snprintf(text, size,
             "Waits for %s to reach %.1f gCO2eq/kWh at %s, the first value of at most %g",
             region_name(self, in), tenth(then), start, self->max_intensity);
  } else {
    snprintf(text, size,
             "Waits until the deadline %s: no value of at most %g gCO2eq/kWh is known for %s "
             "before",
             start, self->max_intensity, region_name(self, in));
    append_excess(in, proposal->intensity, text, size);
  }
}

static void explain(void *state, const zc_decide_input *in, const zc_proposal *proposal, char *text,
                    size_t size) {
  const threshold *self = state;
  double present;
  if (size == 0) return;
  if (!proposal) {
    explain_abstention(self, in, text, size);
  } else if (proposal->start == in->now &&
             self->host->intensity_at(in, 0, in->now, &present) == ZC_OK &&
             present <= self->max_intensity) {
    snprintf(text, size, "Current region has acceptable carbon intensity");
  } else {
    explain_wait(self, in, proposal, text, size);
  }
}

/* ---- the contract ---- */

static int create(const zc_host *host, zc_self *self_handle, const zc_config *config,
                  void **ret_state) {
  (void)self_handle;
  threshold *self = calloc(1, sizeof *self);
  if (!self) return ZC_ENOMEM;
  self->host = host;
  self->max_intensity = host->number(config, "max_intensity");
  self->wait = host->integer(config, "wait") != 0;
  *ret_state = self;
  return ZC_OK;
}

static const zc_policy_ops ops = {.size = sizeof ops, .decide = decide, .explain = explain};

static const zc_option options[] = {
    {"max_intensity", ZC_NUMBER, ZC_REQUIRED, NULL, "0..5000",
     "Datacenter intensity in gCO2eq/kWh up to which the default region is clean enough."},
    {"wait", ZC_BOOLEAN, 0, "false", NULL,
     "Above it, wait for the first moment at which it is, the deadline at the latest."},
};

static const zc_plugin plugin = {
    .size = sizeof plugin,
    .abi_major = ZC_ABI_MAJOR,
    .abi_minor = ZC_ABI_MINOR,
    .kind = ZC_POLICY,
    .option_size = sizeof(zc_option),
    .name = "threshold",
    .version = "1.0.0",
    .summary = "Runs at once where the default region's carbon intensity is acceptable",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .create = create,
    .destroy = free,
    .ops = &ops,
};

ZC_DEFINE_PLUGIN(threshold, plugin)
