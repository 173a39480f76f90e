#include "core/model/intensity_index.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <zerocarb/plugin.h>

static void bands_of_a_year(void **state) {
  (void)state;
  static const struct {
    double intensity;
    int year;
    const char *word;
  } cases[] = {
      {0, 2026, "very low"},    {24, 2026, "very low"},   {24.9, 2026, "very low"},
      {25, 2026, "low"},        {89, 2026, "low"},        {90, 2026, "moderate"},
      {169, 2026, "moderate"},  {170, 2026, "high"},      {229, 2026, "high"},
      {230, 2026, "very high"}, {999, 2026, "very high"}, {71, 2025, "low"},
      {162, 2025, "moderate"},  {250, 2025, "very high"}, {266, 2018, "moderate"},
      {380, 2018, "very high"}, {399, 2017, "high"},      {5, 2030, "low"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_string_equal(zc_index_text(zc_index_of(cases[i].intensity, cases[i].year)),
                        cases[i].word);
  }
}

static void years_outside_take_the_nearest(void **state) {
  (void)state;
  for (int value = 0; value < 500; value++) {
    assert_int_equal(zc_index_of(value, 1999), zc_index_of(value, 2017));
    assert_int_equal(zc_index_of(value, 2042), zc_index_of(value, 2030));
  }
}

/* Bands only ever fall from year to year. */
static void bands_fall(void **state) {
  (void)state;
  for (int year = 2017; year < 2030; year++) {
    for (int value = 0; value < 500; value++) {
      assert_true(zc_index_of(value, year + 1) >= zc_index_of(value, year));
    }
  }
}

static void words_both_ways(void **state) {
  (void)state;
  for (uint32_t i = ZC_INDEX_VERY_LOW; i <= ZC_INDEX_VERY_HIGH; i++) {
    assert_int_equal(zc_index_parse(zc_index_text(i)), i);
  }
  assert_null(zc_index_text(ZC_INDEX_NONE));
  assert_null(zc_index_text(ZC_INDEX_VERY_HIGH + 1));
  assert_int_equal(zc_index_parse("Low"), ZC_INDEX_NONE);
  assert_int_equal(zc_index_parse(""), ZC_INDEX_NONE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bands_of_a_year),
      cmocka_unit_test(years_outside_take_the_nearest),
      cmocka_unit_test(bands_fall),
      cmocka_unit_test(words_both_ways),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
