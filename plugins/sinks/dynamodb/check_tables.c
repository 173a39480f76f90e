/* Names the differences between the tables that are there and those that should be. */
#include <stdio.h>
#include <string.h>

#include "description.h"

#define ATTEMPTS 4

typedef struct {
  zc_dynamodb_task task;
  uint32_t flags;
  size_t next, n_differences;
} check;

static void check_next(check *c);

static const zc_dynamodb_table *table_of(const check *c) {
  return &c->task.db->tables[c->next];
}

static void say(check *c, const char *text) {
  char line[1200];
  int n = snprintf(line, sizeof line, "%s: %s", table_of(c)->name, text);
  c->task.db->host->row(c->task.op, line, n < (int)sizeof line ? (size_t)n : sizeof line - 1);
}

static void report(void *user, const char *difference) {
  check *c = user;
  c->n_differences++;
  say(c, difference);
}

static void go_on(check *c) {
  c->next++;
  check_next(c);
}

static void on_recovery(zc_dynamodb_task *task, const zc_aws_answer *answer) {
  check *c = (check *)task;
  if (answer->kind == ZC_AWS_FINE) {
    if (!zc_dynamodb_is_recoverable(task->db->host, answer->json))
      report(c, "it has no point-in-time recovery");
  } else if (strcmp(answer->code, "UnknownOperationException") == 0) {
    say(c, "point-in-time recovery: this endpoint does not know it; not checked");
  } else {
    zc_dynamodb_end_failed(task, answer);
    return;
  }
  go_on(c);
}

static void on_expiry(zc_dynamodb_task *task, const zc_aws_answer *answer) {
  check *c = (check *)task;
  const zc_table *table = table_of(c)->table;
  if (answer->kind != ZC_AWS_FINE) {
    zc_dynamodb_end_failed(task, answer);
    return;
  }
  if (!zc_dynamodb_expires(task->db->host, answer->json, table->ttl_attribute)) {
    char text[300];
    snprintf(text, sizeof text, "its items do not expire: time to live by %.200s is off",
             table->ttl_attribute);
    report(c, text);
  }
  if (table->flags & ZC_TABLE_RECOVERABLE)
    zc_dynamodb_ask(task, "DescribeContinuousBackups", ATTEMPTS, on_recovery);
  else
    go_on(c);
}

static void on_described(zc_dynamodb_task *task, const zc_aws_answer *answer) {
  check *c = (check *)task;
  if (answer->kind == ZC_AWS_NOT_FOUND) {
    report(c, "the table is missing");
    go_on(c);
  } else if (answer->kind == ZC_AWS_FINE) {
    const zc_host *host = task->db->host;
    zc_dynamodb_compare(host, host->json_at(answer->json, "Table"), table_of(c), c->flags, report,
                        c);
    zc_dynamodb_ask(task, "DescribeTimeToLive", ATTEMPTS, on_expiry);
  } else {
    zc_dynamodb_end_failed(task, answer);
  }
}

static void check_next(check *c) {
  const zc_dynamodb *db = c->task.db;
  if (c->next < db->n_tables) {
    zc_dynamodb_name_body(&c->task.body, table_of(c));
    zc_dynamodb_ask(&c->task, "DescribeTable", ATTEMPTS, on_described);
  } else if (c->n_differences > 0) {
    zc_dynamodb_end(&c->task, ZC_ECONFLICT, "the tables in %s differ from what they should be",
                    db->region);
  } else {
    zc_dynamodb_end(&c->task, ZC_OK, NULL);
  }
}

int zc_dynamodb_check_tables(zc_dynamodb *db, const zc_table *const *tables, size_t n,
                             uint32_t flags, zc_op *op) {
  int status = zc_dynamodb_set_tables(db, tables, n);
  if (status != ZC_OK) return status;
  check *c = zc_dynamodb_task_create(db, op, sizeof *c, NULL);
  if (!c) return ZC_ENOMEM;
  c->flags = flags;
  check_next(c);
  return ZC_OK;
}
