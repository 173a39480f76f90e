/* cron_fuzz.c - any schedule, in any zone file, from any instant.
 *
 * Input: 8 bytes of instant, the schedule up to a zero byte, the zone file. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/time_text.h"
#include "core/model/cron.h"
#include "core/model/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Firings go forward, and an offset is never beyond the limit. */
static void ask(const zc_cron *cron, const zc_zone *zone, zc_time after) {
  for (int i = 0; i < 4; i++) {
    zc_time next;
    if (zc_cron_next(cron, zone, after, &next) != ZC_OK) return;
    if (next <= after || next > ZC_TIME_MAX) abort();
    if (abs(zc_zone_offset(zone, next)) > ZC_ZONE_OFFSET_MAX) abort();
    after = next;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  zc_time after;
  char text[ZC_CRON_TEXT_MAX + 2];
  if (size < sizeof after) return 0;
  memcpy(&after, data, sizeof after);
  data += sizeof after;
  size -= sizeof after;
  size_t length = strnlen((const char *)data, size);
  size_t kept = length < sizeof text ? length : sizeof text - 1;
  memcpy(text, data, kept);
  text[kept] = '\0';
  zc_zone *zone = NULL;
  if (length < size) zc_zone_parse(data + length + 1, size - length - 1, &zone);
  zc_cron cron;
  zc_error error;
  if (zc_cron_parse(text, &cron, &error) == ZC_OK) {
    ask(&cron, NULL, after);
    ask(&cron, zone, after);
  }
  zc_zone_free(zone);
  return 0;
}
