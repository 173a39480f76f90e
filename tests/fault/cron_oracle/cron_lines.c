/* cron_lines - answers questions about zones and schedules, a line each, for compare.mjs.
 *
 * "zone\tNAME"                -> "OFFSET TIME,OFFSET TIME,OFFSET …": seconds east of UTC before the
 *                                first change and from each on, in seconds since 1970, until 2100
 * "next\tNAME\tAFTER\tTEXT"   -> the next instant (ms), "none", or "invalid: " and why
 *
 * Zones are loaded once each. An unknown zone is "missing". */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/model/cron.h"

#define ZONES_MAX  1024
#define LINE_BYTES 4096
#define NAME_BYTES 64
#define FIRST      INT64_C(-5000000000000) /* 1811 */
#define LAST       INT64_C(4102444800000)  /* 2100 */

static struct {
  char name[NAME_BYTES];
  zc_zone *zone;
} zones[ZONES_MAX];
static size_t n_zones;

static bool find_zone(const char *name, const zc_zone **ret) {
  *ret = NULL;
  if (strcmp(name, "UTC") == 0) return true;
  for (size_t i = 0; i < n_zones; i++) {
    if (strcmp(zones[i].name, name) == 0) return *ret = zones[i].zone, true;
  }
  if (n_zones == ZONES_MAX || strlen(name) >= NAME_BYTES) return false;
  if (zc_zone_load(name, &zones[n_zones].zone, NULL) != ZC_OK) return false;
  snprintf(zones[n_zones].name, NAME_BYTES, "%s", name);
  *ret = zones[n_zones++].zone;
  return true;
}

static void tell_zone(const zc_zone *zone) {
  zc_time at = FIRST;
  printf("%" PRId32, zc_zone_offset(zone, at));
  while (zc_zone_next_transition(zone, at, &at) == ZC_OK && at < LAST)
    printf(" %" PRId64 ",%" PRId32, at / 1000, zc_zone_offset(zone, at));
  putchar('\n');
}

static void tell_next(const zc_zone *zone, zc_time after, const char *text) {
  zc_cron cron;
  zc_error error = {0};
  zc_time next;
  if (zc_cron_parse(text, &cron, &error) != ZC_OK)
    printf("invalid: %s\n", error.text);
  else if (zc_cron_next(&cron, zone, after, &next) != ZC_OK)
    puts("none");
  else
    printf("%" PRId64 "\n", next);
}

/* The part up to the next tab, cut off; NULL where there is none. */
static char *part(char **line) {
  char *begin = *line, *tab = begin ? strchr(begin, '\t') : NULL;
  *line = tab ? tab + 1 : NULL;
  if (tab) *tab = '\0';
  return begin;
}

static bool answer(char *line) {
  const char *what = part(&line), *name = part(&line);
  const zc_zone *zone;
  if (!name) return false;
  if (!find_zone(name, &zone)) return puts("missing"), true;
  if (strcmp(what, "zone") == 0) return tell_zone(zone), true;
  const char *after = part(&line);
  if (strcmp(what, "next") != 0 || !after || !line) return false;
  tell_next(zone, strtoll(after, NULL, 10), line);
  return true;
}

int main(void) {
  char line[LINE_BYTES];
  while (fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\n")] = '\0';
    if (answer(line)) continue;
    fprintf(stderr, "not a question: %s\n", line);
    return 1;
  }
  while (n_zones > 0)
    zc_zone_free(zones[--n_zones].zone);
  return 0;
}
