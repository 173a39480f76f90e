#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"
#include "core/state/journal_parts.h"

/* Then the loop gets to do something else: a callback may start a program. */
#define CALLBACKS_A_TURN 256
#define NS_A_TURN        INT64_C(5000000)

static void jobs_init(zc_jobs *jobs) {
  *jobs = (zc_jobs){.last = &jobs->first};
}

static void jobs_add(zc_jobs *jobs, zc_job *job) {
  job->next = NULL;
  *jobs->last = job;
  jobs->last = &job->next;
  jobs->n++;
  jobs->bytes += job->bytes;
}

static zc_job *jobs_take(zc_jobs *jobs) {
  zc_job *job = jobs->first;
  if (!job) return NULL;
  jobs->first = job->next;
  if (!jobs->first) jobs->last = &jobs->first;
  jobs->n--;
  jobs->bytes -= job->bytes;
  return job;
}

const char *zc_job_message(const zc_job *job) {
  if (job->status == ZC_OK) return NULL;
  return job->message ? job->message : zc_status_text(job->status);
}

void zc_job_fail(zc_job *job, const zc_error *error) {
  job->status = error->status;
  free(job->message);
  job->message = strdup(error->text); /* without memory the status's word must do */
}

/* ---- on the journal's thread ---- */

/* The next job, and with a change all changes behind it that fit into one transaction. */
static void take_group(zc_journal *journal, zc_jobs *group) {
  jobs_init(group);
  const zc_job *next;
  do {
    jobs_add(group, jobs_take(&journal->waiting));
    next = journal->waiting.first;
  } while (group->first->change && next && next->change && group->n < ZC_JOURNAL_GROUP_CHANGES &&
           group->bytes + next->bytes <= ZC_JOURNAL_GROUP_BYTES);
}

/* False: it is closing. An empty group: there is nothing to do but to trim. */
static bool wait_for_work(zc_journal *journal, zc_jobs *group) {
  jobs_init(group);
  uv_mutex_lock(&journal->mutex);
  while (!journal->waiting.first && !journal->closing && !journal->is_trimming)
    uv_cond_wait(&journal->more, &journal->mutex);
  bool some = journal->waiting.first != NULL;
  if (some) take_group(journal, group);
  bool go_on = some || !journal->closing;
  uv_mutex_unlock(&journal->mutex);
  return go_on;
}

static void hand_back(zc_journal *journal, zc_jobs *group) {
  zc_job *job;
  uv_mutex_lock(&journal->mutex);
  journal->waiting_bytes -= group->bytes;
  journal->waiting_jobs -= group->n;
  while ((job = jobs_take(group))) {
    if (job->waited) {
      job->done = true;
      uv_cond_signal(&journal->done);
    } else {
      jobs_add(&journal->finished, job);
    }
  }
  uv_mutex_unlock(&journal->mutex);
  uv_async_send(journal->wake);
}

static void do_jobs(zc_journal *journal, zc_jobs *group) {
  zc_job *first = group->first;
  if (first->change) {
    zc_commit_group(journal, group);
    zc_backlogs_count(journal);
  } else {
    first->run(journal, first);
  }
  hand_back(journal, group);
}

/* On a full disk it is left to the sinks' next steps. */
static void trim(zc_journal *journal) {
  zc_error error;
  journal->is_trimming = false;
  if (journal->broken.status != ZC_OK) return;
  int result = zc_outbox_trim_more(journal);
  if (zc_database_status(journal->writer, result, &error) == ZC_EIO) journal->broken = error;
}

static void run(void *user) {
  zc_journal *journal = user;
  zc_jobs group;
  zc_keep_c_locale();
  while (wait_for_work(journal, &group)) {
    if (group.first)
      do_jobs(journal, &group);
    else
      trim(journal);
    zc_journal_maintain(journal);
  }
}

/* ---- on the loop ---- */

static zc_job *take_finished(zc_journal *journal) {
  uv_mutex_lock(&journal->mutex);
  zc_job *job = jobs_take(&journal->finished);
  uv_mutex_unlock(&journal->mutex);
  return job;
}

static void expect(zc_journal *journal) {
  if (journal->owed++ == 0) uv_ref((uv_handle_t *)journal->wake);
  zc_loop_enter(journal->loop);
}

static void note_refusal(zc_journal *journal, const zc_job *job) {
  if (job->status == ZC_OK) journal->refusal[0] = '\0';
  if (job->status != ZC_ECONFLICT) return;
  zc_copy_text(journal->refusal, sizeof journal->refusal, zc_job_message(job));
}

const char *zc_journal_refusal(const zc_journal *journal) {
  return journal->refusal[0] ? journal->refusal : NULL;
}

/* Calls back for jobs as long as a turn may take; false where none was left. */
static bool deliver(zc_journal *journal) {
  const int64_t begun = zc_clock_real_ns();
  bool items = false;
  zc_job *job;
  size_t n = 0;
  do {
    if (!(job = take_finished(journal))) break;
    if (job->change) note_refusal(journal, job);
    items |= job->status == ZC_OK && job->change && job->change->has_items;
    job->finish(job);
    zc_loop_leave(journal->loop);
    if (--journal->owed == 0) uv_unref((uv_handle_t *)journal->wake);
  } while (++n < CALLBACKS_A_TURN && zc_clock_real_ns() - begun < NS_A_TURN);
  if (items && journal->on_items) journal->on_items(journal->on_items_user);
  return job != NULL;
}

static void on_wake(uv_async_t *wake) {
  zc_journal *journal = wake->data;
  if (deliver(journal)) uv_async_send(wake);
}

int zc_job_submit(zc_journal *journal, zc_job *job) {
  uv_mutex_lock(&journal->mutex);
  int status = ZC_OK;
  if (journal->closing) {
    status = ZC_ECANCELED;
  } else if (journal->waiting_jobs >= ZC_JOURNAL_WAITING_JOBS ||
             job->bytes > ZC_JOURNAL_WAITING_BYTES - journal->waiting_bytes) {
    status = ZC_ECONFLICT;
  } else {
    journal->waiting_jobs++;
    journal->waiting_bytes += job->bytes;
    jobs_add(&journal->waiting, job);
    uv_cond_signal(&journal->more);
  }
  uv_mutex_unlock(&journal->mutex);
  if (status == ZC_OK && !job->waited) expect(journal);
  return status;
}

void zc_job_refuse(zc_journal *journal, zc_job *job, int status, const char *message) {
  job->status = status;
  job->message = message ? strdup(message) : NULL;
  expect(journal);
  uv_mutex_lock(&journal->mutex);
  jobs_add(&journal->finished, job);
  uv_mutex_unlock(&journal->mutex);
  uv_async_send(journal->wake);
}

void zc_job_wait(zc_journal *journal, zc_job *job) {
  uv_mutex_lock(&journal->mutex);
  while (!job->done)
    uv_cond_wait(&journal->done, &journal->mutex);
  uv_mutex_unlock(&journal->mutex);
}

static void free_wake(uv_handle_t *handle) {
  free(handle);
}

static int make_thread(zc_journal *journal) {
  if (uv_mutex_init(&journal->mutex)) return ZC_ESYSTEM;
  if (uv_cond_init(&journal->more)) goto no_more;
  if (uv_cond_init(&journal->done)) goto no_done;
  zc_backlogs_count(journal);
  if (uv_thread_create(&journal->thread, run, journal) == 0) return ZC_OK;
  uv_cond_destroy(&journal->done);
no_done:
  uv_cond_destroy(&journal->more);
no_more:
  uv_mutex_destroy(&journal->mutex);
  return ZC_ESYSTEM;
}

int zc_thread_start(zc_journal *journal) {
  jobs_init(&journal->waiting);
  jobs_init(&journal->finished);
  journal->wake = malloc(sizeof *journal->wake);
  if (!journal->wake) return ZC_ENOMEM;
  if (uv_async_init(zc_loop_uv(journal->loop), journal->wake, on_wake)) {
    free(journal->wake);
    return ZC_ESYSTEM;
  }
  journal->wake->data = journal;
  uv_unref((uv_handle_t *)journal->wake);
  int status = make_thread(journal);
  if (status != ZC_OK) uv_close((uv_handle_t *)journal->wake, free_wake);
  return status;
}

void zc_thread_stop(zc_journal *journal) {
  uv_mutex_lock(&journal->mutex);
  journal->closing = true;
  uv_cond_signal(&journal->more);
  uv_mutex_unlock(&journal->mutex);
  uv_thread_join(&journal->thread);
  while (deliver(journal))
    continue;
  uv_cond_destroy(&journal->done);
  uv_cond_destroy(&journal->more);
  uv_mutex_destroy(&journal->mutex);
  uv_close((uv_handle_t *)journal->wake, free_wake);
}
