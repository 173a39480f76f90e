/* page_regions.c - the sections on regions: compared, their best times, where runs were sent. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/time_text.h"
#include "core/report/markup.h"
#include "core/report/page_parts.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))
#define INTENSITY                                                                                  \
  "gCO\xE2\x82\x82"                                                                                \
  "eq/kWh"
#define RANKS_SHOWN 30 /* columns of a ranking; longer spans are taken together */
#define LOWEST      3  /* cells framed in a heat map */

/* ---- regions ---- */

static const zc_table_column region_columns[] = {
    {"region", "Region", ZC_CELL_WORD, 0},
    {"mean_intensity", "Mean, " INTENSITY, ZC_CELL_NUMBER, 1},
    {"lowest_intensity", "Lowest", ZC_CELL_NUMBER, 1},
    {"highest_intensity", "Highest", ZC_CELL_NUMBER, 1},
    {"mean_rank", "Mean rank", ZC_CELL_NUMBER, 2},
    {"cleanest_share", "Hours as the cleanest", ZC_CELL_SHARE, 0},
    {"below_threshold_share", "Hours below the threshold", ZC_CELL_SHARE, 0},
    {"hours", "Hours known", ZC_CELL_NUMBER, 0},
};

static size_t name_of(const char *const names[], size_t n, const char *name) {
  size_t i = 0;
  while (i < n && strcmp(names[i], name) != 0)
    i++;
  return i;
}

static size_t read_names(const zc_json *regions, const char *names[]) {
  size_t n = 0;
  for (size_t i = 0; i < zc_json_count(regions) && n < ZC_CHART_RANKS_MAX; i++)
    names[n++] = zc_page_text(zc_page_item(regions, i), "region");
  return n;
}

/* A region's mean over the days taken together: sums and hours of each column. */
typedef struct {
  double sums[ZC_CHART_RANKS_MAX][RANKS_SHOWN + 1], hours[ZC_CHART_RANKS_MAX][RANKS_SHOWN + 1];
} region_means;

static void add_day(const zc_page_columns *columns, const zc_json *day, const char *const names[],
                    size_t n, region_means *means) {
  const zc_json *regions = zc_json_get(day, "regions");
  size_t column = zc_page_column_of(columns, day);
  double hours = zc_page_number(day, "hours");
  if (column == columns->n || column > RANKS_SHOWN) return;
  for (size_t i = 0; i < zc_json_count(regions); i++) {
    const zc_json *region = zc_page_item(regions, i);
    size_t name = name_of(names, n, zc_page_text(region, "region"));
    double intensity = zc_page_number(region, "mean_intensity");
    if (name == n || isnan(intensity) || !(hours > 0.0)) continue;
    means->sums[name][column] += intensity * hours;
    means->hours[name][column] += hours;
  }
}

/* The rank among the regions of a column; equal means keep the regions' order. */
static double rank_of(const region_means *means, size_t n, size_t name, size_t column) {
  double own = means->sums[name][column] / means->hours[name][column];
  double rank = 1.0;
  for (size_t i = 0; i < n; i++) {
    double other = means->sums[i][column] / means->hours[i][column];
    if (other < own || (other == own && i < name)) rank += 1.0;
  }
  return rank;
}

static void rank_columns(const zc_page_columns *columns, const region_means *means, size_t n,
                         double ranks[]) {
  for (size_t i = 0; i < n; i++) {
    for (size_t k = 0; k < columns->n; k++) {
      bool known = means->hours[i][k] > 0.0;
      ranks[i * columns->n + k] = known ? rank_of(means, n, i, k) : NAN;
    }
  }
}

static int64_t lay_out_ranks(zc_page *page) {
  zc_time from = 0, to = 0;
  page->columns.n = 0;
  if (!zc_page_time(page->document, "from", &from) || !zc_page_time(page->document, "to", &to))
    return 1;
  from -= from % ZC_DAY;
  int64_t days = (to - from + ZC_DAY - 1) / ZC_DAY;
  int64_t together = (days + RANKS_SHOWN) / (RANKS_SHOWN + 1);
  if (together < 1) together = 1;
  zc_page_columns_init(&page->columns, from, to, together * ZC_DAY);
  return together;
}

static void write_ranks(zc_page *page, const zc_json *regions) {
  const char *names[ZC_CHART_RANKS_MAX];
  double ranks[ZC_CHART_RANKS_MAX * (RANKS_SHOWN + 1)];
  char id[ZC_PAGE_ID_SIZE], note[160];
  region_means means = {0};
  const zc_json *days = zc_json_get(page->document, "by_day");
  size_t n = read_names(regions, names);
  int64_t together = lay_out_ranks(page);
  if (n < 2 || zc_json_count(days) == 0) return;
  for (size_t i = 0; i < zc_json_count(days); i++)
    add_day(&page->columns, zc_page_item(days, i), names, n, &means);
  rank_columns(&page->columns, &means, n, ranks);
  zc_page_id(page, "ranks", id);
  snprintf(note, sizeof note, "Rank 1 has the lowest mean intensity of the day%s.",
           together > 1 ? "s taken together" : "");
  const zc_ranks_chart chart = {{id, "Regions by rank", "rank", "no data"},
                                page->columns.labels,
                                page->columns.n,
                                names,
                                n,
                                ranks};
  zc_page_figure_begin(page, chart.about.title, note);
  zc_buffer_text(page->to, "<div class=\"scroll\">");
  zc_ranks_chart_write(page->to, &chart);
  zc_buffer_text(page->to, "</div>\n");
  zc_page_figure_end(page);
}

static void write_opportunities(zc_page *page) {
  double mean = zc_page_number(page->document, "opportunities/mean_max_savings_percent");
  double most = zc_page_number(page->document, "opportunities/highest_max_savings_percent");
  if (isnan(mean) || isnan(most)) return;
  zc_page_paragraph(
      page,
      "The cleanest region's intensity was %.1f\xC2\xA0%% below the dirtiest one's on "
      "average over the hours, and %.1f\xC2\xA0%% at the most.",
      mean, most);
}

void zc_page_regions(zc_page *page) {
  const zc_json *regions = zc_json_get(page->document, "regions");
  if (zc_json_count(regions) == 0) zc_page_element(page, "p", "No hours are known of this time.");
  write_opportunities(page);
  zc_page_sentences(page, NULL, "notes", "told");
  write_ranks(page, regions);
  zc_page_table(page, "Regions, the cleanest first", regions, region_columns,
                COUNT(region_columns));
}

/* ---- the best times ---- */

static const char *const weekdays[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
static const char *const hours[] = {"0",  "1",  "2",  "3",  "4",  "5",  "6",  "7",
                                    "8",  "9",  "10", "11", "12", "13", "14", "15",
                                    "16", "17", "18", "19", "20", "21", "22", "23"};

static void read_week(const zc_json *region, double values[ZC_WEEK_HOURS]) {
  for (size_t i = 0; i < ZC_WEEK_HOURS; i++) {
    char path[48];
    snprintf(path, sizeof path, "week/mean_intensity/%zu/%zu", i / 24, i % 24);
    values[i] = zc_page_number(region, path);
  }
}

static void write_week_table(zc_page *page, const double values[ZC_WEEK_HOURS],
                             const char *caption) {
  zc_page_details_begin(page, "The figures as a table");
  zc_buffer_text(page->to, "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"");
  zc_markup_text(page->to, caption);
  zc_buffer_text(page->to, "\"><table>");
  zc_page_element(page, "caption", caption);
  zc_buffer_text(page->to, "<thead><tr><th scope=\"col\">Hour</th>");
  for (size_t day = 0; day < 7; day++)
    zc_buffer_printf(page->to, "<th scope=\"col\" class=\"n\">%s</th>", weekdays[day]);
  zc_buffer_text(page->to, "</tr></thead>\n<tbody>\n");
  for (size_t hour = 0; hour < 24; hour++) {
    zc_buffer_printf(page->to, "<tr><th scope=\"row\">%zu</th>", hour);
    for (size_t day = 0; day < 7; day++) {
      char text[ZC_FIGURE_SIZE];
      zc_figure(values[day * 24 + hour], 1, text);
      zc_buffer_printf(page->to, "<td class=\"n\">%s</td>", text);
    }
    zc_buffer_text(page->to, "</tr>\n");
  }
  zc_buffer_text(page->to, "</tbody></table></div>\n");
  zc_page_details_end(page);
}

/* "Cleanest hours of the day: 3 (102.1), 4 (103), 2 (104.9)." */
static void note_region(const zc_json *region, char note[320]) {
  const zc_json *best = zc_json_get(region, "best_hours");
  double mean = zc_page_number(region, "mean_intensity");
  size_t used = (size_t)snprintf(note, 320, "Mean %.1f. ", mean);
  if (isnan(mean)) {
    snprintf(note, 320, "Nothing is known of this time.");
    return;
  }
  for (size_t i = 0; i < zc_json_count(best) && i < 3 && used < 256; i++) {
    const zc_json *hour = zc_page_item(best, i);
    used += (size_t)snprintf(note + used, 320 - used, "%s%02.0f:00 (%.1f)",
                             i == 0 ? "Cleanest hours of the day: " : ", ",
                             zc_page_number(hour, "hour"), zc_page_number(hour, "mean_intensity"));
  }
  double estimated = zc_page_number(region, "data_quality/estimated_hours");
  double missing = zc_page_number(region, "data_quality/missing_hours");
  double observed = zc_page_number(region, "data_quality/observed_hours");
  if (!isnan(observed) && used < 256)
    snprintf(note + used, 320 - used, ". Hours observed %.0f, estimated %.0f, missing %.0f.",
             observed, isnan(estimated) ? 0.0 : estimated, isnan(missing) ? 0.0 : missing);
}

static void write_heat(zc_page *page, const zc_json *region, size_t i) {
  double values[ZC_WEEK_HOURS];
  char id[ZC_PAGE_ID_SIZE], name[24], title[ZC_PAGE_SPAN_SIZE + 64], note[320];
  const char *of = zc_page_text(region, "region");
  read_week(region, values);
  snprintf(name, sizeof name, "heat-%zu", i + 1);
  zc_page_id(page, name, id);
  snprintf(title, sizeof title, "%.60s: intensity by hour and weekday", of);
  const zc_heat_chart chart = {
      {id, title, INTENSITY, "no data"}, weekdays, hours, 7, 24, values, LOWEST, "UTC"};
  note_region(region, note);
  zc_page_figure_begin(page, of, note);
  zc_buffer_text(page->to, "<div class=\"scroll\">");
  zc_heat_chart_write(page->to, &chart);
  zc_buffer_text(page->to, "</div>\n");
  zc_heat_legend_write(page->to, &chart);
  write_week_table(page, values, title);
  zc_page_figure_end(page);
}

void zc_page_optimal_times(zc_page *page) {
  const zc_json *regions = zc_json_get(page->document, "regions");
  size_t n = zc_json_count(regions);
  zc_page_paragraph(page,
                    "The mean intensity of each hour of the week, by region, in " INTENSITY
                    "; hours are UTC. Colours span each region's own range: compare colours "
                    "within a map, figures between maps. The %d lowest cells are framed.",
                    LOWEST);
  for (size_t i = 0; i < n && i < ZC_PAGE_REGIONS_MAX; i++)
    write_heat(page, zc_page_item(regions, i), i);
  if (n > ZC_PAGE_REGIONS_MAX)
    zc_page_paragraph(page, "%zu more regions are not shown here.", n - ZC_PAGE_REGIONS_MAX);
}

/* ---- where runs were sent ---- */

static const zc_table_column sent_columns[] = {
    {"region", "Region", ZC_CELL_WORD, 0},
    {"runs", "Runs", ZC_CELL_NUMBER, 0},
    {"share", "Of all", ZC_CELL_SHARE, 0},
    {"emissions_g", "Emitted, g", ZC_CELL_NUMBER, 2},
    {"savings_g", "Saved, g", ZC_CELL_NUMBER, 2},
    {"mean_intensity", "Mean, " INTENSITY, ZC_CELL_NUMBER, 1},
};

void zc_page_optimal_regions(zc_page *page) {
  const zc_json *regions = zc_json_get(page->document, "regions");
  if (zc_json_count(regions) == 0) zc_page_element(page, "p", "No runs in this time.");
  zc_page_grams_chart(page, "emissions", "Emissions by region",
                      "Of the runs that ran, by the region that was chosen for them.", regions,
                      "region", "emissions_g");
  zc_page_table(page, "Regions, the most often chosen first", regions, sent_columns,
                COUNT(sent_columns));
}
