#include <stdio.h>
#include <string.h>

#include "dynamodb.h"

#define NAME_LEAST 3 /* characters; the most are 255 */

static bool has_key(const zc_dynamodb_table *table, const char *name) {
  for (size_t i = 0; i < table->n_keys; i++) {
    if (strcmp(table->keys[i].name, name) == 0) return true;
  }
  return false;
}

static int add_key(zc_dynamodb_table *to, const char *name, char type) {
  if (has_key(to, name)) return ZC_OK;
  if (to->n_keys == ZC_DYNAMODB_KEYS_MAX) return ZC_EINVAL;
  to->keys[to->n_keys++] = (zc_dynamodb_key){.name = name, .length = strlen(name), .type = type};
  return ZC_OK;
}

static int add_keys(zc_dynamodb_table *to, const zc_table_index *index) {
  int status = add_key(to, index->partition_key, index->partition_type);
  return status == ZC_OK ? add_key(to, index->sort_key, index->sort_type) : status;
}

int zc_dynamodb_table_init(zc_dynamodb_table *to, const zc_table *table, const char *prefix) {
  *to = (zc_dynamodb_table){.table = table};
  int n = snprintf(to->name, sizeof to->name, "%s%s", prefix, table->primary.name);
  if (n < NAME_LEAST || (size_t)n >= sizeof to->name) return ZC_EINVAL;
  int status = add_keys(to, &table->primary);
  for (uint32_t i = 0; i < table->n_indexes && status == ZC_OK; i++)
    status = add_keys(to, &table->indexes[i]);
  return status;
}

const zc_dynamodb_table *zc_dynamodb_find(const zc_dynamodb *db, const zc_table *table) {
  for (size_t i = 0; i < db->n_tables; i++) {
    if (db->tables[i].table == table) return &db->tables[i];
  }
  for (size_t i = 0; i < db->n_tables; i++) {
    if (strcmp(db->tables[i].table->primary.name, table->primary.name) == 0) return &db->tables[i];
  }
  return NULL;
}

int zc_dynamodb_set_tables(zc_dynamodb *db, const zc_table *const *tables, size_t n) {
  if (n > ZC_DYNAMODB_TABLES_MAX) return ZC_EINVAL;
  int status = ZC_OK;
  for (size_t i = 0; i < n && status == ZC_OK; i++)
    status = zc_dynamodb_table_init(&db->tables[i], tables[i], db->prefix);
  db->n_tables = status == ZC_OK ? n : 0;
  return status;
}
