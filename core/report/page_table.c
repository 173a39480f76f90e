/* page_table.c - lists of objects as tables. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/report/markup.h"
#include "core/report/page_parts.h"

#define SHORT    15 /* rows of a table that paper keeps on one page */
#define LIST_MAX 8  /* texts of a list in one cell */

static bool is_number(const zc_table_column *column) {
  return column->kind == ZC_CELL_NUMBER || column->kind == ZC_CELL_SHARE;
}

static bool is_known(const zc_json *list, const zc_table_column *column) {
  for (size_t i = 0; i < zc_json_count(list); i++) {
    if (zc_json_get(zc_page_item(list, i), column->member)) return true;
  }
  return false;
}

static void write_headings(zc_page *page, const zc_json *list, const zc_table_column *columns,
                           size_t n) {
  zc_buffer_text(page->to, "<thead><tr>");
  for (size_t k = 0; k < n; k++) {
    if (!is_known(list, &columns[k])) continue;
    zc_buffer_printf(page->to, "<th scope=\"col\"%s>",
                     is_number(&columns[k]) ? " class=\"n\"" : "");
    zc_markup_text(page->to, columns[k].heading);
    zc_buffer_text(page->to, "</th>");
  }
  zc_buffer_text(page->to, "</tr></thead>\n<tbody>\n");
}

static void write_list(zc_page *page, const zc_json *list) {
  size_t n = zc_json_count(list);
  for (size_t i = 0; i < n && i < LIST_MAX; i++) {
    if (i > 0) zc_buffer_text(page->to, ", ");
    zc_page_words(page, zc_page_text(zc_page_item(list, i), ""));
  }
  if (n > LIST_MAX) zc_buffer_printf(page->to, " and %zu more", n - LIST_MAX);
}

/* "2025-12-03 10:30" of "2025-12-03T10:30:00Z" */
static void write_time(zc_page *page, const char *text) {
  char shown[32];
  snprintf(shown, sizeof shown, "%.10s %.5s", text, strlen(text) > 11 ? text + 11 : "");
  zc_markup_text(page->to, shown);
}

static void write_number(zc_page *page, double value, const zc_table_column *column) {
  char text[ZC_FIGURE_SIZE];
  bool share = column->kind == ZC_CELL_SHARE;
  zc_figure(share ? value * 100.0 : value, share ? 1 : column->decimals, text);
  zc_buffer_text(page->to, text);
  if (share && !isnan(value)) zc_buffer_text(page->to, "\xC2\xA0%");
}

static void write_value(zc_page *page, const zc_json *value, const zc_table_column *column) {
  switch (column->kind) {
  case ZC_CELL_NUMBER:
  case ZC_CELL_SHARE:
    write_number(page, zc_page_number(value, ""), column);
    break;
  case ZC_CELL_TIME:
    write_time(page, zc_page_text(value, ""));
    break;
  case ZC_CELL_LIST:
    write_list(page, value);
    break;
  case ZC_CELL_WORD:
  case ZC_CELL_TEXT:
    zc_markup_text(page->to, zc_page_text(value, ""));
    break;
  }
}

static const char *look_of(const zc_table_column *column) {
  if (is_number(column)) return " class=\"n\">";
  return column->kind == ZC_CELL_WORD || column->kind == ZC_CELL_TIME ? " class=\"w\">" : ">";
}

static void write_cell(zc_page *page, const zc_json *item, const zc_table_column *column,
                       bool first) {
  const zc_json *value = zc_json_get(item, column->member);
  zc_buffer_text(page->to, first ? "<th scope=\"row\"" : "<td");
  zc_buffer_text(page->to, look_of(column));
  if (value) {
    write_value(page, value, column);
  } else {
    zc_buffer_text(page->to, "\xE2\x80\x93");
  }
  zc_buffer_text(page->to, first ? "</th>" : "</td>");
}

static void write_rows(zc_page *page, const zc_json *list, const zc_table_column *columns, size_t n,
                       size_t most) {
  for (size_t i = 0; i < zc_json_count(list) && i < most; i++) {
    zc_buffer_text(page->to, "<tr>");
    for (size_t k = 0; k < n; k++) {
      if (is_known(list, &columns[k])) write_cell(page, zc_page_item(list, i), &columns[k], k == 0);
    }
    zc_buffer_text(page->to, "</tr>\n");
  }
}

static void write_table(zc_page *page, const char *caption, const zc_json *list,
                        const zc_table_column *columns, size_t n, size_t most) {
  size_t rows = zc_json_count(list);
  zc_buffer_text(page->to, "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"");
  zc_markup_text(page->to, caption);
  zc_buffer_text(page->to, rows <= SHORT ? "\"><table class=\"short\">\n" : "\"><table>\n");
  zc_page_element(page, "caption", caption);
  write_headings(page, list, columns, n);
  write_rows(page, list, columns, n, most);
  zc_buffer_text(page->to, "</tbody></table></div>\n");
  if (rows > most) zc_page_paragraph(page, "%zu more are not shown here.", rows - most);
}

void zc_page_table(zc_page *page, const char *caption, const zc_json *list,
                   const zc_table_column *columns, size_t n) {
  if (zc_json_count(list) == 0) return;
  write_table(page, caption, list, columns, n, ZC_PAGE_ROWS_MAX);
}

void zc_page_table_behind(zc_page *page, const char *caption, const zc_json *list,
                          const zc_table_column *columns, size_t n) {
  if (zc_json_count(list) == 0) return;
  zc_page_details_begin(page, "The figures as a table");
  write_table(page, caption, list, columns, n, ZC_PAGE_COLUMNS_MAX);
  zc_page_details_end(page);
}
