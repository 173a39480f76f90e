#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dynamodb.h"

void *zc_dynamodb_task_create(zc_dynamodb *db, zc_op *op, size_t size,
                              void (*finish)(zc_dynamodb_task *task)) {
  zc_dynamodb_task *task = calloc(1, size);
  if (!task) return NULL;
  task->db = db;
  task->op = op;
  task->finish = finish;
  task->next = db->tasks;
  task->link = &db->tasks;
  if (task->next) task->next->link = &task->next;
  db->tasks = task;
  return task;
}

void zc_dynamodb_task_destroy(zc_dynamodb_task *task) {
  *task->link = task->next;
  if (task->next) task->next->link = task->link;
  if (task->finish) task->finish(task);
  zc_dynamodb_text_finish(&task->body);
  free(task);
}

void zc_dynamodb_end(zc_dynamodb_task *task, int status, const char *format, ...) {
  char message[ZC_DYNAMODB_MESSAGE_MAX] = "";
  const zc_host *host = task->db->host;
  zc_op *op = task->op;
  va_list arguments;
  va_start(arguments, format);
  if (format) vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  zc_dynamodb_task_destroy(task);
  host->done(op, status, status == ZC_OK ? NULL : message);
}

/* ---- answers ---- */

static bool is_about_data(const zc_aws_answer *answer) {
  return answer->status == 400 && (strcmp(answer->code, "ValidationException") == 0 ||
                                   strcmp(answer->code, "SerializationException") == 0);
}

/* A write is idempotent, so "perhaps done" means the same as "not done". */
int zc_dynamodb_status(const zc_aws_answer *answer) {
  if (is_about_data(answer)) return ZC_EDATA;
  int status = zc_aws_status(answer->kind, 0);
  return status == ZC_EDATA ? ZC_EREMOTE : status;
}

bool zc_dynamodb_may_repeat(const zc_aws_answer *answer) {
  return answer->kind == ZC_AWS_THROTTLED || answer->kind == ZC_AWS_TRANSIENT ||
         answer->kind == ZC_AWS_CONFLICT;
}

void zc_dynamodb_end_failed(zc_dynamodb_task *task, const zc_aws_answer *answer) {
  zc_dynamodb_end(task, zc_dynamodb_status(answer), "%s", answer->message);
}

/* ---- requests ---- */

int zc_dynamodb_send(zc_dynamodb *db, zc_op *op, const char *action, const zc_dynamodb_text *body,
                     void (*callback)(void *user, zc_op *op, const zc_aws_answer *answer),
                     void *user) {
  char target[80];
  if (body->failed) return ZC_ENOMEM;
  snprintf(target, sizeof target, "DynamoDB_20120810.%s", action);
  const zc_aws_call call = {.service = "dynamodb",
                            .region = db->region,
                            .target = target,
                            .content_type = "application/x-amz-json-1.0",
                            .body = body->data,
                            .body_length = body->length,
                            .timeout_ms = db->timeout_ms,
                            .check_crc32 = 1,
                            .repeatable = 1};
  return zc_aws_request(db->aws, op, &call, callback, user);
}

static void send_again(void *user, zc_op *op);

static void on_answer(void *user, zc_op *op, const zc_aws_answer *answer) {
  zc_dynamodb_task *task = user;
  zc_dynamodb *db = task->db;
  bool again = zc_dynamodb_may_repeat(answer) && task->attempt < task->max_attempts;
  if (!again || db->host->timer(op, zc_dynamodb_pause(db, answer, task->attempt), send_again,
                                task) != ZC_OK) {
    task->answered(task, answer);
  }
}

static void send_again(void *user, zc_op *op) {
  zc_dynamodb_task *task = user;
  task->attempt++;
  int status = zc_dynamodb_send(task->db, op, task->action, &task->body, on_answer, task);
  if (status != ZC_OK) zc_dynamodb_end(task, status, "%s could not be sent", task->action);
}

void zc_dynamodb_ask(zc_dynamodb_task *task, const char *action, uint32_t max_attempts,
                     zc_dynamodb_answered answered) {
  task->action = action;
  task->answered = answered;
  task->attempt = 0;
  task->max_attempts = max_attempts;
  send_again(task, task->op);
}
