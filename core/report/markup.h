/* markup.h - text written into HTML and SVG: escaped, and figures as people read them. */
#ifndef ZC_REPORT_MARKUP_H
#define ZC_REPORT_MARKUP_H

#include <stddef.h>

#include "core/base/buffer.h"

#define ZC_FIGURE_SIZE 64 /* holds what zc_figure() and zc_figure_grams() write */

/* Appends foreign text so that it is text wherever it stands, in an element or in a quoted
 * attribute: what markup gives a meaning is escaped; what is no UTF-8, what steers and what markup
 * forbids become U+FFFD. NULL appends nothing. */
void zc_markup_text(zc_buffer *to, const char *text);

/* Appends a place or length in pixels: at most two decimals, no trailing zeros. */
void zc_markup_length(zc_buffer *to, double length);

/* A number for people: rounded to `decimals`, thousands apart by commas, U+2212 as the minus, never
 * "-0". "–" (U+2013) for NaN and infinities: not known. */
void zc_figure(double value, int decimals, char text[ZC_FIGURE_SIZE]);

/* A mass in the unit that fits it: "12.3 g", "1.23 kg", "4.56 t"; three significant digits or, of
 * grams from 100 on, whole ones. */
void zc_figure_grams(double grams, char text[ZC_FIGURE_SIZE]);

/* The unit for masses up to `grams`: "g", "kg" or "t"; a mass in it is grams / *ret_divisor. */
const char *zc_mass_unit(double grams, double *ret_divisor);

#endif
