#include "dynamodb.h"

#include <stdlib.h>
#include <string.h>

/* ---- the instance ---- */

static void destroy(void *state) {
  zc_dynamodb *db = state;
  while (db->tasks)
    zc_dynamodb_task_destroy(db->tasks);
  zc_dynamodb_write_destroy(db->unfinished);
  zc_dynamodb_text_finish(&db->body);
  zc_aws_destroy(db->aws);
  free(db->region);
  free(db->prefix);
  free(db);
}

static int set_region(zc_dynamodb *db, const zc_config *config) {
  const char *region = db->host->text(config, "region");
  if (!region) region = zc_aws_default_region(db->aws);
  if (!region) {
    db->host->log(db->self, ZC_LOG_ERROR,
                  "no region: set `region`, AWS_REGION, or region in the AWS profile");
    return ZC_EINVAL;
  }
  db->region = strdup(region);
  return db->region ? ZC_OK : ZC_ENOMEM;
}

static int set_prefix(zc_dynamodb *db, const zc_config *config) {
  static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
  const char *prefix = db->host->text(config, "table_prefix");
  if (!prefix) prefix = "";
  if (prefix[strspn(prefix, allowed)]) {
    db->host->log(db->self, ZC_LOG_ERROR, "table_prefix may hold letters, digits, _ . and - only");
    return ZC_EINVAL;
  }
  db->prefix = strdup(prefix);
  return db->prefix ? ZC_OK : ZC_ENOMEM;
}

static int configure(zc_dynamodb *db, const zc_config *config) {
  const zc_aws_settings settings = {.profile = db->host->text(config, "profile"),
                                    .endpoint = db->host->text(config, "endpoint")};
  int status = zc_aws_create(db->host, db->self, &settings, &db->aws);
  if (status == ZC_OK) status = set_region(db, config);
  if (status == ZC_OK) status = set_prefix(db, config);
  if (status != ZC_OK) return status;
  db->max_parallel = (uint32_t)db->host->integer(config, "max_parallel");
  db->timeout_ms = (uint32_t)db->host->integer(config, "timeout");
  zc_dynamodb_pace_init(db);
  return ZC_OK;
}

static int create(const zc_host *host, zc_self *self, const zc_config *config, void **ret_state) {
  zc_dynamodb *db = calloc(1, sizeof *db);
  if (!db) return ZC_ENOMEM;
  db->host = host;
  db->self = self;
  int status = configure(db, config);
  if (status != ZC_OK) {
    destroy(db);
    return status;
  }
  *ret_state = db;
  return ZC_OK;
}

/* ---- operations ---- */

static int init(void *state, const zc_table *const *tables, size_t n, zc_op *op) {
  return zc_dynamodb_begin(state, tables, n, op);
}

static int write_items(void *state, const zc_item *items, size_t n, size_t stride, zc_op *op) {
  return zc_dynamodb_write_items(state, items, n, stride, op);
}

static int query(void *state, const zc_table_query *asked, zc_op *op) {
  return zc_dynamodb_query(state, asked, op);
}

static int create_tables(void *state, const zc_table *const *tables, size_t n, uint32_t flags,
                         zc_op *op) {
  return zc_dynamodb_create_tables(state, tables, n, flags, op);
}

static int check_tables(void *state, const zc_table *const *tables, size_t n, uint32_t flags,
                        zc_op *op) {
  return zc_dynamodb_check_tables(state, tables, n, flags, op);
}

static int check(void *state, char *text, size_t size) {
  zc_dynamodb *db = state;
  return zc_aws_check(db->aws, "dynamodb", db->region, text, size);
}

static void cancel(void *state, zc_op *op) {
  zc_dynamodb *db = state;
  zc_aws_cancel(db->aws, op);
  for (zc_dynamodb_task *task = db->tasks; task; task = task->next) {
    if (task->op != op) continue;
    zc_dynamodb_task_destroy(task);
    return;
  }
}

static const zc_sink_ops ops = {.size = sizeof ops,
                                .max_batch = ZC_DYNAMODB_WRITE,
                                .init = init,
                                .write = write_items,
                                .query = query,
                                .cancel = cancel,
                                .create_tables = create_tables,
                                .check_tables = check_tables,
                                .flags = ZC_SINK_TEXT,
                                .check = check};

static const zc_option options[] = {
    {"region", ZC_STRING, 0, NULL, NULL,
     "The AWS region of the tables; by default AWS_REGION or the profile's."},
    {"table_prefix", ZC_STRING, 0, "\"\"", NULL, "Put before the names of the tables."},
    {"profile", ZC_STRING, 0, NULL, NULL,
     "A profile of the AWS configuration files; by default AWS_PROFILE."},
    {"endpoint", ZC_URL, 0, NULL, NULL, "Another address than AWS's own, such as DynamoDB Local."},
    {"max_parallel", ZC_INTEGER, 0, "8", "1..32", "Batches of 25 rows in flight at the most."},
    {"timeout", ZC_DURATION, 0, "5s", "100ms..30s", "How long one request may take."},
};

static const zc_plugin plugin = {.size = sizeof plugin,
                                 .abi_major = ZC_ABI_MAJOR,
                                 .abi_minor = ZC_ABI_MINOR,
                                 .kind = ZC_SINK,
                                 .option_size = sizeof(zc_option),
                                 .name = "dynamodb",
                                 .version = "1.0.0",
                                 .summary = "Keeps the tables in Amazon DynamoDB",
                                 .options = options,
                                 .n_options = sizeof options / sizeof *options,
                                 .create = create,
                                 .destroy = destroy,
                                 .ops = &ops,
                                 .secret_variables = zc_aws_secret_variables};

ZC_DEFINE_PLUGIN(dynamodb, plugin)
