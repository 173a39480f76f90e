/* zone_rule.h - the footer of a TZif file: a POSIX TZ rule, for the times after its last
 * transition. "GMT0BST,M3.5.0/1,M10.5.0", "<-03>3", with the longer times of RFC 8536 (-167..167
 * hours). All in seconds. */
#ifndef ZC_MODEL_ZONE_RULE_H
#define ZC_MODEL_ZONE_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum { ZC_RULE_JULIAN, ZC_RULE_DAY, ZC_RULE_WEEKDAY } zc_rule_kind;

/* When clocks change in a year: Jn (1..365, 29 February never counted), n (0..365), Mm.w.d. */
typedef struct {
  zc_rule_kind kind;
  int day;         /* Jn, n; or the weekday, 0: Sunday */
  int month, week; /* Mm.w.d; week 5: the last */
  int32_t time;    /* s after local midnight */
} zc_rule_date;

typedef struct {
  int32_t standard, summer; /* s east of UTC */
  bool has_summer;
  zc_rule_date start, end; /* of summer time */
} zc_zone_rule;

/* ZC_OK or ZC_EDATA. */
int zc_zone_rule_parse(const char *text, size_t n, zc_zone_rule *ret);
/* Offset at an instant, s since 1970. */
int32_t zc_zone_rule_offset(const zc_zone_rule *rule, int64_t at);
/* First change of the offset after `at`, or ZC_ENOTFOUND. */
int zc_zone_rule_next(const zc_zone_rule *rule, int64_t at, int64_t *ret);

#endif
