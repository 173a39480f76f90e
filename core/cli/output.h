/* output.h - what commands print on stdout: text, tables, JSON made readable.
 *
 * A reader that leaves (EPIPE) is no failure; any other failed write makes the exit status 70. Text
 * from elsewhere never reaches a terminal with its control characters. */
#ifndef ZC_CLI_OUTPUT_H
#define ZC_CLI_OUTPUT_H

#include <stdbool.h>

#include "core/base/buffer.h"
#include "core/base/json.h"

void zc_output_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Prints the buffer, and a line's end. A failed buffer makes the exit status 70. */
void zc_output_text(const zc_buffer *text);
void zc_output_line(const zc_buffer *text);
/* Flushes; gives `exit_status`, or 70 where something could not be written. */
int zc_output_finish(int exit_status);

typedef enum { ZC_PLAIN, ZC_BOLD, ZC_DIM, ZC_RED, ZC_GREEN, ZC_YELLOW, ZC_CYAN } zc_colour;

/* The colour that the status of an execution is shown in. */
zc_colour zc_output_status_colour(const char *status);
/* The sequence that begins a colour, or ends the last one (ZC_PLAIN); "" where stdout is no
 * terminal or NO_COLOR is set. */
const char *zc_output_colour(zc_colour colour);

/* A table: cells row by row, the first row being the headings. Columns are as wide as their widest
 * cell; the last one is not padded. */
typedef struct {
  size_t n_columns, n_cells, capacity;
  struct zc_listing_cell {
    char *text;
    zc_colour colour;
  } * cells;
  bool failed; /* no memory */
} zc_listing;

void zc_listing_init(zc_listing *listing, size_t n_columns);
void zc_listing_finish(zc_listing *listing);
/* n_columns texts, in bold. */
void zc_listing_headings(zc_listing *listing, const char *const *texts);
void zc_listing_add(zc_listing *listing, zc_colour colour, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void zc_listing_print(const zc_listing *listing, const char *indent);

/* Lines of foreign text, each after `indent`, without control characters. */
void zc_output_foreign(const char *indent, const char *text);

/* An execution's item, as JSON in one line; or as lines, without what stands there twice for the
 * sake of indexes, with the end of its command's output last. */
void zc_output_item(const zc_buffer *item, bool as_json);

/* A JSON value as lines, "name  value", indented by two blanks a level from `depth` on. Lists of
 * plain values are one line. */
void zc_output_json(const zc_json *json, int depth);

#endif
