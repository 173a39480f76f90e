#include "core/tables/rollup_rows.h"

#include <math.h>
#include <string.h>

#include "core/base/time_text.h"
#include "core/tables/rollup_period.h"
#include "core/tables/schema.h"

#define FIGURE_MAX   1e12 /* of a figure in a row; more is no figure */
#define SLOT_MINUTES 30   /* of a history row that does not say */
#define COUNT(rows)  (sizeof(rows) / sizeof *(rows))
#define NUMBER(key, m)                                                                             \
  { key, ZC_JSON_NUMBER, offsetof(members, m), NULL, 0 }
#define TEXT(key, m)                                                                               \
  { key, ZC_JSON_STRING, offsetof(members, m), NULL, 0 }
#define INSIDE(key, of)                                                                            \
  { key, ZC_JSON_OBJECT, 0, of, COUNT(of) }

/* In whole units of 1/scale. */
static int64_t whole(double value, double scale) {
  return fabs(value) <= FIGURE_MAX ? (int64_t)llround(value * scale) : ZC_NOT_KNOWN;
}

static bool known(int64_t figure) {
  return figure != ZC_NOT_KNOWN;
}

static bool read_time(const zc_span *span, zc_time *ret) {
  char text[ZC_TIME_TEXT_SIZE];
  if (!span->text || span->length >= sizeof text) return false;
  memcpy(text, span->text, span->length);
  text[span->length] = '\0';
  return zc_time_parse(text, ret) == ZC_OK;
}

/* ---- executions ---- */

typedef struct {
  double timestamp, duration, vcpu, memory, energy, planned_sci, intensity, savings, percent;
  double real_intensity, real_sci, real_savings, real_percent;
  double location_sci, real_location_sci;
  zc_span pipeline, region, status, decision, planned_start, started, finished;
  zc_span real_started, real_finished;
} members;

static const zc_json_field analysis_fields[] = {
    TEXT("decision", decision),
    NUMBER("optimal_intensity", intensity),
    NUMBER("savings_g", savings),
    NUMBER("savings_percent", percent),
};
static const zc_json_field workload_fields[] = {
    NUMBER("duration_minutes", duration), NUMBER("vcpu_count", vcpu),
    NUMBER("memory_gb", memory),          NUMBER("energy_kwh", energy),
    NUMBER("sci_score", planned_sci),
};
static const zc_json_field schedule_fields[] = {TEXT("planned_start", planned_start)};
static const zc_json_field location_fields[] = {NUMBER("sci_score", location_sci)};
static const zc_json_field real_location_fields[] = {NUMBER("sci_score", real_location_sci)};
static const zc_json_field realised_fields[] = {
    TEXT("started_at", real_started),
    TEXT("finished_at", real_finished),
    NUMBER("mean_intensity", real_intensity),
    NUMBER("sci_score", real_sci),
    NUMBER("savings_g", real_savings),
    NUMBER("savings_percent", real_percent),
    INSIDE("location_based", real_location_fields),
};
static const zc_json_field execution_fields[] = {
    NUMBER("timestamp", timestamp),
    TEXT("pipeline_name", pipeline),
    TEXT("pipeline_region", region),
    TEXT("status", status),
    TEXT("started_at", started),
    TEXT("finished_at", finished),
    INSIDE("carbon_analysis", analysis_fields),
    INSIDE("workload", workload_fields),
    INSIDE("schedule", schedule_fields),
    INSIDE("location_based", location_fields),
    INSIDE("realised", realised_fields),
};

static bool read_status(const zc_span *span, zc_execution_status *ret) {
  char text[32];
  if (!span->text || span->length >= sizeof text) return false;
  memcpy(text, span->text, span->length);
  text[span->length] = '\0';
  return zc_execution_status_parse(text, ret);
}

static int read_action(const zc_span *span) {
  for (int action = ZC_RUN_NOW; span->text && action <= ZC_RELOCATE; action++) {
    const char *word = zc_action_text((zc_action)action);
    if (strlen(word) == span->length && memcmp(word, span->text, span->length) == 0) return action;
  }
  return -1;
}

/* A run that was dropped, cancelled or failed may never have been started: started_at tells. */
static bool has_run(zc_execution_status status, bool started) {
  switch (status) {
  case ZC_SUCCESS:
  case ZC_TIMED_OUT:
    return true;
  case ZC_FAILED:
  case ZC_CANCELLED:
  case ZC_SUPERSEDED:
    return started;
  default:
    return false;
  }
}

static void set_carbon(const members *m, zc_execution_row *row) {
  row->planned_savings = whole(m->savings, ZC_ROLLUP_GRAMS);
  row->emissions = whole(m->real_sci, ZC_ROLLUP_GRAMS);
  row->savings = whole(m->real_savings, ZC_ROLLUP_GRAMS);
  row->savings_percent = whole(m->real_percent, ZC_ROLLUP_PERCENT);
  row->intensity = whole(m->real_intensity, ZC_ROLLUP_INTENSITY);
  row->realised = known(row->emissions);
  row->location_emissions =
      whole(row->realised ? m->real_location_sci : m->location_sci, ZC_ROLLUP_GRAMS);
  if (!known(row->emissions)) row->emissions = whole(m->planned_sci, ZC_ROLLUP_GRAMS);
  if (!known(row->savings)) row->savings = row->planned_savings;
  if (!known(row->savings_percent)) row->savings_percent = whole(m->percent, ZC_ROLLUP_PERCENT);
  if (!known(row->intensity)) row->intensity = whole(m->intensity, ZC_ROLLUP_INTENSITY);
}

/* Energy and hours are of the duration that the emissions are of. */
static void set_workload(const members *m, zc_execution_row *row) {
  double minutes = m->duration, energy = m->energy;
  if (row->realised && known(row->duration_ms)) {
    minutes = (double)row->duration_ms / (double)ZC_MINUTE;
    if (m->duration > 0) energy = m->energy * minutes / m->duration;
  }
  row->energy = whole(energy, ZC_ROLLUP_ENERGY);
  row->vcpu_hours = whole(m->vcpu * minutes / 60, ZC_ROLLUP_HOURS);
  row->memory_hours = whole(m->memory * minutes / 60, ZC_ROLLUP_HOURS);
}

static void set_times(const members *m, zc_execution_row *row) {
  zc_time started, finished, planned;
  bool has_started = read_time(&m->real_started, &started) || read_time(&m->started, &started);
  bool has_finished = read_time(&m->real_finished, &finished) || read_time(&m->finished, &finished);
  row->ran = has_run(row->status, has_started);
  row->duration_ms = row->wait_ms = ZC_NOT_KNOWN;
  if (has_started && has_finished && finished >= started) row->duration_ms = finished - started;
  if (has_started) {
    row->wait_ms = started - row->requested_at;
  } else if (read_time(&m->planned_start, &planned)) {
    row->wait_ms = planned - row->requested_at;
  }
}

int zc_execution_row_read(const char *text, size_t length, zc_execution_row *ret) {
  members m = {.timestamp = NAN, .duration = NAN, .vcpu = NAN, .memory = NAN, .energy = NAN};
  m.planned_sci = m.intensity = m.savings = m.percent = NAN;
  m.real_intensity = m.real_sci = m.real_savings = m.real_percent = NAN;
  m.location_sci = m.real_location_sci = NAN;
  int status = zc_json_extract(text, length, execution_fields, COUNT(execution_fields), &m);
  if (status != ZC_OK) return status;
  int64_t seconds = whole(m.timestamp, 1);
  zc_execution_row row = {.pipeline = m.pipeline, .region = m.region};
  if (!known(seconds) || !read_status(&m.status, &row.status)) return ZC_EDATA;
  row.requested_at = seconds * ZC_SECOND;
  row.action = read_action(&m.decision);
  set_times(&m, &row);
  set_carbon(&m, &row);
  set_workload(&m, &row);
  *ret = row;
  return ZC_OK;
}

/* ---- history ---- */

typedef struct {
  double timestamp, duration, intensity;
  int realtime;
} history_members;

static const zc_json_field history_fields[] = {
    {"timestamp", ZC_JSON_NUMBER, offsetof(history_members, timestamp), NULL, 0},
    {"duration_minutes", ZC_JSON_NUMBER, offsetof(history_members, duration), NULL, 0},
    {"intensity", ZC_JSON_NUMBER, offsetof(history_members, intensity), NULL, 0},
    {"is_realtime", ZC_JSON_BOOLEAN, offsetof(history_members, realtime), NULL, 0},
};

int zc_history_row_read(const char *text, size_t length, zc_history_row *ret) {
  history_members m = {.timestamp = NAN, .duration = SLOT_MINUTES, .intensity = NAN};
  int status = zc_json_extract(text, length, history_fields, COUNT(history_fields), &m);
  if (status != ZC_OK) return status;
  int64_t seconds = whole(m.timestamp, 1), intensity = whole(m.intensity, ZC_ROLLUP_INTENSITY);
  int64_t length_ms = whole(m.duration, (double)ZC_MINUTE);
  bool sound = known(seconds) && known(intensity) && intensity >= 0;
  if (!sound || length_ms <= 0) return ZC_EDATA;
  if (length_ms > ZC_HISTORY_SLOT_MAX) length_ms = ZC_HISTORY_SLOT_MAX;
  *ret = (zc_history_row){.from = seconds * ZC_SECOND,
                          .to = seconds * ZC_SECOND + length_ms,
                          .intensity = intensity,
                          .realtime = m.realtime};
  return ZC_OK;
}

/* ---- analytics ---- */

typedef struct {
  double ran, optimized, unknown, emissions, savings, total_emissions, total_savings;
  zc_span date;
} analytics_members;

static const zc_json_field counted_fields[] = {
    {"ran", ZC_JSON_NUMBER, offsetof(analytics_members, ran), NULL, 0}};
static const zc_json_field carbon_fields[] = {
    {"unknown_executions", ZC_JSON_NUMBER, offsetof(analytics_members, unknown), NULL, 0},
    {"total_emissions_g", ZC_JSON_NUMBER, offsetof(analytics_members, total_emissions), NULL, 0},
    {"total_savings_g", ZC_JSON_NUMBER, offsetof(analytics_members, total_savings), NULL, 0},
};
static const zc_json_field decided_fields[] = {
    {"optimized", ZC_JSON_NUMBER, offsetof(analytics_members, optimized), NULL, 0}};
static const zc_json_field summed_fields[] = {
    {"emissions_g", ZC_JSON_NUMBER, offsetof(analytics_members, emissions), NULL, 0},
    {"savings_g", ZC_JSON_NUMBER, offsetof(analytics_members, savings), NULL, 0},
};
static const zc_json_field analytics_fields[] = {
    {"date", ZC_JSON_STRING, offsetof(analytics_members, date), NULL, 0},
    INSIDE("executions", counted_fields),
    INSIDE("carbon", carbon_fields),
    INSIDE("decisions", decided_fields),
    INSIDE("sums", summed_fields),
};

static bool is_count(double value) {
  return value >= 0 && value <= (double)UINT32_MAX;
}

/* A sum is known where its rounded total stands in the item, or where nothing ran: rows of before
 * have a sum of 0 also where nothing is known. False: it should be there, and is not. */
static bool read_sum(double exact, double total, double ran, int64_t *ret) {
  bool unknown = isnan(total) && ran > 0;
  *ret = unknown ? ZC_NOT_KNOWN : whole(exact, ZC_ROLLUP_GRAMS);
  return unknown || known(*ret);
}

int zc_analytics_row_read(const char *text, size_t length, zc_analytics_row *ret) {
  analytics_members m = {.ran = NAN, .optimized = NAN, .emissions = NAN, .savings = NAN};
  m.total_emissions = m.total_savings = NAN;
  int status = zc_json_extract(text, length, analytics_fields, COUNT(analytics_fields), &m);
  if (status != ZC_OK) return status;
  zc_analytics_row row = {0};
  bool sound = read_sum(m.emissions, m.total_emissions, m.ran, &row.emissions) &&
               read_sum(m.savings, m.total_savings, m.ran, &row.savings);
  bool counted = is_count(m.ran) && is_count(m.optimized) && is_count(m.unknown);
  if (!sound || !counted || zc_date_parse(&m.date, &row.day) != ZC_OK) return ZC_EDATA;
  row.ran = (uint32_t)m.ran;
  row.optimized = (uint32_t)m.optimized;
  row.unknown = known(row.emissions) ? (uint32_t)m.unknown : row.ran;
  *ret = row;
  return ZC_OK;
}
