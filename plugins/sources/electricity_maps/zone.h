/* zone.h - Electricity Maps' names for grids, and which one each AWS region draws from. */
#ifndef ZC_EM_ZONE_H
#define ZC_EM_ZONE_H

#include <stdbool.h>

#define ZC_EM_NAME_MAX 40 /* of a zone, a provider or a provider's region, with its terminator */

/* The zone of an AWS region, or NULL where the region is not in the table. */
const char *zc_em_zone_of_aws(const char *region);

/* Capitals, digits and dashes: "DE", "SE-SE3", "US-CAL-CISO". */
bool zc_em_is_zone(const char *text);

/* Splits "aws/eu-west-1" into its halves, each of size ZC_EM_NAME_MAX; false where it is not a
 * provider and a region in lower case. */
bool zc_em_split_data_center(const char *text, char *ret_provider, char *ret_region);

#endif
