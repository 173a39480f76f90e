#include "core/report/chart_svg.h"

#include <math.h>
#include <string.h>

#include "core/base/text.h"
#include "core/report/markup.h"

#define CHARACTER 6.6 /* pixels of a label's character, generously */
#define BETWEEN   10.0

static void attribute(zc_buffer *to, const char *name, double length) {
  zc_buffer_printf(to, " %s=\"", name);
  zc_markup_length(to, length);
  zc_buffer_char(to, '"');
}

static void open_element(zc_buffer *to, const char *element, const char *look) {
  zc_buffer_printf(to, "<%s class=\"%s\"", element, look);
}

static void close_element(zc_buffer *to, const char *element, const char *tip) {
  if (!tip) {
    zc_buffer_text(to, "/>");
    return;
  }
  zc_buffer_text(to, "><title>");
  zc_markup_text(to, tip);
  zc_buffer_printf(to, "</title></%s>\n", element);
}

void zc_svg_begin(zc_buffer *to, const zc_chart *about, double height) {
  zc_buffer_printf(to, "<svg id=\"%s\" role=\"img\" aria-labelledby=\"%s-t %s-d\" viewBox=\"0 0 ",
                   about->id, about->id, about->id);
  zc_markup_length(to, ZC_CHART_WIDTH);
  zc_buffer_char(to, ' ');
  zc_markup_length(to, height);
  zc_buffer_printf(to, "\"><title id=\"%s-t\">", about->id);
  zc_markup_text(to, about->title);
  zc_buffer_printf(to, "</title><desc id=\"%s-d\">", about->id);
}

void zc_svg_described(zc_buffer *to) {
  zc_buffer_text(to, "</desc>\n");
}

void zc_svg_end(zc_buffer *to) {
  zc_buffer_text(to, "</svg>\n");
}

void zc_svg_rect(zc_buffer *to, const char *look, const zc_box *box, const char *tip) {
  open_element(to, "rect", look);
  attribute(to, "x", box->x);
  attribute(to, "y", box->y);
  attribute(to, "width", box->width);
  attribute(to, "height", box->height);
  close_element(to, "rect", tip);
}

void zc_svg_circle(zc_buffer *to, const char *look, double x, double y, double radius,
                   const char *tip) {
  open_element(to, "circle", look);
  attribute(to, "cx", x);
  attribute(to, "cy", y);
  attribute(to, "r", radius);
  close_element(to, "circle", tip);
}

void zc_svg_line(zc_buffer *to, const char *look, double x1, double y1, double x2, double y2) {
  open_element(to, "line", look);
  attribute(to, "x1", x1);
  attribute(to, "y1", y1);
  attribute(to, "x2", x2);
  attribute(to, "y2", y2);
  close_element(to, "line", NULL);
}

void zc_svg_text(zc_buffer *to, const char *look, double x, double y, const char *text) {
  open_element(to, "text", look);
  attribute(to, "x", x);
  attribute(to, "y", y);
  zc_buffer_char(to, '>');
  zc_markup_text(to, text);
  zc_buffer_text(to, "</text>\n");
}

void zc_svg_path_begin(zc_svg_pen *pen, zc_buffer *to, const char *look) {
  *pen = (zc_svg_pen){.to = to};
  open_element(to, "path", look);
  zc_buffer_text(to, " d=\"");
}

void zc_svg_path_point(zc_svg_pen *pen, double x, double y) {
  if (!isnan(y)) {
    zc_buffer_char(pen->to, pen->down ? 'L' : 'M');
    zc_markup_length(pen->to, x);
    zc_buffer_char(pen->to, ' ');
    zc_markup_length(pen->to, y);
  }
  pen->down = !isnan(y);
}

void zc_svg_path_end(zc_svg_pen *pen) {
  zc_buffer_text(pen->to, "\"/>\n");
}

/* Bytes of the first `count` characters. */
static size_t bytes_of(const char *text, size_t count) {
  size_t length = strlen(text), at = 0;
  for (; count > 0 && at < length; count--) {
    size_t n = zc_utf8_length(text + at, length - at);
    at += n > 0 ? n : 1;
  }
  return at;
}

void zc_svg_name(const char *name, char text[ZC_NAME_SIZE]) {
  size_t whole = bytes_of(name, ZC_CHART_NAME_MAX);
  if (name[whole] == '\0') {
    memcpy(text, name, whole + 1);
    return;
  }
  size_t kept = bytes_of(name, ZC_CHART_NAME_MAX - 1);
  memcpy(text, name, kept);
  memcpy(text + kept, "\xE2\x80\xA6", 4);
}

size_t zc_svg_label_step(const char *const *labels, size_t n, double pitch) {
  size_t longest = 1;
  for (size_t i = 0; i < n; i++) {
    if (strlen(labels[i]) > longest) longest = strlen(labels[i]);
  }
  double wanted = (double)longest * CHARACTER + BETWEEN;
  return pitch >= wanted ? 1 : (size_t)ceil(wanted / pitch);
}
