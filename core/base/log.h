/* log.h - one line an event, to stderr, as text or JSON.
 *
 * text: 2026-01-02T03:04:05Z info  source:uk_grid_eso: message
 * json: {"time":"…","level":"info","component":"source:uk_grid_eso","message":"…"}
 * Control characters in a message are replaced, so that no remote can forge a line, and so are the
 * secrets of the config: a remote may send back what it was sent. */
#ifndef ZC_BASE_LOG_H
#define ZC_BASE_LOG_H

#include <stdbool.h>
#include <stdio.h>

#include "core/base/clock.h"

/* What main sets once; the log is the process's only global besides libraries' own. */
void zc_log_setup(int level, bool json, const zc_clock *clock, FILE *stream);
int zc_log_level(void);

#define ZC_LOG_READER_MS 1000 /* how long a pipe or terminal that is full is waited for, once */

/* level: ZC_LOG_ERROR … ZC_LOG_DEBUG. component: who says it, e.g. "engine". From any thread. A
 * reader that has stopped reading stops nothing else: lines are lost until it reads again, and then
 * it is told how many. Under a virtual clock it is waited for. */
void zc_log(int level, const char *component, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#define ZC_LOG_SECRETS    65536 /* more than any configuration has */
#define ZC_LOG_SECRET_MIN 6     /* bytes; a shorter one would be found in harmless words */

/* From now on `secret` is shown as *** in every line, and by zc_log_redact(), until as many have
 * released it as have hidden it. ZC_EINVAL where it is too short, ZC_ECONFLICT where it is one too
 * many, ZC_ENOMEM: it stays to be seen, and there is nothing to release. From any thread. */
int zc_log_hide(const char *secret);
void zc_log_release(const char *secret);
/* Wipes the secrets. */
void zc_log_forget(void);
/* For what else shows texts of remotes: status, records, commands. Also takes away what the
 * beginning or the end of a text that was cut still has of a secret. The text only gets shorter. */
void zc_log_redact(char *text);

#endif
