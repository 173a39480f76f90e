/* init: each table is described once. */
#include <stdio.h>
#include <string.h>

#include "description.h"

typedef struct {
  zc_dynamodb_task task;
  size_t next, n_missing;
  char missing[400];
} begin;

static void describe_next(begin *b);

static void note_missing(begin *b, const char *name) {
  size_t n = strlen(b->missing);
  snprintf(b->missing + n, sizeof b->missing - n, "%s%s", n ? ", " : "", name);
  b->n_missing++;
}

static void warn(void *user, const char *difference) {
  const begin *b = user;
  const zc_dynamodb *db = b->task.db;
  char text[900];
  snprintf(text, sizeof text, "table %s: %s", db->tables[b->next].name, difference);
  db->host->log(db->self, ZC_LOG_WARNING, text);
}

static void on_described(zc_dynamodb_task *task, const zc_aws_answer *answer) {
  begin *b = (begin *)task;
  zc_dynamodb *db = task->db;
  const zc_dynamodb_table *table = &db->tables[b->next];
  const zc_json *description = db->host->json_at(answer->json, "Table");
  if (answer->kind == ZC_AWS_NOT_FOUND) {
    note_missing(b, table->name);
  } else if (answer->kind != ZC_AWS_FINE) {
    zc_dynamodb_end_failed(task, answer);
    return;
  } else if (db->host->json_type(description) != ZC_JSON_OBJECT) {
    zc_dynamodb_end(task, ZC_EREMOTE, "the answer to DescribeTable describes no table");
    return;
  } else if (!zc_dynamodb_has_our_keys(db->host, description, table)) {
    zc_dynamodb_end(task, ZC_EINVAL,
                    "table %s in %s has other keys than the rows need: \"zerocarb tables check\" "
                    "says which; set table_prefix, or make the table anew",
                    table->name, db->region);
    return;
  } else {
    zc_dynamodb_compare(db->host, description, table, 0, warn, b);
  }
  b->next++;
  describe_next(b);
}

static void describe_next(begin *b) {
  zc_dynamodb *db = b->task.db;
  if (b->next < db->n_tables) {
    zc_dynamodb_name_body(&b->task.body, &db->tables[b->next]);
    zc_dynamodb_ask(&b->task, "DescribeTable", 1, on_described);
  } else if (b->n_missing > 0) {
    zc_dynamodb_end(&b->task, ZC_ENOTFOUND,
                    "%s not there in %s: %s. \"zerocarb tables create\" makes them",
                    b->n_missing == 1 ? "a table is" : "tables are", db->region, b->missing);
  } else {
    zc_dynamodb_end(&b->task, ZC_OK, NULL);
  }
}

int zc_dynamodb_begin(zc_dynamodb *db, const zc_table *const *tables, size_t n, zc_op *op) {
  int status = zc_dynamodb_set_tables(db, tables, n);
  if (status != ZC_OK) return status;
  begin *b = zc_dynamodb_task_create(db, op, sizeof *b, NULL);
  if (!b) return ZC_ENOMEM;
  describe_next(b);
  return ZC_OK;
}
