/* page_foot.c - what the page stands on: method, sources and their licences, data quality. */
#include <string.h>

#include "core/report/markup.h"
#include "core/report/page_parts.h"

/* Whether an earlier document's list has an item with the same text at a path. */
static bool is_told(const zc_page *page, size_t document, const char *member, const char *path,
                    const char *text) {
  for (size_t d = 0; d < document; d++) {
    const zc_json *list = zc_json_get(page->documents[d], member);
    for (size_t i = 0; i < zc_json_count(list); i++) {
      if (strcmp(zc_page_text(zc_page_item(list, i), path), text) == 0) return true;
    }
  }
  return false;
}

static void write_method(zc_page *page) {
  zc_buffer_text(page->to, "<h3>Method</h3>\n<ul>\n");
  for (size_t d = 0; d < page->n_documents; d++) {
    const zc_json *list = zc_json_get(page->documents[d], "method");
    for (size_t i = 0; i < zc_json_count(list); i++) {
      const char *sentence = zc_page_text(zc_page_item(list, i), "");
      if (!is_told(page, d, "method", "", sentence)) zc_page_element(page, "li", sentence);
    }
  }
  zc_buffer_text(page->to, "</ul>\n");
}

static void write_source(zc_page *page, const zc_json *source) {
  const char *attribution = zc_page_text(source, "attribution");
  zc_buffer_text(page->to, "<tr><th scope=\"row\">");
  zc_markup_text(page->to, zc_page_text(source, "name"));
  zc_buffer_text(page->to, "</th><td>");
  zc_markup_text(page->to, zc_page_text(source, "plugin"));
  zc_buffer_text(page->to, "</td><td>");
  zc_markup_text(page->to, *attribution ? attribution : "\xE2\x80\x93");
  zc_buffer_text(page->to, "</td></tr>\n");
}

static void write_sources(zc_page *page) {
  zc_buffer_text(
      page->to,
      "<h3>Sources and their licences</h3>\n<div class=\"scroll\"><table class=\"short\">\n"
      "<caption>Sources of carbon intensities</caption>\n<thead><tr>"
      "<th scope=\"col\">Source</th><th scope=\"col\">Plugin</th>"
      "<th scope=\"col\">Attribution</th></tr></thead>\n<tbody>\n");
  for (size_t d = 0; d < page->n_documents; d++) {
    const zc_json *list = zc_json_get(page->documents[d], "sources");
    for (size_t i = 0; i < zc_json_count(list); i++) {
      const zc_json *source = zc_page_item(list, i);
      if (!is_told(page, d, "sources", "name", zc_page_text(source, "name")))
        write_source(page, source);
    }
  }
  zc_buffer_text(page->to, "</tbody></table></div>\n");
}

static void write_quality_figure(zc_page *page, const zc_json *value, const char *key) {
  char text[ZC_FIGURE_SIZE];
  double figure = zc_page_number(value, "");
  bool share = strstr(key, "share") != NULL;
  zc_page_words(page, key);
  zc_figure(share ? figure * 100.0 : figure, share ? 1 : 0, text);
  zc_buffer_printf(page->to, ": %s%s", text, share ? "\xC2\xA0%" : "");
}

static void write_quality(zc_page *page, const zc_json *document) {
  const zc_json *quality = zc_json_get(document, "data_quality");
  const char *kind = zc_page_text(document, "kind");
  if (zc_json_count(quality) == 0) return;
  zc_buffer_text(page->to, "<li><b>");
  zc_markup_text(page->to, zc_page_text(document, "report"));
  if (*kind) zc_buffer_text(page->to, " by ");
  zc_markup_text(page->to, kind);
  zc_buffer_text(page->to, "</b> ");
  for (size_t i = 0, n = 0; i < zc_json_count(quality); i++) {
    const char *key;
    const zc_json *value = zc_json_member(quality, i, &key);
    if (zc_json_type(value) != ZC_JSON_NUMBER) continue;
    if (n++ > 0) zc_buffer_text(page->to, "; ");
    write_quality_figure(page, value, key);
  }
  zc_buffer_text(page->to, "</li>\n");
}

void zc_page_foot_write(zc_page *page) {
  zc_buffer_text(page->to, "<footer id=\"foot\">\n<h2>Method, sources, data quality</h2>\n");
  write_method(page);
  write_sources(page);
  zc_buffer_text(page->to, "<h3>Data quality</h3>\n<ul>\n");
  for (size_t d = 0; d < page->n_documents; d++)
    write_quality(page, page->documents[d]);
  zc_buffer_text(page->to, "</ul>\n<p class=\"about\">Made by zerocarb " ZC_VERSION
                           " from its tables. This page asks for nothing from elsewhere.</p>\n"
                           "</footer>\n");
}
