#include "aws_regions.h"

#include <string.h>

/* PUE: Amazon's own figures for 2024; for a region without one, Amazon's average of the part of
 * the world that it lies in. Intensity: Electricity Maps' yearly figures for 2025 (consumption,
 * lifecycle) of the zone that the region draws from, ODbL, by way of The Green Web Foundation's
 * co2.js. */
#define PUBLISHED      "Amazon, 2024, this region"
#define AVERAGE(place) "Amazon, 2024, average of " place
#define YEARLY(zone)   "Electricity Maps, 2025, zone " zone

static const zc_aws_region regions[] = {
    {"af-south-1", 1.24, PUBLISHED, 700, YEARLY("ZA")},
    {"ap-east-1", 1.27, AVERAGE("Asia Pacific"), 590, YEARLY("HK")},
    {"ap-east-2", 1.27, AVERAGE("Asia Pacific"), 519, YEARLY("TW")},
    {"ap-northeast-1", 1.27, PUBLISHED, 535, YEARLY("JP-TK")},
    {"ap-northeast-2", 1.27, AVERAGE("Asia Pacific"), 423, YEARLY("KR")},
    {"ap-northeast-3", 1.27, AVERAGE("Asia Pacific"), 370, YEARLY("JP-KN")},
    {"ap-south-1", 1.42, PUBLISHED, 653, YEARLY("IN-WE")},
    {"ap-south-2", 1.46, PUBLISHED, 489, YEARLY("IN-SO")},
    {"ap-southeast-1", 1.32, PUBLISHED, 483, YEARLY("SG")},
    {"ap-southeast-2", 1.16, PUBLISHED, 525, YEARLY("AU-NSW")},
    {"ap-southeast-3", 1.40, PUBLISHED, 667, YEARLY("ID")},
    {"ap-southeast-4", 1.07, PUBLISHED, 474, YEARLY("AU-VIC")},
    {"ap-southeast-5", 1.27, AVERAGE("Asia Pacific"), 651, YEARLY("MY-WM")},
    {"ap-southeast-6", 1.27, AVERAGE("Asia Pacific"), 90, YEARLY("NZ")},
    {"ap-southeast-7", 1.27, AVERAGE("Asia Pacific"), 485, YEARLY("TH")},
    {"ca-central-1", 1.19, PUBLISHED, 41, YEARLY("CA-QC")},
    {"ca-west-1", 1.17, PUBLISHED, 385, YEARLY("CA-AB")},
    {"cn-north-1", 1.25, AVERAGE("China"), 485, YEARLY("CN")},
    {"cn-northwest-1", 1.25, PUBLISHED, 485, YEARLY("CN")},
    {"eu-central-1", 1.35, PUBLISHED, 342, YEARLY("DE")},
    {"eu-central-2", 1.11, AVERAGE("Europe"), 50, YEARLY("CH")},
    {"eu-north-1", 1.10, PUBLISHED, 20, YEARLY("SE-SE3")},
    {"eu-south-1", 1.11, AVERAGE("Europe"), 275, YEARLY("IT-NO")},
    {"eu-south-2", 1.09, PUBLISHED, 136, YEARLY("ES")},
    {"eu-west-1", 1.11, PUBLISHED, 301, YEARLY("IE")},
    {"eu-west-2", 1.11, AVERAGE("Europe"), 176, YEARLY("GB")},
    {"eu-west-3", 1.11, AVERAGE("Europe"), 31, YEARLY("FR")},
    {"eusc-de-east-1", 1.11, AVERAGE("Europe"), 342, YEARLY("DE")},
    {"il-central-1", 1.30, PUBLISHED, 475, YEARLY("IL")},
    {"me-central-1", 1.27, PUBLISHED, 348, YEARLY("AE")},
    {"me-south-1", 1.33, PUBLISHED, 488, YEARLY("BH")},
    {"mx-central-1", 1.14, AVERAGE("North America"), 385, YEARLY("MX")},
    {"sa-east-1", 1.17, PUBLISHED, 106, YEARLY("BR-CS")},
    {"us-east-1", 1.15, PUBLISHED, 418, YEARLY("US-MIDA-PJM")},
    {"us-east-2", 1.13, PUBLISHED, 418, YEARLY("US-MIDA-PJM")},
    {"us-gov-east-1", 1.14, AVERAGE("North America"), 418, YEARLY("US-MIDA-PJM")},
    {"us-gov-west-1", 1.14, AVERAGE("North America"), 204, YEARLY("US-NW-PACW")},
    {"us-west-1", 1.18, PUBLISHED, 208, YEARLY("US-CAL-CISO")},
    {"us-west-2", 1.12, PUBLISHED, 204, YEARLY("US-NW-PACW")},
};

const zc_aws_region *zc_aws_region_find(const char *region) {
  for (size_t i = 0; i < sizeof regions / sizeof *regions; i++) {
    if (strcmp(regions[i].region, region) == 0) return &regions[i];
  }
  return NULL;
}

const zc_aws_region *zc_aws_regions(size_t *ret_n) {
  *ret_n = sizeof regions / sizeof *regions;
  return regions;
}
