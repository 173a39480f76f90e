#include <stdlib.h>
#include <string.h>

#include "core/state/journal_parts.h"

/* Texts are copied here, so that no JSON is made and nothing borrowed on the journal's thread. */

static void free_writes(zc_change *change) {
  for (zc_write *write = change->first, *next; write; write = next) {
    next = write->next;
    free(write);
  }
}

void zc_change_drop(zc_change *change) {
  if (!change) return;
  free_writes(change);
  free(change->job.message);
  free(change);
}

static void finish_change(zc_job *job) {
  zc_change *change = job->change;
  if (change->callback) change->callback(change->user, job->status, zc_job_message(job));
  zc_change_drop(change);
}

zc_change *zc_change_begin(zc_journal *journal) {
  zc_change *change = calloc(1, sizeof *change);
  if (!change) return NULL;
  change->journal = journal;
  change->last = &change->first;
  change->job.change = change;
  change->job.finish = finish_change;
  change->job.bytes = sizeof *change;
  return change;
}

/* The texts of a write, to be copied behind it. */
typedef struct {
  const char *name, *second, *status, *body, *record;
  size_t length;
} texts;

static size_t size_of(const char *text) {
  return text ? strlen(text) + 1 : 0;
}

static const char *put(char **at, const char *text, size_t size) {
  if (!text) return NULL;
  char *to = *at;
  memcpy(to, text, size);
  *at += size;
  return to;
}

static zc_write *add(zc_change *change, int kind, const texts *from) {
  size_t size = sizeof(zc_write) + size_of(from->name) + size_of(from->second) +
                size_of(from->record) + from->length;
  if (from->length > ZC_JOURNAL_BODY_BYTES || size_of(from->record) > ZC_JOURNAL_BODY_BYTES ||
      size > ZC_JOURNAL_CHANGE_BYTES || change->job.bytes > ZC_JOURNAL_CHANGE_BYTES - size) {
    change->status = ZC_EDATA;
    return NULL;
  }
  zc_write *write = malloc(size);
  if (!write) {
    change->status = ZC_ENOMEM;
    return NULL;
  }
  char *at = (char *)(write + 1);
  memset(write, 0, sizeof *write);
  write->kind = kind;
  write->name = put(&at, from->name, size_of(from->name));
  write->second = put(&at, from->second, size_of(from->second));
  write->record = put(&at, from->record, size_of(from->record));
  write->body = put(&at, from->body, from->length);
  write->status = from->status;
  write->length = from->length;
  *change->last = write;
  change->last = &write->next;
  change->job.bytes += size;
  return write;
}

void zc_change_execution(zc_change *change, const zc_execution *execution) {
  if (!change || change->status != ZC_OK) return;
  zc_buffer body;
  zc_buffer_init(&body, ZC_JOURNAL_BODY_BYTES);
  zc_execution rest = *execution; /* the record is JSON already, and most of it: kept as it is */
  rest.record = NULL;
  change->status = zc_execution_write(&rest, &body);
  if (change->status == ZC_OK) {
    texts from = {.name = execution->id,
                  .second = execution->pipeline,
                  .status = zc_execution_status_text(execution->status),
                  .body = body.data,
                  .record = execution->record,
                  .length = body.length};
    zc_write *write = add(change, ZC_WRITE_EXECUTION, &from);
    if (write) {
      bool ended = zc_execution_ended(execution->status);
      write->live = !ended ? ZC_ROW_LIVE : execution->unsettled ? ZC_ROW_UNSETTLED : ZC_ROW_ENDED;
      write->number = execution->requested_at;
    }
  }
  zc_buffer_finish(&body);
}

void zc_change_item(zc_change *change, const zc_table *table, const char *text, size_t length) {
  if (!change || change->status != ZC_OK) return;
  texts from = {.name = table->primary.name, .body = text, .length = length};
  if (add(change, ZC_WRITE_ITEM, &from)) change->has_items = true;
}

void zc_change_mark(zc_change *change, const char *pipeline, zc_time slot) {
  if (!change || change->status != ZC_OK) return;
  zc_write *write = add(change, ZC_WRITE_MARK, &(texts){.name = pipeline});
  if (write) write->number = slot;
}

void zc_change_pipeline(zc_change *change, const zc_pipeline_note *note) {
  if (!change || change->status != ZC_OK) return;
  texts from = {.name = note->pipeline, .second = note->schedule};
  zc_write *write = add(change, ZC_WRITE_PIPELINE, &from);
  if (!write) return;
  write->number = note->paused_at;
  write->missed = note->slots_missed;
  write->paused = note->slots_paused;
}

void zc_change_cursor(zc_change *change, const char *sink, int64_t sequence) {
  if (!change || change->status != ZC_OK) return;
  zc_write *write = add(change, ZC_WRITE_CURSOR, &(texts){.name = sink});
  if (write) write->number = sequence;
}

static void finish_refusal(zc_job *job) {
  zc_change *change = job->change;
  change->journal = NULL; /* free again; before the callback, which may need it */
  if (change->callback) change->callback(change->user, job->status, zc_job_message(job));
}

/* Beyond ZC_JOURNAL_REFUSALS at once there is no way left but to call back at once. */
static void commit_nothing(zc_journal *journal, zc_journal_callback callback, void *user) {
  for (size_t i = 0; i < ZC_JOURNAL_REFUSALS; i++) {
    zc_change *refusal = &journal->refusals[i];
    if (refusal->journal) continue;
    *refusal = (zc_change){.journal = journal, .callback = callback, .user = user};
    refusal->job.change = refusal;
    refusal->job.finish = finish_refusal;
    zc_job_refuse(journal, &refusal->job, ZC_ENOMEM, NULL);
    return;
  }
  if (callback) callback(user, ZC_ENOMEM, zc_status_text(ZC_ENOMEM));
}

void zc_journal_commit(zc_journal *journal, zc_change *change, zc_journal_callback callback,
                       void *user) {
  if (!journal->loop) { /* there is no later turn */
    zc_change_drop(change);
    if (callback) callback(user, ZC_EINVAL, "the journal is open for reading only");
    return;
  }
  if (!change) {
    commit_nothing(journal, callback, user);
    return;
  }
  change->callback = callback;
  change->user = user;
  if (change->status != ZC_OK) {
    bool large = change->status == ZC_EDATA;
    zc_job_refuse(journal, &change->job, change->status,
                  large ? "a change is too large or cannot be written" : NULL);
    return;
  }
  int status = zc_job_submit(journal, &change->job);
  if (status == ZC_OK) return;
  bool full = status == ZC_ECONFLICT;
  zc_job_refuse(journal, &change->job, status, full ? "the journal cannot keep up" : NULL);
}
