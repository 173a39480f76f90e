/* static_pue.c - source: what does not change by the hour: PUE, the operator's renewable share, and
 * a yearly average of the grid as last resort.
 *
 * What the config does not say comes from a built-in table of AWS regions. */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zerocarb/plugin.h>

#include "aws_regions.h"

#define MESSAGE_MAX 256

typedef struct {
  const char *name; /* the host's, as long as the config */
  double pue, renewable_share, intensity;
  bool has_pue, has_intensity;
  uint32_t basis; /* of the intensity */
} region_values;

typedef struct {
  const zc_host *host;
  zc_self *self;
  size_t n_regions;
  region_values regions[];
} pue_source;

static void say(const pue_source *source, int level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void say(const pue_source *source, int level, const char *format, ...) {
  char message[MESSAGE_MAX];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  source->host->log(source->self, level, message);
}

/* ---- observe ------------------------------------------------------------------------------- */

static int give(const pue_source *source, zc_op *op, uint32_t kind, uint32_t basis, double value,
                uint32_t flags) {
  const zc_signal signal = {.size = sizeof signal, .kind = kind, .basis = basis};
  const zc_point point = {.value = value, .flags = flags};
  return source->host->emit(op, &signal, &point, 1, sizeof point);
}

static void on_turn(void *user, zc_op *op) {
  const pue_source *source = user;
  source->host->done(op, ZC_OK, NULL);
}

static int observe(void *state, const zc_query *query, zc_op *op) {
  pue_source *source = state;
  const region_values *region = NULL;
  for (size_t i = 0; i < source->n_regions; i++) {
    if (strcmp(source->regions[i].name, query->region) == 0) region = &source->regions[i];
  }
  if (!region) return ZC_ENOTFOUND;
  int status = give(source, op, ZC_RENEWABLE_SHARE, ZC_BASIS_UNKNOWN, region->renewable_share, 0);
  if (status == ZC_OK && region->has_pue) {
    status = give(source, op, ZC_PUE, ZC_BASIS_UNKNOWN, region->pue, 0);
  }
  if (status == ZC_OK && region->has_intensity) {
    status = give(source, op, ZC_GRID_INTENSITY, region->basis, region->intensity, ZC_POINT_STATIC);
  }
  return status == ZC_OK ? source->host->timer(op, 0, on_turn, source) : status;
}

/* ---- the instance -------------------------------------------------------------------------- */

static void take_table(const pue_source *source, region_values *region, bool average) {
  const zc_aws_region *row = zc_aws_region_find(region->name);
  if (!row) return;
  if (!region->has_pue) {
    region->pue = row->pue;
    region->has_pue = true;
    say(source, ZC_LOG_DEBUG, "region %s: PUE %.2f (%s)", region->name, row->pue, row->pue_source);
  }
  if (!region->has_intensity && average) {
    region->intensity = row->intensity;
    region->has_intensity = true;
    region->basis = ZC_BASIS_LIFECYCLE;
    say(source, ZC_LOG_DEBUG, "region %s: yearly average %.0f gCO2eq/kWh (%s)", region->name,
        row->intensity, row->intensity_source);
  }
}

static uint32_t basis_of(const char *word) {
  static const char *const words[] = {"unknown", "operational", "lifecycle", "marginal"};
  for (uint32_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (strcmp(word, words[i]) == 0) return i;
  }
  return ZC_BASIS_UNKNOWN;
}

static int read_region(pue_source *source, const zc_config *config, size_t i) {
  const zc_host *host = source->host;
  const zc_config *row = host->region_config(config, i);
  region_values *region = &source->regions[i];
  region->name = host->region_name(config, i);
  region->has_pue = host->has(row, "pue") != 0;
  region->pue = host->number(row, "pue");
  region->renewable_share = host->number(row, "renewable_pct");
  region->has_intensity = host->has(row, "intensity") != 0;
  region->intensity = host->number(row, "intensity");
  region->basis = basis_of(host->text(row, "basis"));
  take_table(source, region, host->integer(row, "average") != 0);
  if (region->has_pue || region->has_intensity || region->renewable_share > 0) return ZC_OK;
  say(source, ZC_LOG_ERROR,
      "region %s: nothing is known of it: it is no AWS region of the built-in table; write "
      "%s: {pue: 1.2}",
      region->name, region->name);
  return ZC_EINVAL;
}

static int create(const zc_host *host, zc_self *self, const zc_config *config, void **ret_state) {
  size_t n = host->n_regions(config);
  pue_source *source = calloc(1, sizeof *source + n * sizeof source->regions[0]);
  if (!source) return ZC_ENOMEM;
  source->host = host;
  source->self = self;
  source->n_regions = n;
  int status = ZC_OK;
  for (size_t i = 0; i < n; i++) { /* all, so that all that is wrong is told */
    int of_region = read_region(source, config, i);
    if (status == ZC_OK) status = of_region;
  }
  if (status != ZC_OK) {
    free(source);
    return status;
  }
  *ret_state = source;
  return ZC_OK;
}

static void destroy(void *state) {
  free(state);
}

static const zc_option region_options[] = {
    {"pue", ZC_NUMBER, 0, NULL, "1..5",
     "Power usage effectiveness; by default the built-in table's for an AWS region."},
    {"renewable_pct", ZC_NUMBER, 0, "0", "0..1",
     "Share of contracted renewable supply: market-based, which the SCI specification excludes."},
    {"intensity", ZC_NUMBER, 0, NULL, "0..5000",
     "Yearly average of the grid, gCO2eq/kWh, as last resort; by default the built-in table's."},
    {"basis", ZC_ENUM, 0, "unknown", "unknown|operational|lifecycle|marginal",
     "What a given intensity counts; the built-in table's are lifecycle."},
    {"average", ZC_BOOLEAN, 0, "true", NULL,
     "Whether to hand out the built-in yearly average where no intensity is given."},
};

static const zc_source_ops operations = {
    .size = sizeof operations, .flags = ZC_SOURCE_CONSTANT, .observe = observe};

static const zc_plugin descriptor = {
    .size = sizeof descriptor,
    .abi_major = ZC_ABI_MAJOR,
    .abi_minor = ZC_ABI_MINOR,
    .kind = ZC_SOURCE,
    .option_size = sizeof(zc_option),
    .name = "static_pue",
    .version = ZC_VERSION,
    .summary = "PUE, renewable share and yearly average intensity; knows the AWS regions",
    .region_options = region_options,
    .n_region_options = sizeof region_options / sizeof *region_options,
    .create = create,
    .destroy = destroy,
    .ops = &operations,
    .attribution =
        "PUE: Amazon (sustainability.aboutamazon.com), 2024. Yearly averages: Electricity "
        "Maps, 2025, ODbL 1.0, by way of The Green Web Foundation's co2.js",
};

ZC_DEFINE_PLUGIN(static_pue, descriptor)
