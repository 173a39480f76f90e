/* chart_svg.h - the few SVG elements that charts are made of. Private to the charts. */
#ifndef ZC_REPORT_CHART_SVG_H
#define ZC_REPORT_CHART_SVG_H

#include "core/report/chart.h"

#define ZC_TIP_SIZE  256 /* of the words on a mark */
#define ZC_NAME_SIZE ((size_t)4 * ZC_CHART_NAME_MAX + 4)

typedef struct {
  double x, y, width, height;
} zc_box;

/* Begins the picture and its description, which the chart appends as text. */
void zc_svg_begin(zc_buffer *to, const zc_chart *about, double height);
/* Ends the description; what follows is drawn. */
void zc_svg_described(zc_buffer *to);
void zc_svg_end(zc_buffer *to);

/* `tip`: what a pointer that rests on it is told; NULL: nothing. */
void zc_svg_rect(zc_buffer *to, const char *look, const zc_box *box, const char *tip);
void zc_svg_circle(zc_buffer *to, const char *look, double x, double y, double radius,
                   const char *tip);
void zc_svg_line(zc_buffer *to, const char *look, double x1, double y1, double x2, double y2);
/* `look` says how it is aligned too: "start", "middle", "end" among its classes. */
void zc_svg_text(zc_buffer *to, const char *look, double x, double y, const char *text);

/* A line of straight pieces from point to point; a point whose ordinate is not known (NaN) breaks
 * it. */
typedef struct {
  zc_buffer *to;
  bool down; /* the last point was known */
} zc_svg_pen;

void zc_svg_path_begin(zc_svg_pen *pen, zc_buffer *to, const char *look);
void zc_svg_path_point(zc_svg_pen *pen, double x, double y);
void zc_svg_path_end(zc_svg_pen *pen);

/* The name, cut with an ellipsis after ZC_CHART_NAME_MAX characters. */
void zc_svg_name(const char *name, char text[ZC_NAME_SIZE]);

/* Every how manieth of n labels can be shown, where each has `pitch` pixels. */
size_t zc_svg_label_step(const char *const *labels, size_t n, double pitch);

#endif
