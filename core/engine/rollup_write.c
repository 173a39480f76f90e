/* Items into the journal's outbox: made in slices of the loop's time, committed many at a time. */
#include "core/base/log.h"
#include "core/base/time_text.h"
#include "core/engine/rollup_parts.h"

#define ITEM_MAX ((size_t)128 * 1024)

static void write_slice(zc_timer *timer);

static void on_committed(void *user, int status, const char *message) {
  zc_rollup *rollup = user;
  zc_engine *engine = rollup->engine;
  zc_rollup_pass *pass = rollup->orphans > 0 ? NULL : rollup->pass;
  if (engine->detached) return;
  engine->commits--;
  if (!pass) rollup->orphans--;
  if (pass) pass->writer.is_committing = false;
  if (pass && status == ZC_OK) {
    pass->writer.committed = pass->writer.position;
    zc_timer_after(engine->loop, &pass->writer.timer, 0, write_slice, pass);
  } else if (pass && (status == ZC_ECONFLICT || status == ZC_ENOMEM)) {
    pass->writer.position = pass->writer.committed;
    zc_rollup_forget_boards(rollup);
    zc_timer_after(engine->loop, &pass->writer.timer, ZC_ROLLUP_RETRY_MS, write_slice, pass);
  } else if (status != ZC_OK && status != ZC_ECONFLICT && status != ZC_ENOMEM) {
    zc_engine_fail(engine, message ? message : "the journal failed");
  }
  zc_engine_settle(engine);
}

/* One item, where there is one. */
static int add_item(zc_rollup_pass *pass, zc_buffer *item) {
  zc_rollup_writer *writer = &pass->writer;
  zc_buffer_clear(item);
  int status = writer->make(pass, writer->position, item);
  if (status == ZC_OK && item->status == ZC_OK) {
    zc_change_item(writer->change, writer->table, item->data, item->length);
    writer->change_items++;
    writer->change_bytes += item->length;
  }
  writer->position++;
  return status == ZC_ENOTFOUND ? ZC_OK : status;
}

static bool is_full(const zc_rollup_writer *writer) {
  return writer->change_items >= ZC_ROLLUP_CHANGE_ITEMS ||
         writer->change_bytes >= ZC_ROLLUP_CHANGE_BYTES;
}

static int add_items(zc_rollup_pass *pass) {
  zc_rollup_writer *writer = &pass->writer;
  int64_t begun = zc_clock_real_ns();
  int status = ZC_OK;
  zc_buffer item;
  zc_buffer_init(&item, ITEM_MAX);
  while (writer->position < writer->n && status == ZC_OK && !is_full(writer) &&
         zc_clock_real_ns() - begun < ZC_SLICE_NS)
    status = add_item(pass, &item);
  zc_buffer_finish(&item);
  return status;
}

static void commit(zc_rollup_pass *pass) {
  zc_rollup_writer *writer = &pass->writer;
  zc_change *change = writer->change;
  writer->change = NULL;
  writer->is_committing = true;
  pass->engine->commits++;
  zc_journal_commit(pass->engine->journal, change, on_committed, pass->rollup);
}

void zc_rollup_write_finish(zc_rollup_pass *pass) {
  zc_timer_stop(pass->engine->loop, &pass->writer.timer);
  zc_change_drop(pass->writer.change);
  pass->writer.change = NULL;
}

static void write_slice(zc_timer *timer) {
  zc_rollup_pass *pass = timer->user;
  zc_engine *engine = pass->engine;
  zc_rollup_writer *writer = &pass->writer;
  if (!writer->change) {
    writer->change = zc_change_begin(engine->journal);
    writer->change_items = writer->change_bytes = 0;
  }
  int status = writer->change ? add_items(pass) : ZC_ENOMEM;
  if (status != ZC_OK) {
    zc_rollup_pass_fail(pass, status, "an item could not be made");
  } else if (writer->position < writer->n && !is_full(writer)) {
    zc_timer_after(engine->loop, timer, 0, write_slice, pass);
  } else if (writer->change_items > 0) {
    commit(pass);
  } else {
    zc_rollup_write_finish(pass);
    writer->done(pass);
  }
}

void zc_rollup_write(zc_rollup_pass *pass, const zc_table *table, size_t n, zc_rollup_item make,
                     void (*done)(zc_rollup_pass *pass)) {
  zc_rollup_writer *writer = &pass->writer;
  writer->table = table;
  writer->make = make;
  writer->done = done;
  writer->n = n;
  writer->position = writer->committed = 0;
  zc_timer_after(pass->engine->loop, &writer->timer, 0, write_slice, pass);
}
