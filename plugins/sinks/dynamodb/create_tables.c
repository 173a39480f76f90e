/* Makes the tables, one after another: DynamoDB lets only one table with indexes be in the making.
 * For each: describe → create → wait until it and its indexes are ACTIVE → time to live →
 * point-in-time recovery → what an older table lacks of stream and protection. Whatever is there
 * already is left as it is. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "description.h"

#define ATTEMPTS  8
#define WAIT_MS   2000
#define WAITS_MAX 300 /* ten minutes */

typedef struct {
  zc_dynamodb_task task;
  uint32_t flags;
  size_t next;
  size_t n_differences; /* of all tables */
  size_t table_changes, table_differences;
  uint32_t waits;
  bool created;
} creation;

static void begin_table(creation *c);
static void describe(creation *c);

static const zc_dynamodb_table *table_of(const creation *c) {
  return &c->task.db->tables[c->next];
}

static void say(creation *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(creation *c, const char *format, ...) {
  char text[1000], line[1280];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  int n = snprintf(line, sizeof line, "%s: %s", table_of(c)->name, text);
  c->task.db->host->row(c->task.op, line, (size_t)n);
}

static void changed(creation *c, const char *what) {
  c->table_changes++;
  say(c, "%s", what);
}

static void end(creation *c) {
  const char *region = c->task.db->region;
  if (c->n_differences > 0) {
    zc_dynamodb_end(&c->task, ZC_ECONFLICT,
                    "tables in %s are there already and differ: they were left as they are",
                    region);
  } else {
    zc_dynamodb_end(&c->task, ZC_OK, NULL);
  }
}

static void next_table(creation *c) {
  if (c->table_changes == 0 && c->table_differences == 0) say(c, "is there already: unchanged");
  c->n_differences += c->table_differences;
  c->next++;
  if (c->next < c->task.db->n_tables)
    begin_table(c);
  else
    end(c);
}

/* ---- stream and protection of a table that was there before ---- */

static void on_updated(zc_dynamodb_task *task, const zc_aws_answer *answer) {
  creation *c = (creation *)task;
  if (answer->kind != ZC_AWS_FINE) {
    zc_dynamodb_end_failed(task, answer);
    return;
  }
  c->waits = 0;
  describe(c);
}

static bool is_true(const zc_host *host, const zc_json *json, const char *path) {
  int yes = 0;
  return host->json_boolean(host->json_at(json, path), &yes) == ZC_OK && yes;
}

/* One UpdateTable changes one thing. Returns whether one was begun. */
static bool update(creation *c, const zc_json *description) {
  const zc_host *host = c->task.db->host;
  zc_dynamodb_text *body = &c->task.body;
  bool stream = (c->flags & ZC_TABLES_STREAMS) != 0 &&
                !is_true(host, description, "StreamSpecification/StreamEnabled");
  bool protect = (c->flags & ZC_TABLES_DELETION_PROTECTION) != 0 &&
                 !is_true(host, description, "DeletionProtectionEnabled");
  if (!stream && !protect) return false;
  zc_dynamodb_text_clear(body);
  zc_dynamodb_format(body, "{\"TableName\":\"%s\",%s}", table_of(c)->name,
                     stream ? "\"StreamSpecification\":{\"StreamEnabled\":true,"
                              "\"StreamViewType\":\"NEW_AND_OLD_IMAGES\"}"
                            : "\"DeletionProtectionEnabled\":true");
  changed(c, stream ? "stream switched on" : "protected against deletion");
  zc_dynamodb_ask(&c->task, "UpdateTable", ATTEMPTS, on_updated);
  return true;
}

/* ---- point-in-time recovery ---- */

static bool is_unknown_there(const zc_aws_answer *answer) {
  return strcmp(answer->code, "UnknownOperationException") == 0;
}

static void skip_recovery(creation *c) {
  say(c, "point-in-time recovery: this endpoint does not know it; skipped");
  next_table(c);
}

static void on_recovery_set(zc_dynamodb_task *task, const zc_aws_answer *answer);

static void set_recovery(void *user, zc_op *op) {
  creation *c = user;
  (void)op;
  zc_dynamodb_text_clear(&c->task.body);
  zc_dynamodb_format(&c->task.body,
                     "{\"TableName\":\"%s\",\"PointInTimeRecoverySpecification\":"
                     "{\"PointInTimeRecoveryEnabled\":true}}",
                     table_of(c)->name);
  zc_dynamodb_ask(&c->task, "UpdateContinuousBackups", ATTEMPTS, on_recovery_set);
}

/* Whether what is asked for may be had later. Then `again` is due. */
static bool wait_for(creation *c, void (*again)(void *user, zc_op *op)) {
  const zc_host *host = c->task.db->host;
  return c->waits++ < WAITS_MAX && host->timer(c->task.op, WAIT_MS, again, c) == ZC_OK;
}

static void on_recovery_set(zc_dynamodb_task *task, const zc_aws_answer *answer) {
  creation *c = (creation *)task;
  if (answer->kind == ZC_AWS_FINE) {
    changed(c, "point-in-time recovery switched on");
    next_table(c);
    return;
  }
  /* Just after the table's creation. */
  bool early = strcmp(answer->code, "ContinuousBackupsUnavailableException") == 0;
  if (early && wait_for(c, set_recovery)) return;
  if (is_unknown_there(answer))
    skip_recovery(c);
  else
    zc_dynamodb_end_failed(task, answer);
}

static void on_recovery(zc_dynamodb_task *task, const zc_aws_answer *answer) {
  creation *c = (creation *)task;
  if (is_unknown_there(answer)) {
    skip_recovery(c);
  } else if (answer->kind != ZC_AWS_FINE) {
    zc_dynamodb_end_failed(task, answer);
  } else if (zc_dynamodb_is_recoverable(task->db->host, answer->json)) {
    next_table(c);
  } else {
    c->waits = 0;
    set_recovery(c, task->op);
  }
}

static void ask_recovery(creation *c) {
  if (!(table_of(c)->table->flags & ZC_TABLE_RECOVERABLE)) {
    next_table(c);
    return;
  }
  zc_dynamodb_name_body(&c->task.body, table_of(c));
  zc_dynamodb_ask(&c->task, "DescribeContinuousBackups", ATTEMPTS, on_recovery);
}

/* ---- time to live ---- */

static void on_expiry_set(zc_dynamodb_task *task, const zc_aws_answer *answer) {
  creation *c = (creation *)task;
  if (answer->kind != ZC_AWS_FINE) {
    zc_dynamodb_end_failed(task, answer);
    return;
  }
  changed(c, "time to live switched on");
  ask_recovery(c);
}

/* Asked first: a second change within an hour is refused. */
static void on_expiry(zc_dynamodb_task *task, const zc_aws_answer *answer) {
  creation *c = (creation *)task;
  const char *attribute = table_of(c)->table->ttl_attribute;
  if (answer->kind != ZC_AWS_FINE) {
    zc_dynamodb_end_failed(task, answer);
  } else if (zc_dynamodb_expires(task->db->host, answer->json, attribute)) {
    ask_recovery(c);
  } else {
    zc_dynamodb_text_clear(&task->body);
    zc_dynamodb_format(&task->body,
                       "{\"TableName\":\"%s\",\"TimeToLiveSpecification\":{\"Enabled\":true,"
                       "\"AttributeName\":\"%s\"}}",
                       table_of(c)->name, attribute);
    zc_dynamodb_ask(task, "UpdateTimeToLive", ATTEMPTS, on_expiry_set);
  }
}

/* ---- the table ---- */

static void report(void *user, const char *difference) {
  creation *c = user;
  c->table_differences++;
  say(c, "differs: %s", difference);
}

static void on_active(creation *c, const zc_json *description) {
  if (!c->created && c->table_changes == 0)
    zc_dynamodb_compare(c->task.db->host, description, table_of(c), 0, report, c);
  if (update(c, description)) return;
  if (c->created) changed(c, "created");
  c->created = false;
  zc_dynamodb_name_body(&c->task.body, table_of(c));
  zc_dynamodb_ask(&c->task, "DescribeTimeToLive", ATTEMPTS, on_expiry);
}

static void describe_again(void *user, zc_op *op) {
  (void)op;
  describe(user);
}

static void on_created(zc_dynamodb_task *task, const zc_aws_answer *answer) {
  creation *c = (creation *)task;
  /* Somebody else was quicker: it is compared like any that was there. */
  bool exists = strcmp(answer->code, "ResourceInUseException") == 0;
  if (answer->kind != ZC_AWS_FINE && !exists) {
    zc_dynamodb_end_failed(task, answer);
    return;
  }
  c->created = !exists;
  describe(c);
}

static void on_described(zc_dynamodb_task *task, const zc_aws_answer *answer) {
  creation *c = (creation *)task;
  const zc_host *host = task->db->host;
  const zc_json *description = host->json_at(answer->json, "Table");
  if (answer->kind == ZC_AWS_NOT_FOUND && !c->created) {
    zc_dynamodb_create_body(&task->body, table_of(c), c->flags);
    zc_dynamodb_ask(task, "CreateTable", ATTEMPTS, on_created);
  } else if (answer->kind != ZC_AWS_FINE && answer->kind != ZC_AWS_NOT_FOUND) {
    zc_dynamodb_end_failed(task, answer);
  } else if (answer->kind == ZC_AWS_FINE && zc_dynamodb_is_active(host, description)) {
    on_active(c, description);
  } else if (!wait_for(c, describe_again)) {
    zc_dynamodb_end(task, ZC_ETIMEDOUT, "table %s does not become ACTIVE", table_of(c)->name);
  }
}

static void describe(creation *c) {
  zc_dynamodb_name_body(&c->task.body, table_of(c));
  zc_dynamodb_ask(&c->task, "DescribeTable", ATTEMPTS, on_described);
}

static void begin_table(creation *c) {
  c->table_changes = c->table_differences = 0;
  c->waits = 0;
  c->created = false;
  describe(c);
}

int zc_dynamodb_create_tables(zc_dynamodb *db, const zc_table *const *tables, size_t n,
                              uint32_t flags, zc_op *op) {
  int status = zc_dynamodb_set_tables(db, tables, n);
  if (status != ZC_OK) return status;
  creation *c = zc_dynamodb_task_create(db, op, sizeof *c, NULL);
  if (!c) return ZC_ENOMEM;
  c->flags = flags;
  if (n > 0)
    begin_table(c);
  else
    end(c);
  return ZC_OK;
}
