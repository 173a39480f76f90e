/* threshold - run at once where the default region is clean enough; else, with `wait`, wait until
 * it is. */
#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <zerocarb/plugin.h>

#define TIME_SIZE 32

typedef struct {
  const zc_host *host;
  double max_intensity; /* gCO2eq/kWh */
  int wait;
} threshold;

/* The mean over the run, or the value at its start where a gap denies the mean. */
static int expected_at(const threshold *self, const zc_decide_input *in, zc_time start,
                       double *ret) {
  int status = self->host->window_mean(in, 0, start, ret);
  return status == ZC_OK ? ZC_OK : self->host->intensity_at(in, 0, start, ret);
}

static int propose(zc_proposal *ret, zc_time start, double intensity) {
  ret->region = 0;
  ret->start = start;
  ret->intensity = intensity;
  return ZC_PROPOSED;
}

/* At the deadline, which the forecast may not reach: then what is known first is assumed. */
static int propose_deadline(const threshold *self, const zc_decide_input *in, zc_proposal *ret) {
  double intensity;
  zc_time known;
  if (self->host->first_at_most(in, 0, DBL_MAX, in->now, in->deadline, &known) != ZC_OK) {
    return ZC_ABSTAINED;
  }
  if (expected_at(self, in, in->deadline, &intensity) != ZC_OK &&
      self->host->intensity_at(in, 0, known, &intensity) != ZC_OK) {
    return ZC_ABSTAINED;
  }
  return propose(ret, in->deadline, intensity);
}

static int propose_later(const threshold *self, const zc_decide_input *in, zc_proposal *ret) {
  double intensity;
  zc_time start;
  if (self->host->first_at_most(in, 0, self->max_intensity, in->now, in->deadline, &start) !=
          ZC_OK ||
      expected_at(self, in, start, &intensity) != ZC_OK) {
    return propose_deadline(self, in, ret);
  }
  return propose(ret, start, intensity);
}

static int decide(void *state, const zc_decide_input *in, zc_proposal *ret) {
  const threshold *self = state;
  double present, intensity;
  if (self->host->intensity_at(in, 0, in->now, &present) == ZC_OK &&
      present <= self->max_intensity) {
    int known = self->host->window_mean(in, 0, in->now, &intensity) == ZC_OK;
    return propose(ret, in->now, known ? intensity : present);
  }
  return self->wait ? propose_later(self, in, ret) : ZC_ABSTAINED;
}

/* ---- why ---- */

static const char *region_name(const threshold *self, const zc_decide_input *in) {
  const char *name = self->host->decide_region(in, 0);
  return name ? name : "the default region";
}

static void explain_abstention(const threshold *self, const zc_decide_input *in, char *text,
                               size_t size) {
  double present;
  if (self->host->intensity_at(in, 0, in->now, &present) == ZC_OK) {
    snprintf(text, size, "%s is at %.1f gCO2eq/kWh now, above the limit of %g",
             region_name(self, in), present, self->max_intensity);
  } else {
    snprintf(text, size, "The carbon intensity of %s is not known%s", region_name(self, in),
             self->wait ? " until the deadline" : " now");
  }
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
             region_name(self, in), then, start, self->max_intensity);
  } else {
    snprintf(text, size,
             "Waits until the deadline %s: no value of at most %g gCO2eq/kWh is known for %s "
             "before",
             start, self->max_intensity, region_name(self, in));
  }
}

static void explain(void *state, const zc_decide_input *in, const zc_proposal *proposal, char *text,
                    size_t size) {
  const threshold *self = state;
  double present;
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
