/* cron_next.c - when a schedule fires next.
 *
 * Time falls into stretches between clock changes. Within one, local time is UTC plus a constant,
 * so the search is for the next local minute that matches, by month, day, hour and minute; it then
 * goes on in the next stretch. */
#include <limits.h>

#include "core/base/time_text.h"
#include "core/model/cron.h"

#define SEARCH_MAX (ZC_DAY * 30 * 366)

static bool day_matches(const zc_cron *cron, const zc_civil *c) {
  bool by_day = cron->days >> c->day & 1, by_weekday = cron->weekdays >> c->weekday & 1;
  return cron->any_day || cron->any_weekday ? by_day && by_weekday : by_day || by_weekday;
}

/* The first member of a set that is at least `from`, or -1. */
static int next_in(uint64_t set, int from) {
  if (from > 63) return -1;
  set = set >> from << from;
  return set ? __builtin_ctzll(set) : -1;
}

/* Moves *c to the first matching time of its day, not before it; false where the day has none. */
static bool next_in_day(const zc_cron *cron, zc_civil *c) {
  int hour = next_in(cron->hours, c->hour);
  if (hour == c->hour) {
    int minute = next_in(cron->minutes, c->minute);
    if (minute >= 0) {
      c->minute = minute;
      return true;
    }
    hour = next_in(cron->hours, c->hour + 1);
  }
  if (hour < 0) return false;
  c->hour = hour;
  c->minute = next_in(cron->minutes, 0);
  return true;
}

static zc_time midnight(int year, int month, int day) {
  const zc_civil c = {.year = year, .month = month, .day = day};
  return zc_civil_to_time(&c);
}

/* The first local minute in [from, until) that matches. */
static bool next_local(const zc_cron *cron, zc_time from, zc_time until, zc_time *ret) {
  zc_time past = (from % ZC_MINUTE + ZC_MINUTE) % ZC_MINUTE;
  zc_time local = past ? from + ZC_MINUTE - past : from;
  while (local < until) {
    zc_civil c = zc_civil_from_time(local);
    if (!(cron->months >> c.month & 1)) {
      local = midnight(c.year, c.month + 1, 1);
    } else if (day_matches(cron, &c) && next_in_day(cron, &c)) {
      *ret = zc_civil_to_time(&c);
      return *ret < until;
    } else {
      local = midnight(c.year, c.month, c.day + 1);
    }
  }
  return false;
}

/* [from, to) between two clock changes; local = UTC + offset. */
typedef struct {
  zc_time from, to;
  int64_t offset;
} stretch;

static stretch stretch_from(const zc_zone *zone, zc_time from, zc_time limit) {
  stretch s = {from, limit, zc_zone_offset(zone, from) * ZC_SECOND};
  zc_time change;
  if (zc_zone_next_transition(zone, from, &change) == ZC_OK && change < limit) s.to = change;
  return s;
}

/* "Every so often": whenever the clock shows a time that matches. */
static int next_shown(const zc_cron *cron, const zc_zone *zone, zc_time first, zc_time limit,
                      zc_time *ret) {
  while (first < limit) {
    stretch s = stretch_from(zone, first, limit);
    zc_time local;
    if (next_local(cron, s.from + s.offset, s.to + s.offset, &local)) {
      *ret = local - s.offset;
      return ZC_OK;
    }
    first = s.to;
  }
  return ZC_ENOTFOUND;
}

static zc_time start_of_day(zc_time local) {
  return local - (local % ZC_DAY + ZC_DAY) % ZC_DAY;
}

/* No clock was ever set back by more than a day. */
#define LOOK_BACK (2 * ZC_DAY)

/* A time of day: when the clock first reaches or jumps over it. `reached` is the local time below
 * which all was shown or jumped over; it never goes back. */
static int next_reached(const zc_cron *cron, const zc_zone *zone, zc_time first, zc_time limit,
                        zc_time *ret) {
  zc_time at = first - LOOK_BACK;
  zc_time reached = at + zc_zone_offset(zone, at) * ZC_SECOND;
  while (at < limit) {
    stretch s = stretch_from(zone, at, limit);
    zc_time shown = s.from + s.offset, end = s.to + s.offset, local;
    /* Jumped over, and still the same day: at the first instant after the gap. */
    zc_time same_day = start_of_day(shown) > reached ? start_of_day(shown) : reached;
    if (s.from >= first && next_local(cron, same_day, shown, &local)) {
      *ret = s.from;
      return ZC_OK;
    }
    if (shown > reached) reached = shown;
    zc_time wanted = first + s.offset > reached ? first + s.offset : reached;
    if (next_local(cron, wanted, end, &local)) {
      *ret = local - s.offset;
      return ZC_OK;
    }
    if (end > reached) reached = end;
    at = s.to;
  }
  return ZC_ENOTFOUND;
}

int zc_cron_next(const zc_cron *cron, const zc_zone *zone, zc_time after, zc_time *ret) {
  const zc_time earliest = ZC_TIME_MIN + LOOK_BACK + ZC_DAY, latest = ZC_TIME_MAX - 2 * ZC_DAY;
  if (after >= latest) return ZC_ENOTFOUND;
  if (after < earliest) after = earliest;
  zc_time first = after + 1, limit = first + SEARCH_MAX;
  if (limit > latest) limit = latest;
  return cron->time_of_day ? next_reached(cron, zone, first, limit, ret)
                           : next_shown(cron, zone, first, limit, ret);
}
