#include "core/cli/output.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/text.h"
#include "core/base/time_text.h"
#include "core/cli/cli.h"

#define CELL_MAX  4096
#define NAME_WIDE 26

/* The first failure of a write to stdout, as errno; -1: what was to be written could not be made.
 */
static int failure;

static void note(bool fine) {
  if (!fine && failure == 0) failure = errno ? errno : EIO;
}

void zc_output_printf(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  note(vfprintf(stdout, format, arguments) >= 0);
  va_end(arguments);
}

void zc_output_text(const zc_buffer *text) {
  if (text->status != ZC_OK) {
    if (failure == 0) failure = -1;
  } else if (text->length) {
    note(fwrite(text->data, 1, text->length, stdout) == text->length);
  }
}

void zc_output_line(const zc_buffer *text) {
  zc_output_text(text);
  if (text->status == ZC_OK) note(fputc('\n', stdout) != EOF);
}

int zc_output_finish(int exit_status) {
  note(fflush(stdout) == 0);
  if (failure == 0 || failure == EPIPE) return exit_status;
  zc_cli_message("cannot write the output: %s", failure > 0 ? strerror(failure) : "no memory");
  return ZC_EXIT_INTERNAL;
}

/* ---- colour ---- */

static bool colourful(void) {
  const char *none = getenv("NO_COLOR"), *terminal = getenv("TERM");
  return isatty(STDOUT_FILENO) && !(none && *none) && terminal && strcmp(terminal, "dumb") != 0;
}

const char *zc_output_colour(zc_colour colour) {
  static const char *const sequences[] = {"\033[0m",  "\033[1m",  "\033[2m", "\033[31m",
                                          "\033[32m", "\033[33m", "\033[36m"};
  return colourful() ? sequences[colour] : "";
}

zc_colour zc_output_status_colour(const char *status) {
  static const struct {
    const char *status;
    zc_colour colour;
  } colours[] = {{"SUCCESS", ZC_GREEN}, {"FAILED", ZC_RED},     {"TIMED_OUT", ZC_RED},
                 {"UNKNOWN", ZC_RED},   {"RUNNING", ZC_CYAN},   {"TRIGGERING", ZC_CYAN},
                 {"PENDING", ZC_CYAN},  {"DEFERRED", ZC_YELLOW}};
  for (size_t i = 0; i < sizeof colours / sizeof *colours; i++) {
    if (strcmp(colours[i].status, status) == 0) return colours[i].colour;
  }
  return ZC_PLAIN;
}

/* ---- tables ---- */

void zc_listing_init(zc_listing *listing, size_t n_columns) {
  *listing = (zc_listing){.n_columns = n_columns};
}

void zc_listing_finish(zc_listing *listing) {
  for (size_t i = 0; i < listing->n_cells; i++)
    free(listing->cells[i].text);
  free(listing->cells);
  *listing = (zc_listing){0};
}

/* Characters, counted by UTF-8's leading bytes. */
static size_t width_of(const char *text) {
  size_t n = 0;
  for (; *text; text++)
    n += ((unsigned char)*text & 0xc0) != 0x80;
  return n;
}

static bool make_room(zc_listing *listing) {
  if (listing->n_cells < listing->capacity) return true;
  size_t capacity = listing->capacity ? listing->capacity * 2 : 64;
  struct zc_listing_cell *cells = reallocarray(listing->cells, capacity, sizeof *cells);
  if (!cells) return false;
  listing->cells = cells;
  listing->capacity = capacity;
  return true;
}

void zc_listing_add(zc_listing *listing, zc_colour colour, const char *format, ...) {
  char text[CELL_MAX];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  zc_make_printable(text, ' ');
  char *copy = make_room(listing) ? strdup(text) : NULL;
  if (!copy) {
    listing->failed = true;
    return;
  }
  listing->cells[listing->n_cells++] = (struct zc_listing_cell){copy, colour};
}

void zc_listing_headings(zc_listing *listing, const char *const *texts) {
  for (size_t i = 0; i < listing->n_columns; i++)
    zc_listing_add(listing, ZC_BOLD, "%s", texts[i]);
}

static size_t column_width(const zc_listing *listing, size_t column) {
  size_t widest = 0;
  for (size_t i = column; i < listing->n_cells; i += listing->n_columns) {
    size_t width = width_of(listing->cells[i].text);
    if (width > widest) widest = width;
  }
  return widest;
}

static void print_cell(const struct zc_listing_cell *cell, size_t width, bool last) {
  bool plain = cell->colour == ZC_PLAIN;
  size_t padding = last ? 0 : width - width_of(cell->text) + 2;
  zc_output_printf("%s%s%s%*s", plain ? "" : zc_output_colour(cell->colour), cell->text,
                   plain ? "" : zc_output_colour(ZC_PLAIN), (int)padding, "");
}

void zc_listing_print(const zc_listing *listing, const char *indent) {
  size_t *widths = calloc(listing->n_columns, sizeof *widths);
  if (!widths || listing->failed) {
    if (failure == 0) failure = -1;
    free(widths);
    return;
  }
  for (size_t i = 0; i < listing->n_columns; i++)
    widths[i] = column_width(listing, i);
  for (size_t i = 0; i < listing->n_cells; i++) {
    size_t column = i % listing->n_columns;
    bool last = column + 1 == listing->n_columns;
    if (column == 0) zc_output_printf("%s", indent);
    print_cell(&listing->cells[i], widths[column], last);
    if (last) zc_output_printf("\n");
  }
  free(widths);
}

/* ---- JSON as text ---- */

static bool holds_more(const zc_json *json) {
  int type = zc_json_type(json);
  return (type == ZC_JSON_OBJECT || type == ZC_JSON_ARRAY) && zc_json_count(json) > 0;
}

/* What wants lines of its own: not so a list of plain values. */
static bool is_branch(const zc_json *json) {
  bool branches = zc_json_type(json) != ZC_JSON_ARRAY;
  for (size_t i = 0; i < zc_json_count(json) && !branches; i++)
    branches = holds_more(zc_json_member(json, i, NULL));
  return branches && holds_more(json);
}

static void add_plain(zc_buffer *to, const zc_json *json) {
  const char *words;
  if (zc_json_text(json, &words, NULL) == ZC_OK)
    zc_buffer_text(to, words);
  else
    zc_json_write(to, json);
}

static void print_leaf(const zc_json *json) {
  zc_buffer text;
  zc_buffer_init(&text, 1u << 20);
  if (zc_json_type(json) == ZC_JSON_ARRAY && zc_json_count(json) > 0) {
    for (size_t i = 0; i < zc_json_count(json); i++) {
      if (i) zc_buffer_text(&text, ", ");
      add_plain(&text, zc_json_member(json, i, NULL));
    }
  } else {
    add_plain(&text, json);
  }
  if (text.data) {
    zc_make_printable(text.data, ' ');
    text.length = strlen(text.data);
  }
  zc_output_line(&text);
  zc_buffer_finish(&text);
}

static void print_tree(const zc_json *json, int depth);

static void print_member(const char *key, const zc_json *value, int depth) {
  int indent = depth * 2;
  int width = NAME_WIDE - indent > 0 ? NAME_WIDE - indent : 0;
  if (is_branch(value)) {
    zc_output_printf("%*s%s\n", indent, "", key);
    print_tree(value, depth + 1);
  } else {
    zc_output_printf("%*s%-*s ", indent, "", width, key);
    print_leaf(value);
  }
}

static void print_tree(const zc_json *json, int depth) {
  for (size_t i = 0; i < zc_json_count(json); i++) {
    const char *key = NULL;
    const zc_json *value = zc_json_member(json, i, &key);
    print_member(key ? key : "-", value, depth);
  }
}

void zc_output_json(const zc_json *json, int depth) {
  if (is_branch(json))
    print_tree(json, depth);
  else
    print_leaf(json);
}

/* ---- executions ---- */

void zc_output_foreign(const char *indent, const char *text) {
  while (*text) {
    size_t n = strcspn(text, "\n");
    char *line = strndup(text, n);
    if (!line) {
      if (failure == 0) failure = -1;
      return;
    }
    zc_make_printable(line, ' ');
    zc_output_printf("%s%s\n", indent, line);
    free(line);
    text += n + (text[n] == '\n');
  }
}

/* Seconds since 1970, and what a clock shows then. */
static bool print_seconds(const char *key, const zc_json *value) {
  char text[ZC_TIME_TEXT_SIZE];
  double seconds;
  if (strcmp(key, "timestamp") != 0 && strcmp(key, "ttl") != 0) return false;
  if (zc_json_number(value, &seconds) != ZC_OK || !(seconds >= 0 && seconds < 1e11)) return false;
  if (zc_time_format((zc_time)seconds * ZC_SECOND, text, sizeof text) != ZC_OK) return false;
  zc_output_printf("%-*s %.0f (%s)\n", NAME_WIDE, key, seconds, text);
  return true;
}

/* Keys of indexes, which stand in their block too, and the output, which comes last. */
static bool is_hidden(const char *key) {
  return strncmp(key, "carbon_analysis.", 16) == 0 || strcmp(key, "output_tail") == 0;
}

void zc_output_item(const zc_buffer *item, bool as_json) {
  zc_json *json;
  if (as_json || item->status != ZC_OK || zc_json_parse(item->data, item->length, &json) != ZC_OK) {
    zc_output_line(item);
    return;
  }
  for (size_t i = 0; i < zc_json_count(json); i++) {
    const char *key = NULL;
    const zc_json *value = zc_json_member(json, i, &key);
    if (key && !is_hidden(key) && !print_seconds(key, value)) print_member(key, value, 0);
  }
  const char *tail = zc_json_get_text(json, "output_tail");
  if (tail && *tail) {
    zc_output_printf("output_tail\n");
    zc_output_foreign("  ", tail);
  }
  zc_json_free(json);
}
