/* Pages of a table or index. One item more than asked for is read, to know whether more follow; a
 * page's mark is the last item's keys, typed, which is what DynamoDB goes on from. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dynamodb.h"

#define ATTEMPTS  4
#define ROWS_MAX  1000 /* of a page */
#define BYTES_MAX ((size_t)4 << 20)
#define KEYS_MAX  4 /* of the index, and the primary ones */

typedef struct {
  zc_dynamodb_task task;
  zc_dynamodb_text head; /* the request without its end: ,"Limit":N,"ExclusiveStartKey":…} */
  zc_dynamodb_text from; /* where to go on; empty: at the beginning */
  zc_dynamodb_text row;
  const char *keys[KEYS_MAX];
  size_t n_keys;
  uint32_t limit, n_rows;
  size_t bytes;
} query;

static void finish(zc_dynamodb_task *task) {
  query *q = (query *)task;
  zc_dynamodb_text_finish(&q->head);
  zc_dynamodb_text_finish(&q->from);
  zc_dynamodb_text_finish(&q->row);
}

/* ---- marks ---- */

static void add_key_name(query *q, const char *name) {
  for (size_t i = 0; i < q->n_keys; i++) {
    if (strcmp(q->keys[i], name) == 0) return;
  }
  q->keys[q->n_keys++] = name;
}

static void set_key_names(query *q, const zc_table_query *asked) {
  const zc_table_index *const both[] = {asked->index, &asked->table->primary};
  for (size_t i = 0; i < 2; i++) {
    add_key_name(q, both[i]->partition_key);
    add_key_name(q, both[i]->sort_key);
  }
}

/* The typed keys out of a typed item (or of a mark, which strangers may have written). */
static int set_from(query *q, const zc_json *item) {
  const zc_host *host = q->task.db->host;
  zc_dynamodb_text_clear(&q->from);
  for (size_t i = 0; i < q->n_keys; i++) {
    const char *type, *value;
    size_t length;
    const zc_json *typed = host->json_at(item, q->keys[i]);
    if (host->json_type(typed) != ZC_JSON_OBJECT) return ZC_EINVAL;
    const zc_json *text = host->json_member(typed, 0, &type);
    if (!text || host->json_text(text, &value, &length) != ZC_OK) return ZC_EINVAL;
    if (strcmp(type, "S") != 0 && strcmp(type, "N") != 0) return ZC_EINVAL;
    zc_dynamodb_format(&q->from, "%s\"%s\":{\"%s\":", i ? "," : "{", q->keys[i], type);
    zc_dynamodb_quote(&q->from, value, length);
    zc_dynamodb_put(&q->from, "}");
  }
  zc_dynamodb_put(&q->from, "}");
  return q->from.failed ? ZC_ENOMEM : ZC_OK;
}

static int read_page(query *q, const char *page) {
  const zc_host *host = q->task.db->host;
  zc_json *mark;
  if (!page) return ZC_OK;
  int status = host->json_parse(page, strlen(page), &mark);
  if (status != ZC_OK) return status == ZC_ENOMEM ? status : ZC_EINVAL;
  status = set_from(q, mark);
  host->json_free(mark);
  return status;
}

/* ---- answers ---- */

static void ask(query *q);

/* Gives one item; true where the page is full and this one is too much. */
static bool take_item(query *q, const zc_json *item, int *ret_status) {
  const zc_host *host = q->task.db->host;
  if (q->n_rows == q->limit || (q->n_rows > 0 && q->bytes >= BYTES_MAX)) {
    *ret_status = host->page(q->task.op, q->from.data);
    return true;
  }
  zc_dynamodb_text_clear(&q->row);
  *ret_status = zc_dynamodb_decode(host, &q->row, item);
  if (*ret_status == ZC_OK) *ret_status = host->row(q->task.op, q->row.data, q->row.length);
  if (*ret_status == ZC_OK) *ret_status = set_from(q, item);
  q->n_rows++;
  q->bytes += q->row.length;
  return false;
}

static void on_answer(zc_dynamodb_task *task, const zc_aws_answer *answer) {
  query *q = (query *)task;
  const zc_host *host = task->db->host;
  const zc_json *items = host->json_at(answer->json, "Items");
  const zc_json *last = host->json_at(answer->json, "LastEvaluatedKey");
  bool full = false;
  int status = ZC_OK;
  if (answer->kind != ZC_AWS_FINE) {
    zc_dynamodb_end_failed(task, answer);
    return;
  }
  if (host->json_type(items) != ZC_JSON_ARRAY) { /* not to be taken for "nothing is there" */
    zc_dynamodb_end(task, ZC_EREMOTE, "the answer to Query has no list of Items");
    return;
  }
  for (size_t i = 0; i < host->json_count(items) && status == ZC_OK && !full; i++)
    full = take_item(q, host->json_member(items, i, NULL), &status);
  /* Filtered pages may be empty and yet not be the last. */
  if (status == ZC_OK && !full && last) status = set_from(q, last);
  if (status != ZC_OK) {
    zc_dynamodb_end(task, status, "DynamoDB answered with items that cannot be read");
  } else if (full || !last) {
    zc_dynamodb_end(task, ZC_OK, NULL);
  } else {
    ask(q);
  }
}

static void ask(query *q) {
  zc_dynamodb_text *body = &q->task.body;
  zc_dynamodb_text_clear(body);
  zc_dynamodb_add(body, q->head.data, q->head.length);
  zc_dynamodb_format(body, ",\"Limit\":%u", q->limit - q->n_rows + 1);
  if (q->from.length > 0) {
    zc_dynamodb_put(body, ",\"ExclusiveStartKey\":");
    zc_dynamodb_add(body, q->from.data, q->from.length);
  }
  zc_dynamodb_put(body, "}");
  zc_dynamodb_ask(&q->task, "Query", ATTEMPTS, on_answer);
}

/* ---- the question ---- */

static int add_value(zc_dynamodb_text *to, const char *name, char type, const char *value) {
  if (type == 'N' && !zc_dynamodb_is_number(value, strlen(value))) return ZC_EINVAL;
  zc_dynamodb_format(to, "%s\"%s\":{\"%c\":", strcmp(name, ":p") == 0 ? "" : ",", name, type);
  zc_dynamodb_quote(to, value, strlen(value));
  zc_dynamodb_put(to, "}");
  return ZC_OK;
}

static bool has_low(const zc_table_query *asked) {
  return asked->compare == ZC_COMPARE_EQUAL || asked->compare == ZC_COMPARE_AT_LEAST ||
         asked->compare == ZC_COMPARE_BETWEEN;
}

static bool has_high(const zc_table_query *asked) {
  return asked->compare == ZC_COMPARE_AT_MOST || asked->compare == ZC_COMPARE_BETWEEN;
}

static int add_values(zc_dynamodb_text *to, const zc_table_query *asked) {
  const zc_table_index *index = asked->index;
  char now[32];
  snprintf(now, sizeof now, "%lld", (long long)((asked->now + 999) / 1000));
  zc_dynamodb_put(to, ",\"ExpressionAttributeValues\":{");
  int status = add_value(to, ":p", index->partition_type, asked->partition);
  if (status == ZC_OK && has_low(asked))
    status = add_value(to, ":low", index->sort_type, asked->low);
  if (status == ZC_OK && has_high(asked))
    status = add_value(to, ":high", index->sort_type, asked->high);
  if (status == ZC_OK && asked->table->ttl_attribute) status = add_value(to, ":now", 'N', now);
  zc_dynamodb_put(to, "}");
  return status;
}

/* Many attributes' names are reserved words, others have dots: all go by "#…". */
static int compose(zc_dynamodb_text *to, const zc_dynamodb_table *table,
                   const zc_table_query *asked) {
  static const char *const conditions[] = {"", " AND #s = :low", " AND #s BETWEEN :low AND :high",
                                           " AND #s >= :low", " AND #s <= :high"};
  const zc_table_index *index = asked->index;
  const char *ttl = asked->table->ttl_attribute;
  zc_dynamodb_format(to, "{\"TableName\":\"%s\"", table->name);
  if (index != &asked->table->primary)
    zc_dynamodb_format(to, ",\"IndexName\":\"%s\"", index->name);
  else /* what has just been written is read; an index cannot promise that */
    zc_dynamodb_put(to, ",\"ConsistentRead\":true");
  zc_dynamodb_format(to, ",\"KeyConditionExpression\":\"#p = :p%s\"", conditions[asked->compare]);
  zc_dynamodb_format(to, ",\"ScanIndexForward\":%s", asked->descending ? "false" : "true");
  if (ttl) {
    zc_dynamodb_put(to, ",\"FilterExpression\":\"attribute_not_exists(#ttl) OR #ttl >= :now\"");
  }
  zc_dynamodb_format(to, ",\"ExpressionAttributeNames\":{\"#p\":\"%s\"", index->partition_key);
  if (asked->compare != ZC_COMPARE_NONE) zc_dynamodb_format(to, ",\"#s\":\"%s\"", index->sort_key);
  if (ttl) zc_dynamodb_format(to, ",\"#ttl\":\"%s\"", ttl);
  zc_dynamodb_put(to, "}");
  int status = add_values(to, asked);
  return to->failed ? ZC_ENOMEM : status;
}

static bool is_above(const zc_table_query *asked) {
  if (asked->index->sort_type == 'N') return strtod(asked->low, NULL) > strtod(asked->high, NULL);
  return strcmp(asked->low, asked->high) > 0;
}

/* What no item can match, but DynamoDB refuses to be asked: an empty key, a range from high to
 * low. */
static bool is_empty(const zc_table_query *asked) {
  if (!asked->partition[0]) return true;
  if (asked->compare == ZC_COMPARE_EQUAL && !asked->low[0]) return true;
  if (has_high(asked) && !asked->high[0]) return true;
  return asked->compare == ZC_COMPARE_BETWEEN && is_above(asked);
}

/* "At least an empty text" is everything. */
static zc_table_query simplified(const zc_table_query *asked) {
  zc_table_query simple = *asked;
  if (has_low(asked) && asked->index->sort_type == 'S' && !asked->low[0])
    simple.compare = asked->compare == ZC_COMPARE_BETWEEN ? ZC_COMPARE_AT_MOST : ZC_COMPARE_NONE;
  return simple;
}

/* Where a page ended among those that have the range's far end for a sort key, the others of these
 * are left. DynamoDB Local refuses to go on from there inside a range. */
static zc_table_query at_far_end(const query *q, const zc_table_query *asked) {
  const zc_host *host = q->task.db->host;
  zc_table_query rest = *asked;
  const char *end = asked->descending ? asked->low : asked->high, *value;
  bool has_end = asked->descending ? has_low(asked) : has_high(asked);
  zc_json *mark;
  if (!has_end || !asked->page || host->json_parse(q->from.data, q->from.length, &mark) != ZC_OK)
    return rest;
  const zc_json *typed = host->json_at(mark, asked->index->sort_key);
  const zc_json *text = host->json_member(typed, 0, NULL);
  if (host->json_text(text, &value, NULL) == ZC_OK && strcmp(value, end) == 0) {
    rest.compare = ZC_COMPARE_EQUAL;
    rest.low = end;
  }
  host->json_free(mark);
  return rest;
}

static bool is_complete(const zc_table_query *asked) {
  return asked->limit > 0 && asked->partition && asked->compare <= ZC_COMPARE_AT_MOST &&
         (!has_low(asked) || asked->low) && (!has_high(asked) || asked->high);
}

int zc_dynamodb_query(zc_dynamodb *db, const zc_table_query *asked, zc_op *op) {
  const zc_dynamodb_table *table = zc_dynamodb_find(db, asked->table);
  if (!table || !is_complete(asked)) return ZC_EINVAL;
  query *q = zc_dynamodb_task_create(db, op, sizeof *q, finish);
  if (!q) return ZC_ENOMEM;
  if (is_empty(asked)) {
    zc_dynamodb_end(&q->task, ZC_OK, NULL);
    return ZC_OK;
  }
  zc_table_query simple = simplified(asked);
  q->limit = asked->limit < ROWS_MAX ? asked->limit : ROWS_MAX;
  set_key_names(q, asked);
  int status = read_page(q, asked->page);
  if (status == ZC_OK) {
    simple = at_far_end(q, &simple);
    status = compose(&q->head, table, &simple);
  }
  if (status != ZC_OK) {
    zc_dynamodb_task_destroy(&q->task);
    return status;
  }
  ask(q);
  return ZC_OK;
}
