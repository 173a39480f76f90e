/* report_page.h - a report's page as a file. */
#ifndef ZC_CLI_REPORT_PAGE_H
#define ZC_CLI_REPORT_PAGE_H

#include "core/report/page.h"

/* Writes the page to `path`, "-": stdout. A regular file is replaced only once the page is whole,
 * so that a reader never sees half of it. Gives an exit status; what failed is said on stderr. */
int zc_report_write_page(const zc_report_documents *documents, const char *path);

#endif
