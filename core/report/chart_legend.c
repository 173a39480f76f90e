/* chart_legend.c - the keys of charts, and the patterns that series are told apart by. */
#include "core/report/chart.h"
#include "core/report/markup.h"

#define KEY "<svg class=\"key\" viewBox=\"0 0 18 12\" aria-hidden=\"true\">"

static void write_key(zc_buffer *to, zc_look look) {
  static const char *const shapes[] = {
      "<rect class=\"bar plain\" width=\"18\" height=\"12\"/>",
      "<rect class=\"bar stripe\" width=\"18\" height=\"12\"/>",
      "<rect class=\"bar dot\" width=\"18\" height=\"12\"/>",
      "<path class=\"line\" d=\"M0 6L18 6\"/><circle class=\"mark\" cx=\"9\" cy=\"6\" r=\"3.2\"/>",
  };
  zc_buffer_printf(to, "<li>" KEY "%s</svg>", shapes[look]);
}

static bool has_missing(const zc_columns_chart *chart) {
  for (size_t i = 0; i < chart->n; i++) {
    if (zc_columns_missing(chart, i)) return true;
  }
  return false;
}

void zc_columns_legend_write(zc_buffer *to, const zc_columns_chart *chart) {
  zc_buffer_text(to, "<ul class=\"legend\">");
  for (size_t i = 0; i < chart->n_series; i++) {
    write_key(to, chart->series[i].look);
    zc_markup_text(to, chart->series[i].name);
    zc_buffer_text(to, "</li>");
  }
  if (has_missing(chart)) {
    zc_buffer_printf(to,
                     "<li>" KEY "<rect class=\"gap\" width=\"18\" height=\"12\"/></svg>"
                     "%s</li>",
                     chart->about.missing);
  }
  zc_buffer_text(to, "</ul>\n");
}

void zc_chart_patterns_write(zc_buffer *to) {
  zc_buffer_text(
      to, "<svg class=\"patterns\" width=\"0\" height=\"0\" aria-hidden=\"true\"><defs>\n"
          "<pattern id=\"stripe\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" "
          "patternTransform=\"rotate(45)\"><rect class=\"stripe-ground\" width=\"6\" height=\"6\"/>"
          "<rect class=\"stripe-ink\" width=\"2.4\" height=\"6\"/></pattern>\n"
          "<pattern id=\"dot\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\">"
          "<rect class=\"dot-ground\" width=\"6\" height=\"6\"/>"
          "<circle class=\"dot-ink\" cx=\"3\" cy=\"3\" r=\"1.5\"/></pattern>\n"
          "<pattern id=\"gap\" width=\"7\" height=\"7\" patternUnits=\"userSpaceOnUse\" "
          "patternTransform=\"rotate(-45)\"><rect class=\"gap-ink\" width=\"1\" height=\"7\"/>"
          "</pattern>\n</defs></svg>\n");
}
