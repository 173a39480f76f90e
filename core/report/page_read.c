/* page_read.c - figures, times and columns out of a report's document. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/text.h"
#include "core/base/time_text.h"
#include "core/report/markup.h"
#include "core/report/page_parts.h"

static const char *const months[] = {"January",   "February", "March",    "April",
                                     "May",       "June",     "July",     "August",
                                     "September", "October",  "November", "December"};

double zc_page_number(const zc_json *json, const char *path) {
  double value;
  const zc_json *at = zc_json_at(json, path);
  return at && zc_json_number(at, &value) == ZC_OK ? value : NAN;
}

const char *zc_page_text(const zc_json *json, const char *path) {
  const char *text;
  size_t length;
  const zc_json *at = zc_json_at(json, path);
  return at && zc_json_text(at, &text, &length) == ZC_OK ? text : "";
}

bool zc_page_time(const zc_json *json, const char *path, zc_time *ret) {
  char text[ZC_TIME_TEXT_SIZE];
  const char *given = zc_page_text(json, path);
  if (strlen(given) != strlen("2025-12-01")) return zc_time_parse(given, ret) == ZC_OK;
  snprintf(text, sizeof text, "%.10sT00:00:00Z", given);
  return zc_time_parse(text, ret) == ZC_OK;
}

size_t zc_page_count(const zc_json *json, const char *path) {
  const zc_json *at = zc_json_at(json, path);
  return at ? zc_json_count(at) : 0;
}

const zc_json *zc_page_item(const zc_json *list, size_t i) {
  const char *key;
  return zc_json_member(list, i, &key);
}

void zc_page_date(zc_time time, char text[ZC_PAGE_DATE_SIZE]) {
  zc_civil c = zc_civil_from_time(time);
  int n = snprintf(text, ZC_PAGE_DATE_SIZE, "%d %s %d", c.day, months[c.month - 1], c.year);
  if (c.hour == 0 && c.minute == 0) return;
  snprintf(text + n, ZC_PAGE_DATE_SIZE - (size_t)n, ", %02d:%02d", c.hour, c.minute);
}

void zc_page_month(const char *month, char text[ZC_PAGE_DATE_SIZE]) {
  char date[ZC_TIME_TEXT_SIZE];
  zc_time time;
  snprintf(date, sizeof date, "%.7s-01T00:00:00Z", month);
  if (zc_time_parse(date, &time) != ZC_OK) {
    zc_copy_text(text, ZC_PAGE_DATE_SIZE, month);
    return;
  }
  zc_civil c = zc_civil_from_time(time);
  snprintf(text, ZC_PAGE_DATE_SIZE, "%s %d", months[c.month - 1], c.year);
}

void zc_page_span(const zc_json *document, char text[ZC_PAGE_SPAN_SIZE]) {
  char first[ZC_PAGE_DATE_SIZE], last[ZC_PAGE_DATE_SIZE];
  zc_time from, to;
  *text = '\0';
  if (!zc_page_time(document, "from", &from) || !zc_page_time(document, "to", &to)) return;
  /* The end is exclusive: a midnight means the day before. */
  if (to % ZC_DAY == 0 && to > from) to -= ZC_DAY;
  zc_page_date(from, first);
  zc_page_date(to, last);
  snprintf(text, ZC_PAGE_SPAN_SIZE, strcmp(first, last) == 0 ? "%s" : "%s to %s", first, last);
}

/* ---- columns over time ---- */

static void label_column(zc_page_columns *columns, size_t i) {
  zc_civil c = zc_civil_from_time(columns->start + columns->step * (int64_t)i);
  snprintf(columns->texts[i], ZC_PAGE_LABEL_SIZE, "%d %.3s", c.day, months[c.month - 1]);
  columns->labels[i] = columns->texts[i];
}

void zc_page_columns_init(zc_page_columns *columns, zc_time from, zc_time to, int64_t step) {
  int64_t n = to > from ? (to - from + step - 1) / step : 0;
  int64_t left_out = n > ZC_PAGE_COLUMNS_MAX ? n - ZC_PAGE_COLUMNS_MAX : 0;
  columns->start = from + left_out * step;
  columns->step = step;
  columns->n = (size_t)(n - left_out);
  for (size_t i = 0; i < columns->n; i++) {
    label_column(columns, i);
    for (size_t k = 0; k < ZC_CHART_RANKS_MAX; k++)
      columns->values[k][i] = NAN;
  }
}

size_t zc_page_column_of(const zc_page_columns *columns, const zc_json *item) {
  zc_time date;
  if (!zc_page_time(item, "date", &date) || date < columns->start) return columns->n;
  int64_t column = (date - columns->start) / columns->step;
  return column < (int64_t)columns->n ? (size_t)column : columns->n;
}

void zc_page_columns_read(zc_page_columns *columns, size_t row, const zc_json *list,
                          const char *member) {
  for (size_t i = 0; i < zc_json_count(list); i++) {
    const zc_json *item = zc_page_item(list, i);
    size_t column = zc_page_column_of(columns, item);
    if (column < columns->n) columns->values[row][column] = zc_page_number(item, member);
  }
}

const char *zc_page_columns_scale(zc_page_columns *columns, size_t n_rows) {
  double greatest = 0.0, divisor;
  for (size_t k = 0; k < n_rows; k++) {
    for (size_t i = 0; i < columns->n; i++)
      greatest = fmax(greatest, fabs(columns->values[k][i]));
  }
  const char *unit = zc_mass_unit(greatest, &divisor);
  for (size_t k = 0; k < n_rows; k++) {
    for (size_t i = 0; i < columns->n; i++)
      columns->values[k][i] /= divisor;
  }
  return unit;
}
