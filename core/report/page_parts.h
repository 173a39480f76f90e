/* page_parts.h - what the sections of a page are made of. Private to the page. */
#ifndef ZC_REPORT_PAGE_PARTS_H
#define ZC_REPORT_PAGE_PARTS_H

#include "core/base/json.h"
#include "core/report/chart.h"
#include "core/report/page.h"

#define ZC_PAGE_COLUMNS_MAX 366 /* of a chart over time: a year of days */
#define ZC_PAGE_ROWS_MAX    100 /* of a table that is shown at once; more are counted */
#define ZC_PAGE_BARS_MAX    15  /* of a chart with a bar a name */
#define ZC_PAGE_REGIONS_MAX 24  /* heat maps of one page */
#define ZC_PAGE_LABEL_SIZE  24

/* Columns over time, and what the series know of each. */
typedef struct {
  size_t n;
  zc_time start;
  int64_t step;
  char texts[ZC_PAGE_COLUMNS_MAX][ZC_PAGE_LABEL_SIZE];
  const char *labels[ZC_PAGE_COLUMNS_MAX];
  double values[ZC_CHART_RANKS_MAX][ZC_PAGE_COLUMNS_MAX];
} zc_page_columns;

typedef struct {
  zc_buffer *to;
  const zc_json *documents[ZC_REPORT_DOCUMENTS];
  size_t n_documents;
  const zc_json *document; /* whose section is being written … */
  size_t section;          /* … and its number */
  zc_page_columns columns;
} zc_page;

/* The style sheet, as one <style> element. */
void zc_page_style_write(zc_buffer *to);

/* A section's content, by the report's name. */
typedef void (*zc_page_writer)(zc_page *page);
void zc_page_monthly(zc_page *page);
void zc_page_performance(zc_page *page);
void zc_page_trends(zc_page *page);
void zc_page_optimal_times(zc_page *page);
void zc_page_regions(zc_page *page);
void zc_page_optimal_regions(zc_page *page);
void zc_page_leaderboard(zc_page *page);
void zc_page_runs(zc_page *page);
void zc_page_recommend(zc_page *page);

/* Method, sources with what their licences ask for, data quality: of all documents. */
void zc_page_foot_write(zc_page *page);

/* ---- figures of the document ---- */

/* A number at a path of the document ("totals/runs"); NaN where there is none. */
double zc_page_number(const zc_json *json, const char *path);
/* A text at a path; "" where there is none. */
const char *zc_page_text(const zc_json *json, const char *path);
/* A time or a date at a path; false where there is none. */
bool zc_page_time(const zc_json *json, const char *path, zc_time *ret);
size_t zc_page_count(const zc_json *json, const char *path);
const zc_json *zc_page_item(const zc_json *list, size_t i);

/* "3 December 2025", or with ", 10:30" where it is not midnight. */
#define ZC_PAGE_DATE_SIZE 48
void zc_page_date(zc_time time, char text[ZC_PAGE_DATE_SIZE]);
/* "December 2025" of "2025-12". */
void zc_page_month(const char *month, char text[ZC_PAGE_DATE_SIZE]);
/* "1 December 2025 to 31 December 2025" of the document's from and to; "" where it has none. */
#define ZC_PAGE_SPAN_SIZE ((size_t)2 * ZC_PAGE_DATE_SIZE + 8)
void zc_page_span(const zc_json *document, char text[ZC_PAGE_SPAN_SIZE]);

/* ---- pieces ---- */

/* An element with escaped text. */
void zc_page_element(zc_page *page, const char *element, const char *text);
void zc_page_paragraph(zc_page *page, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* "days_with_runs" as "days with runs". */
void zc_page_words(zc_page *page, const char *key);
/* A heading and the sentences of a list of the document; nothing where it is empty. */
void zc_page_sentences(zc_page *page, const char *heading, const char *member, const char *look);

/* Tiles of key figures between begin and end; `note` may be "". */
void zc_page_tiles_begin(zc_page *page);
void zc_page_tile(zc_page *page, const char *name, const char *figure, const char *note);
void zc_page_tiles_end(zc_page *page);
/* The tiles of "totals": emissions, savings, runs, decisions. */
void zc_page_totals(zc_page *page);

/* A chart stands between begin and end; zc_page_chart_id() names it, once per begin. */
void zc_page_figure_begin(zc_page *page, const char *heading, const char *note);
void zc_page_figure_end(zc_page *page);
/* "fig-SECTION-NAME" */
#define ZC_PAGE_ID_SIZE 48
void zc_page_id(const zc_page *page, const char *name, char text[ZC_PAGE_ID_SIZE]);

/* What opens to show the figures of a chart. */
void zc_page_details_begin(zc_page *page, const char *summary);
void zc_page_details_end(zc_page *page);

typedef enum {
  ZC_CELL_TEXT,
  ZC_CELL_WORD,   /* text that is kept on one line: a region, a state */
  ZC_CELL_NUMBER, /* with `decimals` */
  ZC_CELL_SHARE,  /* 0..1, shown as percent with one decimal */
  ZC_CELL_TIME,   /* RFC 3339, shown to the minute */
  ZC_CELL_LIST,   /* of texts; their underscores are shown as blanks */
} zc_cell_kind;

typedef struct {
  const char *member, *heading;
  zc_cell_kind kind;
  int decimals;
} zc_table_column;

/* A table of the objects of a list, at most ZC_PAGE_ROWS_MAX of them shown; columns of which
 * nothing is known are left out. Nothing where the list is empty. */
void zc_page_table(zc_page *page, const char *caption, const zc_json *list,
                   const zc_table_column *columns, size_t n);
/* The same with all rows, inside details: behind a chart. */
void zc_page_table_behind(zc_page *page, const char *caption, const zc_json *list,
                          const zc_table_column *columns, size_t n);

/* ---- columns over time ---- */

/* Lays out columns of `step` from `from` (the start of a step) until `to`, the latest
 * ZC_PAGE_COLUMNS_MAX of them; nothing is known yet. */
void zc_page_columns_init(zc_page_columns *columns, zc_time from, zc_time to, int64_t step);
/* The column that an item's "date" falls into; columns->n where there is none. */
size_t zc_page_column_of(const zc_page_columns *columns, const zc_json *item);
/* Reads a member of the list's items into a row of values. */
void zc_page_columns_read(zc_page_columns *columns, size_t row, const zc_json *list,
                          const char *member);
/* Divides rows 0..n-1 by the unit that fits the greatest of them; gives its name. */
const char *zc_page_columns_scale(zc_page_columns *columns, size_t n_rows);

/* Charts that several sections have. The columns are laid out by the caller. `list` holds figures
 * of a day or week each. */
void zc_page_savings_chart(zc_page *page, const zc_json *list, const char *per,
                           const char *realised_member);
void zc_page_decisions_chart(zc_page *page, const zc_json *list, const char *per);
/* A bar for each of the first ZC_PAGE_BARS_MAX items with that member, in grams. */
void zc_page_grams_chart(zc_page *page, const char *name, const char *heading, const char *note,
                         const zc_json *list, const char *name_member, const char *member);

#endif
