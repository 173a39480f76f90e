/* description.h - what a table should be, and in what the one that is there differs. */
#ifndef ZC_DYNAMODB_DESCRIPTION_H
#define ZC_DYNAMODB_DESCRIPTION_H

#include "dynamodb.h"

/* {"TableName":NAME}, which most requests about a table are. */
void zc_dynamodb_name_body(zc_dynamodb_text *body, const zc_dynamodb_table *table);
/* CreateTable's. flags: ZC_TABLES_… */
void zc_dynamodb_create_body(zc_dynamodb_text *body, const zc_dynamodb_table *table,
                             uint32_t flags);

/* Reports each difference between a TableDescription and the table, in a few words: "index X: is
 * missing". Returns how many. */
size_t zc_dynamodb_compare(const zc_host *host, const zc_json *description,
                           const zc_dynamodb_table *table, uint32_t flags,
                           void (*report)(void *user, const char *difference), void *user);
/* Whether the keys of the table itself are ours: without, nothing can be written. */
bool zc_dynamodb_has_our_keys(const zc_host *host, const zc_json *description,
                              const zc_dynamodb_table *table);
/* A key of any of the table's indexes, of others' too, that the item has in another type, or empty:
 * such an index refuses items that there is nothing wrong with. NULL: there is none. */
const char *zc_dynamodb_mistyped(const zc_host *host, const zc_json *description,
                                 const zc_json *item);
/* Whether table and indexes are ACTIVE. */
bool zc_dynamodb_is_active(const zc_host *host, const zc_json *description);
/* Of DescribeTimeToLive's answer: whether items expire by that attribute, now or soon. */
bool zc_dynamodb_expires(const zc_host *host, const zc_json *answer, const char *attribute);
/* Of DescribeContinuousBackups's answer. */
bool zc_dynamodb_is_recoverable(const zc_host *host, const zc_json *answer);
/* The text at a path, "" where there is none. */
const char *zc_dynamodb_text_at(const zc_host *host, const zc_json *json, const char *path);

#endif
