#include "core/model/intensity_index.h"

#include <string.h>
#include <zerocarb/plugin.h>

#define FIRST_YEAR 2017
#define LAST_YEAR  2030

/* Where low, moderate, high and very high begin, gCO2eq/kWh. */
static const int bands[LAST_YEAR - FIRST_YEAR + 1][4] = {
    {100, 200, 300, 400}, /* 2017 */
    {80, 180, 280, 380},  /* 2018 */
    {60, 160, 260, 360},  /* 2019 */
    {55, 150, 230, 350},  /* 2020 */
    {50, 140, 220, 330},  /* 2021 */
    {45, 130, 210, 310},  /* 2022 */
    {40, 120, 200, 290},  /* 2023 */
    {35, 110, 190, 270},  /* 2024 */
    {30, 100, 180, 250},  /* 2025 */
    {25, 90, 170, 230},   /* 2026 */
    {20, 80, 160, 210},   /* 2027 */
    {15, 70, 150, 190},   /* 2028 */
    {10, 60, 140, 170},   /* 2029 */
    {5, 50, 130, 150},    /* 2030 */
};

static const char *const words[] = {NULL, "very low", "low", "moderate", "high", "very high"};

uint32_t zc_index_of(double grid_intensity, int year) {
  if (year < FIRST_YEAR) year = FIRST_YEAR;
  if (year > LAST_YEAR) year = LAST_YEAR;
  uint32_t index = ZC_INDEX_VERY_LOW;
  for (int i = 0; i < 4 && grid_intensity >= bands[year - FIRST_YEAR][i]; i++) {
    index++;
  }
  return index;
}

const char *zc_index_text(uint32_t index) {
  return index <= ZC_INDEX_VERY_HIGH ? words[index] : NULL;
}

uint32_t zc_index_parse(const char *text) {
  for (uint32_t i = ZC_INDEX_VERY_LOW; i <= ZC_INDEX_VERY_HIGH; i++) {
    if (strcmp(text, words[i]) == 0) return i;
  }
  return ZC_INDEX_NONE;
}
