/* page.h - reports as one self-contained HTML page.
 *
 * The page stands on the JSON documents of docs/REPORTS.md and nothing else. It has no script, and
 * asks for nothing from elsewhere; its own policy (a Content-Security-Policy) forbids both, and all
 * foreign text is escaped. Charts are inline SVG, each with its figures as a table. */
#ifndef ZC_REPORT_PAGE_H
#define ZC_REPORT_PAGE_H

#include "core/report/report.h"

#define ZC_PAGE_MAX ((size_t)8 << 20) /* bytes of a page */

/* Appends the page of the documents, in their order; `to` needs a cap of ZC_PAGE_MAX. ZC_EINVAL
 * where there is no document, ZC_EDATA where one cannot be read or the page would be too long,
 * ZC_ENOMEM. */
int zc_page_write(zc_buffer *to, const zc_report_documents *documents, zc_error *error);

#endif
