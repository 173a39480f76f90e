#include "description.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *zc_dynamodb_text_at(const zc_host *host, const zc_json *json, const char *path) {
  const char *text;
  const zc_json *found = host->json_at(json, path);
  return found && host->json_text(found, &text, NULL) == ZC_OK ? text : "";
}

/* ---- what it should be ---- */

void zc_dynamodb_name_body(zc_dynamodb_text *body, const zc_dynamodb_table *table) {
  zc_dynamodb_text_clear(body);
  zc_dynamodb_format(body, "{\"TableName\":\"%s\"}", table->name);
}

static void add_schema(zc_dynamodb_text *body, const zc_table_index *index) {
  zc_dynamodb_format(body,
                     "\"KeySchema\":[{\"AttributeName\":\"%s\",\"KeyType\":\"HASH\"},"
                     "{\"AttributeName\":\"%s\",\"KeyType\":\"RANGE\"}]",
                     index->partition_key, index->sort_key);
}

static void add_indexes(zc_dynamodb_text *body, const zc_table *table) {
  if (table->n_indexes == 0) return;
  zc_dynamodb_put(body, ",\"GlobalSecondaryIndexes\":[");
  for (uint32_t i = 0; i < table->n_indexes; i++) {
    const zc_table_index *index = &table->indexes[i];
    zc_dynamodb_format(body, "%s{\"IndexName\":\"%s\",", i ? "," : "", index->name);
    add_schema(body, index);
    zc_dynamodb_put(body, ",\"Projection\":{\"ProjectionType\":\"ALL\"}}");
  }
  zc_dynamodb_put(body, "]");
}

void zc_dynamodb_create_body(zc_dynamodb_text *body, const zc_dynamodb_table *table,
                             uint32_t flags) {
  zc_dynamodb_text_clear(body);
  zc_dynamodb_format(body, "{\"TableName\":\"%s\",\"BillingMode\":\"PAY_PER_REQUEST\",",
                     table->name);
  zc_dynamodb_put(body, "\"AttributeDefinitions\":[");
  for (size_t i = 0; i < table->n_keys; i++) {
    zc_dynamodb_format(body, "%s{\"AttributeName\":\"%s\",\"AttributeType\":\"%c\"}", i ? "," : "",
                       table->keys[i].name, table->keys[i].type);
  }
  zc_dynamodb_put(body, "],");
  add_schema(body, &table->table->primary);
  add_indexes(body, table->table);
  if (flags & ZC_TABLES_STREAMS) {
    zc_dynamodb_put(body, ",\"StreamSpecification\":{\"StreamEnabled\":true,"
                          "\"StreamViewType\":\"NEW_AND_OLD_IMAGES\"}");
  }
  if (flags & ZC_TABLES_DELETION_PROTECTION) {
    zc_dynamodb_put(body, ",\"DeletionProtectionEnabled\":true");
  }
  zc_dynamodb_put(body, "}");
}

/* ---- what it is ---- */

static char type_of(const zc_host *host, const zc_json *description, const char *attribute) {
  const zc_json *list = host->json_at(description, "AttributeDefinitions");
  for (size_t i = 0; i < host->json_count(list); i++) {
    const zc_json *definition = host->json_member(list, i, NULL);
    if (strcmp(zc_dynamodb_text_at(host, definition, "AttributeName"), attribute) == 0)
      return zc_dynamodb_text_at(host, definition, "AttributeType")[0];
  }
  return '?';
}

static const char *key_name(const zc_host *host, const zc_json *schema, const char *kind) {
  for (size_t i = 0; i < host->json_count(schema); i++) {
    const zc_json *key = host->json_member(schema, i, NULL);
    if (strcmp(zc_dynamodb_text_at(host, key, "KeyType"), kind) == 0)
      return zc_dynamodb_text_at(host, key, "AttributeName");
  }
  return "none";
}

/* Whether schema has these keys; if not, `text` gets what it has and what is wanted. */
static bool has_keys(const zc_host *host, const zc_json *description, const zc_json *schema,
                     const zc_table_index *wanted, char *text, size_t size) {
  const char *partition = key_name(host, schema, "HASH"), *sort = key_name(host, schema, "RANGE");
  char partition_type = type_of(host, description, partition);
  char sort_type = type_of(host, description, sort);
  snprintf(text, size, "keys are %.80s (%c) and %.80s (%c), wanted are %s (%c) and %s (%c)",
           partition, partition_type, sort, sort_type, wanted->partition_key,
           wanted->partition_type, wanted->sort_key, wanted->sort_type);
  return host->json_count(schema) == 2 && strcmp(partition, wanted->partition_key) == 0 &&
         strcmp(sort, wanted->sort_key) == 0 && partition_type == wanted->partition_type &&
         sort_type == wanted->sort_type;
}

bool zc_dynamodb_has_our_keys(const zc_host *host, const zc_json *description,
                              const zc_dynamodb_table *table) {
  char text[600];
  return has_keys(host, description, host->json_at(description, "KeySchema"),
                  &table->table->primary, text, sizeof text);
}

/* type: 'S' | 'N' | 'B' */
static bool is_of(const zc_host *host, const zc_json *value, char type) {
  const char *text;
  if (host->json_text(value, &text, NULL) == ZC_OK) return type == 'S' && *text;
  return type == 'N' && host->json_type(value) == ZC_JSON_NUMBER;
}

const char *zc_dynamodb_mistyped(const zc_host *host, const zc_json *description,
                                 const zc_json *item) {
  const zc_json *list = host->json_at(description, "AttributeDefinitions");
  for (size_t i = 0; i < host->json_count(list); i++) {
    const char *name = zc_dynamodb_text_at(host, host->json_member(list, i, NULL), "AttributeName");
    const zc_json *value = host->json_at(item, name);
    if (value && !is_of(host, value, type_of(host, description, name))) return name;
  }
  return NULL;
}

bool zc_dynamodb_is_active(const zc_host *host, const zc_json *description) {
  const zc_json *indexes = host->json_at(description, "GlobalSecondaryIndexes");
  for (size_t i = 0; i < host->json_count(indexes); i++) {
    const zc_json *index = host->json_member(indexes, i, NULL);
    if (strcmp(zc_dynamodb_text_at(host, index, "IndexStatus"), "ACTIVE") != 0) return false;
  }
  return strcmp(zc_dynamodb_text_at(host, description, "TableStatus"), "ACTIVE") == 0;
}

static bool is_on(const char *status) {
  return strcmp(status, "ENABLED") == 0 || strcmp(status, "ENABLING") == 0;
}

bool zc_dynamodb_expires(const zc_host *host, const zc_json *answer, const char *attribute) {
  const zc_json *found = host->json_at(answer, "TimeToLiveDescription");
  return is_on(zc_dynamodb_text_at(host, found, "TimeToLiveStatus")) &&
         strcmp(zc_dynamodb_text_at(host, found, "AttributeName"), attribute) == 0;
}

bool zc_dynamodb_is_recoverable(const zc_host *host, const zc_json *answer) {
  return is_on(zc_dynamodb_text_at(host, answer,
                                   "ContinuousBackupsDescription/PointInTimeRecoveryDescription/"
                                   "PointInTimeRecoveryStatus"));
}

/* ---- differences ---- */

typedef struct {
  const zc_host *host;
  const zc_json *description;
  void (*report)(void *user, const char *difference);
  void *user;
  size_t n;
} comparison;

static void differ(comparison *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void differ(comparison *c, const char *format, ...) {
  char text[800];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  c->n++;
  c->report(c->user, text);
}

static const zc_json *find_index(const comparison *c, const char *name) {
  const zc_json *indexes = c->host->json_at(c->description, "GlobalSecondaryIndexes");
  for (size_t i = 0; i < c->host->json_count(indexes); i++) {
    const zc_json *index = c->host->json_member(indexes, i, NULL);
    if (strcmp(zc_dynamodb_text_at(c->host, index, "IndexName"), name) == 0) return index;
  }
  return NULL;
}

static void compare_index(comparison *c, const zc_table_index *wanted) {
  char text[600];
  const zc_json *index = find_index(c, wanted->name);
  if (!index) {
    differ(c, "index %s: is missing", wanted->name);
    return;
  }
  if (!has_keys(c->host, c->description, c->host->json_at(index, "KeySchema"), wanted, text,
                sizeof text)) {
    differ(c, "index %s: its %s", wanted->name, text);
  }
  const char *projection = zc_dynamodb_text_at(c->host, index, "Projection/ProjectionType");
  if (strcmp(projection, "ALL") != 0) {
    differ(c, "index %s: its projection is %.40s, wanted is ALL", wanted->name, projection);
  }
}

static bool is_true(const comparison *c, const char *path) {
  int yes = 0;
  return c->host->json_boolean(c->host->json_at(c->description, path), &yes) == ZC_OK && yes;
}

static void compare_settings(comparison *c, uint32_t flags) {
  const char *mode = zc_dynamodb_text_at(c->host, c->description, "BillingModeSummary/BillingMode");
  if (strcmp(mode, "PAY_PER_REQUEST") != 0) {
    differ(c, "its billing mode is %.40s, wanted is PAY_PER_REQUEST",
           mode[0] ? mode : "PROVISIONED");
  }
  if ((flags & ZC_TABLES_STREAMS) && !is_true(c, "StreamSpecification/StreamEnabled"))
    differ(c, "it has no stream");
  if ((flags & ZC_TABLES_DELETION_PROTECTION) && !is_true(c, "DeletionProtectionEnabled"))
    differ(c, "it is not protected against deletion");
}

size_t zc_dynamodb_compare(const zc_host *host, const zc_json *description,
                           const zc_dynamodb_table *table, uint32_t flags,
                           void (*report)(void *user, const char *difference), void *user) {
  comparison c = {.host = host, .description = description, .report = report, .user = user};
  char text[600];
  if (!has_keys(host, description, host->json_at(description, "KeySchema"), &table->table->primary,
                text, sizeof text)) {
    differ(&c, "its %s", text);
  }
  for (uint32_t i = 0; i < table->table->n_indexes; i++)
    compare_index(&c, &table->table->indexes[i]);
  compare_settings(&c, flags);
  return c.n;
}
