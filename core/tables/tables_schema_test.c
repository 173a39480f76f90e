#include "core/tables/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* "name partition:type sort:type" */
static void assert_keys(const zc_table_index *index, const char *wanted) {
  char text[256];
  snprintf(text, sizeof text, "%s %s:%c %s:%c", index->name, index->partition_key,
           index->partition_type, index->sort_key, index->sort_type);
  assert_string_equal(text, wanted);
}

static void keys_of_the_five(void **state) {
  (void)state;
  static const char *const wanted[ZC_TABLES] = {
      "pipeline_executions execution_id:S timestamp:N",
      "carbon_intensity_history region:S timestamp:N",
      "pipeline_analytics pipeline_name:S date:S",
      "regional_insights date:S hour:N",
      "carbon_leaderboard period:S identifier:S",
  };
  for (size_t i = 0; i < ZC_TABLES; i++) {
    assert_keys(&zc_tables[i]->primary, wanted[i]);
    assert_int_equal(zc_tables[i]->size, sizeof(zc_table));
    assert_string_equal(zc_tables[i]->ttl_attribute, "ttl");
    assert_ptr_equal(zc_table_find(zc_tables[i]->primary.name), zc_tables[i]);
    assert_int_equal(zc_tables[i]->n_indexes, i == ZC_TABLE_EXECUTIONS ? 4 : 0);
  }
  assert_null(zc_table_find("pipelines"));
}

static void indexes_of_executions(void **state) {
  (void)state;
  static const char *const wanted[] = {
      "pipeline_name_index pipeline_name:S timestamp:N",
      "status_index status:S timestamp:N",
      "carbon_savings_index carbon_analysis.decision:S carbon_analysis.savings_g:N",
      "region_performance_index carbon_analysis.optimal_region:S timestamp:N",
  };
  for (size_t i = 0; i < 4; i++) {
    assert_keys(&zc_tables[ZC_TABLE_EXECUTIONS]->indexes[i], wanted[i]);
  }
}

static void ttl_is_row_and_retention(void **state) {
  (void)state;
  static const int days[ZC_TABLES] = {365, 30, 365, 60, 730};
  for (size_t i = 0; i < ZC_TABLES; i++) {
    assert_int_equal(zc_table_ttl(zc_tables[i], 1702551000999), 1702551000 + days[i] * 86400);
  }
  assert_int_equal(zc_table_ttl(zc_tables[ZC_TABLE_HISTORY], -1), -1 + 30 * 86400);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(keys_of_the_five),
      cmocka_unit_test(indexes_of_executions),
      cmocka_unit_test(ttl_is_row_and_retention),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
