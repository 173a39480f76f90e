#include "core/model/cron.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "core/base/text.h"
#include "core/base/time_text.h"

/* ---- reading ------------------------------------------------------------------------------- */

typedef struct {
  const char *name;
  int first, last;   /* values that may be written */
  int star_last;     /* the last one that a star stands for */
  int step_max;      /* a longer step would never be taken */
  const char *words; /* three letters each, from `first` on; NULL: numbers only */
} field;

enum { MINUTE, HOUR, DAY, MONTH, WEEKDAY, FIELDS };

static const field fields[FIELDS] = {
    {"minute", 0, 59, 59, 60, NULL},
    {"hour", 0, 23, 23, 24, NULL},
    {"day-of-month", 1, 31, 31, 31, NULL},
    {"month", 1, 12, 12, 12, "janfebmaraprmayjunjulaugsepoctnovdec"},
    {"day-of-week", 0, 7, 6, 7, "sunmontuewedthufrisat"},
};

/* A piece of the text. */
typedef struct {
  const char *at;
  size_t n;
} piece;

/* Cuts off what stands before `separator` (all, where there is none). Returns whether it stood
 * there. */
static bool split(piece *from, char separator, piece *ret) {
  const char *found = memchr(from->at, separator, from->n);
  *ret = (piece){from->at, found ? (size_t)(found - from->at) : from->n};
  size_t used = ret->n + (found != NULL);
  from->at += used;
  from->n -= used;
  return found != NULL;
}

#define SHOWN_MAX 24

/* A piece as error texts show it. */
static const char *shown(piece p, char text[SHOWN_MAX]) {
  char whole[ZC_CRON_TEXT_MAX + 1];
  memcpy(whole, p.at, p.n);
  whole[p.n] = '\0';
  zc_copy_text(text, SHOWN_MAX, whole);
  return text;
}

#define TOO_LARGE 100000

/* Digits only; what is larger than any value may be is TOO_LARGE. -1: not a number. */
static int number_of(piece p) {
  int value = 0;
  if (p.n == 0) return -1;
  for (size_t i = 0; i < p.n; i++) {
    if (!isdigit((unsigned char)p.at[i])) return -1;
    if (value < TOO_LARGE) value = value * 10 + (p.at[i] - '0');
  }
  return value < TOO_LARGE ? value : TOO_LARGE;
}

static int word_of(const field *f, piece p) {
  if (!f->words || p.n != 3) return -1;
  int value = f->first;
  for (const char *word = f->words; *word; word += 3, value++) {
    if (strncasecmp(p.at, word, 3) == 0) return value;
  }
  return -1;
}

static int parse_value(const field *f, piece p, int *ret, zc_error *error) {
  char text[SHOWN_MAX];
  int value = word_of(f, p);
  if (value < 0) value = number_of(p);
  if (value < 0) {
    return zc_error_set(error, ZC_EINVAL, "%s: \"%s\" is not a number from %d to %d%s", f->name,
                        shown(p, text), f->first, f->last,
                        f->words ? ", nor a three-letter name" : "");
  }
  if (value > f->last) {
    return zc_error_set(error, ZC_EINVAL, "%s: %s is above %d", f->name, shown(p, text), f->last);
  }
  if (value < f->first) {
    return zc_error_set(error, ZC_EINVAL, "%s: %d is below %d", f->name, value, f->first);
  }
  *ret = value;
  return ZC_OK;
}

static bool is_star(piece p) {
  return p.n == 1 && *p.at == '*';
}

static int parse_step(const field *f, piece item, piece range, piece p, int *ret, zc_error *error) {
  char text[SHOWN_MAX];
  int step = number_of(p);
  if (step < 0) {
    return zc_error_set(error, ZC_EINVAL, "%s: step \"%s\" is not a number from 1 to %d", f->name,
                        shown(p, text), f->step_max);
  }
  if (step == 0) return zc_error_set(error, ZC_EINVAL, "%s: step 0 is below 1", f->name);
  if (step > f->step_max) {
    return zc_error_set(error, ZC_EINVAL, "%s: step %s is above %d", f->name, shown(p, text),
                        f->step_max);
  }
  if (!is_star(range) && !memchr(range.at, '-', range.n)) {
    return zc_error_set(error, ZC_EINVAL, "%s: \"%s\" has a step but no range: write a-b/n or */n",
                        f->name, shown(item, text));
  }
  *ret = step;
  return ZC_OK;
}

static int parse_range(const field *f, piece p, int *ret_from, int *ret_to, zc_error *error) {
  piece rest = p, first;
  if (is_star(p)) {
    *ret_from = f->first;
    *ret_to = f->star_last;
    return ZC_OK;
  }
  bool range = split(&rest, '-', &first);
  int status = parse_value(f, first, ret_from, error);
  if (status != ZC_OK || !range) {
    *ret_to = *ret_from;
    return status;
  }
  status = parse_value(f, rest, ret_to, error);
  if (status != ZC_OK) return status;
  if (f == &fields[WEEKDAY] && word_of(f, rest) == 0) *ret_to = 7; /* fri-sun */
  if (*ret_from <= *ret_to) return ZC_OK;
  char text[SHOWN_MAX];
  return zc_error_set(error, ZC_EINVAL, "%s: %s runs backwards", f->name, shown(p, text));
}

static int parse_item(const field *f, piece item, uint64_t *set, zc_error *error) {
  piece rest = item, range;
  int from = 0, to = 0, step = 1;
  if (item.n == 0) return zc_error_set(error, ZC_EINVAL, "%s: an empty item", f->name);
  bool stepped = split(&rest, '/', &range);
  int status = parse_range(f, range, &from, &to, error);
  if (status == ZC_OK && stepped) status = parse_step(f, item, range, rest, &step, error);
  if (status != ZC_OK) return status;
  for (int value = from; value <= to; value += step) {
    *set |= UINT64_C(1) << value;
  }
  return ZC_OK;
}

static int parse_field(const field *f, piece text, uint64_t *ret_set, zc_error *error) {
  piece item;
  bool more;
  *ret_set = 0;
  do {
    more = split(&text, ',', &item);
    int status = parse_item(f, item, ret_set, error);
    if (status != ZC_OK) return status;
  } while (more);
  if (f == &fields[WEEKDAY] && *ret_set >> 7 & 1) *ret_set = (*ret_set | 1) & 0x7f;
  return ZC_OK;
}

static const struct {
  const char *name, *text;
} nicknames[] = {{"@hourly", "0 * * * *"},  {"@daily", "0 0 * * *"},   {"@midnight", "0 0 * * *"},
                 {"@weekly", "0 0 * * 0"},  {"@monthly", "0 0 1 * *"}, {"@yearly", "0 0 1 1 *"},
                 {"@annually", "0 0 1 1 *"}};

#define BLANKS " \t\r\n\v\f"

/* Returns how many fields there are; fills at most FIELDS. */
static size_t split_fields(const char *text, piece parts[FIELDS]) {
  size_t n = 0;
  for (text += strspn(text, BLANKS); *text; text += strspn(text, BLANKS), n++) {
    size_t length = strcspn(text, BLANKS);
    if (n < FIELDS) parts[n] = (piece){text, length};
    text += length;
  }
  return n;
}

static int split_text(const char *text, piece parts[FIELDS], zc_error *error) {
  size_t n = split_fields(text, parts);
  if (n == 1 && *parts[0].at == '@') {
    for (size_t i = 0; i < sizeof nicknames / sizeof *nicknames; i++) {
      const char *name = nicknames[i].name;
      if (strlen(name) != parts[0].n || strncasecmp(name, parts[0].at, parts[0].n) != 0) continue;
      split_fields(nicknames[i].text, parts);
      return ZC_OK;
    }
    char cut[SHOWN_MAX];
    return zc_error_set(error, ZC_EINVAL,
                        "\"%s\" is none of @hourly, @daily, @weekly, @monthly, @yearly",
                        shown(parts[0], cut));
  }
  if (n == FIELDS) return ZC_OK;
  return zc_error_set(error, ZC_EINVAL,
                      "%zu fields where five are needed: minute hour day-of-month month "
                      "day-of-week",
                      n);
}

/* Both day fields together always have a weekday to match. */
static bool can_fire(const zc_cron *cron) {
  static const int longest[] = {0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (cron->any_day || !cron->any_weekday) return true;
  for (int month = 1; month <= 12; month++) {
    uint32_t days = (UINT32_C(2) << longest[month]) - 1;
    if (cron->months >> month & 1 && cron->days & days) return true;
  }
  return false;
}

static bool single_value(piece text, uint64_t set) {
  return !memchr(text.at, '*', text.n) && !memchr(text.at, '/', text.n) && (set & (set - 1)) == 0;
}

int zc_cron_parse(const char *text, zc_cron *ret, zc_error *error) {
  piece parts[FIELDS];
  uint64_t sets[FIELDS];
  if (strlen(text) > ZC_CRON_TEXT_MAX) {
    return zc_error_set(error, ZC_EINVAL, "longer than %d characters", ZC_CRON_TEXT_MAX);
  }
  int status = split_text(text, parts, error);
  for (size_t i = 0; status == ZC_OK && i < FIELDS; i++) {
    status = parse_field(&fields[i], parts[i], &sets[i], error);
  }
  if (status != ZC_OK) return status;
  const zc_cron cron = {.minutes = sets[MINUTE],
                        .hours = (uint32_t)sets[HOUR],
                        .days = (uint32_t)sets[DAY],
                        .months = (uint32_t)sets[MONTH],
                        .weekdays = (uint32_t)sets[WEEKDAY],
                        .any_day = is_star(parts[DAY]),
                        .any_weekday = is_star(parts[WEEKDAY]),
                        .time_of_day = single_value(parts[MINUTE], sets[MINUTE]) &&
                                       single_value(parts[HOUR], sets[HOUR])};
  if (!can_fire(&cron)) {
    return zc_error_set(error, ZC_EINVAL,
                        "day-of-month: no month of the schedule has such a day: it would never "
                        "fire");
  }
  *ret = cron;
  return ZC_OK;
}
