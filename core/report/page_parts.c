#include "core/report/page_parts.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/text.h"
#include "core/report/markup.h"

#define PARAGRAPH_SIZE 640

void zc_page_element(zc_page *page, const char *element, const char *text) {
  zc_buffer_printf(page->to, "<%s>", element);
  zc_markup_text(page->to, text);
  zc_buffer_printf(page->to, "</%s>\n", element);
}

void zc_page_paragraph(zc_page *page, const char *format, ...) {
  char text[PARAGRAPH_SIZE];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  zc_page_element(page, "p", text);
}

void zc_page_words(zc_page *page, const char *key) {
  char words[64];
  zc_copy_text(words, sizeof words, key);
  for (char *at = strchr(words, '_'); at; at = strchr(at, '_'))
    *at = ' ';
  zc_markup_text(page->to, words);
}

void zc_page_sentences(zc_page *page, const char *heading, const char *member, const char *look) {
  const zc_json *list = zc_json_get(page->document, member);
  size_t n = zc_json_count(list);
  if (n == 0) return;
  if (heading) zc_page_element(page, "h3", heading);
  zc_buffer_printf(page->to, "<ul class=\"%s\">\n", look);
  for (size_t i = 0; i < n; i++)
    zc_page_element(page, "li", zc_page_text(zc_page_item(list, i), ""));
  zc_buffer_text(page->to, "</ul>\n");
}

/* ---- tiles ---- */

void zc_page_tiles_begin(zc_page *page) {
  zc_buffer_text(page->to, "<dl class=\"tiles\">\n");
}

void zc_page_tile(zc_page *page, const char *name, const char *figure, const char *note) {
  zc_buffer_text(page->to, "<div><dt>");
  zc_markup_text(page->to, name);
  zc_buffer_text(page->to, "</dt><dd>");
  zc_markup_text(page->to, figure);
  zc_buffer_text(page->to, "</dd>");
  if (*note) zc_buffer_text(page->to, "<dd class=\"note\">");
  zc_markup_text(page->to, note);
  zc_buffer_text(page->to, *note ? "</dd></div>\n" : "</div>\n");
}

void zc_page_tiles_end(zc_page *page) {
  zc_buffer_text(page->to, "</dl>\n");
}

/* "November 2025: 13.1 kg" where the month before is known; "all of November 2025" beside a month
 * that is not over. */
static void note_previous(const zc_page *page, const char *member, char note[PARAGRAPH_SIZE]) {
  char path[64], figure[ZC_FIGURE_SIZE], month[ZC_PAGE_DATE_SIZE];
  snprintf(path, sizeof path, "previous/%s", member);
  double value = zc_page_number(page->document, path);
  int complete = 1;
  *note = '\0';
  if (isnan(value)) return;
  zc_page_month(zc_page_text(page->document, "previous/month"), month);
  if (strstr(member, "_g")) {
    zc_figure_grams(value, figure);
  } else {
    zc_figure(value, strstr(member, "percent") ? 1 : 0, figure);
  }
  zc_json_boolean(zc_json_get(page->document, "complete"), &complete);
  snprintf(note, PARAGRAPH_SIZE, "%s%s: %s%s", complete ? "" : "all of ", month, figure,
           strstr(member, "percent") ? "\xC2\xA0%" : "");
}

static void tile_grams(zc_page *page, const char *name, const char *member) {
  char path[64], figure[ZC_FIGURE_SIZE], note[PARAGRAPH_SIZE];
  snprintf(path, sizeof path, "totals/%s", member);
  zc_figure_grams(zc_page_number(page->document, path), figure);
  note_previous(page, member, note);
  zc_page_tile(page, name, figure, note);
}

static void tile_share(zc_page *page) {
  char figure[ZC_FIGURE_SIZE], share[ZC_FIGURE_SIZE + 8], before[PARAGRAPH_SIZE];
  char note[PARAGRAPH_SIZE + 64];
  double percent = zc_page_number(page->document, "totals/savings_percent");
  zc_figure(percent, 1, figure);
  snprintf(share, sizeof share, "%s%s", figure, isnan(percent) ? "" : "\xC2\xA0%");
  note_previous(page, "savings_percent", before);
  snprintf(note, sizeof note, "of what would have been emitted%s%s", *before ? "; " : "", before);
  zc_page_tile(page, "Share saved", share, note);
}

static void tile_runs(zc_page *page) {
  char figure[ZC_FIGURE_SIZE], rate[ZC_FIGURE_SIZE], ran[ZC_FIGURE_SIZE];
  char note[PARAGRAPH_SIZE] = "";
  double success = zc_page_number(page->document, "totals/success_rate");
  zc_figure(zc_page_number(page->document, "totals/runs"), 0, figure);
  zc_figure(zc_page_number(page->document, "totals/ran"), 0, ran);
  zc_figure(success * 100.0, 1, rate);
  if (!isnan(success))
    snprintf(note, sizeof note,
             "%s took place; %s\xC2\xA0%% of those that succeeded or failed succeeded", ran, rate);
  zc_page_tile(page, "Runs", figure, note);
}

static void tile_moved(zc_page *page) {
  char figure[ZC_FIGURE_SIZE], later[ZC_FIGURE_SIZE], elsewhere[ZC_FIGURE_SIZE];
  char note[PARAGRAPH_SIZE];
  double n_later = zc_page_number(page->document, "totals/defer");
  double n_elsewhere = zc_page_number(page->document, "totals/relocate");
  zc_figure(n_later + n_elsewhere, 0, figure);
  zc_figure(n_later, 0, later);
  zc_figure(n_elsewhere, 0, elsewhere);
  snprintf(note, sizeof note, "%s put off, %s moved", later, elsewhere);
  zc_page_tile(page, "Runs not started as asked", figure, note);
}

static void note_location(zc_page *page) {
  char figure[ZC_FIGURE_SIZE];
  double location = zc_page_number(page->document, "totals/location_emissions_g");
  if (isnan(location)) return;
  zc_figure_grams(location, figure);
  zc_page_paragraph(page,
                    "Location-based, without the renewable supply that the operator has "
                    "contracted, %s were emitted.",
                    figure);
}

/* What the tiles leave out. */
static void note_unknown(zc_page *page) {
  char figure[ZC_FIGURE_SIZE];
  double unknown = zc_page_number(page->document, "totals/unknown_runs");
  if (!(unknown > 0.0)) return;
  zc_figure(unknown, 0, figure);
  zc_page_paragraph(page,
                    "Of %s of the runs that took place nothing is known of the emissions: they are "
                    "not in the figures of what was emitted and saved.",
                    figure);
}

void zc_page_totals(zc_page *page) {
  zc_page_tiles_begin(page);
  tile_grams(page,
             "Emitted, CO\xE2\x82\x82"
             "eq",
             "emissions_g");
  tile_grams(page,
             "Saved, CO\xE2\x82\x82"
             "eq",
             "savings_g");
  tile_share(page);
  tile_runs(page);
  tile_moved(page);
  zc_page_tiles_end(page);
  note_location(page);
  note_unknown(page);
}

/* ---- figures ---- */

void zc_page_id(const zc_page *page, const char *name, char text[ZC_PAGE_ID_SIZE]) {
  snprintf(text, ZC_PAGE_ID_SIZE, "fig-%zu-%s", page->section, name);
}

void zc_page_figure_begin(zc_page *page, const char *heading, const char *note) {
  zc_buffer_text(page->to, "<figure>\n<figcaption>");
  zc_page_element(page, "h3", heading);
  if (*note) zc_page_element(page, "p", note);
  zc_buffer_text(page->to, "</figcaption>\n");
}

void zc_page_figure_end(zc_page *page) {
  zc_buffer_text(page->to, "</figure>\n");
}

void zc_page_details_begin(zc_page *page, const char *summary) {
  zc_buffer_text(page->to, "<details><summary>");
  zc_markup_text(page->to, summary);
  zc_buffer_text(page->to, "</summary>\n");
}

void zc_page_details_end(zc_page *page) {
  zc_buffer_text(page->to, "</details>\n");
}
