#include "core/plugin/table_read.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json_extract.h"
#include "core/base/text.h"
#include "core/plugin/operation.h"

#define TIED_PAGE_ROWS 100

/* A range as it is kept. Its three texts are one piece of memory. */
typedef struct {
  zc_table_range asked;
  char *texts;
  uint64_t rows;
  double last;  /* the last row's sort key; NAN where it is no number */
  bool settled; /* has its rows: what follows is not wanted */
} owned_range;

/* Asks for one range at a time. */
typedef struct {
  zc_table_read *read;
  size_t range;
  bool busy;
  zc_operation operation; /* 0: the next page is asked on a later turn */
  char *page;             /* where the next page begins; NULL: at the beginning */
  bool more, stuck;
  uint64_t rows_before; /* the page that is asked for */
  uint32_t empty;       /* pages one after another that brought no row */
} reader;

struct zc_table_read {
  zc_host_context *context;
  zc_instance *sink;
  zc_time now;
  zc_table_events events;
  owned_range *ranges;
  size_t n_ranges, next_range, n_busy;
  reader readers[ZC_READ_PARALLEL];
  zc_table_counts counts;
  int status;
  char message[320];
  zc_timer timer; /* begins, and ends an empty read, on a later turn */
};

size_t zc_table_read_sink(const zc_settings *settings) {
  size_t i = 0;
  while (i < settings->n_sinks && !((const zc_sink_ops *)settings->sinks[i].plugin->ops)->query)
    i++;
  return i;
}

/* ---- the end ---- */

static void destroy(zc_table_read *read) {
  for (size_t i = 0; read->ranges && i < read->n_ranges; i++)
    free(read->ranges[i].texts);
  for (size_t i = 0; i < ZC_READ_PARALLEL; i++)
    free(read->readers[i].page);
  free(read->ranges);
  free(read);
}

static void cancel_readers(zc_table_read *read) {
  for (size_t i = 0; i < ZC_READ_PARALLEL; i++) {
    reader *r = &read->readers[i];
    if (r->busy) zc_operation_cancel(read->context, r->operation);
    r->busy = false;
  }
  read->n_busy = 0;
}

void zc_table_read_cancel(zc_table_read *read) {
  if (!read) return;
  cancel_readers(read);
  zc_timer_stop(read->context->loop, &read->timer);
  destroy(read);
}

static void end(zc_table_read *read) {
  const zc_table_events events = read->events;
  zc_table_read ended = *read;
  cancel_readers(read);
  destroy(read);
  events.done(events.user, ended.status, ended.status == ZC_OK ? NULL : ended.message,
              &ended.counts);
}

/* The first failure counts. */
static int fail(zc_table_read *read, int status, const char *message) {
  if (read->status != ZC_OK) return read->status;
  zc_copy_text(read->message, sizeof read->message, message ? message : zc_status_text(status));
  return read->status = status;
}

/* ---- rows ---- */

/* Equal sort keys come in an order that is the store's own: where a limit would cut through them
 * they are all taken, so that every store gives the same rows. */
static void settle(owned_range *range, const char *text, size_t length) {
  double key = NAN;
  const zc_json_field field = {range->asked.index->sort_key, ZC_JSON_NUMBER, 0, NULL, 0};
  uint64_t limit = range->asked.limit;
  if (limit == 0) return;
  if (zc_json_extract(text, length, &field, 1, &key) != ZC_OK) key = NAN;
  bool is_tied = key == range->last && range->rows < limit + ZC_READ_TIED_MAX;
  range->settled = range->rows >= limit && !is_tied;
  range->last = key;
}

static int on_row(void *user, const char *text, size_t length) {
  reader *r = user;
  zc_table_read *read = r->read;
  owned_range *range = &read->ranges[r->range];
  if (read->status != ZC_OK) return read->status;
  if (range->settled) return ZC_OK;
  range->rows++;
  settle(range, text, length);
  read->counts.rows++;
  read->counts.bytes += length;
  if (read->counts.rows > ZC_READ_ROWS_MAX || read->counts.bytes > ZC_READ_BYTES_MAX)
    return fail(read, ZC_EDATA, "more rows than one read may take: ask for a shorter span");
  int status = read->events.row(read->events.user, r->range, text, length);
  return status == ZC_OK ? ZC_OK : fail(read, status, NULL);
}

static void on_page(void *user, const char *page) {
  reader *r = user;
  char *copy = zc_duplicate(page);
  if (!copy) fail(r->read, ZC_ENOMEM, NULL);
  r->stuck = copy && r->page && strcmp(r->page, copy) == 0;
  r->more = true;
  free(r->page);
  r->page = copy;
}

/* ---- questions ---- */

static void go_on(zc_table_read *read);
static int ask(reader *r);

static bool wants_more(const reader *r) {
  return r->more && !r->read->ranges[r->range].settled;
}

static void rest(reader *r) {
  r->busy = false;
  r->read->n_busy--;
  free(r->page);
  r->page = NULL;
}

static void on_done(void *user, int error, const char *message) {
  reader *r = user;
  zc_table_read *read = r->read;
  r->operation = 0;
  if (read->status == ZC_OK && error != ZC_OK) fail(read, error, message);
  if (r->stuck) fail(read, ZC_EDATA, "the sink's pages go in a circle");
  r->empty = read->ranges[r->range].rows == r->rows_before ? r->empty + 1 : 0;
  if (r->empty > ZC_READ_EMPTY_MAX) fail(read, ZC_EDATA, "the sink gives pages without rows");
  if (read->status == ZC_OK && wants_more(r)) {
    int status = ask(r);
    if (status == ZC_OK) return;
    fail(read, status, "the plugin refused the query");
  }
  rest(r);
  go_on(read);
}

static int ask(reader *r) {
  zc_table_read *read = r->read;
  const owned_range *range = &read->ranges[r->range];
  const zc_table_range *asked = &range->asked;
  uint64_t left = asked->limit ? TIED_PAGE_ROWS : ZC_READ_PAGE_ROWS;
  if (asked->limit > range->rows) left = asked->limit - range->rows;
  const zc_table_query query = {
      .size = sizeof query,
      .limit = left < ZC_READ_PAGE_ROWS ? (uint32_t)left : ZC_READ_PAGE_ROWS,
      .table = asked->table,
      .index = asked->index,
      .partition = asked->partition,
      .compare = asked->compare,
      .descending = asked->descending,
      .low = asked->low,
      .high = asked->high,
      .page = r->page,
      .now = read->now,
  };
  const zc_operation_events events = {.user = r, .row = on_row, .page = on_page, .done = on_done};
  r->more = r->stuck = false;
  r->rows_before = range->rows;
  read->counts.pages++;
  return zc_operation_start_sink_query(read->sink, &query, ZC_READ_PAGE_DEADLINE, &events,
                                       &r->operation);
}

static void begin_range(reader *r) {
  zc_table_read *read = r->read;
  r->range = read->next_range++;
  r->empty = 0;
  r->busy = true;
  read->n_busy++;
  int status = ask(r);
  if (status == ZC_OK) return;
  fail(read, status, "the plugin refused the query");
  rest(r);
}

static void go_on(zc_table_read *read) {
  for (size_t i = 0; i < ZC_READ_PARALLEL; i++) {
    reader *r = &read->readers[i];
    bool more = read->next_range < read->n_ranges && read->status == ZC_OK;
    if (more && !r->busy) begin_range(r);
  }
  if (read->n_busy == 0 || read->status != ZC_OK) end(read);
}

static void on_timer(zc_timer *timer) {
  go_on(timer->user);
}

/* ---- the beginning ---- */

static char *put(char *to, const char *text, const char **ret) {
  size_t n = strlen(text) + 1;
  memcpy(to, text, n);
  *ret = to;
  return to + n;
}

static int copy_range(owned_range *to, const zc_table_range *from) {
  const char *low = from->low ? from->low : "", *high = from->high ? from->high : "";
  if (!from->table || !from->partition || from->compare > ZC_COMPARE_AT_MOST) return ZC_EINVAL;
  to->asked = *from;
  to->last = NAN;
  if (!from->index) to->asked.index = &from->table->primary;
  to->texts = malloc(strlen(from->partition) + strlen(low) + strlen(high) + 3);
  if (!to->texts) return ZC_ENOMEM;
  char *end = put(to->texts, from->partition, &to->asked.partition);
  put(put(end, low, &to->asked.low), high, &to->asked.high);
  return ZC_OK;
}

int zc_table_read_start(zc_host_context *context, zc_instance *sink, const zc_table_range *ranges,
                        size_t n, zc_time now, const zc_table_events *events, zc_table_read **ret) {
  const zc_plugin *plugin = zc_instance_plugin(sink);
  if (plugin->kind != ZC_SINK || !((const zc_sink_ops *)plugin->ops)->query) return ZC_ENOTFOUND;
  if (n > ZC_READ_RANGES_MAX || !events->row || !events->done) return ZC_EINVAL;
  zc_table_read *read = calloc(1, sizeof *read);
  if (!read) return ZC_ENOMEM;
  *read = (zc_table_read){.context = context, .sink = sink, .now = now, .events = *events};
  read->ranges = calloc(n + 1, sizeof *read->ranges);
  int status = read->ranges ? ZC_OK : ZC_ENOMEM;
  for (; status == ZC_OK && read->n_ranges < n; read->n_ranges++)
    status = copy_range(&read->ranges[read->n_ranges], &ranges[read->n_ranges]);
  if (status != ZC_OK) {
    destroy(read);
    return status;
  }
  for (size_t i = 0; i < ZC_READ_PARALLEL; i++)
    read->readers[i].read = read;
  zc_timer_after(context->loop, &read->timer, 0, on_timer, read);
  *ret = read;
  return ZC_OK;
}
