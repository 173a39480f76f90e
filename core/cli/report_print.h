/* report_print.h - documents of reports for a terminal, and as CSV. */
#ifndef ZC_CLI_REPORT_PRINT_H
#define ZC_CLI_REPORT_PRINT_H

#include "core/report/report.h"

/* Figures, tables and sparklines; the foot says how they are made. Gives an exit status. */
int zc_report_print(const zc_report_document *document);
/* The document's main table by RFC 4180, with a line of names. A text that begins like a formula
 * gets an apostrophe before it. */
int zc_report_print_csv(const zc_report_document *document);

/* Says on stderr that a document had no rows, and what to do where something can be done. */
void zc_report_hint(zc_report_query query, const zc_json *json);

/* A line of blocks, one for each value from the lowest to the highest, a blank for each that is not
 * finite. text holds 4 bytes a value and one. ASCII unless the terminal shows UTF-8. */
void zc_sparkline(const double *values, size_t n, double lowest, double highest, char *text);

#endif
