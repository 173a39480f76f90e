/* payload.h - the UK carbon intensity API's answers, read as half hours.
 *
 * The API wraps its rows in many ways: `data` is a list, an object with a list of its own, or a
 * list of such objects. All are read alike. A value that is null, text or out of range is absent;
 * it never becomes a number. */
#ifndef ZC_UK_PAYLOAD_H
#define ZC_UK_PAYLOAD_H

#include <stdbool.h>
#include <zerocarb/plugin.h>

#include "area.h"

#define ZC_UK_ROWS_MAX      4096 /* 14 days, the API's longest range, are 672 */
#define ZC_UK_INTENSITY_MAX 5000.0

typedef struct {
  zc_time from, to;
  double forecast, actual; /* gCO2/kWh */
  bool has_forecast, has_actual;
  uint32_t index; /* ZC_INDEX_… */
  size_t position;
} zc_uk_row;

typedef struct {
  zc_uk_row *rows; /* ascending, one for each `from` */
  size_t n, capacity;
  size_t dropped; /* rows whose times or values were unusable */
} zc_uk_rows;

/* Reads an answer. ZC_OK, also where it holds no row; ZC_EDATA where it is about another area than
 * asked or has more than ZC_UK_ROWS_MAX rows; ZC_ENOMEM. Of doubled rows the last is kept. */
int zc_uk_rows_read(const zc_host *host, const zc_json *answer, const zc_uk_area *area,
                    zc_uk_rows *ret);
void zc_uk_rows_finish(zc_uk_rows *rows);

/* The half hours begun by `now`: measured, or where no measurement is there the forecast, as an
 * estimate. `points` has room for rows->n; returns how many were written. A measured zero whose
 * known neighbours average ZC_UK_NEIGHBOURS_MIN or more is a fault of telemetry and taken as not
 * measured. */
#define ZC_UK_NEIGHBOURS_MIN 60.0
size_t zc_uk_observed(const zc_uk_rows *rows, zc_time now, zc_point *points);

/* The half hours that end after `now`, as forecast. As above. */
size_t zc_uk_forecast(const zc_uk_rows *rows, zc_time now, zc_point *points);

#endif
