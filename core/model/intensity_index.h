/* intensity_index.h - "very low" … "very high": the UK API's bands per calendar year (NESO national
 * methodology, table 2), from the grid intensity. */
#ifndef ZC_MODEL_INTENSITY_INDEX_H
#define ZC_MODEL_INTENSITY_INDEX_H

#include <stdint.h>

/* ZC_INDEX_… for a grid intensity in a year; years outside 2017..2030 take the nearest. */
uint32_t zc_index_of(double grid_intensity, int year);
/* "very low" …; NULL for ZC_INDEX_NONE */
const char *zc_index_text(uint32_t index);
uint32_t zc_index_parse(const char *text); /* ZC_INDEX_NONE where it is none of them */

#endif
