/* sink_rig.h - what the plugin's tests share: the real host under a virtual clock, one instance on
 * a file of its own, and what its operations gave. */
#ifndef ZC_LOCAL_SINK_RIG_H
#define ZC_LOCAL_SINK_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/plugin/instance.h"
#include "core/tables/schema.h"
#include "local_file.h"

#define RIG_NOW INT64_C(1767225600000) /* 2026-01-01T00:00:00Z */

const zc_plugin *ZC_ENTRY(local_file)(void);

typedef struct {
  char directory[64], file[96];
  zc_clock clock;
  zc_loop *loop;
  zc_host_context *context;
  zc_config *config;
  zc_instance *instance;
  char *log;
  size_t log_size;
  FILE *log_stream;
  int n_done, error; /* of the last operation */
  char message[600];
  zc_buffer rows; /* each and a newline */
  size_t n_rows;
  char page[512]; /* empty: no more */
} rig;

static inline int rig_row(void *user, const char *text, size_t length) {
  rig *r = user;
  assert_int_equal(strlen(text), length);
  zc_buffer_printf(&r->rows, "%s\n", text);
  r->n_rows++;
  return ZC_OK;
}

static inline void rig_page(void *user, const char *page) {
  rig *r = user;
  assert_true(strlen(page) < sizeof r->page);
  snprintf(r->page, sizeof r->page, "%s", page);
}

static inline void rig_done(void *user, int error, const char *message) {
  rig *r = user;
  r->n_done++;
  r->error = error;
  snprintf(r->message, sizeof r->message, "%s", message ? message : "");
}

static inline zc_operation_events rig_events(rig *r) {
  zc_buffer_clear(&r->rows);
  r->n_rows = 0;
  r->n_done = 0;
  r->page[0] = '\0';
  return (zc_operation_events){.user = r, .row = rig_row, .page = rig_page, .done = rig_done};
}

static inline int rig_wait(rig *r, int status) {
  if (status != ZC_OK) return status;
  assert_int_equal(r->n_done, 0);
  zc_loop_run(r->loop, zc_loop_now(r->loop) + 1);
  assert_int_equal(r->n_done, 1);
  return r->error;
}

static inline int rig_init_tables(rig *r, const zc_table *const *tables, size_t n) {
  zc_operation operation;
  zc_operation_events events = rig_events(r);
  return rig_wait(r,
                  zc_operation_start_sink_init(r->instance, tables, n, 60000, &events, &operation));
}

static inline void rig_make_instance(rig *r) {
  const char *const pairs[][2] = {{"path", r->file}};
  const zc_plugin *plugin = ZC_ENTRY(local_file)();
  zc_error error = {0};
  assert_int_equal(zc_config_make(plugin->options, plugin->n_options, pairs, 1, &r->config, &error),
                   ZC_OK);
  assert_int_equal(
      zc_instance_create(r->context, plugin, "local_file", r->config, &r->instance, &error), ZC_OK);
}

static inline void rig_drop_instance(rig *r) {
  zc_instance_destroy(r->instance);
  zc_loop_run(r->loop, zc_loop_now(r->loop));
  zc_config_free(r->config);
  r->instance = NULL;
}

/* The instance is made, its file is not yet opened. */
static inline int rig_setup(void **state) {
  rig *r = calloc(1, sizeof *r);
  assert_non_null(r);
  snprintf(r->directory, sizeof r->directory, "/tmp/zc-sink-XXXXXX");
  assert_non_null(mkdtemp(r->directory));
  snprintf(r->file, sizeof r->file, "%s/zerocarb.db", r->directory);
  zc_buffer_init(&r->rows, 64 << 20);
  zc_clock_init_virtual(&r->clock, RIG_NOW);
  assert_int_equal(zc_loop_create(&r->clock, &r->loop), ZC_OK);
  assert_int_equal(zc_host_context_create(r->loop, NULL, 1, &r->context), ZC_OK);
  r->log_stream = open_memstream(&r->log, &r->log_size);
  assert_non_null(r->log_stream);
  zc_log_setup(ZC_LOG_DEBUG, false, &r->clock, r->log_stream);
  rig_make_instance(r);
  *state = r;
  return 0;
}

static inline int rig_teardown(void **state) {
  rig *r = *state;
  if (r->instance) rig_drop_instance(r);
  zc_host_context_destroy(r->context);
  assert_int_equal(zc_loop_destroy(r->loop), ZC_OK);
  zc_log_setup(ZC_LOG_INFO, false, NULL, NULL);
  fclose(r->log_stream);
  free(r->log);
  zc_buffer_finish(&r->rows);
  static const char *const suffixes[] = {"", "-wal", "-shm"};
  for (size_t i = 0; i < 3; i++) {
    char path[128];
    snprintf(path, sizeof path, "%s%s", r->file, suffixes[i]);
    unlink(path);
  }
  rmdir(r->directory);
  free(r);
  return 0;
}

static inline void rig_init(rig *r) {
  if (rig_init_tables(r, zc_tables, ZC_TABLES) != ZC_OK) fail_msg("%s", r->message);
}

static inline int rig_write(rig *r, const zc_table *table, const char *const *texts, size_t n) {
  zc_item *items = calloc(n, sizeof *items);
  zc_json **parsed = calloc(n, sizeof *parsed);
  zc_operation operation;
  for (size_t i = 0; i < n; i++) {
    assert_int_equal(zc_json_parse(texts[i], strlen(texts[i]), &parsed[i]), ZC_OK);
    items[i] = (zc_item){.size = sizeof *items,
                         .table = table,
                         .text = texts[i],
                         .length = strlen(texts[i]),
                         .json = parsed[i]};
  }
  zc_operation_events events = rig_events(r);
  int status =
      rig_wait(r, zc_operation_start_sink_write(r->instance, items, n, 60000, &events, &operation));
  for (size_t i = 0; i < n; i++)
    zc_json_free(parsed[i]);
  free(parsed);
  free(items);
  return status;
}

static inline void rig_put(rig *r, const zc_table *table, const char *text) {
  if (rig_write(r, table, &text, 1) != ZC_OK) fail_msg("%s", r->message);
}

static inline int rig_query(rig *r, const zc_table_query *query) {
  zc_operation operation;
  zc_operation_events events = rig_events(r);
  return rig_wait(r, zc_operation_start_sink_query(r->instance, query, 60000, &events, &operation));
}

/* One number by plain SQL, as an operator would ask. */
static inline int64_t rig_number(rig *r, const char *sql) {
  sqlite3 *database;
  sqlite3_stmt *statement;
  assert_int_equal(sqlite3_open_v2(r->file, &database, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
  if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) != SQLITE_OK) {
    fail_msg("%s: %s", sql, sqlite3_errmsg(database));
  }
  assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
  int64_t number = sqlite3_column_int64(statement, 0);
  sqlite3_finalize(statement);
  sqlite3_close(database);
  return number;
}

static inline void rig_sql(rig *r, const char *sql) {
  sqlite3 *database;
  char *message = NULL;
  assert_int_equal(sqlite3_open(r->file, &database), SQLITE_OK);
  if (sqlite3_exec(database, sql, NULL, NULL, &message) != SQLITE_OK) fail_msg("%s", message);
  sqlite3_close(database);
}

static inline bool rig_has(const char *text, const char *word) {
  return strstr(text, word) != NULL;
}

#define rig_said(r, word)                                                                          \
  do {                                                                                             \
    if (!rig_has((r)->message, word)) fail_msg("\"%s\" is not in: %s", word, (r)->message);        \
  } while (0)

#define RIG_TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

#endif
