#include "recording.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "row.h"

#define INTENSITY_MAX 5000 /* gCO2eq/kWh: several times what the dirtiest plant emits */
#define HALF_HOUR_MS  INT64_C(1800000)
#define SHOWN         60 /* bytes of a bad field in a message */

typedef struct {
  const zc_host *host;
  const char *name;
  char *next, *end; /* of the text */
  size_t line;
  size_t n_fields; /* of the header */
  size_t *columns; /* position of each column asked for */
  bool has_to;
  zc_recording *recording;
  char *why;
  size_t why_size;
} reader;

static int bad(const reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int bad(const reader *r, const char *format, ...) {
  int n = snprintf(r->why, r->why_size, "%s:%zu: ", r->name, r->line ? r->line : 1);
  if (n < 0 || (size_t)n >= r->why_size) return ZC_EDATA;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(r->why + n, r->why_size - (size_t)n, format, arguments);
  va_end(arguments);
  return ZC_EDATA;
}

/* ---- lines --------------------------------------------------------------------------------- */

/* The next line, terminated; NULL in *ret_line at the end of the text. */
static int next_line(reader *r, char **ret_line) {
  *ret_line = NULL;
  if (r->next == r->end) return ZC_OK;
  char *line = r->next, *stop = memchr(line, '\n', (size_t)(r->end - line));
  r->line++;
  if (!stop) stop = r->end;
  r->next = stop < r->end ? stop + 1 : stop;
  *stop = '\0';
  if ((size_t)(stop - line) > ZC_TRACE_LINE_MAX) {
    return bad(r, "the line is longer than %d bytes", ZC_TRACE_LINE_MAX);
  }
  if (strlen(line) != (size_t)(stop - line)) return bad(r, "the line holds a NUL byte");
  *ret_line = line;
  return ZC_OK;
}

static bool is_empty(const char *line) {
  return line[strspn(line, " \t\r")] == '\0';
}

/* ---- the header ---------------------------------------------------------------------------- */

static int find_column(reader *r, char *const *fields, const char *wanted, size_t *ret) {
  size_t found = 0, first = r->has_to ? 2 : 1;
  for (size_t i = first; i < r->n_fields; i++) {
    if (strcmp(fields[i], wanted) != 0) continue;
    if (found) return bad(r, "column \"%.*s\" stands twice", SHOWN, wanted);
    found = i;
  }
  if (!found) {
    return bad(r, "no column \"%.*s\"; the first of those that are there is \"%.*s\"", SHOWN,
               wanted, SHOWN, first < r->n_fields ? fields[first] : "");
  }
  *ret = found;
  return ZC_OK;
}

/* What does not begin as a trace may be any file, with secrets: nothing of it is shown. */
static int check_header(reader *r, char *const *fields) {
  const char *first = fields[0];
  if (strcmp(first, "from") == 0) {
    r->has_to = r->n_fields > 1 && strcmp(fields[1], "to") == 0;
    return r->has_to ? ZC_OK : bad(r, "after \"from\" the header must have \"to\"");
  }
  if (strcmp(first, "timestamp") != 0 && strcmp(first, "time") != 0 &&
      strcmp(first, "datetime") != 0) {
    return bad(r, "the header does not begin with timestamp, or from,to");
  }
  return ZC_OK;
}

static int read_header(reader *r, const char *const *columns) {
  static const char byte_order_mark[] = "\xef\xbb\xbf";
  char *fields[ZC_TRACE_FIELDS_MAX], *line;
  size_t n_mark = sizeof byte_order_mark - 1;
  if ((size_t)(r->end - r->next) >= n_mark && memcmp(r->next, byte_order_mark, n_mark) == 0) {
    r->next += n_mark;
  }
  int status;
  do {
    status = next_line(r, &line);
    if (status != ZC_OK) return status;
    if (!line) return bad(r, "the file has no header");
  } while (line[0] == '#' || is_empty(line));
  r->n_fields = zc_trace_split(line, fields);
  if (r->n_fields == 0) return bad(r, "the header has more than %d fields", ZC_TRACE_FIELDS_MAX);
  status = check_header(r, fields);
  for (size_t i = 0; i < r->recording->n_columns && status == ZC_OK; i++) {
    status = find_column(r, fields, columns[i], &r->columns[i]);
  }
  return status;
}

/* ---- rows ---------------------------------------------------------------------------------- */

static int grow(zc_recording *recording) {
  if (recording->n < recording->capacity) return ZC_OK;
  size_t capacity = recording->capacity ? recording->capacity * 2 : 1024;
  zc_time *from = realloc(recording->from, capacity * sizeof *from);
  if (!from) return ZC_ENOMEM;
  recording->from = from;
  zc_time *to = realloc(recording->to, capacity * sizeof *to);
  if (!to) return ZC_ENOMEM;
  recording->to = to;
  for (size_t i = 0; i < recording->n_columns; i++) {
    double *values = realloc(recording->columns[i].values, capacity * sizeof *values);
    if (!values) return ZC_ENOMEM;
    recording->columns[i].values = values;
  }
  recording->capacity = capacity;
  return ZC_OK;
}

static int read_time(const reader *r, const char *field, zc_time *ret) {
  if (zc_trace_time(r->host, field, ret) == ZC_OK) return ZC_OK;
  return bad(r, "\"%.*s\" is not a time in UTC, such as 2026-01-02T03:00:00Z", SHOWN, field);
}

static int check_order(const reader *r, const char *field, zc_time from) {
  const zc_recording *recording = r->recording;
  if (recording->n == 0) return ZC_OK;
  zc_time before = recording->from[recording->n - 1];
  if (from == before) return bad(r, "%.*s stands twice", SHOWN, field);
  if (from < before) return bad(r, "%.*s is earlier than the row above it", SHOWN, field);
  if (r->has_to && from < recording->to[recording->n - 1]) {
    return bad(r, "%.*s lies inside the slot above it", SHOWN, field);
  }
  return ZC_OK;
}

static int read_values(reader *r, char *const *fields) {
  zc_recording *recording = r->recording;
  for (size_t i = 0; i < recording->n_columns; i++) {
    const char *field = fields[r->columns[i]];
    double *value = &recording->columns[i].values[recording->n];
    if (field[0] == '\0') {
      *value = NAN;
    } else if (zc_trace_value(field, value) != ZC_OK || *value > INTENSITY_MAX) {
      return bad(r, "\"%.*s\" is not a carbon intensity: a number from 0 to 5000", SHOWN, field);
    }
  }
  return ZC_OK;
}

static int read_row(reader *r, char *line) {
  zc_recording *recording = r->recording;
  char *fields[ZC_TRACE_FIELDS_MAX];
  size_t n = zc_trace_split(line, fields);
  if (n != r->n_fields) {
    return bad(r, "the line has %zu fields where the header has %zu", n, r->n_fields);
  }
  int status = grow(recording);
  if (status != ZC_OK) return status;
  zc_time *from = &recording->from[recording->n], *to = &recording->to[recording->n];
  status = read_time(r, fields[0], from);
  if (status == ZC_OK && r->has_to) status = read_time(r, fields[1], to);
  if (status == ZC_OK && r->has_to && *to <= *from) {
    status = bad(r, "the slot from %.*s ends before it begins", SHOWN, fields[0]);
  }
  if (status == ZC_OK) status = check_order(r, fields[0], *from);
  if (status == ZC_OK) status = read_values(r, fields);
  if (status == ZC_OK) recording->n++;
  return status;
}

static int set_ends(reader *r) {
  zc_recording *recording = r->recording;
  size_t n = recording->n;
  if (n == 0) return bad(r, "the file has no rows");
  if (r->has_to) return ZC_OK;
  if (n == 1) return bad(r, "one row alone does not tell when its slot ends");
  for (size_t i = 0; i + 1 < n; i++) {
    recording->to[i] = recording->from[i + 1];
  }
  recording->to[n - 1] = recording->from[n - 1] + (recording->from[n - 1] - recording->from[n - 2]);
  return ZC_OK;
}

/* ---- zeros that no grid ever had ----------------------------------------------------------- */

/* Zeros first..last, all of them short slots, between two high values: no grid falls that fast. */
static bool is_false_run(const zc_recording *recording, const double *values, size_t first,
                         size_t last) {
  if (first == 0 || last + 1 == recording->n) return false;
  for (size_t i = first; i <= last + 1; i++) {
    if (recording->to[i - 1] != recording->from[i]) return false;
    if (i <= last && recording->to[i] - recording->from[i] > HALF_HOUR_MS) return false;
  }
  return (values[first - 1] + values[last + 1]) / 2 >= ZC_TRACE_NEIGHBOURS_MIN; /* NaN: no */
}

static void drop_false_zeros(const zc_recording *recording, zc_trace_column *column) {
  double *values = column->values;
  for (size_t first = 0; first < recording->n; first++) {
    if (values[first] != 0) continue;
    size_t last = first;
    while (last + 1 < recording->n && values[last + 1] == 0)
      last++;
    if (is_false_run(recording, values, first, last)) {
      if (column->n_false_zeros == 0) column->first_false_zero = recording->from[first];
      column->n_false_zeros += last - first + 1;
      for (size_t i = first; i <= last; i++)
        values[i] = NAN;
    }
    first = last;
  }
}

/* ---- whole files --------------------------------------------------------------------------- */

static int read_all(reader *r, const char *const *columns) {
  char *line;
  int status = read_header(r, columns);
  while (status == ZC_OK) {
    status = next_line(r, &line);
    if (status != ZC_OK || !line) break;
    if (!is_empty(line)) status = read_row(r, line);
  }
  if (status == ZC_OK) status = set_ends(r);
  for (size_t i = 0; i < r->recording->n_columns && status == ZC_OK; i++) {
    drop_false_zeros(r->recording, &r->recording->columns[i]);
  }
  return status;
}

int zc_recording_parse(const zc_host *host, char *text, size_t length, const char *name,
                       const char *const *columns, size_t n_columns, zc_recording *ret, char *why,
                       size_t why_size) {
  zc_recording recording = {0};
  reader r = {.host = host,
              .name = name,
              .next = text,
              .end = text + length,
              .recording = &recording,
              .why = why,
              .why_size = why_size};
  int status = ZC_ENOMEM;
  r.columns = calloc(n_columns, sizeof *r.columns);
  recording.columns = calloc(n_columns, sizeof *recording.columns);
  if (r.columns && recording.columns) {
    recording.n_columns = n_columns;
    status = read_all(&r, columns);
  }
  free(r.columns);
  if (status == ZC_OK) {
    *ret = recording;
    return ZC_OK;
  }
  if (status == ZC_ENOMEM) snprintf(why, why_size, "%s: no memory for it", name);
  zc_recording_finish(&recording);
  return status;
}

void zc_recording_finish(zc_recording *recording) {
  for (size_t i = 0; i < recording->n_columns; i++)
    free(recording->columns[i].values);
  free(recording->columns);
  free(recording->from);
  free(recording->to);
  memset(recording, 0, sizeof *recording);
}

size_t zc_recording_find(const zc_recording *recording, zc_time time) {
  size_t low = 0, high = recording->n;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (recording->to[middle] > time) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}
