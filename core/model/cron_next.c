/* cron_next.c - when a schedule fires next, and how often in an interval.
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

#define EARLIEST (ZC_TIME_MIN + LOOK_BACK + ZC_DAY)
#define LATEST   (ZC_TIME_MAX - 2 * ZC_DAY)

int zc_cron_next(const zc_cron *cron, const zc_zone *zone, zc_time after, zc_time *ret) {
  if (after >= LATEST) return ZC_ENOTFOUND;
  if (after < EARLIEST) after = EARLIEST;
  zc_time first = after + 1, limit = first + SEARCH_MAX;
  if (limit > LATEST) limit = LATEST;
  return cron->time_of_day ? next_reached(cron, zone, first, limit, ret)
                           : next_shown(cron, zone, first, limit, ret);
}

/* ---- counting ---- */

/* Minutes of the day that match, from minute `first` to before minute `end`. */
static int64_t count_in_day(const zc_cron *cron, int first, int end) {
  int64_t n = 0;
  for (int hour = first / 60; hour * 60 < end; hour++) {
    if (!(cron->hours >> hour & 1)) continue;
    uint64_t minutes = cron->minutes;
    if (hour * 60 < first) minutes = minutes >> (first - hour * 60) << (first - hour * 60);
    if (end < hour * 60 + 60) minutes &= (UINT64_C(1) << (end - hour * 60)) - 1;
    n += __builtin_popcountll(minutes);
  }
  return n;
}

/* As next_local(), counted: whole minutes in [from, until). */
static int64_t count_local(const zc_cron *cron, zc_time from, zc_time until) {
  int64_t whole = count_in_day(cron, 0, 1440), n = 0;
  for (zc_time day = start_of_day(from); day < until;) {
    zc_civil c = zc_civil_from_time(day);
    if (!(cron->months >> c.month & 1)) {
      day = midnight(c.year, c.month + 1, 1);
      continue;
    }
    bool cut = day < from || until < day + ZC_DAY;
    if (day_matches(cron, &c) && !cut) {
      n += whole;
    } else if (day_matches(cron, &c)) {
      zc_time first = day < from ? from - day : 0, end = until - day;
      if (end > ZC_DAY) end = ZC_DAY;
      n += count_in_day(cron, (int)((first + ZC_MINUTE - 1) / ZC_MINUTE),
                        (int)((end + ZC_MINUTE - 1) / ZC_MINUTE));
    }
    day += ZC_DAY;
  }
  return n;
}

/* A time of day in a zone: at most one a day, found one by one. */
static int64_t count_reached(const zc_cron *cron, const zc_zone *zone, zc_time after,
                             zc_time until) {
  int64_t n = 0;
  while (zc_cron_next(cron, zone, after, &after) == ZC_OK && after <= until)
    n++;
  return n;
}

int64_t zc_cron_count(const zc_cron *cron, const zc_zone *zone, zc_time after, zc_time until) {
  if (after < EARLIEST) after = EARLIEST;
  if (until >= LATEST) until = LATEST - 1;
  if (after >= until) return 0;
  if (cron->time_of_day && zone) return count_reached(cron, zone, after, until);
  int64_t n = 0;
  for (zc_time from = after + 1; from <= until;) {
    stretch s = stretch_from(zone, from, until + 1);
    n += count_local(cron, s.from + s.offset, s.to + s.offset);
    from = s.to;
  }
  return n;
}

zc_time zc_cron_before_newest(const zc_cron *cron, const zc_zone *zone, zc_time after,
                              zc_time until, int64_t n) {
  zc_time low = until, high = until; /* (high, until] holds at most n slots */
  for (int64_t span = ZC_HOUR; low > after; span *= 2) {
    high = low;
    low = until - span > after ? until - span : after;
    if (zc_cron_count(cron, zone, low, until) > n) break;
    high = low;
  }
  while (low < high) { /* (low, until] holds more */
    zc_time middle = low + (high - low) / 2;
    if (zc_cron_count(cron, zone, middle, until) > n)
      low = middle + 1;
    else
      high = middle;
  }
  return high;
}
