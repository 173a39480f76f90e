/* One BatchWriteItem, repeated until all of its items are stored. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "write.h"

#define ITEM_BEGIN "{\"PutRequest\":{\"Item\":"
#define ITEM_END   "}}"

static void send_batch(zc_dynamodb_batch *batch);

/* ---- the request ---- */

static void add_table(zc_dynamodb_text *body, const zc_dynamodb_batch *batch,
                      const zc_dynamodb_table *table, const char *separator) {
  bool first = true;
  for (size_t i = 0; i < batch->n; i++) {
    const zc_dynamodb_entry *entry = batch->entries[i];
    if (entry->table != table) continue;
    if (first)
      zc_dynamodb_format(body, "%s\"%s\":[", separator, table->name);
    else
      zc_dynamodb_put(body, ",");
    first = false;
    zc_dynamodb_put(body, ITEM_BEGIN);
    zc_dynamodb_add(body, batch->write->text.data + entry->offset, entry->length);
    zc_dynamodb_put(body, ITEM_END);
  }
  if (!first) zc_dynamodb_put(body, "]");
}

static void compose(const zc_dynamodb_batch *batch, zc_dynamodb_text *body) {
  const zc_dynamodb *db = batch->write->task.db;
  zc_dynamodb_text_clear(body);
  zc_dynamodb_put(body, "{\"RequestItems\":{");
  size_t empty = body->length;
  for (size_t i = 0; i < db->n_tables; i++)
    add_table(body, batch, &db->tables[i], body->length > empty ? "," : "");
  zc_dynamodb_put(body, "}}");
}

/* ---- what was not stored ---- */

/* DynamoDB may write a number in another way than we did. */
static bool same_value(const zc_host *host, const zc_json *ours, const zc_json *theirs) {
  const char *text, *other;
  double a, b;
  if (host->json_text(host->json_at(theirs, "S"), &other, NULL) == ZC_OK)
    return host->json_text(ours, &text, NULL) == ZC_OK && strcmp(text, other) == 0;
  if (host->json_text(host->json_at(theirs, "N"), &other, NULL) != ZC_OK) return false;
  b = strtod(other, NULL);
  return host->json_number(ours, &a) == ZC_OK && a >= b && a <= b;
}

static bool is_item(const zc_host *host, const zc_dynamodb_table *table, const zc_json *ours,
                    const zc_json *put) {
  const zc_json *theirs = host->json_at(put, "PutRequest/Item");
  for (size_t i = 0; i < 2; i++) {
    const char *name = table->keys[i].name;
    if (!same_value(host, host->json_at(ours, name), host->json_at(theirs, name))) return false;
  }
  return true;
}

static bool is_unprocessed(const zc_host *host, const zc_dynamodb_entry *entry,
                           const zc_json *unprocessed) {
  const zc_json *puts = host->json_at(unprocessed, entry->table->name);
  size_t n = host->json_count(puts);
  bool found = false;
  zc_json *ours;
  if (n == 0 || host->json_parse(entry->item->text, entry->item->length, &ours) != ZC_OK)
    return false;
  for (size_t i = 0; i < n && !found; i++)
    found = is_item(host, entry->table, ours, host->json_member(puts, i, NULL));
  host->json_free(ours);
  return found;
}

static size_t count_unprocessed(const zc_host *host, const zc_json *unprocessed) {
  size_t n = 0, tables = host->json_count(unprocessed);
  for (size_t i = 0; i < tables; i++)
    n += host->json_count(host->json_member(unprocessed, i, NULL));
  return n;
}

/* Keeps in the batch what is still to be stored. Where not every unprocessed item is found again,
 * all of the batch is: to store an item twice changes nothing. */
static void sort_out(zc_dynamodb_batch *batch, const zc_json *unprocessed) {
  const zc_host *host = batch->write->task.db->host;
  zc_dynamodb_entry *left[ZC_DYNAMODB_BATCH];
  size_t n = 0, wanted = count_unprocessed(host, unprocessed);
  for (size_t i = 0; i < batch->n && wanted > 0; i++) {
    if (is_unprocessed(host, batch->entries[i], unprocessed)) left[n++] = batch->entries[i];
  }
  if (n != wanted) return;
  for (size_t i = 0; i < batch->n; i++)
    batch->entries[i]->stored = true;
  for (size_t i = 0; i < n; i++) {
    batch->entries[i] = left[i];
    left[i]->stored = false;
  }
  batch->n = n;
}

/* ---- answers ---- */

static void end_batch(zc_dynamodb_batch *batch) {
  batch->busy = false;
  batch->write->in_flight--;
  zc_dynamodb_write_go_on(batch->write);
}

static void fail_batch(zc_dynamodb_batch *batch, int status, const char *message) {
  zc_dynamodb_write_fail(batch->write, status, message);
  end_batch(batch);
}

static void repeat_now(void *user, zc_op *op) {
  zc_dynamodb_batch *batch = user;
  (void)op;
  batch->attempt++;
  send_batch(batch);
}

static void repeat(zc_dynamodb_batch *batch, const zc_aws_answer *answer) {
  zc_dynamodb_write *write = batch->write;
  zc_dynamodb *db = write->task.db;
  bool partly = answer->kind == ZC_AWS_FINE;
  int status = partly ? ZC_ERATE : zc_dynamodb_status(answer);
  const char *message = partly ? "DynamoDB left items unprocessed" : answer->message;
  int64_t pause = zc_dynamodb_pause(db, answer, batch->attempt);
  if (write->status != ZC_OK || !zc_dynamodb_write_has_time(write) ||
      !zc_dynamodb_pace_may_repeat(db, answer, batch->attempt) ||
      db->host->timer(write->task.op, pause, repeat_now, batch) != ZC_OK) {
    fail_batch(batch, status, message);
  }
}

static void on_fine(zc_dynamodb_batch *batch, const zc_aws_answer *answer) {
  zc_dynamodb *db = batch->write->task.db;
  const zc_json *unprocessed = db->host->json_at(answer->json, "UnprocessedItems");
  size_t before = batch->n;
  if (db->host->json_type(unprocessed) != ZC_JSON_OBJECT) { /* it need not be DynamoDB's at all */
    fail_batch(batch, ZC_EREMOTE, "the answer to BatchWriteItem has no UnprocessedItems");
    return;
  }
  sort_out(batch, unprocessed);
  if (batch->n < before) db->pace.probing = false;
  if (batch->n == 0) {
    zc_dynamodb_pace_stored(db, batch->attempt);
    end_batch(batch);
  } else {
    zc_dynamodb_pace_throttled(db);
    repeat(batch, answer);
  }
}

static void on_answer(void *user, zc_op *op, const zc_aws_answer *answer) {
  zc_dynamodb_batch *batch = user;
  zc_dynamodb *db = batch->write->task.db;
  (void)op;
  if (answer->kind == ZC_AWS_FINE) {
    on_fine(batch, answer);
    return;
  }
  if (answer->kind == ZC_AWS_THROTTLED) zc_dynamodb_pace_throttled(db);
  if (zc_dynamodb_may_repeat(answer))
    repeat(batch, answer);
  else
    fail_batch(batch, zc_dynamodb_status(answer), answer->message);
}

/* ---- beginning ---- */

static void send_batch(zc_dynamodb_batch *batch) {
  zc_dynamodb_write *write = batch->write;
  zc_dynamodb *db = write->task.db;
  compose(batch, &db->body);
  int status = zc_dynamodb_send(db, write->task.op, "BatchWriteItem", &db->body, on_answer, batch);
  if (status == ZC_OK) return;
  fail_batch(batch, status, "BatchWriteItem could not be sent");
}

void zc_dynamodb_batch_begin(zc_dynamodb_batch *batch) {
  zc_dynamodb_write *write = batch->write;
  size_t bytes = 0;
  batch->busy = true;
  batch->attempt = 1;
  batch->n = 0;
  write->in_flight++;
  while (write->next < write->n_entries && batch->n < ZC_DYNAMODB_BATCH) {
    zc_dynamodb_entry *entry = &write->entries[write->next];
    if (!entry->stored) {
      bytes += entry->length + sizeof ITEM_BEGIN + sizeof ITEM_END;
      if (bytes > ZC_DYNAMODB_BODY_BYTES && batch->n > 0) break;
      batch->entries[batch->n++] = entry;
    }
    write->next++;
  }
  send_batch(batch);
}
