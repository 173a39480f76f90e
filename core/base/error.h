/* error.h - what went wrong, as a status and one sentence.
 *
 * Functions return ZC_OK or a negative status of zerocarb/plugin.h; those that can say more take a
 * zc_error, which is set only on failure. Library code never logs: the caller that can act does. */
#ifndef ZC_BASE_ERROR_H
#define ZC_BASE_ERROR_H

#include <stddef.h>
#include <zerocarb/plugin.h>

typedef struct {
  int status;
  char text[640]; /* cut, always terminated, never a secret */
} zc_error;

/* Sets *error (which may be NULL) and returns status, so that a failure is one line. */
int zc_error_set(zc_error *error, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The word for a status: "timed out", "no memory", … Never NULL. */
const char *zc_status_text(int status);

#endif
