/* Typed attribute values back into plain JSON. DynamoDB keeps no order of members: they are given
 * in the order of their names, so that the same item is always the same text. */
#include <stdlib.h>
#include <string.h>

#include "dynamodb.h"

#define DEPTH_MAX 34

typedef struct {
  const char *name;
  const zc_json *value;
} member;

static int decode_value(const zc_host *host, zc_dynamodb_text *to, const zc_json *typed,
                        size_t depth);

static int by_name(const void *a, const void *b) {
  return strcmp(((const member *)a)->name, ((const member *)b)->name);
}

static int write_members(const zc_host *host, zc_dynamodb_text *to, const member *members, size_t n,
                         size_t depth) {
  int status = ZC_OK;
  zc_dynamodb_put(to, "{");
  for (size_t i = 0; i < n && status == ZC_OK; i++) {
    if (i > 0) zc_dynamodb_put(to, ",");
    zc_dynamodb_quote(to, members[i].name, strlen(members[i].name));
    zc_dynamodb_put(to, ":");
    status = decode_value(host, to, members[i].value, depth);
  }
  zc_dynamodb_put(to, "}");
  return status;
}

static int decode_map(const zc_host *host, zc_dynamodb_text *to, const zc_json *map, size_t depth) {
  size_t n = host->json_count(map);
  member *members = calloc(n + 1, sizeof *members);
  if (!members) return ZC_ENOMEM;
  for (size_t i = 0; i < n; i++)
    members[i].value = host->json_member(map, i, &members[i].name);
  qsort(members, n, sizeof *members, by_name);
  int status = write_members(host, to, members, n, depth);
  free(members);
  return status;
}

static int decode_list(const zc_host *host, zc_dynamodb_text *to, const zc_json *list,
                       size_t depth) {
  size_t n = host->json_count(list);
  int status = ZC_OK;
  zc_dynamodb_put(to, "[");
  for (size_t i = 0; i < n && status == ZC_OK; i++) {
    if (i > 0) zc_dynamodb_put(to, ",");
    status = decode_value(host, to, host->json_member(list, i, NULL), depth);
  }
  zc_dynamodb_put(to, "]");
  return status;
}

static int decode_scalar(const zc_host *host, zc_dynamodb_text *to, const char *type,
                         const zc_json *value) {
  const char *text;
  size_t length;
  int yes;
  if (strcmp(type, "BOOL") == 0 && host->json_boolean(value, &yes) == ZC_OK) {
    zc_dynamodb_put(to, yes ? "true" : "false");
    return ZC_OK;
  }
  if (strcmp(type, "NULL") == 0) {
    zc_dynamodb_put(to, "null");
    return ZC_OK;
  }
  if (host->json_text(value, &text, &length) != ZC_OK) return ZC_EDATA;
  if (strcmp(type, "S") == 0) {
    zc_dynamodb_quote(to, text, length);
  } else if (strcmp(type, "N") == 0 && zc_dynamodb_is_number(text, length)) {
    zc_dynamodb_add(to, text, length);
  } else {
    return ZC_EDATA; /* binary and sets: not from here */
  }
  return ZC_OK;
}

static int decode_value(const zc_host *host, zc_dynamodb_text *to, const zc_json *typed,
                        size_t depth) {
  const char *type;
  if (depth == DEPTH_MAX || host->json_type(typed) != ZC_JSON_OBJECT) return ZC_EDATA;
  const zc_json *value = host->json_member(typed, 0, &type);
  if (!value || host->json_count(typed) != 1) return ZC_EDATA;
  if (strcmp(type, "M") == 0 && host->json_type(value) == ZC_JSON_OBJECT)
    return decode_map(host, to, value, depth + 1);
  if (strcmp(type, "L") == 0 && host->json_type(value) == ZC_JSON_ARRAY)
    return decode_list(host, to, value, depth + 1);
  return decode_scalar(host, to, type, value);
}

int zc_dynamodb_decode(const zc_host *host, zc_dynamodb_text *to, const zc_json *item) {
  if (host->json_type(item) != ZC_JSON_OBJECT) return ZC_EDATA;
  int status = decode_map(host, to, item, 0);
  return to->failed ? ZC_ENOMEM : status;
}
