/* area.h - which part of Great Britain a region of the config draws its power from. */
#ifndef ZC_UK_AREA_H
#define ZC_UK_AREA_H

#include <zerocarb/plugin.h>

enum { ZC_UK_NATIONAL, ZC_UK_REGION_ID, ZC_UK_POSTCODE };

typedef struct {
  int kind;
  int region_id; /* ZC_UK_REGION_ID: 1..17 */
  char text[16]; /* "national", the id in digits, or the outward postcode in capitals */
} zc_uk_area;

/* "national", "1".."17", or an outward postcode ("BH1", "sw1a"). ZC_EINVAL for anything else. */
int zc_uk_area_parse(const char *text, zc_uk_area *ret);

#endif
