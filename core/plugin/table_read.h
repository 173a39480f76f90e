/* table_read.h - reading rows back from a sink: whole key ranges, page after page.
 *
 * The one way in which roll-ups and reports read. A range names a table or index, one partition and
 * a span of the sort key, which is all that a store can be asked without a scan. Several ranges are
 * one read: a few are asked at a time, rows of one range come in its order. Rows are handed on as
 * text and not kept; whoever wants a row's values parses it. */
#ifndef ZC_PLUGIN_TABLE_READ_H
#define ZC_PLUGIN_TABLE_READ_H

#include <stdbool.h>

#include "core/plugin/instance.h"

#define ZC_READ_PAGE_ROWS     1000
#define ZC_READ_TIED_MAX      1000
#define ZC_READ_EMPTY_MAX     10000 /* pages without a row, one after another */
#define ZC_READ_PARALLEL      4     /* ranges asked at a time */
#define ZC_READ_PAGE_DEADLINE 60000
#define ZC_READ_RANGES_MAX    ((size_t)100000)
#define ZC_READ_ROWS_MAX      UINT64_C(5000000)
#define ZC_READ_BYTES_MAX     (UINT64_C(16) << 30)

/* Sort keys as text, numbers in their final form; low and high are inclusive. */
typedef struct {
  const zc_table *table;
  const zc_table_index *index; /* NULL: the table's own keys */
  const char *partition;
  uint32_t compare; /* ZC_COMPARE_…, as in zc_table_query */
  bool descending;
  const char *low, *high;
  uint64_t limit; /* rows, the first of the order; 0: all. Where the last two of them have the same
                     number for a sort key, also those behind that have it, ZC_READ_TIED_MAX at the
                     most, and the first that has not */
} zc_table_range;

typedef struct {
  uint64_t rows, bytes;
  uint64_t
      pages; /* questions to the sink; what a remote store was asked for them is its own affair */
} zc_table_counts;

typedef struct zc_table_read zc_table_read;

/* All on the loop, never inside zc_table_read_start().
 * row   the row's text, valid during the call, terminated; `range`: position among those asked.
 *       Anything but ZC_OK ends the read with that status.
 * done  once, last; the read is gone. ZC_OK, or why not with a sentence: the sink's error, row's
 *       status, ZC_EDATA where the bounds above were passed or the sink's pages go in a circle. */
typedef struct {
  void *user;
  int (*row)(void *user, size_t range, const char *text, size_t length);
  void (*done)(void *user, int status, const char *message, const zc_table_counts *counts);
} zc_table_events;

/* The position of the sink that is read: the first of the configuration that can be; n_sinks: there
 * is none. */
size_t zc_table_read_sink(const zc_settings *settings);

/* `sink` has been through its init (zc_operation_start_sink_init) and lives until `done` or cancel.
 * Ranges are copied, the tables they point to are not. Rows whose ttl lies before `now` are left
 * out. ZC_OK with *ret; else no event comes: ZC_EINVAL, ZC_ENOMEM, ZC_ENOTFOUND: the sink cannot be
 * read.
 */
int zc_table_read_start(zc_host_context *context, zc_instance *sink, const zc_table_range *ranges,
                        size_t n, zc_time now, const zc_table_events *events, zc_table_read **ret);
/* No event comes any more. Not from `row`; NULL is fine. */
void zc_table_read_cancel(zc_table_read *read);

#endif
