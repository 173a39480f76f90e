#include "zone.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* As Electricity Maps assigns them (its data centre list, 2026); where that list has no entry, the
 * grid that the region's country or US state belongs to. */
static const struct {
  const char *region, *zone;
} aws_zones[] = {
    {"af-south-1", "ZA"},
    {"ap-east-1", "HK"},
    {"ap-east-2", "TW"}, /* by country */
    {"ap-northeast-1", "JP-TK"},
    {"ap-northeast-2", "KR"},
    {"ap-northeast-3", "JP-KN"},
    {"ap-south-1", "IN-WE"},
    {"ap-south-2", "IN-SO"},
    {"ap-southeast-1", "SG"},
    {"ap-southeast-2", "AU-NSW"},
    {"ap-southeast-3", "ID"},
    {"ap-southeast-4", "AU-VIC"},
    {"ap-southeast-5", "MY-WM"},
    {"ap-southeast-6", "NZ"},
    {"ap-southeast-7", "TH"},
    {"ca-central-1", "CA-QC"},
    {"ca-west-1", "CA-AB"},
    {"cn-north-1", "CN"},     /* by country */
    {"cn-northwest-1", "CN"}, /* by country */
    {"eu-central-1", "DE"},
    {"eu-central-2", "CH"},
    {"eu-north-1", "SE-SE3"},
    {"eu-south-1", "IT-NO"},
    {"eu-south-2", "ES"},
    {"eu-west-1", "IE"},
    {"eu-west-2", "GB"},
    {"eu-west-3", "FR"},
    {"eusc-de-east-1", "DE"}, /* by country */
    {"il-central-1", "IL"},
    {"me-central-1", "AE"},
    {"me-south-1", "BH"},
    {"mx-central-1", "MX"},
    {"sa-east-1", "BR-CS"},
    {"us-east-1", "US-MIDA-PJM"},
    {"us-east-2", "US-MIDA-PJM"},
    {"us-gov-east-1", "US-MIDA-PJM"}, /* as us-east-2, its neighbour */
    {"us-gov-west-1", "US-NW-PACW"},  /* as us-west-2, its neighbour */
    {"us-west-1", "US-CAL-CISO"},
    {"us-west-2", "US-NW-PACW"},
};

const char *zc_em_zone_of_aws(const char *region) {
  for (size_t i = 0; i < sizeof aws_zones / sizeof *aws_zones; i++) {
    if (strcmp(aws_zones[i].region, region) == 0) return aws_zones[i].zone;
  }
  return NULL;
}

bool zc_em_is_zone(const char *text) {
  size_t n = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");
  return n >= 2 && n < ZC_EM_NAME_MAX && text[n] == '\0' && text[0] != '-';
}

bool zc_em_split_data_center(const char *text, char *ret_provider, char *ret_region) {
  static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
  size_t provider = strspn(text, allowed);
  if (provider == 0 || provider >= ZC_EM_NAME_MAX || text[provider] != '/') return false;
  const char *region = text + provider + 1;
  size_t n = strspn(region, allowed);
  if (n == 0 || n >= ZC_EM_NAME_MAX || region[n] != '\0') return false;
  snprintf(ret_provider, ZC_EM_NAME_MAX, "%.*s", (int)provider, text);
  snprintf(ret_region, ZC_EM_NAME_MAX, "%s", region);
  return true;
}
