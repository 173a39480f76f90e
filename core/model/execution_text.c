/* execution_text.c - the journal's form of an execution: one JSON object. */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uuid/uuid.h>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/base/time_text.h"
#include "core/model/execution.h"

/* The members that are alike, declared once for both ways. */
static const struct {
  const char *key;
  size_t offset;
  bool required;
} texts[] = {
    {"pipeline", offsetof(zc_execution, pipeline), true},
    {"trigger_source", offsetof(zc_execution, trigger_source), true},
    {"region", offsetof(zc_execution, region), false},
    {"default_region", offsetof(zc_execution, default_region), false},
    {"reason", offsetof(zc_execution, reason), false},
    {"message", offsetof(zc_execution, message), false},
    {"wait_reason", offsetof(zc_execution, wait_reason), false},
    {"remote_id", offsetof(zc_execution, remote_id), false},
    {"tail", offsetof(zc_execution, tail), false},
    {"trigger", offsetof(zc_execution, trigger), false},
    {"record", offsetof(zc_execution, record), false},
    {"team", offsetof(zc_execution, team), false},
    {"realised", offsetof(zc_execution, realised), false},
};

static const struct {
  const char *key;
  size_t offset;
  bool required; /* those that came later are 0 where they are not there */
} times[] = {
    {"requested_at", offsetof(zc_execution, requested_at), true},
    {"deadline", offsetof(zc_execution, deadline), true},
    {"planned_start", offsetof(zc_execution, planned_start), true},
    {"slot", offsetof(zc_execution, slot), true},
    {"triggered_at", offsetof(zc_execution, triggered_at), true},
    {"started_at", offsetof(zc_execution, started_at), true},
    {"finished_at", offsetof(zc_execution, finished_at), true},
    {"decided_at", offsetof(zc_execution, decided_at), true},
    {"ran_until", offsetof(zc_execution, ran_until), false},
    {"held_at", offsetof(zc_execution, held_at), false},
    {"released_at", offsetof(zc_execution, released_at), false},
    {"retry_at", offsetof(zc_execution, retry_at), false},
    {"resolved_at", offsetof(zc_execution, resolved_at), false},
};

static const struct {
  const char *key;
  size_t has, value;
} figures[] = {
    {"baseline_intensity", offsetof(zc_execution, has_baseline),
     offsetof(zc_execution, baseline_intensity)},
    {"intensity", offsetof(zc_execution, has_intensity), offsetof(zc_execution, intensity)},
    {"duration_minutes", offsetof(zc_execution, has_workload),
     offsetof(zc_execution, workload.duration_minutes)},
    {"vcpu_count", offsetof(zc_execution, has_workload),
     offsetof(zc_execution, workload.vcpu_count)},
    {"memory_gb", offsetof(zc_execution, has_workload), offsetof(zc_execution, workload.memory_gb)},
    {"watts_per_vcpu", offsetof(zc_execution, has_workload),
     offsetof(zc_execution, energy.watts_per_vcpu)},
    {"memory_kwh_per_gb_hour", offsetof(zc_execution, has_workload),
     offsetof(zc_execution, energy.memory_kwh_per_gb_hour)},
    {"energy_pue", offsetof(zc_execution, has_workload), offsetof(zc_execution, energy.energy_pue)},
    {"embodied_g_per_vcpu_hour", offsetof(zc_execution, has_workload),
     offsetof(zc_execution, energy.embodied_g_per_vcpu_hour)},
};

#define COUNT(table)                   (sizeof(table) / sizeof *(table))
#define MEMBER(type, execution, where) ((type *)(void *)((char *)(execution) + (where)))
#define CONST_MEMBER(type, execution, where)                                                       \
  ((const type *)(const void *)((const char *)(execution) + (where)))

/* ---- writing ------------------------------------------------------------------------------- */

static void write_text(zc_buffer *to, const char *key, const char *text) {
  zc_buffer_printf(to, ",\"%s\":", key);
  zc_json_write_text(to, text);
}

static void write_members(const zc_execution *e, zc_buffer *to) {
  zc_buffer_text(to, "{\"id\":");
  zc_json_write_text(to, e->id);
  write_text(to, "status", zc_execution_status_text(e->status));
  write_text(to, "action", zc_action_text(e->action));
  zc_buffer_printf(to, ",\"attempt\":%" PRIu32, e->attempt);
  for (size_t i = 0; i < COUNT(times); i++) {
    zc_buffer_printf(to, ",\"%s\":%" PRId64, times[i].key,
                     *CONST_MEMBER(zc_time, e, times[i].offset));
  }
  for (size_t i = 0; i < COUNT(figures); i++) {
    if (!*CONST_MEMBER(bool, e, figures[i].has)) continue;
    zc_buffer_printf(to, ",\"%s\":", figures[i].key);
    zc_json_write_number(to, *CONST_MEMBER(double, e, figures[i].value));
  }
  for (size_t i = 0; i < COUNT(texts); i++) {
    const char *text = *CONST_MEMBER(char *, e, texts[i].offset);
    if (text) write_text(to, texts[i].key, text);
  }
  zc_buffer_char(to, '}');
}

int zc_execution_write(const zc_execution *execution, zc_buffer *to) {
  zc_buffer own;
  zc_buffer_init(&own, ZC_EXECUTION_TEXT_MAX);
  write_members(execution, &own);
  int status = own.status;
  if (status == ZC_OK) status = zc_buffer_add(to, own.data, own.length);
  zc_buffer_finish(&own);
  return status;
}

/* ---- reading ------------------------------------------------------------------------------- */

static int read_id(const zc_json *json, zc_execution *ret) {
  const char *id = zc_json_get_text(json, "id");
  uuid_t uuid;
  if (!id || strlen(id) != ZC_EXECUTION_ID_SIZE - 1 || uuid_parse(id, uuid) != 0) return ZC_EDATA;
  uuid_unparse_lower(uuid, ret->id);
  return ZC_OK;
}

static int read_words(const zc_json *json, zc_execution *ret) {
  const char *status = zc_json_get_text(json, "status");
  const char *action = zc_json_get_text(json, "action");
  if (!status || !action || !zc_execution_status_parse(status, &ret->status)) return ZC_EDATA;
  for (zc_action a = ZC_RUN_NOW; a <= ZC_RELOCATE; a++) {
    if (strcmp(action, zc_action_text(a)) != 0) continue;
    ret->action = a;
    return ZC_OK;
  }
  return ZC_EDATA;
}

static int read_integer(const zc_json *json, const char *key, int64_t low, int64_t high,
                        int64_t *ret) {
  char digits[32];
  long long value;
  if (zc_json_digits(zc_json_get(json, key), digits, sizeof digits) != ZC_OK ||
      !zc_parse_integer(digits, &value) || value < low || value > high) {
    return ZC_EDATA;
  }
  *ret = value;
  return ZC_OK;
}

static int read_numbers(const zc_json *json, zc_execution *ret) {
  int64_t attempt;
  if (read_integer(json, "attempt", 0, UINT32_MAX, &attempt) != ZC_OK) return ZC_EDATA;
  ret->attempt = (uint32_t)attempt;
  for (size_t i = 0; i < COUNT(times); i++) {
    int64_t *time = MEMBER(zc_time, ret, times[i].offset);
    if (!times[i].required && !zc_json_get(json, times[i].key)) continue;
    if (read_integer(json, times[i].key, ZC_TIME_MIN, ZC_TIME_MAX, time) != ZC_OK) return ZC_EDATA;
  }
  for (size_t i = 0; i < COUNT(figures); i++) {
    const zc_json *figure = zc_json_get(json, figures[i].key);
    if (!figure) continue;
    if (zc_json_number(figure, MEMBER(double, ret, figures[i].value)) != ZC_OK) return ZC_EDATA;
    *MEMBER(bool, ret, figures[i].has) = true;
  }
  return ZC_OK;
}

static int read_texts(const zc_json *json, zc_execution *ret) {
  for (size_t i = 0; i < COUNT(texts); i++) {
    const zc_json *member = zc_json_get(json, texts[i].key);
    const char *text;
    size_t length;
    if (!member && !texts[i].required) continue;
    if (zc_json_text(member, &text, &length) != ZC_OK || strlen(text) != length) return ZC_EDATA;
    char *copy = zc_duplicate(text);
    if (!copy) return ZC_ENOMEM;
    *MEMBER(char *, ret, texts[i].offset) = copy;
  }
  return ZC_OK;
}

/* These go into items as they are, so they have to be members of an object. */
static int check_members(const char *members) {
  zc_buffer braced;
  zc_json *json = NULL;
  if (!members) return ZC_OK;
  zc_buffer_init(&braced, ZC_EXECUTION_TEXT_MAX + 2);
  zc_buffer_printf(&braced, "{%s}", members);
  int status = braced.status;
  if (status == ZC_OK) status = zc_json_parse(braced.data, braced.length, &json);
  zc_json_free(json);
  zc_buffer_finish(&braced);
  return status;
}

int zc_execution_read(const char *text, size_t length, zc_execution *ret) {
  zc_json *json;
  if (length > ZC_EXECUTION_TEXT_MAX) return ZC_EDATA;
  int status = zc_json_parse(text, length, &json);
  if (status != ZC_OK) return status;
  zc_execution read;
  zc_execution_init(&read);
  status = read_id(json, &read);
  if (status == ZC_OK) status = read_words(json, &read);
  if (status == ZC_OK) status = read_numbers(json, &read);
  if (status == ZC_OK) status = read_texts(json, &read);
  if (status == ZC_OK) status = check_members(read.record);
  if (status == ZC_OK) status = check_members(read.realised);
  zc_json_free(json);
  if (status == ZC_OK) {
    *ret = read;
  } else {
    zc_execution_finish(&read);
  }
  return status;
}
