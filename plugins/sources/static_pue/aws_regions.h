/* aws_regions.h - PUE and yearly average grid intensity of AWS regions, each with its source. */
#ifndef ZC_AWS_REGIONS_H
#define ZC_AWS_REGIONS_H

#include <stddef.h>

typedef struct {
  const char *region;
  double pue;
  const char *pue_source; /* who published it, for which year and which place */
  double intensity;       /* gCO2eq/kWh, lifecycle, average of the year */
  const char *intensity_source;
} zc_aws_region;

/* The row of an AWS region, or NULL. */
const zc_aws_region *zc_aws_region_find(const char *region);

/* All rows; for tests and documentation. */
const zc_aws_region *zc_aws_regions(size_t *ret_n);

#endif
