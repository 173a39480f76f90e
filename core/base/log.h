/* log.h - one line an event, to stderr, as text or JSON.
 *
 * text: 2026-01-02T03:04:05Z info  source:uk_grid_eso: message
 * json: {"time":"…","level":"info","component":"source:uk_grid_eso","message":"…"}
 * Control characters in a message are replaced, so that no remote can forge a line. */
#ifndef ZC_BASE_LOG_H
#define ZC_BASE_LOG_H

#include <stdbool.h>
#include <stdio.h>

#include "core/base/clock.h"

/* What main sets once; the log is the process's only global besides libraries' own. */
void zc_log_setup(int level, bool json, const zc_clock *clock, FILE *stream);
int zc_log_level(void);

/* level: ZC_LOG_ERROR … ZC_LOG_DEBUG. component: who says it, e.g. "engine". */
void zc_log(int level, const char *component, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
