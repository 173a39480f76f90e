#include "core/tables/execution_item.h"

#include <string.h>

#include "core/base/time_text.h"
#include "core/tables/members.h"
#include "core/tables/schema.h"

static void write_keys(const zc_execution *e, zc_buffer *to) {
  int64_t seconds = e->requested_at / ZC_SECOND - (e->requested_at % ZC_SECOND < 0);
  zc_member_text(to, "execution_id", e->id);
  zc_member_integer(to, "timestamp", seconds);
  zc_member_text(to, "pipeline_name", e->pipeline);
  zc_member_text(to, "team", e->team);
  zc_member_text(to, "pipeline_region", e->region ? e->region : e->default_region);
  zc_member_text(to, "trigger_source", e->trigger_source);
  if (e->slot) zc_member_time(to, "slot", e->slot);
  zc_member_text(to, "status", zc_execution_status_text(e->status));
}

/* Why and how long it had to wait for its turn, after its time had come. */
static void write_wait(const zc_execution *e, zc_buffer *to) {
  zc_member_begin(to, "wait");
  zc_member_text(to, "reason", e->wait_reason);
  zc_member_time(to, "since", e->held_at);
  if (e->released_at) zc_member_time(to, "until", e->released_at);
  zc_member_end(to);
}

static void write_outcome(const zc_execution *e, zc_buffer *to) {
  if (e->held_at) write_wait(e, to);
  if (e->attempt) zc_member_integer(to, "attempts", e->attempt);
  zc_member_text(to, "message", e->message);
  zc_member_text(to, "remote_id", e->remote_id);
  if (e->triggered_at) zc_member_time(to, "triggered_at", e->triggered_at);
  if (e->started_at) zc_member_time(to, "started_at", e->started_at);
  if (e->finished_at) zc_member_time(to, "finished_at", e->finished_at);
  if (e->resolved_at) zc_member_time(to, "resolved_at", e->resolved_at);
}

static void write_ends(const zc_execution *e, zc_buffer *to) {
  zc_member_time(to, "created_at", e->requested_at);
  zc_member_integer(to, "ttl", zc_table_ttl(zc_tables[ZC_TABLE_EXECUTIONS], e->requested_at));
}

static const char *next_character(const char *text) {
  do {
    text++;
  } while ((*text & 0xc0) == 0x80);
  return text;
}

/* As much of the end of the command's output as fits into `room` bytes when written. */
static int write_tail(const char *tail, size_t room, zc_buffer *to) {
  zc_buffer own;
  int status = ZC_EDATA;
  zc_buffer_init(&own, room);
  while (*tail && status == ZC_EDATA) {
    zc_member_text(&own, "output_tail", tail);
    status = own.status;
    if (status == ZC_EDATA) { /* too long: less of it */
      zc_buffer_finish(&own);
      const char *middle = tail + strlen(tail) / 8;
      while (tail <= middle)
        tail = next_character(tail);
    }
  }
  if (status == ZC_OK) {
    zc_buffer_char(to, ',');
    zc_buffer_add(to, own.data, own.length);
  }
  zc_buffer_finish(&own);
  return status == ZC_ENOMEM ? status : to->status;
}

int zc_execution_item_write(const zc_execution *execution, zc_buffer *to) {
  zc_buffer own;
  zc_buffer_init(&own, ZC_ITEM_MAX);
  zc_buffer_char(&own, '{');
  write_keys(execution, &own);
  if (execution->record && *execution->record) {
    zc_buffer_printf(&own, ",%s", execution->record);
  }
  if (execution->realised) zc_buffer_printf(&own, ",%s", execution->realised);
  write_outcome(execution, &own);
  write_ends(execution, &own);
  int status = own.status;
  if (status == ZC_OK && execution->tail && own.length + 2 < ZC_ITEM_MAX) {
    status = write_tail(execution->tail, ZC_ITEM_MAX - own.length - 2, &own); /* , and } */
  }
  zc_buffer_char(&own, '}');
  if (status == ZC_OK) status = own.status;
  if (status == ZC_OK) status = zc_buffer_add(to, own.data, own.length);
  zc_buffer_finish(&own);
  return status;
}
