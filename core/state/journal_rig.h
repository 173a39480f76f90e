/* journal_rig.h - what the journal's tests share: a loop, a state dir of their own, executions. */
#ifndef ZC_STATE_JOURNAL_RIG_H
#define ZC_STATE_JOURNAL_RIG_H

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/text.h"
#include "core/state/journal.h"

#define RIG_START INT64_C(1767225600000) /* 2026-01-01T00:00:00Z */

typedef struct {
  char base[64], directory[96], file[128];
  zc_clock clock;
  zc_loop *loop;
  zc_journal *journal;
  int called; /* callbacks that came */
  int status; /* of the last one */
  char message[640];
} rig;

static inline void rig_open(rig *r) {
  zc_error error = {0};
  zc_clock_init_virtual(&r->clock, RIG_START);
  assert_int_equal(zc_loop_create(&r->clock, &r->loop), ZC_OK);
  if (zc_journal_open(r->loop, r->directory, &r->journal, &error) != ZC_OK)
    fail_msg("%s", error.text);
}

static inline void rig_close(rig *r) {
  zc_journal_close(r->journal);
  assert_int_equal(zc_loop_destroy(r->loop), ZC_OK);
  r->journal = NULL;
  r->loop = NULL;
}

static inline int rig_setup(void **state) {
  rig *r = calloc(1, sizeof *r);
  assert_non_null(r);
  snprintf(r->base, sizeof r->base, "/tmp/zc-journal-XXXXXX");
  assert_non_null(mkdtemp(r->base));
  snprintf(r->directory, sizeof r->directory, "%s/state", r->base);
  snprintf(r->file, sizeof r->file, "%s/journal.db", r->directory);
  *state = r;
  return 0;
}

static inline void rig_empty(const char *directory) {
  char path[512];
  DIR *open = opendir(directory);
  if (!open) return;
  for (struct dirent *entry; (entry = readdir(open));) {
    if (entry->d_name[0] == '.') continue;
    snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
    unlink(path);
  }
  closedir(open);
  rmdir(directory);
}

static inline int rig_teardown(void **state) {
  rig *r = *state;
  rig_empty(r->directory);
  rig_empty(r->base);
  free(r);
  return 0;
}

static inline void rig_run(rig *r) {
  zc_loop_run(r->loop, RIG_START + 1);
  assert_int_equal(zc_loop_now(r->loop), RIG_START); /* time stood still meanwhile */
}

static inline void rig_count(void *user, int status, const char *message) {
  rig *r = user;
  r->called++;
  r->status = status;
  snprintf(r->message, sizeof r->message, "%s", message ? message : "");
  assert_true((status == ZC_OK) == (message == NULL));
}

/* A made-up run; `n` tells it from others. */
static inline void rig_execution(zc_execution *execution, int n, zc_execution_status status) {
  char text[64];
  zc_execution_init(execution);
  snprintf(execution->id, sizeof execution->id, "00000000-0000-4000-8000-%012d", n);
  snprintf(text, sizeof text, "pipeline-%d", n);
  execution->pipeline = zc_duplicate(text);
  execution->trigger_source = zc_duplicate("zerocarb_schedule");
  execution->status = status;
  execution->requested_at = RIG_START + n;
  execution->region = zc_duplicate("eu-north-1");
  execution->default_region = zc_duplicate("eu-west-2");
  execution->reason = zc_duplicate("16 gCO2eq/kWh in eu-north-1 instead of 143 in eu-west-2");
  execution->record = zc_duplicate("\"carbon_analysis\":{\"decision\":\"RELOCATE\"}");
}

static inline void rig_add_execution(zc_change *change, int n, zc_execution_status status) {
  zc_execution execution;
  rig_execution(&execution, n, status);
  zc_change_execution(change, &execution);
  zc_execution_finish(&execution);
}

static inline void rig_commit_execution(rig *r, int n, zc_execution_status status) {
  zc_change *change = zc_change_begin(r->journal);
  rig_add_execution(change, n, status);
  zc_journal_commit(r->journal, change, rig_count, r);
}

static const zc_table rig_table = {.size = sizeof(zc_table), .primary = {.name = "runs"}};

static inline void rig_commit_item(rig *r, const char *text) {
  zc_change *change = zc_change_begin(r->journal);
  zc_change_item(change, &rig_table, text, strlen(text));
  zc_journal_commit(r->journal, change, rig_count, r);
}

/* ---- files, as they are and as they were ---- */

typedef struct {
  size_t size;
  unsigned char *bytes;
} rig_image;

static inline rig_image rig_load(const char *path) {
  rig_image file = {0};
  FILE *stream = fopen(path, "rb");
  assert_non_null(stream);
  fseek(stream, 0, SEEK_END);
  file.size = (size_t)ftell(stream);
  rewind(stream);
  file.bytes = malloc(file.size);
  assert_non_null(file.bytes);
  assert_int_equal(fread(file.bytes, 1, file.size, stream), file.size);
  fclose(stream);
  return file;
}

static inline void rig_store(const char *path, const rig_image *file, size_t size) {
  FILE *stream = fopen(path, "wb");
  assert_non_null(stream);
  assert_int_equal(fwrite(file->bytes, 1, size, stream), size);
  fclose(stream);
}

static inline void rig_remove_sidecars(rig *r) {
  char path[160];
  snprintf(path, sizeof path, "%s-wal", r->file);
  unlink(path);
  snprintf(path, sizeof path, "%s-shm", r->file);
  unlink(path);
}

/* The files as a killed engine leaves them: the newest changes are in the WAL only. */
static inline void rig_fill_and_kill(rig *r, const char *wal_path, rig_image *wal) {
  rig_open(r);
  for (int i = 0; i < 20; i++) {
    rig_commit_execution(r, i, ZC_RUNNING);
    rig_run(r);
  }
  rig_image file = rig_load(r->file);
  *wal = rig_load(wal_path);
  rig_close(r);
  rig_remove_sidecars(r);
  rig_store(r->file, &file, file.size);
  free(file.bytes);
}

static inline int rig_count_run(void *user, const zc_execution *execution) {
  (void)execution;
  ++*(int *)user;
  return ZC_OK;
}

static inline void rig_expect_runs(rig *r, int least, int most) {
  int found = 0;
  rig_open(r);
  assert_int_equal(zc_journal_executions(r->journal, true, SIZE_MAX, rig_count_run, &found), ZC_OK);
  assert_in_range(found, least, most);
  rig_close(r);
}

#endif
