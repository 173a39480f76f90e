/* A write: every item typed and checked before the first is sent; of items with the same key the
 * last one only; then batches beside each other. Where it fails, what it stored is remembered: the
 * host brings the same items again, and those are not sent twice. */
#include "write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "description.h"

#define TIME_MS  60000 /* after it no request is begun: the host gives two minutes */
#define FNV_BASE UINT64_C(14695981039346656037)
#define FNV_STEP UINT64_C(1099511628211)

static const zc_item *item_at(const zc_item *items, size_t stride, size_t i) {
  return (const zc_item *)(const void *)((const char *)items + i * stride);
}

/* ---- which items are the same ---- */

static uint64_t hash_bytes(uint64_t hash, const char *bytes, size_t n) {
  for (size_t i = 0; i < n; i++)
    hash = (hash ^ (unsigned char)bytes[i]) * FNV_STEP;
  return (hash ^ 0xff) * FNV_STEP;
}

static uint64_t hash_entry(const zc_dynamodb_entry *entry) {
  uint64_t hash = hash_bytes(FNV_BASE, entry->table->name, strlen(entry->table->name));
  for (size_t i = 0; i < 2; i++)
    hash = hash_bytes(hash, entry->keys[i].text, entry->keys[i].length);
  return hash;
}

static bool same_span(zc_dynamodb_span a, zc_dynamodb_span b) {
  return a.length == b.length && memcmp(a.text, b.text, a.length) == 0;
}

static bool same_key(const zc_dynamodb_entry *a, const zc_dynamodb_entry *b) {
  return a->hash == b->hash && a->table == b->table && same_span(a->keys[0], b->keys[0]) &&
         same_span(a->keys[1], b->keys[1]);
}

/* Enters it, in the place of the one before it with the same key. */
static void enter(zc_dynamodb_write *write, uint32_t position) {
  zc_dynamodb_entry *entry = &write->entries[position];
  size_t at = entry->hash & (write->n_slots - 1);
  while (write->slots[at]) {
    zc_dynamodb_entry *other = &write->entries[write->slots[at] - 1];
    if (same_key(entry, other)) {
      other->stored = true;
      break;
    }
    at = (at + 1) & (write->n_slots - 1);
  }
  write->slots[at] = position + 1;
}

/* ---- what the write before stored ---- */

static bool same_text(const zc_dynamodb_write *a, const zc_dynamodb_entry *of_a,
                      const zc_dynamodb_write *b, const zc_dynamodb_entry *of_b) {
  return of_a->hash == of_b->hash && of_a->table == of_b->table && of_a->length == of_b->length &&
         memcmp(a->text.data + of_a->offset, b->text.data + of_b->offset, of_a->length) == 0;
}

/* In a failed write's table only the last one of a key stands: `stored` means stored there. */
static void skip_stored(zc_dynamodb_write *write, const zc_dynamodb_write *before) {
  for (size_t i = 0; i < write->n_entries; i++) {
    zc_dynamodb_entry *entry = &write->entries[i];
    for (size_t at = entry->hash & (before->n_slots - 1); before->slots[at];
         at = (at + 1) & (before->n_slots - 1)) {
      const zc_dynamodb_entry *other = &before->entries[before->slots[at] - 1];
      if (!other->stored || !same_text(write, entry, before, other)) continue;
      entry->stored = true;
      break;
    }
  }
}

static void finish(zc_dynamodb_task *task) {
  zc_dynamodb_write *write = (zc_dynamodb_write *)task;
  zc_dynamodb_text_finish(&write->text);
  free(write->entries);
  free(write->slots);
}

void zc_dynamodb_write_destroy(zc_dynamodb_write *write) {
  if (!write) return;
  finish(&write->task);
  zc_dynamodb_text_finish(&write->task.body);
  free(write);
}

/* Its texts are taken over, the items of the host are forgotten. */
static void keep(zc_dynamodb_write *write) {
  zc_dynamodb *db = write->task.db;
  zc_dynamodb_write *kept = calloc(1, sizeof *kept);
  zc_dynamodb_write_destroy(db->unfinished);
  db->unfinished = kept;
  if (!kept) return; /* they are sent again, which changes nothing */
  *kept = *write;
  write->text = (zc_dynamodb_text){0};
  write->entries = NULL;
  write->slots = NULL;
  kept->task = (zc_dynamodb_task){0};
}

/* ---- the end ---- */

static void end_failed(zc_dynamodb_write *write) {
  write->task.db->pace.probing = true;
  keep(write);
  zc_dynamodb_end(&write->task, write->status, "%s", write->message);
}

/* A description may be that of the table before: what DynamoDB says of keys, which were checked
 * when the item was typed, is said of the table. */
static bool says_keys_differ(const zc_dynamodb_write *write) {
  return strstr(write->message, "does not match the schema") != NULL;
}

static void blame_table(zc_dynamodb_write *write, const zc_json *description) {
  const zc_dynamodb *db = write->task.db;
  const zc_dynamodb_entry *entry = &write->entries[0];
  const char *attribute = NULL;
  zc_json *item;
  if (says_keys_differ(write) || !zc_dynamodb_has_our_keys(db->host, description, entry->table)) {
    write->status = ZC_EINVAL;
    snprintf(write->message, sizeof write->message,
             "table %s in %s has other keys than the rows need: \"zerocarb tables check\" says "
             "which; make the table anew",
             entry->table->name, db->region);
    return;
  }
  if (db->host->json_parse(entry->item->text, entry->item->length, &item) != ZC_OK) return;
  attribute = zc_dynamodb_mistyped(db->host, description, item);
  db->host->json_free(item);
  if (!attribute) return;
  write->status = ZC_EINVAL;
  snprintf(write->message, sizeof write->message,
           "table %s in %s has an index by %.200s, which the rows have in another type: delete it",
           entry->table->name, db->region, attribute);
}

/* The first reason stays where the table is as it should be. */
static void on_described(zc_dynamodb_task *task, const zc_aws_answer *answer) {
  zc_dynamodb_write *write = (zc_dynamodb_write *)task;
  if (answer->kind == ZC_AWS_FINE) {
    blame_table(write, task->db->host->json_at(answer->json, "Table"));
  } else {
    int status = zc_dynamodb_status(answer);
    write->status = status == ZC_EDATA ? ZC_EINVAL : status;
    snprintf(write->message, sizeof write->message, "%s", answer->message);
  }
  end_failed(write);
}

/* A row that DynamoDB refuses alone is gone for good, so it must be the row that is wrong, and not
 * the table: it may have been made anew, with other keys, since init looked. */
static void end(zc_dynamodb_write *write) {
  zc_dynamodb *db = write->task.db;
  if (write->status == ZC_OK) {
    zc_dynamodb_write_destroy(db->unfinished);
    db->unfinished = NULL;
    zc_dynamodb_end(&write->task, ZC_OK, NULL);
  } else if (write->status == ZC_EDATA && write->n_entries == 1) {
    zc_dynamodb_name_body(&write->task.body, write->entries[0].table);
    zc_dynamodb_ask(&write->task, "DescribeTable", 1, on_described);
  } else {
    end_failed(write);
  }
}

/* ---- batches ---- */

void zc_dynamodb_write_fail(zc_dynamodb_write *write, int status, const char *message) {
  if (write->status != ZC_OK) return;
  write->status = status;
  snprintf(write->message, sizeof write->message, "%s", message);
}

bool zc_dynamodb_write_has_time(const zc_dynamodb_write *write) {
  const zc_dynamodb *db = write->task.db;
  return db->host->now(db->self) - write->begun < TIME_MS;
}

static zc_dynamodb_batch *free_batch(zc_dynamodb_write *write) {
  for (size_t i = 0; i < ZC_DYNAMODB_PARALLEL; i++) {
    if (!write->batches[i].busy) return &write->batches[i];
  }
  return NULL;
}

static bool has_more(zc_dynamodb_write *write) {
  while (write->next < write->n_entries && write->entries[write->next].stored)
    write->next++;
  return write->next < write->n_entries;
}

void zc_dynamodb_write_go_on(zc_dynamodb_write *write) {
  zc_dynamodb_batch *batch;
  if (write->going_on) return;
  write->going_on = true;
  while (write->status == ZC_OK && has_more(write) &&
         write->in_flight < zc_dynamodb_pace_window(write->task.db) &&
         (batch = free_batch(write))) {
    if (zc_dynamodb_write_has_time(write))
      zc_dynamodb_batch_begin(batch);
    else
      zc_dynamodb_write_fail(write, ZC_ERATE, "DynamoDB takes the rows too slowly");
  }
  write->going_on = false;
  if (write->in_flight == 0) end(write);
}

/* ---- begin ---- */

static int encode_items(zc_dynamodb_write *write, const zc_item *items, size_t n, size_t stride) {
  zc_dynamodb *db = write->task.db;
  for (size_t i = 0; i < n; i++) {
    zc_dynamodb_entry *entry = &write->entries[i];
    entry->item = item_at(items, stride, i);
    entry->table = zc_dynamodb_find(db, entry->item->table);
    if (!entry->table) return ZC_EINVAL;
    entry->offset = write->text.length;
    int status = zc_dynamodb_encode(&write->text, entry->table, entry->item, entry->keys,
                                    write->message, sizeof write->message);
    if (status != ZC_OK) return status;
    entry->length = write->text.length - entry->offset;
    entry->hash = hash_entry(entry);
    write->n_entries++;
    enter(write, (uint32_t)i);
  }
  return ZC_OK;
}

static zc_dynamodb_write *create(zc_dynamodb *db, size_t n, zc_op *op) {
  zc_dynamodb_write *write = zc_dynamodb_task_create(db, op, sizeof *write, finish);
  if (!write) return NULL;
  write->begun = db->host->now(db->self);
  write->n_slots = 16;
  while (write->n_slots < 2 * n)
    write->n_slots *= 2;
  write->entries = calloc(n, sizeof *write->entries);
  write->slots = calloc(write->n_slots, sizeof *write->slots);
  for (size_t i = 0; i < ZC_DYNAMODB_PARALLEL; i++)
    write->batches[i].write = write;
  if (write->entries && write->slots) return write;
  zc_dynamodb_task_destroy(&write->task);
  return NULL;
}

int zc_dynamodb_write_items(zc_dynamodb *db, const zc_item *items, size_t n, size_t stride,
                            zc_op *op) {
  zc_dynamodb_write *write = create(db, n, op);
  if (!write) return ZC_ENOMEM;
  int status = encode_items(write, items, n, stride);
  if (status != ZC_OK) {
    zc_dynamodb_end(&write->task, status, "%s", write->message);
    return ZC_OK;
  }
  if (db->unfinished) skip_stored(write, db->unfinished);
  zc_dynamodb_write_go_on(write);
  return ZC_OK;
}
