#include "payload.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS   (60 * MINUTE_MS)

typedef struct {
  const zc_host *host;
  const zc_em_question *question;
  zc_time slot_ms;
  zc_em_answer *answer;
  char *why;
  size_t why_size;
} reader;

const char *zc_em_endpoint_word(int endpoint) {
  static const char *const words[] = {"latest", "history", "past-range", "forecast"};
  return words[endpoint];
}

static int unusable(const reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int unusable(const reader *r, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(r->why, r->why_size, format, arguments);
  va_end(arguments);
  return ZC_EDATA;
}

static const char *text_of(const reader *r, const zc_json *json, const char *key) {
  const char *text;
  return r->host->json_text(r->host->json_at(json, key), &text, NULL) == ZC_OK ? text : NULL;
}

/* The answer itself, and again every row, may say what it is about. */
static int check_subject(const reader *r, const zc_json *json) {
  const zc_em_question *q = r->question;
  const char *zone = text_of(r, json, "zone"), *factors = text_of(r, json, "emissionFactorType");
  if (zone && q->zone && strcmp(zone, q->zone) != 0) {
    return unusable(r, "the answer is about zone %.40s", zone);
  }
  if (factors && strcmp(factors, q->factors) != 0) {
    return unusable(r, "the answer does not count %s emissions, but %.20s", q->factors, factors);
  }
  return ZC_OK;
}

static int read_granularity(reader *r, const zc_json *json) {
  const char *word = text_of(r, json, "temporalGranularity");
  r->slot_ms = HOUR_MS;
  if (!word || strcmp(word, "hourly") == 0) return ZC_OK;
  if (strcmp(word, "15_minutes") == 0) {
    r->slot_ms = 15 * MINUTE_MS;
  } else if (strcmp(word, "5_minutes") == 0) {
    r->slot_ms = 5 * MINUTE_MS;
  } else {
    return unusable(r, "the answer is in steps of %.20s", word);
  }
  return ZC_OK;
}

static uint32_t flags_of(const reader *r, const zc_json *row, zc_time from) {
  int estimated;
  if (r->question->endpoint == ZC_EM_FORECAST || from > r->question->now) return ZC_POINT_FORECAST;
  const zc_json *member = r->host->json_at(row, "isEstimated");
  if (r->host->json_boolean(member, &estimated) != ZC_OK) return ZC_POINT_ESTIMATED;
  return estimated ? ZC_POINT_ESTIMATED : ZC_POINT_OBSERVED;
}

static int read_row(reader *r, const zc_json *row) {
  zc_em_answer *answer = r->answer;
  zc_point *point = &answer->points[answer->n];
  const char *time = text_of(r, row, "datetime");
  double value;
  int status = check_subject(r, row);
  if (status != ZC_OK) return status;
  if (r->host->json_number(r->host->json_at(row, "carbonIntensity"), &value) != ZC_OK ||
      !(value >= 0 && value <= ZC_EM_INTENSITY_MAX) || !time ||
      r->host->time_parse(time, &point->from) != ZC_OK) {
    answer->without_value++;
    return ZC_OK;
  }
  point->to = point->from + r->slot_ms;
  point->value = value;
  point->flags = flags_of(r, row, point->from);
  point->index = ZC_INDEX_NONE;
  if (r->question->endpoint != ZC_EM_FORECAST || point->to > r->question->now) answer->n++;
  return ZC_OK;
}

static const zc_json *find_rows(const reader *r, const zc_json *json) {
  const zc_json *rows = r->host->json_at(json, zc_em_endpoint_word(r->question->endpoint));
  if (!rows) rows = r->host->json_at(json, "data");
  return r->host->json_type(rows) == ZC_JSON_ARRAY ? rows : NULL;
}

static int read_list(reader *r, const zc_json *json) {
  const char *word = zc_em_endpoint_word(r->question->endpoint);
  const zc_json *rows = find_rows(r, json);
  if (!rows) return unusable(r, "the answer has no list of %s values", word);
  size_t n = r->host->json_count(rows);
  if (n > ZC_EM_ROWS_MAX) return unusable(r, "the answer has %zu rows", n);
  r->answer->points = calloc(n + 1, sizeof *r->answer->points);
  if (!r->answer->points) return ZC_ENOMEM;
  for (size_t i = 0; i < n; i++) {
    int status = read_row(r, r->host->json_member(rows, i, NULL));
    if (status != ZC_OK) return status;
  }
  if (r->answer->n > 0) return ZC_OK;
  return unusable(r, "none of the %zu rows of the %s has a usable value", n, word);
}

static int read_single(reader *r, const zc_json *row) {
  r->answer->points = calloc(1, sizeof *r->answer->points);
  if (!r->answer->points) return ZC_ENOMEM;
  int status = read_row(r, row);
  if (status != ZC_OK || r->answer->n > 0) return status;
  return unusable(r, "the answer has no usable carbonIntensity and datetime");
}

/* What version 1 answers, still seen on old plans: {status, countryCode, data: {…}}, lifecycle. */
static int read_version_1(reader *r, const zc_json *json, const char *status_word) {
  const zc_em_question *q = r->question;
  const char *zone = text_of(r, json, "countryCode");
  if (strcmp(status_word, "no-data") == 0) {
    return unusable(r, "status \"no-data\" for zone %.40s", zone ? zone : "?");
  }
  if (strcmp(status_word, "ok") != 0) {
    return unusable(r, "the answer has an unknown status: %.40s", status_word);
  }
  if (!zone || (q->zone && strcmp(zone, q->zone) != 0)) {
    return unusable(r, "the answer is about zone %.40s", zone ? zone : "?");
  }
  if (q->endpoint != ZC_EM_LATEST || strcmp(q->factors, "lifecycle") != 0) {
    return unusable(r, "the answer is of API version 1, which has no %s %s values", q->factors,
                    zc_em_endpoint_word(q->endpoint));
  }
  return read_single(r, r->host->json_at(json, "data"));
}

static int read_any(reader *r, const zc_json *json) {
  const char *status_word = text_of(r, json, "status");
  if (r->host->json_type(json) != ZC_JSON_OBJECT) return unusable(r, "the answer is not an object");
  int status = read_granularity(r, json);
  if (status == ZC_OK) status = check_subject(r, json);
  if (status != ZC_OK) return status;
  if (!text_of(r, json, "zone")) {
    if (status_word) return read_version_1(r, json, status_word);
    return unusable(r, "the answer names no zone");
  }
  return r->question->endpoint == ZC_EM_LATEST ? read_single(r, json) : read_list(r, json);
}

int zc_em_read(const zc_host *host, const zc_json *json, const zc_em_question *question,
               zc_em_answer *ret, char *why, size_t why_size) {
  zc_em_answer answer = {0};
  reader r = {host, question, HOUR_MS, &answer, why, why_size};
  int status = read_any(&r, json);
  if (status != ZC_OK) {
    if (status == ZC_ENOMEM) snprintf(why, why_size, "no memory for the answer");
    zc_em_answer_finish(&answer);
    return status;
  }
  *ret = answer;
  return ZC_OK;
}

void zc_em_answer_finish(zc_em_answer *answer) {
  free(answer->points);
  memset(answer, 0, sizeof *answer);
}
