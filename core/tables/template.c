#include "core/tables/template.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "core/tables/schema.h"

#define PREFIX_MAX     200
#define ATTRIBUTES_MAX 24

typedef struct {
  const char *name;
  char type;
} attribute;

int zc_template_check_prefix(const char *prefix) {
  static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
  size_t n = strlen(prefix);
  return n <= PREFIX_MAX && strspn(prefix, allowed) == n ? ZC_OK : ZC_EINVAL;
}

/* ---- the key attributes, each once ---- */

static size_t add_attribute(attribute *list, size_t n, const char *name, char type) {
  for (size_t i = 0; i < n; i++) {
    if (strcmp(list[i].name, name) == 0) return n;
  }
  if (n < ATTRIBUTES_MAX) list[n++] = (attribute){name, type};
  return n;
}

static size_t attributes_of(const zc_table *table, attribute *ret) {
  size_t n = 0;
  for (uint32_t i = 0; i <= table->n_indexes; i++) {
    const zc_table_index *index = i == 0 ? &table->primary : &table->indexes[i - 1];
    n = add_attribute(ret, n, index->partition_key, index->partition_type);
    n = add_attribute(ret, n, index->sort_key, index->sort_type);
  }
  return n;
}

/* ---- CloudFormation ---- */

/* pipeline_executions: PipelineExecutions */
static void write_resource_name(zc_buffer *to, const char *table) {
  bool upper = true;
  for (; *table; table++) {
    bool separator = *table == '_';
    if (!separator) zc_buffer_char(to, (char)(upper ? toupper((unsigned char)*table) : *table));
    upper = separator;
  }
}

static void write_key_schema(zc_buffer *to, const char *indent, const zc_table_index *index) {
  zc_buffer_printf(to,
                   "%sKeySchema:\n"
                   "%s  - {AttributeName: \"%s\", KeyType: HASH}\n"
                   "%s  - {AttributeName: \"%s\", KeyType: RANGE}\n",
                   indent, indent, index->partition_key, indent, index->sort_key);
}

static void write_attribute_definitions(zc_buffer *to, const zc_table *table) {
  attribute attributes[ATTRIBUTES_MAX];
  size_t n = attributes_of(table, attributes);
  zc_buffer_text(to, "      AttributeDefinitions:\n");
  for (size_t i = 0; i < n; i++) {
    zc_buffer_printf(to, "        - {AttributeName: \"%s\", AttributeType: %c}\n",
                     attributes[i].name, attributes[i].type);
  }
}

static void write_global_indexes(zc_buffer *to, const zc_table *table) {
  if (table->n_indexes > 0) zc_buffer_text(to, "      GlobalSecondaryIndexes:\n");
  for (uint32_t i = 0; i < table->n_indexes; i++) {
    zc_buffer_printf(to, "        - IndexName: %s\n", table->indexes[i].name);
    write_key_schema(to, "          ", &table->indexes[i]);
    zc_buffer_text(to, "          Projection: {ProjectionType: ALL}\n");
  }
}

static void write_resource(zc_buffer *to, const zc_table *table, const char *prefix,
                           uint32_t flags) {
  zc_buffer_text(to, "  ");
  write_resource_name(to, table->primary.name);
  zc_buffer_printf(to,
                   ":\n"
                   "    Type: AWS::DynamoDB::Table\n"
                   "    DeletionPolicy: Retain\n"
                   "    UpdateReplacePolicy: Retain\n"
                   "    Properties:\n"
                   "      TableName: \"%s%s\"\n"
                   "      BillingMode: PAY_PER_REQUEST\n",
                   prefix, table->primary.name);
  write_attribute_definitions(to, table);
  write_key_schema(to, "      ", &table->primary);
  write_global_indexes(to, table);
  if (table->ttl_attribute) {
    zc_buffer_printf(to, "      TimeToLiveSpecification: {AttributeName: \"%s\", Enabled: true}\n",
                     table->ttl_attribute);
  }
  if (table->flags & ZC_TABLE_RECOVERABLE) {
    zc_buffer_text(to, "      PointInTimeRecoverySpecification: "
                       "{PointInTimeRecoveryEnabled: true}\n");
  }
  if (flags & ZC_TABLES_STREAMS) {
    zc_buffer_text(to, "      StreamSpecification: {StreamViewType: NEW_AND_OLD_IMAGES}\n");
  }
  if (flags & ZC_TABLES_DELETION_PROTECTION) {
    zc_buffer_text(to, "      DeletionProtectionEnabled: true\n");
  }
}

static void write_cloudformation(zc_buffer *to, const char *prefix, uint32_t flags) {
  zc_buffer_text(to, "AWSTemplateFormatVersion: \"2010-09-09\"\n"
                     "Description: The tables of ZeroCarb\n"
                     "Resources:\n");
  for (size_t i = 0; i < ZC_TABLES; i++)
    write_resource(to, zc_tables[i], prefix, flags);
}

/* ---- Terraform ---- */

static void write_attribute_blocks(zc_buffer *to, const zc_table *table) {
  attribute attributes[ATTRIBUTES_MAX];
  size_t n = attributes_of(table, attributes);
  for (size_t i = 0; i < n; i++) {
    zc_buffer_printf(to,
                     "\n  attribute {\n"
                     "    name = \"%s\"\n"
                     "    type = \"%c\"\n"
                     "  }\n",
                     attributes[i].name, attributes[i].type);
  }
}

static void write_index_blocks(zc_buffer *to, const zc_table *table) {
  for (uint32_t i = 0; i < table->n_indexes; i++) {
    const zc_table_index *index = &table->indexes[i];
    zc_buffer_printf(to,
                     "\n  global_secondary_index {\n"
                     "    name            = \"%s\"\n"
                     "    hash_key        = \"%s\"\n"
                     "    range_key       = \"%s\"\n"
                     "    projection_type = \"ALL\"\n"
                     "  }\n",
                     index->name, index->partition_key, index->sort_key);
  }
}

static void write_settings(zc_buffer *to, const zc_table *table, uint32_t flags) {
  if (flags & ZC_TABLES_STREAMS) {
    zc_buffer_text(to, "  stream_enabled   = true\n"
                       "  stream_view_type = \"NEW_AND_OLD_IMAGES\"\n");
  }
  if (flags & ZC_TABLES_DELETION_PROTECTION) {
    zc_buffer_text(to, "  deletion_protection_enabled = true\n");
  }
  write_attribute_blocks(to, table);
  write_index_blocks(to, table);
  if (table->ttl_attribute) {
    zc_buffer_printf(to,
                     "\n  ttl {\n"
                     "    attribute_name = \"%s\"\n"
                     "    enabled        = true\n"
                     "  }\n",
                     table->ttl_attribute);
  }
  if (table->flags & ZC_TABLE_RECOVERABLE) {
    zc_buffer_text(to, "\n  point_in_time_recovery {\n    enabled = true\n  }\n");
  }
}

static void write_terraform(zc_buffer *to, const char *prefix, uint32_t flags) {
  for (size_t i = 0; i < ZC_TABLES; i++) {
    const zc_table *table = zc_tables[i];
    zc_buffer_printf(to,
                     "%sresource \"aws_dynamodb_table\" \"%s\" {\n"
                     "  name         = \"%s%s\"\n"
                     "  billing_mode = \"PAY_PER_REQUEST\"\n"
                     "  hash_key     = \"%s\"\n"
                     "  range_key    = \"%s\"\n",
                     i ? "\n" : "", table->primary.name, prefix, table->primary.name,
                     table->primary.partition_key, table->primary.sort_key);
    write_settings(to, table, flags);
    zc_buffer_text(to, "}\n");
  }
}

/* ---- the policy ---- */

static void write_resources(zc_buffer *to, const char *prefix, bool indexes) {
  bool first = true;
  for (size_t i = 0; i < ZC_TABLES; i++) {
    if (indexes && zc_tables[i]->n_indexes == 0) continue;
    zc_buffer_printf(to, "%s\n        \"arn:aws:dynamodb:*:*:table/%s%s%s\"", first ? "" : ",",
                     prefix, zc_tables[i]->primary.name, indexes ? "/index/*" : "");
    first = false;
  }
  zc_buffer_text(to, "\n      ]\n    }");
}

static void write_policy(zc_buffer *to, const char *prefix) {
  zc_buffer_text(to, "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n"
                     "    {\n      \"Sid\": \"ZeroCarbTables\",\n      \"Effect\": \"Allow\",\n"
                     "      \"Action\": [\"dynamodb:DescribeTable\", \"dynamodb:BatchWriteItem\", "
                     "\"dynamodb:Query\"],\n"
                     "      \"Resource\": [");
  write_resources(to, prefix, false);
  zc_buffer_text(to, ",\n    {\n      \"Sid\": \"ZeroCarbIndexes\",\n      \"Effect\": \"Allow\",\n"
                     "      \"Action\": [\"dynamodb:Query\"],\n      \"Resource\": [");
  write_resources(to, prefix, true);
  zc_buffer_text(to, "\n  ]\n}\n");
}

int zc_template_write(zc_buffer *to, zc_template_format format, const char *prefix,
                      uint32_t flags) {
  if (format == ZC_TEMPLATE_CLOUDFORMATION)
    write_cloudformation(to, prefix, flags);
  else if (format == ZC_TEMPLATE_TERRAFORM)
    write_terraform(to, prefix, flags);
  else
    write_policy(to, prefix);
  return to->status;
}
