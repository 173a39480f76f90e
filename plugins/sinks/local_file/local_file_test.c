#include "sink_rig.h"

static const zc_table *executions(void) {
  return zc_tables[ZC_TABLE_EXECUTIONS];
}

static void a_new_file_is_private_and_has_all_tables(void **state) {
  rig *r = *state;
  struct stat status;
  mode_t old = umask(0);
  rig_init(r);
  umask(old);
  assert_int_equal(stat(r->file, &status), 0);
  assert_int_equal(status.st_mode & 0777, 0600);
  assert_int_equal(rig_number(r, "SELECT count(*) FROM sqlite_schema WHERE type='table'"),
                   ZC_TABLES);
  for (uint32_t i = 0; i < executions()->n_indexes; i++) {
    char sql[200];
    snprintf(sql, sizeof sql, "SELECT count(*) FROM sqlite_schema WHERE type='index' AND name='%s'",
             executions()->indexes[i].name);
    assert_int_equal(rig_number(r, sql), 1);
  }
  rig_init(r); /* again: nothing changes */
}

static void an_item_written_twice_is_one_row(void **state) {
  rig *r = *state;
  rig_init(r);
  const char *const first = "{\"execution_id\":\"a\",\"timestamp\":1,\"status\":\"PENDING\"}";
  const char *const second = "{\"execution_id\":\"a\",\"timestamp\":1,\"status\":\"SUCCESS\"}";
  const char *const both[] = {first, second, second};
  assert_int_equal(rig_write(r, executions(), both, 3), ZC_OK);
  assert_int_equal(rig_write(r, executions(), both + 1, 2), ZC_OK);
  assert_int_equal(rig_number(r, "SELECT count(*) FROM pipeline_executions"), 1);
  assert_int_equal(rig_number(r, "SELECT status='SUCCESS' FROM pipeline_executions"), 1);
  assert_int_equal(
      rig_number(r, "SELECT json_extract(item,'$.status')='SUCCESS' FROM pipeline_executions"), 1);
}

static void a_batch_is_whole_or_not_at_all(void **state) {
  rig *r = *state;
  rig_init(r);
  const char *const items[] = {"{\"execution_id\":\"a\",\"timestamp\":1}",
                               "{\"execution_id\":\"b\"}"};
  assert_int_equal(rig_write(r, executions(), items, 2), ZC_EDATA);
  rig_said(r, "timestamp (number)");
  assert_int_equal(rig_number(r, "SELECT count(*) FROM pipeline_executions"), 0);
  const char *const others[] = {"{\"timestamp\":1}"};
  assert_int_equal(rig_write(r, executions(), others, 1), ZC_EDATA);
  rig_said(r, "execution_id (text)");
  const char *const wrong[] = {"{\"execution_id\":\"a\",\"timestamp\":\"1\"}"};
  assert_int_equal(rig_write(r, executions(), wrong, 1), ZC_EDATA);
  rig_said(r, "timestamp (number)");
}

static void a_write_before_init_is_refused(void **state) {
  rig *r = *state;
  const char *const items[] = {"{\"execution_id\":\"a\",\"timestamp\":1}"};
  assert_int_equal(rig_write(r, executions(), items, 1), ZC_EINVAL);
}

/* The first ```json block of the page, without its comments, and with the keys of the indexes. */
static char *example_item(void) {
  FILE *page = fopen(ZC_SHARED "/spec/database-schema.md", "r");
  if (!page) return NULL;
  char line[512];
  zc_buffer text;
  bool inside = false;
  zc_buffer_init(&text, 1 << 20);
  while (fgets(line, sizeof line, page)) {
    if (strncmp(line, "```", 3) == 0) {
      if (inside) break;
      inside = strncmp(line, "```json", 7) == 0;
      continue;
    }
    char *comment = strstr(line, "//");
    if (comment) *comment = '\0';
    if (inside) zc_buffer_text(&text, line);
  }
  fclose(page);
  char *brace = text.data ? strchr(text.data, '{') : NULL;
  assert_non_null(brace);
  zc_buffer item;
  zc_buffer_init(&item, 1 << 20);
  zc_buffer_printf(&item,
                   "{\"carbon_analysis.decision\":\"RUN_NOW\",\"carbon_analysis.savings_g\":0,"
                   "\"carbon_analysis.optimal_region\":\"eu-west-2\",%s",
                   brace + 1);
  zc_buffer_finish(&text);
  return zc_buffer_take(&item);
}

static void the_example_is_found_by_every_index(void **state) {
  rig *r = *state;
  char *item = example_item();
  if (!item) {
    print_message("skipped: no %s\n", ZC_SHARED);
    skip();
  }
  rig_init(r);
  rig_put(r, executions(), "{\"execution_id\":\"a\",\"timestamp\":1}");
  rig_put(r, executions(), item); /* its ttl is over, but what expired was just looked for */
  static const char *const partitions[] = {"GDSDemoAppPipeline-Pipeline-mfCJVEV8nKQS", "SUCCESS",
                                           "RUN_NOW", "eu-west-2"};
  assert_int_equal(executions()->n_indexes, 4);
  for (uint32_t i = 0; i < 4; i++) {
    zc_table_query query = {.size = sizeof query,
                            .limit = 10,
                            .table = executions(),
                            .index = &executions()->indexes[i],
                            .partition = partitions[i]};
    assert_int_equal(rig_query(r, &query), ZC_OK);
    assert_int_equal(r->n_rows, 1);
    r->rows.data[r->rows.length - 1] = '\0';
    assert_string_equal(r->rows.data, item); /* byte for byte */
  }
  zc_table_query query = {.size = sizeof query,
                          .limit = 10,
                          .table = executions(),
                          .index = &executions()->primary,
                          .partition = "fe1a69cb-ee5a-48ea-819d-f0092b8447a6",
                          .compare = ZC_COMPARE_EQUAL,
                          .low = "1702551000"};
  assert_int_equal(rig_query(r, &query), ZC_OK);
  assert_int_equal(r->n_rows, 1);
  query.now = INT64_C(1734551000) * 1000 + 1; /* past its ttl */
  assert_int_equal(rig_query(r, &query), ZC_OK);
  assert_int_equal(r->n_rows, 0);
  free(item);
}

static void expired_rows_are_deleted_once_an_hour(void **state) {
  rig *r = *state;
  const zc_table *history = zc_tables[ZC_TABLE_HISTORY];
  char text[160];
  rig_init(r);
  rig_put(r, history, "{\"region\":\"r\",\"timestamp\":1}"); /* no ttl: stays */
  for (int i = 0; i < 5; i++) {
    snprintf(text, sizeof text, "{\"region\":\"r\",\"timestamp\":%d,\"ttl\":%lld}", 10 + i,
             (long long)RIG_NOW / 1000 + i * 1000 - 1);
    rig_put(r, history, text);
  }
  assert_int_equal(rig_number(r, "SELECT count(*) FROM carbon_intensity_history"), 6);
  zc_clock_advance(&r->clock, RIG_NOW + 3600 * 1000);
  rig_put(r, history, "{\"region\":\"r\",\"timestamp\":2}");
  assert_int_equal(rig_number(r, "SELECT count(*) FROM carbon_intensity_history"), 3);
  assert_int_equal(rig_number(r, "SELECT max(timestamp) FROM carbon_intensity_history"), 14);
}

/* Where many have expired, every write takes its share until they are gone. */
static void a_large_backlog_of_expired_rows_goes_by_pieces(void **state) {
  rig *r = *state;
  rig_init(r);
  rig_put(r, zc_tables[ZC_TABLE_HISTORY], "{\"region\":\"r\",\"timestamp\":0}");
  rig_sql(r, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<2500) "
             "INSERT INTO carbon_intensity_history(region,timestamp,ttl,item) "
             "SELECT 'r',i,1,'{}' FROM n");
  zc_clock_advance(&r->clock, RIG_NOW + 2 * 3600 * 1000);
  static const int left[] = {1501, 501, 1, 1};
  for (int i = 0; i < 4; i++) {
    rig_put(r, zc_tables[ZC_TABLE_HISTORY], "{\"region\":\"r\",\"timestamp\":0}");
    assert_int_equal(rig_number(r, "SELECT count(*) FROM carbon_intensity_history"), left[i]);
  }
}

/* Years of rows come and expire: the file stays as large as what it holds, and a little more. */
static void the_file_does_not_grow_for_ever(void **state) {
  rig *r = *state;
  rig_init(r);
  for (int day = 0; day < 20; day++) {
    char sql[400];
    zc_clock_advance(&r->clock, RIG_NOW + day * (int64_t)86400000);
    snprintf(sql, sizeof sql,
             "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<800) "
             "INSERT INTO carbon_intensity_history(region,timestamp,ttl,item) "
             "SELECT 'r',%d+i,%lld,printf('%%.3000c','x') FROM n",
             day * 1000, (long long)(RIG_NOW / 1000 + (day + 2) * INT64_C(86400)));
    rig_sql(r, sql);
    rig_put(r, zc_tables[ZC_TABLE_HISTORY], "{\"region\":\"r\",\"timestamp\":0}");
  }
  assert_int_equal(rig_number(r, "SELECT count(*) FROM carbon_intensity_history"), 3 * 800 + 1);
  int64_t full = rig_number(r, "PRAGMA page_count");
  assert_in_range(full, 2400, 3000 + 1024); /* three days of 800 pages; 20 would be 16,000 */
  zc_clock_advance(&r->clock, RIG_NOW + 100 * (int64_t)86400000);
  for (int i = 0; i < 4; i++)
    rig_put(r, zc_tables[ZC_TABLE_HISTORY], "{\"region\":\"r\",\"timestamp\":0}");
  assert_in_range(rig_number(r, "PRAGMA page_count"), 1, 1024 + 100);
}

static void a_locked_file_is_told(void **state) {
  rig *r = *state;
  sqlite3 *other;
  const char *const items[] = {"{\"execution_id\":\"a\",\"timestamp\":1}"};
  rig_init(r);
  assert_int_equal(sqlite3_open(r->file, &other), SQLITE_OK);
  assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
  assert_int_equal(rig_write(r, executions(), items, 1), ZC_ECONFLICT);
  rig_said(r, "is locked by another program");
  assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
  sqlite3_close(other);
  assert_int_equal(rig_write(r, executions(), items, 1), ZC_OK);
}

/* An operation that is cancelled while its work is on a thread: nothing comes, nothing leaks. */
static void cancelled_writes_end_quietly(void **state) {
  rig *r = *state;
  rig_init(r);
  for (int i = 0; i < 20; i++) {
    char text[64];
    zc_operation operation;
    zc_json *json;
    snprintf(text, sizeof text, "{\"execution_id\":\"%d\",\"timestamp\":1}", i);
    assert_int_equal(zc_json_parse(text, strlen(text), &json), ZC_OK);
    zc_item item = {.size = sizeof item,
                    .table = executions(),
                    .text = text,
                    .length = strlen(text),
                    .json = json};
    zc_operation_events events = rig_events(r);
    assert_int_equal(
        zc_operation_start_sink_write(r->instance, &item, 1, 60000, &events, &operation), ZC_OK);
    zc_operation_cancel(r->context, operation);
    zc_json_free(json);
    assert_int_equal(r->n_done, 0);
  }
  rig_drop_instance(r);
  zc_loop_run(r->loop, zc_loop_now(r->loop) + 1);
  assert_int_equal(r->n_done, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      RIG_TEST(a_new_file_is_private_and_has_all_tables),
      RIG_TEST(an_item_written_twice_is_one_row),
      RIG_TEST(a_batch_is_whole_or_not_at_all),
      RIG_TEST(a_write_before_init_is_refused),
      RIG_TEST(the_example_is_found_by_every_index),
      RIG_TEST(expired_rows_are_deleted_once_an_hour),
      RIG_TEST(a_large_backlog_of_expired_rows_goes_by_pieces),
      RIG_TEST(the_file_does_not_grow_for_ever),
      RIG_TEST(a_locked_file_is_told),
      RIG_TEST(cancelled_writes_end_quietly),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
