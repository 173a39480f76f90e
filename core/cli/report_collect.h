/* report_collect.h - the documents of reports, read from a sink of the configuration. */
#ifndef ZC_CLI_REPORT_COLLECT_H
#define ZC_CLI_REPORT_COLLECT_H

#include "core/cli/session.h"
#include "core/report/report.h"

/* Answers n questions, at most ZC_REPORT_DOCUMENTS, from the sink of that name, NULL: the first of
 * the configuration that can be read. The session has its config; HTTP is opened here, and for
 * recommendations a dry engine, whose clock tells the `now` of the questions too. Blocks, running
 * the loop. Gives an exit status: ZC_EXIT_FINE with *ret to be finished, else what failed is said
 * on stderr. */
int zc_report_collect(zc_session *session, const char *sink, const zc_report_request *requests,
                      size_t n, zc_report_documents *ret);

#endif
