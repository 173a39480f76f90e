/* trace.c - source: a recorded series, for replays and demonstrations.
 *
 * The past of the recording is what was observed, its future is handed out as the forecast, with
 * errors on it where asked. Files are read when the instance is made: regions that share a file
 * share the reading of it. */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zerocarb/plugin.h>

#include "file.h"
#include "noise.h"
#include "recording.h"

#define HOUR_MS        INT64_C(3600000)
#define DAY_MS         (24 * HOUR_MS)
#define WEEK_MS        (7 * DAY_MS)
#define OBSERVE_MAX_MS (400 * DAY_MS) /* how far back an answer reaches at the most */
#define BATCH          4096           /* points in one emit */
#define MESSAGE_MAX    1024

typedef struct trace_source trace_source;

typedef struct {
  const trace_source *source;
  const char *name, *column_name; /* the host's, as long as the config */
  size_t recording, column;
  int64_t period_ms; /* where the recording repeats; 0: it does not */
  uint64_t noise_key;
} trace_region;

struct trace_source {
  const zc_host *host;
  zc_self *self;
  int64_t forecast_ms;
  double error; /* standard deviation of a forecast's error, as a share of the value */
  uint32_t basis;
  size_t n_recordings;
  zc_recording *recordings;
  zc_point *points; /* BATCH of them: an answer in the making */
  size_t n_regions;
  trace_region regions[];
};

static void say(const trace_source *source, int level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void say(const trace_source *source, int level, const char *format, ...) {
  char message[MESSAGE_MAX];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  source->host->log(source->self, level, message);
}

/* ---- answers ------------------------------------------------------------------------------- */

typedef struct {
  trace_source *source;
  const trace_region *region;
  zc_op *op;
  uint32_t flags;
  size_t n;     /* points that wait */
  size_t given; /* in all */
} answer;

static int flush(answer *a) {
  const zc_signal signal = {
      .size = sizeof signal, .kind = ZC_GRID_INTENSITY, .basis = a->source->basis};
  if (a->n == 0) return ZC_OK;
  int status = a->source->host->emit(a->op, &signal, a->source->points, a->n, sizeof(zc_point));
  a->n = 0;
  return status;
}

static double value_of(const answer *a, size_t slot, zc_time from) {
  const trace_source *source = a->source;
  double value = source->recordings[a->region->recording].columns[a->region->column].values[slot];
  if (a->flags != ZC_POINT_FORECAST || source->error <= 0) return value;
  value *= 1 + source->error * zc_noise_at(a->region->noise_key, from);
  return value > 0 ? value : 0;
}

static int add(answer *a, size_t slot, zc_time from, zc_time to) {
  const zc_recording *recording = &a->source->recordings[a->region->recording];
  double recorded = recording->columns[a->region->column].values[slot];
  if (recorded != recorded) return ZC_OK; /* NaN: a gap */
  zc_point *point = &a->source->points[a->n++];
  a->given++;
  point->from = from;
  point->to = to;
  point->value = value_of(a, slot, from);
  point->flags = a->flags;
  point->index = ZC_INDEX_NONE;
  return a->n == BATCH ? flush(a) : ZC_OK;
}

/* The slots that end after `after` and begin before `before`, of one pass of the recording, all
 * moved by `shift` and cut at `limit`. */
static int add_pass(answer *a, zc_time after, zc_time before, zc_time shift, zc_time limit) {
  const zc_recording *recording = &a->source->recordings[a->region->recording];
  zc_time stop = before < limit ? before : limit;
  for (size_t i = zc_recording_find(recording, after - shift); i < recording->n; i++) {
    zc_time from = recording->from[i] + shift, to = recording->to[i] + shift;
    if (from >= stop) break;
    int status = add(a, i, from, to < limit ? to : limit);
    if (status != ZC_OK) return status;
  }
  return ZC_OK;
}

static int64_t floor_divide(int64_t a, int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

static int give(answer *a, zc_time after, zc_time before) {
  const zc_recording *recording = &a->source->recordings[a->region->recording];
  int64_t period = a->region->period_ms;
  int status = ZC_OK;
  if (period == 0) {
    status = add_pass(a, after, before, 0, INT64_MAX);
    return status == ZC_OK ? flush(a) : status;
  }
  zc_time start = recording->from[0];
  zc_time shift = floor_divide(after - start, period) * period;
  for (; start + shift < before && status == ZC_OK; shift += period) {
    zc_time pass_after = after > start + shift ? after : start + shift;
    status = add_pass(a, pass_after, before, shift, start + shift + period);
  }
  return status == ZC_OK ? flush(a) : status;
}

static void on_turn(void *user, zc_op *op) {
  const trace_source *source = user;
  source->host->done(op, ZC_OK, NULL);
}

/* What the recording has, from its first value to its last. */
static void describe_cover(const trace_source *source, const trace_region *region, char *text,
                           size_t size) {
  const zc_recording *recording = &source->recordings[region->recording];
  const double *values = recording->columns[region->column].values;
  char from[32] = "", to[32] = "";
  size_t first = 0, end = recording->n;
  while (first < end && values[first] != values[first])
    first++;
  while (end > first && values[end - 1] != values[end - 1])
    end--;
  if (first == end) {
    snprintf(text, size, "the recording of %s has no value at all", region->column_name);
    return;
  }
  source->host->time_format(recording->from[first], from, sizeof from);
  source->host->time_format(recording->to[end - 1], to, sizeof to);
  snprintf(text, size, "the recording of %s covers %s to %s; nothing for the time asked%s",
           region->column_name, from, to, region->period_ms ? "" : "; `repeat: true` repeats it");
}

static void on_turn_without(void *user, zc_op *op) {
  const trace_region *region = user;
  char message[MESSAGE_MAX];
  describe_cover(region->source, region, message, sizeof message);
  region->source->host->done(op, ZC_EDATA, message);
}

static int answer_query(trace_source *source, const zc_query *query, zc_op *op, uint32_t flags,
                        zc_time after, zc_time before) {
  for (size_t i = 0; i < source->n_regions; i++) {
    if (strcmp(source->regions[i].name, query->region) != 0) continue;
    answer a = {.source = source, .region = &source->regions[i], .op = op, .flags = flags};
    if (before <= after) return source->host->timer(op, 0, on_turn, source); /* nothing is asked */
    int status = give(&a, after, before);
    if (status != ZC_OK) return status;
    return a.given ? source->host->timer(op, 0, on_turn, source)
                   : source->host->timer(op, 0, on_turn_without, &source->regions[i]);
  }
  return ZC_ENOTFOUND;
}

static int observe(void *state, const zc_query *query, zc_op *op) {
  trace_source *source = state;
  zc_time now = source->host->now(source->self), earliest = now - OBSERVE_MAX_MS;
  zc_time after = query->from > earliest ? query->from : earliest;
  return answer_query(source, query, op, ZC_POINT_OBSERVED, after, now + 1);
}

static int forecast(void *state, const zc_query *query, zc_op *op) {
  trace_source *source = state;
  zc_time now = source->host->now(source->self);
  return answer_query(source, query, op, ZC_POINT_FORECAST, now, now + source->forecast_ms);
}

/* ---- the instance -------------------------------------------------------------------------- */

static const char *file_of(const trace_source *source, const zc_config *config, size_t region) {
  return source->host->text(source->host->region_config(config, region), "file");
}

static void report_false_zeros(const trace_source *source, const char *path, const char *column,
                               const zc_trace_column *values) {
  char first[32] = "";
  if (values->n_false_zeros == 0) return;
  source->host->time_format(values->first_false_zero, first, sizeof first);
  say(source, ZC_LOG_WARNING,
      "%s: column %s: %zu half-hourly zeros between high values, the first at %s, are taken as "
      "faults of telemetry: gaps",
      path, column, values->n_false_zeros, first);
}

static int load(trace_source *source, const char *path, const char *const *columns, size_t n) {
  char why[MESSAGE_MAX], *text;
  size_t length;
  zc_recording *recording = &source->recordings[source->n_recordings];
  int status = zc_trace_read_file(path, &text, &length, why, sizeof why);
  if (status == ZC_OK) {
    status = zc_recording_parse(source->host, text, length, path, columns, n, recording, why,
                                sizeof why);
    free(text);
  }
  if (status != ZC_OK) {
    say(source, ZC_LOG_ERROR, "%s", why);
    return status;
  }
  source->n_recordings++;
  for (size_t i = 0; i < n; i++) {
    report_false_zeros(source, path, columns[i], &recording->columns[i]);
  }
  return ZC_OK;
}

/* Whether an earlier region has the same file, so that it is loaded already. */
static bool is_loaded(const trace_source *source, const zc_config *config, size_t region) {
  for (size_t i = 0; i < region; i++) {
    if (strcmp(file_of(source, config, i), file_of(source, config, region)) == 0) return true;
  }
  return false;
}

/* Reads the file of the first region, for it and for all later ones that share it. */
static int load_shared(trace_source *source, const zc_config *config, size_t first) {
  const zc_host *host = source->host;
  const char *path = file_of(source, config, first);
  const char **columns = calloc(source->n_regions, sizeof *columns);
  if (!columns) return ZC_ENOMEM;
  size_t n = 0;
  for (size_t i = first; i < source->n_regions; i++) {
    if (strcmp(file_of(source, config, i), path) != 0) continue;
    source->regions[i].recording = source->n_recordings;
    source->regions[i].column = n;
    columns[n++] = host->text(host->region_config(config, i), "column");
  }
  int status = load(source, path, columns, n);
  free(columns);
  return status;
}

/* Whole weeks, so that weekdays stay where they are; of short recordings whole days. */
static int set_period(const trace_source *source, trace_region *region, const char *path) {
  const zc_recording *recording = &source->recordings[region->recording];
  int64_t span = recording->to[recording->n - 1] - recording->from[0];
  region->period_ms = span >= WEEK_MS ? span / WEEK_MS * WEEK_MS : span / DAY_MS * DAY_MS;
  if (region->period_ms > 0) return ZC_OK;
  say(source, ZC_LOG_ERROR, "%s: shorter than a day: too short to be repeated", path);
  return ZC_EDATA;
}

static int load_all(trace_source *source, const zc_config *config) {
  const zc_host *host = source->host;
  bool repeat = host->integer(config, "repeat") != 0;
  int64_t seed = host->integer(config, "seed");
  int result = ZC_OK;
  for (size_t i = 0; i < source->n_regions; i++) { /* all, so that all that is wrong is told */
    trace_region *region = &source->regions[i];
    region->source = source;
    region->name = host->region_name(config, i);
    region->column_name = host->text(host->region_config(config, i), "column");
    region->noise_key = zc_noise_key(seed, region->name);
    int status = is_loaded(source, config, i) ? ZC_OK : load_shared(source, config, i);
    if (result == ZC_OK) result = status;
    if (result == ZC_OK && repeat) result = set_period(source, region, file_of(source, config, i));
  }
  return result;
}

static uint32_t basis_of(const char *word) {
  static const char *const words[] = {"unknown", "operational", "lifecycle", "marginal"};
  for (uint32_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (strcmp(word, words[i]) == 0) return i;
  }
  return ZC_BASIS_UNKNOWN;
}

static void destroy(void *state) {
  trace_source *source = state;
  for (size_t i = 0; i < source->n_recordings; i++)
    zc_recording_finish(&source->recordings[i]);
  free(source->recordings);
  free(source->points);
  free(source);
}

static int create(const zc_host *host, zc_self *self, const zc_config *config, void **ret_state) {
  size_t n = host->n_regions(config);
  trace_source *source = calloc(1, sizeof *source + n * sizeof source->regions[0]);
  if (!source) return ZC_ENOMEM;
  source->host = host;
  source->self = self;
  source->n_regions = n;
  source->forecast_ms = (int64_t)(host->number(config, "forecast_hours") * (double)HOUR_MS);
  source->error = host->number(config, "forecast_error_percent") / 100;
  source->basis = basis_of(host->text(config, "basis"));
  source->recordings = calloc(n + 1, sizeof *source->recordings);
  source->points = calloc(BATCH, sizeof *source->points);
  int status = source->recordings && source->points ? load_all(source, config) : ZC_ENOMEM;
  if (status != ZC_OK) {
    destroy(source);
    return status;
  }
  *ret_state = source;
  return ZC_OK;
}

static const zc_option options[] = {
    {"forecast_hours", ZC_NUMBER, 0, "48", "0..8784",
     "How much of the recorded future is handed out as the forecast."},
    {"forecast_error_percent", ZC_NUMBER, 0, "0", "0..100",
     "Standard deviation of the error put on the forecast, relative to the value."},
    {"seed", ZC_INTEGER, 0, "1", NULL, "Of the forecast's errors: the same seed, the same errors."},
    {"basis", ZC_ENUM, 0, "unknown", "unknown|operational|lifecycle|marginal",
     "What the recorded figures count."},
    {"repeat", ZC_BOOLEAN, 0, "false", NULL,
     "Repeat the recording for ever, forwards and backwards, by whole weeks (or days)."},
};

static const zc_option region_options[] = {
    {"file", ZC_PATH, ZC_REQUIRED, NULL, NULL,
     "The CSV file; relative ones lie beside the config."},
    {"column", ZC_STRING, 0, "carbon_intensity", NULL, "The column with the values, gCO2eq/kWh."},
};

static const zc_source_ops operations = {.size = sizeof operations,
                                         .flags = ZC_SOURCE_RECORDED,
                                         .observe = observe,
                                         .forecast = forecast};

static const zc_plugin descriptor = {
    .size = sizeof descriptor,
    .abi_major = ZC_ABI_MAJOR,
    .abi_minor = ZC_ABI_MINOR,
    .kind = ZC_SOURCE,
    .option_size = sizeof(zc_option),
    .name = "trace",
    .version = ZC_VERSION,
    .summary = "A recorded series from a CSV file, its future as the forecast",
    .options = options,
    .region_options = region_options,
    .n_options = sizeof options / sizeof *options,
    .n_region_options = sizeof region_options / sizeof *region_options,
    .create = create,
    .destroy = destroy,
    .ops = &operations,
};

ZC_DEFINE_PLUGIN(trace, descriptor)
