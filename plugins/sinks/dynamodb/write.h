/* write.h - what write.c and batch.c share: one write and its batches. */
#ifndef ZC_DYNAMODB_WRITE_H
#define ZC_DYNAMODB_WRITE_H

#include "dynamodb.h"

/* One item, typed, in the write's text. */
typedef struct {
  const zc_dynamodb_table *table;
  const zc_item *item; /* valid while the operation is */
  size_t offset, length;
  zc_dynamodb_span keys[2]; /* in the item's text */
  uint64_t hash;            /* of table and keys */
  bool stored;              /* or another one with the same key comes later in the same write */
} zc_dynamodb_entry;

/* One BatchWriteItem and its repetitions. */
typedef struct {
  zc_dynamodb_write *write;
  bool busy;
  uint32_t attempt;
  size_t n;
  zc_dynamodb_entry *entries[ZC_DYNAMODB_BATCH];
} zc_dynamodb_batch;

struct zc_dynamodb_write {
  zc_dynamodb_task task;
  zc_dynamodb_text text; /* all items, typed */
  zc_dynamodb_entry *entries;
  uint32_t *slots; /* hash table of the entries: position + 1, or 0 */
  size_t n_entries, n_slots;
  size_t next; /* the first entry that no batch has had yet */
  uint32_t in_flight;
  bool going_on; /* inside zc_dynamodb_write_go_on() */
  zc_time begun;
  int status; /* ZC_OK until something failed for good */
  char message[ZC_DYNAMODB_MESSAGE_MAX];
  zc_dynamodb_batch batches[ZC_DYNAMODB_PARALLEL];
};

/* write.c: a batch has ended; begins others, or ends the write. */
void zc_dynamodb_write_go_on(zc_dynamodb_write *write);
/* No more batches are begun. The first reason is kept. */
void zc_dynamodb_write_fail(zc_dynamodb_write *write, int status, const char *message);
/* Whether there is time for another request: the host's deadline is not far. */
bool zc_dynamodb_write_has_time(const zc_dynamodb_write *write);

/* batch.c: takes entries from write->next on, and sends them. */
void zc_dynamodb_batch_begin(zc_dynamodb_batch *batch);

#endif
