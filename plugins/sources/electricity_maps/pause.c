#include "pause.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_AFTER_DIGITS 9

static int64_t next_length(const zc_em_pause *pause) {
  if (pause->length_ms == 0) return ZC_EM_PAUSE_MIN_MS;
  return pause->length_ms < ZC_EM_PAUSE_MAX_MS / 2 ? pause->length_ms * 2 : ZC_EM_PAUSE_MAX_MS;
}

static int64_t asked_for(const char *retry_after) {
  if (!retry_after) return 0;
  size_t n = strspn(retry_after, "0123456789");
  if (n == 0 || n > RETRY_AFTER_DIGITS || retry_after[n] != '\0') return 0;
  int64_t ms = strtoll(retry_after, NULL, 10) * 1000;
  return ms > ZC_EM_PAUSE_MAX_MS ? ZC_EM_PAUSE_MAX_MS : ms;
}

void zc_em_pause_begin(zc_em_pause *pause, zc_time now, int status, const char *reason,
                       const char *retry_after) {
  int64_t asked = asked_for(retry_after);
  pause->length_ms = next_length(pause);
  pause->until = now + (asked > 0 ? asked : pause->length_ms);
  pause->status = status;
  snprintf(pause->reason, sizeof pause->reason, "%s", reason);
}

void zc_em_pause_end(zc_em_pause *pause) {
  memset(pause, 0, sizeof *pause);
}

bool zc_em_pause_active(const zc_em_pause *pause, zc_time now) {
  return pause->length_ms > 0 && now < pause->until;
}
