#include "payload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WRAPPINGS_MAX 4 /* data: [{data: [row]}] is the deepest seen */
#define SLOT_MIN_MS   INT64_C(1800000)
#define SLOT_MAX_MS   INT64_C(86400000)

static uint32_t read_index(const zc_host *host, const zc_json *row) {
  static const char *const words[] = {"", "very low", "low", "moderate", "high", "very high"};
  const char *word;
  if (host->json_text(host->json_at(row, "intensity/index"), &word, NULL) != ZC_OK) {
    return ZC_INDEX_NONE;
  }
  for (uint32_t i = ZC_INDEX_VERY_LOW; i <= ZC_INDEX_VERY_HIGH; i++) {
    if (strcmp(word, words[i]) == 0) return i;
  }
  return ZC_INDEX_NONE;
}

static bool read_value(const zc_host *host, const zc_json *row, const char *path, double *ret) {
  double value;
  if (host->json_number(host->json_at(row, path), &value) != ZC_OK) return false;
  if (!(value >= 0 && value <= ZC_UK_INTENSITY_MAX)) return false;
  *ret = value;
  return true;
}

static bool read_time(const zc_host *host, const zc_json *row, const char *path, zc_time *ret) {
  const char *text;
  if (host->json_text(host->json_at(row, path), &text, NULL) != ZC_OK) return false;
  return host->time_parse(text, ret) == ZC_OK;
}

static bool read_row(const zc_host *host, const zc_json *json, zc_uk_row *row) {
  memset(row, 0, sizeof *row);
  if (!read_time(host, json, "from", &row->from) || !read_time(host, json, "to", &row->to)) {
    return false;
  }
  if (row->to - row->from < SLOT_MIN_MS || row->to - row->from > SLOT_MAX_MS) return false;
  row->has_forecast = read_value(host, json, "intensity/forecast", &row->forecast);
  row->has_actual = read_value(host, json, "intensity/actual", &row->actual);
  row->index = read_index(host, json);
  return row->has_forecast || row->has_actual;
}

static int add_row(const zc_host *host, const zc_json *json, zc_uk_rows *rows) {
  zc_uk_row row;
  if (rows->n + rows->dropped >= ZC_UK_ROWS_MAX) return ZC_EDATA;
  if (!read_row(host, json, &row)) {
    rows->dropped++;
    return ZC_OK;
  }
  if (rows->n == rows->capacity) {
    size_t capacity = rows->capacity ? rows->capacity * 2 : 128;
    zc_uk_row *grown = realloc(rows->rows, capacity * sizeof *grown);
    if (!grown) return ZC_ENOMEM;
    rows->rows = grown;
    rows->capacity = capacity;
  }
  row.position = rows->n;
  rows->rows[rows->n++] = row;
  return ZC_OK;
}

/* A wrapper names the region that it is about; figures of another one must not pass for ours. */
static bool is_about(const zc_host *host, const zc_json *wrapper, const zc_uk_area *area) {
  double id;
  const char *postcode;
  if (area->kind == ZC_UK_POSTCODE) {
    const zc_json *member = host->json_at(wrapper, "postcode");
    return host->json_text(member, &postcode, NULL) != ZC_OK || strcmp(postcode, area->text) == 0;
  }
  if (host->json_number(host->json_at(wrapper, "regionid"), &id) != ZC_OK) return true;
  return area->kind == ZC_UK_REGION_ID && id == area->region_id;
}

static int collect(const zc_host *host, const zc_json *json, const zc_uk_area *area, int depth,
                   zc_uk_rows *rows) {
  if (depth > WRAPPINGS_MAX) return ZC_OK;
  if (host->json_type(json) == ZC_JSON_OBJECT) {
    if (host->json_at(json, "from")) return add_row(host, json, rows);
    if (!is_about(host, json, area)) return ZC_EDATA;
    return collect(host, host->json_at(json, "data"), area, depth + 1, rows);
  }
  if (host->json_type(json) != ZC_JSON_ARRAY) return ZC_OK;
  size_t n = host->json_count(json);
  for (size_t i = 0; i < n; i++) {
    int status = collect(host, host->json_member(json, i, NULL), area, depth + 1, rows);
    if (status != ZC_OK) return status;
  }
  return ZC_OK;
}

static int compare_rows(const void *left, const void *right) {
  const zc_uk_row *a = left, *b = right;
  if (a->from != b->from) return a->from < b->from ? -1 : 1;
  return a->position < b->position ? -1 : a->position > b->position;
}

static void sort_rows(zc_uk_rows *rows) {
  size_t kept = 0;
  if (rows->n == 0) return;
  qsort(rows->rows, rows->n, sizeof *rows->rows, compare_rows);
  for (size_t i = 1; i < rows->n; i++) {
    if (rows->rows[i].from != rows->rows[kept].from) kept++;
    rows->rows[kept] = rows->rows[i];
  }
  rows->n = kept + 1;
}

int zc_uk_rows_read(const zc_host *host, const zc_json *answer, const zc_uk_area *area,
                    zc_uk_rows *ret) {
  zc_uk_rows rows = {0};
  int status = collect(host, answer, area, 0, &rows);
  if (status != ZC_OK) {
    zc_uk_rows_finish(&rows);
    return status;
  }
  sort_rows(&rows);
  *ret = rows;
  return ZC_OK;
}

void zc_uk_rows_finish(zc_uk_rows *rows) {
  free(rows->rows);
  memset(rows, 0, sizeof *rows);
}

static bool is_zero(const zc_uk_row *row) {
  return row->has_actual && row->actual == 0;
}

static bool is_measured_beside(const zc_uk_row *left, const zc_uk_row *right,
                               const zc_uk_row *measured) {
  return left->to == right->from && measured->has_actual;
}

/* Great Britain's grid does not fall to 0 and rise again within half hours. */
static bool is_telemetry_fault(const zc_uk_rows *rows, size_t i) {
  const zc_uk_row *row = rows->rows, *end = row + rows->n, *first = row + i, *last = first;
  double sum = 0, known = 0;
  if (!is_zero(first)) return false;
  while (first > row && is_zero(first - 1) && first[-1].to == first->from)
    first--;
  while (last + 1 < end && is_zero(last + 1) && last->to == last[1].from)
    last++;
  if (first > row && is_measured_beside(first - 1, first, first - 1)) {
    sum += first[-1].actual;
    known++;
  }
  if (last + 1 < end && is_measured_beside(last, last + 1, last + 1)) {
    sum += last[1].actual;
    known++;
  }
  return known > 0 && sum / known >= ZC_UK_NEIGHBOURS_MIN;
}

static void set_point(zc_point *point, const zc_uk_row *row, uint32_t flags) {
  point->from = row->from;
  point->to = row->to;
  point->value = flags == ZC_POINT_OBSERVED ? row->actual : row->forecast;
  point->flags = flags;
  point->index = row->index;
}

size_t zc_uk_observed(const zc_uk_rows *rows, zc_time now, zc_point *points) {
  size_t n = 0;
  for (size_t i = 0; i < rows->n && rows->rows[i].from <= now; i++) {
    const zc_uk_row *row = &rows->rows[i];
    if (row->has_actual && !is_telemetry_fault(rows, i)) {
      set_point(&points[n++], row, ZC_POINT_OBSERVED);
    } else if (row->has_forecast) {
      set_point(&points[n++], row, ZC_POINT_ESTIMATED);
    }
  }
  return n;
}

size_t zc_uk_forecast(const zc_uk_rows *rows, zc_time now, zc_point *points) {
  size_t n = 0;
  for (size_t i = 0; i < rows->n; i++) {
    const zc_uk_row *row = &rows->rows[i];
    if (row->to > now && row->has_forecast) set_point(&points[n++], row, ZC_POINT_FORECAST);
  }
  return n;
}
