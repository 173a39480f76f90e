/* dynamodb.h - what the files of the plugin share.
 *
 *   dynamodb.c       the contract with the host; options; the instance
 *   task.c           an operation: its requests one after another, repeated where that helps
 *   table.c          the tables' names with the prefix, and their keys
 *   begin.c          init: are the tables there?
 *   encode.c         an item's JSON into typed attribute values; decode.c: the way back
 *   write.c          a write: its items, each once, in batches beside each other
 *   batch.c          one BatchWriteItem, until all of its items are stored
 *   pace.c           how much at once, how soon again, and whether again
 *   query.c          pages of a table or index
 *   description.c    what a table should be, and in what it differs
 *   create_tables.c  makes them, one after another; check_tables.c: names the differences */
#ifndef ZC_DYNAMODB_H
#define ZC_DYNAMODB_H

#include <stdbool.h>
#include <zerocarb/plugin.h>

#include "aws.h"
#include "text.h"

#define ZC_DYNAMODB_TABLES_MAX  32
#define ZC_DYNAMODB_KEYS_MAX    24 /* primary and index keys of a table */
#define ZC_DYNAMODB_NAME_MAX    256
#define ZC_DYNAMODB_BATCH       25   /* puts of one BatchWriteItem */
#define ZC_DYNAMODB_WRITE       1000 /* items of one write */
#define ZC_DYNAMODB_PARALLEL    32   /* the most batches in flight */
#define ZC_DYNAMODB_ITEM_BYTES  ((size_t)400 * 1024)
#define ZC_DYNAMODB_BODY_BYTES  ((size_t)15 << 20) /* of one request; 16 MB are allowed */
#define ZC_DYNAMODB_MESSAGE_MAX 640

/* ---- tables ---- */

typedef struct {
  const char *name;
  size_t length;
  char type; /* 'S' | 'N' */
} zc_dynamodb_key;

typedef struct {
  const zc_table *table;
  char name[ZC_DYNAMODB_NAME_MAX]; /* with the prefix */
  size_t n_keys;
  zc_dynamodb_key keys[ZC_DYNAMODB_KEYS_MAX]; /* each once; the primary ones come first */
} zc_dynamodb_table;

/* ZC_EINVAL where name or keys are beyond the limits. */
int zc_dynamodb_table_init(zc_dynamodb_table *to, const zc_table *table, const char *prefix);

/* ---- the instance ---- */

typedef struct zc_dynamodb_task zc_dynamodb_task;
typedef struct zc_dynamodb_write zc_dynamodb_write;

/* Learned from the answers: see pace.c. */
typedef struct {
  double window; /* batches at once, 1..max_parallel */
  int32_t quota; /* of repetitions */
  bool probing;  /* the last write failed: one request, not repeated, tells whether to go on */
} zc_dynamodb_pace;

typedef struct {
  const zc_host *host;
  zc_self *self;
  zc_aws *aws;
  char *region, *prefix;
  uint32_t timeout_ms, max_parallel;
  zc_dynamodb_table tables[ZC_DYNAMODB_TABLES_MAX];
  size_t n_tables;
  zc_dynamodb_pace pace;
  zc_dynamodb_task *tasks;       /* operations under way */
  zc_dynamodb_write *unfinished; /* the write that failed last: what it stored is not sent again */
  zc_dynamodb_text body;         /* of a batch; kept for its memory */
} zc_dynamodb;

const zc_dynamodb_table *zc_dynamodb_find(const zc_dynamodb *db, const zc_table *table);
int zc_dynamodb_set_tables(zc_dynamodb *db, const zc_table *const *tables, size_t n);

/* ---- operations ---- */

typedef void (*zc_dynamodb_answered)(zc_dynamodb_task *task, const zc_aws_answer *answer);

/* The first member of what an operation keeps. */
struct zc_dynamodb_task {
  zc_dynamodb *db;
  zc_op *op;
  zc_dynamodb_task *next, **link;
  void (*finish)(zc_dynamodb_task *task); /* frees what the operation added; or NULL */
  /* the request under way */
  const char *action; /* "DescribeTable" */
  zc_dynamodb_text body;
  zc_dynamodb_answered answered;
  uint32_t attempt, max_attempts;
};

/* `size` bytes, zeroed, that begin with a task; NULL for want of memory. */
void *zc_dynamodb_task_create(zc_dynamodb *db, zc_op *op, size_t size,
                              void (*finish)(zc_dynamodb_task *task));
/* Without a word to the host. */
void zc_dynamodb_task_destroy(zc_dynamodb_task *task);
/* The operation's end: done(), and the task is gone. message may be NULL where status is ZC_OK. */
void zc_dynamodb_end(zc_dynamodb_task *task, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same where a request failed for good. */
void zc_dynamodb_end_failed(zc_dynamodb_task *task, const zc_aws_answer *answer);

/* Sends task->body, which the caller wrote, and repeats it where it was throttled or did not get
 * through, max_attempts times in all. The answer is the last one; it may be a failure. Where it
 * cannot be sent the task ends. */
void zc_dynamodb_ask(zc_dynamodb_task *task, const char *action, uint32_t max_attempts,
                     zc_dynamodb_answered answered);
/* One request, once. */
int zc_dynamodb_send(zc_dynamodb *db, zc_op *op, const char *action, const zc_dynamodb_text *body,
                     void (*callback)(void *user, zc_op *op, const zc_aws_answer *answer),
                     void *user);
/* The status for done(): what a repetition by the host may cure is never ZC_EDATA. */
int zc_dynamodb_status(const zc_aws_answer *answer);
bool zc_dynamodb_may_repeat(const zc_aws_answer *answer);

/* ---- pace ---- */

void zc_dynamodb_pace_init(zc_dynamodb *db);
uint32_t zc_dynamodb_pace_window(const zc_dynamodb *db);
/* An answer came: `attempt` counts from 1; `throttled` also for items left unprocessed. */
void zc_dynamodb_pace_stored(zc_dynamodb *db, uint32_t attempt);
void zc_dynamodb_pace_throttled(zc_dynamodb *db);
/* Whether there may be another attempt after this failure; takes its cost. */
bool zc_dynamodb_pace_may_repeat(zc_dynamodb *db, const zc_aws_answer *answer, uint32_t attempt);
/* How long to wait before it, ms. Full jitter. */
int64_t zc_dynamodb_pause(const zc_dynamodb *db, const zc_aws_answer *answer, uint32_t attempt);

/* ---- items ---- */

/* A key's value as the item's text has it: a string's bytes between the quotes, or digits. */
typedef struct {
  const char *text;
  size_t length;
} zc_dynamodb_span;

/* Appends the item as {"NAME":{"TYPE":VALUE},…}. ZC_EDATA with a sentence that names the attribute
 * where DynamoDB would not take it; ZC_ENOMEM. `keys` get the primary keys' values. */
int zc_dynamodb_encode(zc_dynamodb_text *to, const zc_dynamodb_table *table, const zc_item *item,
                       zc_dynamodb_span keys[2], char *message, size_t size);
/* Whether it is a JSON number that DynamoDB stores without loss. */
bool zc_dynamodb_is_number(const char *text, size_t length);
/* Appends a typed item as plain JSON, its members in the order of their names. ZC_EDATA, ZC_ENOMEM
 * (in the text). */
int zc_dynamodb_decode(const zc_host *host, zc_dynamodb_text *to, const zc_json *item);

/* ---- what the host calls ---- */

int zc_dynamodb_begin(zc_dynamodb *db, const zc_table *const *tables, size_t n, zc_op *op);
int zc_dynamodb_write_items(zc_dynamodb *db, const zc_item *items, size_t n, size_t stride,
                            zc_op *op);
void zc_dynamodb_write_destroy(zc_dynamodb_write *write); /* one that is `unfinished` */
int zc_dynamodb_query(zc_dynamodb *db, const zc_table_query *query, zc_op *op);
int zc_dynamodb_create_tables(zc_dynamodb *db, const zc_table *const *tables, size_t n,
                              uint32_t flags, zc_op *op);
int zc_dynamodb_check_tables(zc_dynamodb *db, const zc_table *const *tables, size_t n,
                             uint32_t flags, zc_op *op);

#endif
