#include <fcntl.h>
#include <math.h>

#include "core/base/random.h"
#include "sink_rig.h"

static const zc_table *executions(void) {
  return zc_tables[ZC_TABLE_EXECUTIONS];
}

#define ITEMS 300

/* Many ties: ten savings figures, some of them no whole numbers, negative and small. */
static const char *const savings[] = {"-3.5", "0",    "0.0001", "0.1", "2",
                                      "10",   "16.1", "100",    "1e3", "123456789.125"};

static void fill(rig *r) {
  char text[ITEMS][400];
  const char *texts[ITEMS];
  for (int i = 0; i < ITEMS; i++) {
    snprintf(text[i], sizeof text[i],
             "{\"execution_id\":\"id %%,%03d\",\"timestamp\":%d,\"pipeline_name\":\"p%d\","
             "\"status\":\"SUCCESS\",\"carbon_analysis.decision\":\"DEFER\","
             "\"carbon_analysis.savings_g\":%s,\"n\":%d}",
             (i * 7) % ITEMS, 1000 + i / 50, i % 3, savings[i % 10], i);
    texts[i] = text[i];
  }
  rig_init(r);
  if (rig_write(r, executions(), texts, ITEMS) != ZC_OK) fail_msg("%s", r->message);
}

static double number_in(const char *row, const char *name) {
  zc_json *json;
  double value;
  assert_int_equal(zc_json_parse(row, strlen(row), &json), ZC_OK);
  assert_true(zc_json_get_number(json, name, &value));
  zc_json_free(json);
  return value;
}

/* Reads all pages: every row once, in order of the sort key. Returns how many. */
static size_t read_all(rig *r, zc_table_query *query, const char *key) {
  bool seen[ITEMS] = {false};
  char page[512];
  size_t n = 0;
  double last = query->descending ? INFINITY : -INFINITY;
  query->page = NULL;
  do {
    if (rig_query(r, query) != ZC_OK) fail_msg("%s", r->message);
    assert_true(r->n_rows <= query->limit);
    char *at = r->rows.data;
    for (size_t i = 0; i < r->n_rows; i++, n++) {
      char *end = strchr(at, '\n');
      *end = '\0';
      double value = number_in(at, key);
      assert_true(query->descending ? value <= last : value >= last);
      last = value;
      int item = (int)number_in(at, "n");
      assert_false(seen[item]);
      seen[item] = true;
      at = end + 1;
    }
    snprintf(page, sizeof page, "%s", r->page);
    query->page = page;
  } while (page[0]);
  query->page = NULL;
  return n;
}

static zc_table_query by_index(int index, const char *partition) {
  return (zc_table_query){.size = sizeof(zc_table_query),
                          .limit = 1000,
                          .table = executions(),
                          .index = &executions()->indexes[index],
                          .partition = partition};
}

static void pages_over_ties_neither_repeat_nor_skip(void **state) {
  rig *r = *state;
  fill(r);
  static const uint32_t limits[] = {1, 7, 50, 299, 300, 301};
  for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
    for (uint32_t descending = 0; descending < 2; descending++) {
      zc_table_query by_savings = by_index(2, "DEFER"), by_time = by_index(1, "SUCCESS");
      by_savings.limit = by_time.limit = limits[i];
      by_savings.descending = by_time.descending = descending;
      assert_int_equal(read_all(r, &by_savings, "carbon_analysis.savings_g"), ITEMS);
      assert_int_equal(read_all(r, &by_time, "timestamp"), ITEMS);
    }
  }
}

static void the_last_page_names_no_next(void **state) {
  rig *r = *state;
  fill(r);
  zc_table_query query = by_index(1, "SUCCESS");
  query.limit = ITEMS;
  assert_int_equal(rig_query(r, &query), ZC_OK);
  assert_int_equal(r->n_rows, ITEMS);
  assert_string_equal(r->page, "");
  query.limit = ITEMS - 1;
  assert_int_equal(rig_query(r, &query), ZC_OK);
  assert_true(r->page[0] != '\0');
}

static void numbers_compare_as_numbers(void **state) {
  rig *r = *state;
  fill(r);
  static const struct {
    uint32_t compare;
    const char *low, *high;
    size_t n;
  } cases[] = {
      {ZC_COMPARE_NONE, NULL, NULL, 300},
      {ZC_COMPARE_EQUAL, "10", NULL, 30},
      {ZC_COMPARE_EQUAL, "10.0", NULL, 30},
      {ZC_COMPARE_EQUAL, "1000", NULL, 30},
      {ZC_COMPARE_EQUAL, "0.1", NULL, 30},
      {ZC_COMPARE_EQUAL, "11", NULL, 0},
      {ZC_COMPARE_AT_LEAST, "9", NULL, 150},
      {ZC_COMPARE_AT_LEAST, "100", NULL, 90},
      {ZC_COMPARE_AT_MOST, NULL, "0.0001", 90},
      {ZC_COMPARE_AT_MOST, NULL, "-4", 0},
      {ZC_COMPARE_BETWEEN, "2", "16.1", 90},
      {ZC_COMPARE_BETWEEN, "-1e9", "1e12", 300},
      {ZC_COMPARE_EQUAL, "123456789.125", NULL, 30},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    zc_table_query query = by_index(2, "DEFER");
    query.compare = cases[i].compare;
    query.low = cases[i].low;
    query.high = cases[i].high;
    query.limit = 11;
    size_t n = read_all(r, &query, "carbon_analysis.savings_g");
    if (n != cases[i].n) fail_msg("case %zu: %zu rows, not %zu", i, n, cases[i].n);
  }
}

static void text_keys_compare_as_text(void **state) {
  rig *r = *state;
  rig_init(r);
  const zc_table *analytics = zc_tables[ZC_TABLE_ANALYTICS];
  for (int day = 1; day <= 28; day++) {
    char text[120];
    snprintf(text, sizeof text, "{\"pipeline_name\":\"p\",\"date\":\"2026-02-%02d\"}", day);
    rig_put(r, analytics, text);
  }
  zc_table_query query = {.size = sizeof query,
                          .limit = 5,
                          .table = analytics,
                          .index = &analytics->primary,
                          .partition = "p",
                          .compare = ZC_COMPARE_BETWEEN,
                          .low = "2026-02-05",
                          .high = "2026-02-17"};
  size_t n = 0;
  char page[512];
  do {
    assert_int_equal(rig_query(r, &query), ZC_OK);
    n += r->n_rows;
    snprintf(page, sizeof page, "%s", r->page);
    query.page = page;
  } while (page[0]);
  assert_int_equal(n, 13);
  assert_true(rig_has(r->rows.data, "2026-02-17"));
}

static void items_without_an_indexs_keys_are_not_in_it(void **state) {
  rig *r = *state;
  rig_init(r);
  rig_put(r, executions(), "{\"execution_id\":\"a\",\"timestamp\":1,\"status\":\"FAILED\"}");
  rig_put(r, executions(),
          "{\"execution_id\":\"b\",\"timestamp\":1,\"carbon_analysis.decision\":\"DEFER\"}");
  rig_put(r, executions(),
          "{\"execution_id\":\"c\",\"timestamp\":1,\"carbon_analysis.decision\":\"DEFER\","
          "\"carbon_analysis.savings_g\":1.5}");
  zc_table_query query = by_index(2, "DEFER");
  assert_int_equal(rig_query(r, &query), ZC_OK);
  assert_int_equal(r->n_rows, 1);
  query = by_index(1, "FAILED");
  assert_int_equal(rig_query(r, &query), ZC_OK);
  assert_int_equal(r->n_rows, 1);
}

static void expired_items_are_left_out(void **state) {
  rig *r = *state;
  rig_init(r);
  rig_put(r, executions(),
          "{\"execution_id\":\"a\",\"timestamp\":1,\"status\":\"FAILED\",\"ttl\":2000000000}");
  rig_put(r, executions(), "{\"execution_id\":\"b\",\"timestamp\":1,\"status\":\"FAILED\"}");
  zc_table_query query = by_index(1, "FAILED");
  query.now = INT64_C(2000000000000);
  assert_int_equal(rig_query(r, &query), ZC_OK);
  assert_int_equal(r->n_rows, 2);
  query.now++;
  assert_int_equal(rig_query(r, &query), ZC_OK);
  assert_int_equal(r->n_rows, 1);
}

static void marks_that_are_not_ours_are_refused(void **state) {
  rig *r = *state;
  static const char *const marks[] = {"",       "n1",         "n1,s",     "s1,sa",   "n1,sa,sb",
                                      "nx,sa",  "n1,s%",      "n1,s%4",   "n1,s%zz", "n,sa",
                                      "ninf,s", "n1 OR 1,sa", "n0x10,sa", ",",       "n1;sa"};
  size_t refused = 0, n = sizeof marks / sizeof *marks;
  zc_random random;
  fill(r);
  for (size_t i = 0; i < n; i++) {
    zc_table_query query = by_index(1, "SUCCESS");
    query.page = marks[i];
    refused += rig_query(r, &query) == ZC_EINVAL;
  }
  /* "n1,s" reads as an empty id, "n0x10" as 16: both harmless places to go on from. */
  assert_in_range(refused, n - 2, n);
  zc_random_init(&random, 4);
  for (int i = 0; i < 300; i++) { /* whatever comes: an answer or a refusal */
    char mark[24];
    size_t length = zc_random_below(&random, sizeof mark);
    for (size_t j = 0; j < length; j++)
      mark[j] = "n1s,%4Fa'\"-;"[zc_random_below(&random, 12)];
    mark[length] = '\0';
    zc_table_query query = by_index(1, "SUCCESS");
    query.page = mark;
    int status = rig_query(r, &query);
    assert_true(status == ZC_OK || status == ZC_EINVAL);
  }
}

static void wrong_questions_are_refused(void **state) {
  rig *r = *state;
  fill(r);
  zc_table_query query = by_index(2, "DEFER");
  query.compare = ZC_COMPARE_AT_LEAST;
  assert_int_equal(rig_query(r, &query), ZC_EINVAL); /* no low */
  query.low = "much";
  assert_int_equal(rig_query(r, &query), ZC_EINVAL);
  query.compare = 77;
  assert_int_equal(rig_query(r, &query), ZC_EINVAL);
  query = by_index(2, NULL);
  assert_int_equal(rig_query(r, &query), ZC_EINVAL);
  query = by_index(2, "DEFER");
  query.limit = 0;
  assert_int_equal(rig_query(r, &query), ZC_EINVAL);
}

/* The plan of a query as SQLite tells it. */
static void explain(rig *r, const zc_table_query *query, char *text, size_t size) {
  zc_local_job *job;
  sqlite3 *database;
  sqlite3_stmt *statement;
  char sql[1200];
  assert_int_equal(zc_local_query_job(zc_instance_state(r->instance), query, &job), ZC_OK);
  snprintf(sql, sizeof sql, "EXPLAIN QUERY PLAN %s", zc_local_query_sql(job));
  job->free(job);
  assert_int_equal(sqlite3_open_v2(r->file, &database, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
  if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) != SQLITE_OK) {
    fail_msg("%s: %s", sql, sqlite3_errmsg(database));
  }
  text[0] = '\0';
  while (sqlite3_step(statement) == SQLITE_ROW) {
    size_t n = strlen(text);
    snprintf(text + n, size - n, "%s\n", (const char *)sqlite3_column_text(statement, 3));
  }
  sqlite3_finalize(statement);
  sqlite3_close(database);
}

static const char *mark_for(const zc_table_query *query) {
  bool primary = query->index == &query->table->primary, number = query->index->sort_type == 'N';
  bool has_time = strcmp(query->index->sort_key, query->table->primary.sort_key) == 0;
  if (primary && query->compare == ZC_COMPARE_EQUAL) return NULL;
  if (primary) return number ? "n1" : "sx";
  if (query->compare == ZC_COMPARE_EQUAL) return has_time ? "sx" : "sx,n1";
  return has_time ? "n1,sx" : "n1,sx,n1";
}

static void explain_every_way(rig *r, zc_table_query query, const char *index) {
  const bool number = query.index->sort_type == 'N';
  query.low = number ? "1" : "a";
  query.high = number ? "2" : "b";
  for (uint32_t compare = ZC_COMPARE_NONE; compare <= ZC_COMPARE_AT_MOST; compare++) {
    for (int way = 0; way < 4; way++) {
      char plan[600];
      query.compare = compare;
      query.descending = way & 1;
      query.page = way & 2 ? mark_for(&query) : NULL;
      explain(r, &query, plan, sizeof plan);
      bool good = rig_has(plan, "SEARCH") && rig_has(plan, index) && !rig_has(plan, "SCAN") &&
                  !rig_has(plan, "TEMP B-TREE");
      if (!good) fail_msg("%s, compare %u, way %d: %s", index, compare, way, plan);
    }
  }
}

static void every_query_uses_its_index(void **state) {
  rig *r = *state;
  fill(r);
  for (uint32_t i = 0; i < executions()->n_indexes; i++)
    explain_every_way(r, by_index((int)i, "x"), executions()->indexes[i].name);
  for (int i = 0; i < ZC_TABLES; i++) {
    zc_table_query query = {.size = sizeof query,
                            .limit = 10,
                            .table = zc_tables[i],
                            .index = &zc_tables[i]->primary,
                            .partition = "x"};
    explain_every_way(r, query, "sqlite_autoindex");
  }
}

static int ask_alone(rig *r) {
  zc_table_query query = by_index(0, "p0");
  query.limit = ITEMS;
  return rig_query(r, &query);
}

/* Without init: what `zerocarb report` does. */
static void a_reader_makes_no_file(void **state) {
  rig *r = *state;
  struct stat found;
  assert_int_equal(ask_alone(r), ZC_ENOTFOUND);
  assert_non_null(strstr(r->message, "there is nothing in"));
  assert_int_not_equal(stat(r->file, &found), 0);
  close(open(r->file, O_CREAT | O_WRONLY, 0600)); /* nor fills an empty one */
  assert_int_equal(ask_alone(r), ZC_ENOTFOUND);
  assert_int_equal(stat(r->file, &found), 0);
  assert_int_equal(found.st_size, 0);
}

static void a_reader_finds_what_a_writer_has_stored(void **state) {
  rig *r = *state;
  fill(r);
  rig_drop_instance(r);
  rig_make_instance(r);
  assert_int_equal(ask_alone(r), ZC_OK);
  assert_int_equal(r->n_rows, ITEMS / 3);
}

/* It is none of ours, and does not take the others with it. */
static void a_row_that_is_too_long_counts_as_unreadable(void **state) {
  rig *r = *state;
  fill(r);
  rig_sql(r, "UPDATE pipeline_executions SET item=hex(zeroblob(600000)) WHERE rowid=1");
  zc_table_query query = by_index(1, "SUCCESS");
  query.limit = ITEMS;
  assert_int_equal(rig_query(r, &query), ZC_OK);
  assert_int_equal(r->n_rows, ITEMS);
  assert_non_null(strstr(r->rows.data, "too long\n"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      RIG_TEST(pages_over_ties_neither_repeat_nor_skip),
      RIG_TEST(the_last_page_names_no_next),
      RIG_TEST(numbers_compare_as_numbers),
      RIG_TEST(text_keys_compare_as_text),
      RIG_TEST(items_without_an_indexs_keys_are_not_in_it),
      RIG_TEST(expired_items_are_left_out),
      RIG_TEST(marks_that_are_not_ours_are_refused),
      RIG_TEST(wrong_questions_are_refused),
      RIG_TEST(every_query_uses_its_index),
      RIG_TEST(a_reader_makes_no_file),
      RIG_TEST(a_reader_finds_what_a_writer_has_stored),
      RIG_TEST(a_row_that_is_too_long_counts_as_unreadable),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
