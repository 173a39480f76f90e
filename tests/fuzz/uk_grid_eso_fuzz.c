/* uk_grid_eso_fuzz.c - any body as an answer of the UK API, about any area. */
#include "payload.h"
#include "tests/fuzz/parser_host.h"

#define NOW INT64_C(1701600300000) /* 2023-12-03T10:45Z, within the recorded answers */

static void read_as(const zc_json *json, const char *area_text) {
  zc_uk_area area;
  zc_uk_rows rows;
  if (zc_uk_area_parse(area_text, &area) != ZC_OK) abort();
  if (zc_uk_rows_read(&parser_host, json, &area, &rows) != ZC_OK) return;
  for (size_t i = 1; i < rows.n; i++) {
    if (rows.rows[i].from <= rows.rows[i - 1].from) abort();
  }
  zc_point *points = calloc(rows.n + 1, sizeof *points);
  if (!points) abort();
  size_t n = zc_uk_observed(&rows, NOW, points);
  if (n > rows.n) abort();
  check_points(points, n);
  n = zc_uk_forecast(&rows, NOW, points);
  if (n > rows.n) abort();
  check_points(points, n);
  free(points);
  zc_uk_rows_finish(&rows);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  zc_json *json;
  if (zc_json_parse((const char *)data, size, &json) != ZC_OK) return 0;
  read_as(json, "national");
  read_as(json, "13");
  read_as(json, "BH1");
  zc_json_free(json);
  return 0;
}
