#include "local_file.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the instance ---- */

static void release(zc_local_file *file) {
  if (--file->references > 0) return;
  zc_local_close(file);
  pthread_mutex_destroy(&file->mutex);
  free(file->path);
  free(file);
}

static int create(const zc_host *host, zc_self *self, const zc_config *config, void **ret_state) {
  zc_local_file *file = calloc(1, sizeof *file);
  if (!file) return ZC_ENOMEM;
  file->host = host;
  file->self = self;
  file->references = 1;
  file->path = strdup(host->text(config, "path"));
  if (!file->path || pthread_mutex_init(&file->mutex, NULL) != 0) {
    free(file->path);
    free(file);
    return ZC_ENOMEM;
  }
  *ret_state = file;
  return ZC_OK;
}

static void destroy(void *state) {
  release(state);
}

const zc_table *zc_local_find_table(const zc_local_file *file, const zc_table *table) {
  for (size_t i = 0; i < file->n_tables; i++) {
    if (strcmp(file->tables[i]->primary.name, table->primary.name) == 0) return file->tables[i];
  }
  return NULL;
}

/* ---- work ---- */

int zc_local_refuse(zc_local_job *job, int status, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(job->message, sizeof job->message, format, arguments);
  va_end(arguments);
  return job->status = status;
}

void zc_local_tell(zc_local_job *job, const char *format, ...) {
  va_list arguments;
  size_t used = strlen(job->warning);
  if (used > 0 && used + 2 < sizeof job->warning) {
    memcpy(job->warning + used, "; ", 3);
    used += 2;
  }
  va_start(arguments, format);
  vsnprintf(job->warning + used, sizeof job->warning - used, format, arguments);
  va_end(arguments);
}

int zc_local_fail(zc_local_job *job, int result) {
  job->status = zc_local_describe(job->file->path, job->file->database, result, job->message,
                                  sizeof job->message);
  job->read_only = (result & 0xff) == SQLITE_READONLY;
  return job->status;
}

static void run_job(void *user) {
  zc_local_job *job = user;
  pthread_mutex_lock(&job->file->mutex);
  job->run(job);
  pthread_mutex_unlock(&job->file->mutex);
}

static void end_job(zc_local_job *job) {
  zc_local_file *file = job->file;
  job->free(job);
  release(file);
}

static void after_job(void *user, zc_op *op, int status) {
  zc_local_job *job = user;
  const zc_host *host = job->file->host;
  if (job->warning[0]) host->log(job->file->self, ZC_LOG_WARNING, job->warning);
  if (op && status != ZC_OK) {
    host->done(op, status, "the work was given up");
  } else if (op) {
    if (job->status == ZC_OK && job->finish) job->finish(job, op);
    host->done(op, job->status, job->status == ZC_OK ? NULL : job->message);
  }
  end_job(job);
}

static int start(zc_local_job *job, zc_op *op) {
  job->file->references++;
  int status = job->file->host->work(op, run_job, after_job, job);
  if (status != ZC_OK) end_job(job);
  return status;
}

/* ---- operations ---- */

static void free_job(zc_local_job *job) {
  free(job);
}

static int init(void *state, const zc_table *const *tables, size_t n, zc_op *op) {
  zc_local_file *file = state;
  if (n > ZC_LOCAL_TABLES_MAX) return ZC_EINVAL;
  zc_local_job *job = calloc(1, sizeof *job);
  if (!job) return ZC_ENOMEM;
  job->file = file;
  job->run = zc_local_open;
  job->free = free_job;
  if (file->n_tables == 0) { /* a second try brings the same */
    for (size_t i = 0; i < n; i++)
      file->tables[i] = tables[i];
    file->n_tables = n;
  }
  return start(job, op);
}

static int write_items(void *state, const zc_item *items, size_t n, size_t stride, zc_op *op) {
  zc_local_job *job;
  int status = zc_local_write_job(state, items, n, stride, &job);
  return status == ZC_OK ? start(job, op) : status;
}

static int query(void *state, const zc_table_query *asked, zc_op *op) {
  zc_local_job *job;
  int status = zc_local_query_job(state, asked, &job);
  return status == ZC_OK ? start(job, op) : status;
}

static int check(void *state, char *text, size_t size) {
  const zc_local_file *file = state;
  return zc_local_check(file->path, text, size);
}

static const zc_sink_ops ops = {.size = sizeof ops,
                                .max_batch = ZC_LOCAL_BATCH,
                                .flags = ZC_SINK_TEXT | ZC_SINK_QUERY_ALONE,
                                .init = init,
                                .write = write_items,
                                .query = query,
                                .check = check};

static const zc_option options[] = {
    {"path", ZC_PATH, ZC_REQUIRED, NULL, NULL, "The SQLite file; made where it is missing."},
};

static const zc_plugin plugin = {.size = sizeof plugin,
                                 .abi_major = ZC_ABI_MAJOR,
                                 .abi_minor = ZC_ABI_MINOR,
                                 .kind = ZC_SINK,
                                 .option_size = sizeof(zc_option),
                                 .name = "local_file",
                                 .version = "1.0.0",
                                 .summary = "Keeps all tables in one SQLite file",
                                 .options = options,
                                 .n_options = sizeof options / sizeof *options,
                                 .create = create,
                                 .destroy = destroy,
                                 .ops = &ops};

ZC_DEFINE_PLUGIN(local_file, plugin)
