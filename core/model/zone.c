#include "core/model/zone.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/time_text.h"
#include "core/model/zone_rule.h"

#define ZONE_FOLDER   "/usr/share/zoneinfo/"
#define ZONE_NAME_MAX 64

typedef struct {
  int64_t at; /* s since 1970 */
  int32_t offset;
} transition;

struct zc_zone {
  int32_t first; /* offset before the first transition */
  bool has_rule;
  int64_t rule_from; /* the file's last transition: the rule holds from there */
  zc_zone_rule rule;
  size_t n;
  transition transitions[]; /* ascending; each changes the offset */
};

/* ---- TZif ---------------------------------------------------------------------------------- */

#define HEADER_SIZE 44
#define TYPE_SIZE   6

typedef struct {
  const unsigned char *times, *kinds, *types;
  size_t n_times, n_types;
  size_t time_size; /* 4 in version 1's block, 8 in the second */
  size_t length;    /* header and block */
  int version;
} block;

static uint32_t big_endian_32(const unsigned char *p) {
  return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int64_t time_at(const block *b, size_t i) {
  const unsigned char *p = b->times + i * b->time_size;
  if (b->time_size == 4) return (int32_t)big_endian_32(p);
  return (int64_t)((uint64_t)big_endian_32(p) << 32 | big_endian_32(p + 4));
}

static int32_t type_offset(const block *b, size_t type) {
  return (int32_t)big_endian_32(b->types + type * TYPE_SIZE);
}

static int read_block(const unsigned char *bytes, size_t n, size_t time_size, block *ret) {
  if (n < HEADER_SIZE || memcmp(bytes, "TZif", 4) != 0) return ZC_EDATA;
  uint64_t count[6]; /* UT flags, standard flags, leap seconds, times, types, name bytes */
  for (size_t i = 0; i < 6; i++) {
    count[i] = big_endian_32(bytes + 20 + 4 * i);
  }
  uint64_t length = HEADER_SIZE + count[3] * (time_size + 1) + count[4] * TYPE_SIZE + count[5] +
                    count[2] * (time_size + 4) + count[1] + count[0];
  if (length > n) return ZC_EDATA;
  ret->version = bytes[4];
  ret->time_size = time_size;
  ret->n_times = (size_t)count[3];
  ret->n_types = (size_t)count[4];
  ret->times = bytes + HEADER_SIZE;
  ret->kinds = ret->times + ret->n_times * time_size;
  ret->types = ret->kinds + ret->n_times;
  ret->length = (size_t)length;
  /* Version 1's block may be empty where a second one follows; leap seconds are refused in the
   * block that is used. */
  bool used = time_size == 8 || ret->version == 0;
  return used && (ret->n_types == 0 || count[2] != 0) ? ZC_EDATA : ZC_OK;
}

static bool block_valid(const block *b) {
  for (size_t i = 0; i < b->n_types; i++) {
    int32_t offset = type_offset(b, i);
    if (offset < -ZC_ZONE_OFFSET_MAX || offset > ZC_ZONE_OFFSET_MAX) return false;
  }
  for (size_t i = 0; i < b->n_times; i++) {
    if (b->kinds[i] >= b->n_types || (i > 0 && time_at(b, i) <= time_at(b, i - 1))) return false;
  }
  return true;
}

/* The footer: a line of its own after the second block, often with a rule. */
static int read_footer(const unsigned char *bytes, size_t n, zc_zone *zone) {
  if (n < 2 || bytes[0] != '\n') return ZC_EDATA;
  const unsigned char *end = memchr(bytes + 1, '\n', n - 1);
  if (!end) return ZC_EDATA;
  size_t length = (size_t)(end - bytes) - 1;
  if (length == 0) return ZC_OK;
  zone->has_rule = true;
  return zc_zone_rule_parse((const char *)bytes + 1, length, &zone->rule);
}

static bool within_range(int64_t at) {
  return at >= ZC_TIME_MIN / ZC_SECOND && at <= ZC_TIME_MAX / ZC_SECOND;
}

/* Keeps the transitions that change the offset. At the last of them the rule takes over. */
static void take_transitions(const block *b, zc_zone *zone) {
  zone->first = type_offset(b, 0);
  zone->rule_from = b->n_times ? time_at(b, b->n_times - 1) : INT64_MIN;
  int32_t before = zone->first;
  for (size_t i = 0; i < b->n_times; i++) {
    transition next = {time_at(b, i), type_offset(b, b->kinds[i])};
    if (zone->has_rule && i == b->n_times - 1 && within_range(next.at)) {
      next.offset = zc_zone_rule_offset(&zone->rule, next.at);
    }
    if (next.offset == before) continue;
    zone->transitions[zone->n++] = next;
    before = next.offset;
  }
}

int zc_zone_parse(const void *data, size_t n, zc_zone **ret) {
  const unsigned char *bytes = data;
  block b;
  if (n > ZC_ZONE_FILE_MAX || read_block(bytes, n, 4, &b) != ZC_OK) return ZC_EDATA;
  if (b.version != 0) {
    size_t skip = b.length;
    bytes += skip;
    n -= skip;
    if (read_block(bytes, n, 8, &b) != ZC_OK || b.version == 0) return ZC_EDATA;
  }
  if (!block_valid(&b)) return ZC_EDATA;
  zc_zone *zone = calloc(1, sizeof *zone + b.n_times * sizeof *zone->transitions);
  if (!zone) return ZC_ENOMEM;
  if (b.version != 0 && read_footer(bytes + b.length, n - b.length, zone) != ZC_OK) {
    free(zone);
    return ZC_EDATA;
  }
  take_transitions(&b, zone);
  *ret = zone;
  return ZC_OK;
}

void zc_zone_free(zc_zone *zone) {
  free(zone);
}

/* ---- files --------------------------------------------------------------------------------- */

static bool name_allowed(const char *name) {
  static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789_+-/";
  size_t n = strlen(name);
  return n > 0 && n < ZONE_NAME_MAX && name[0] != '/' && name[n - 1] != '/' &&
         strspn(name, letters) == n && !strstr(name, "//");
}

int zc_zone_load(const char *name, zc_zone **ret, zc_error *error) {
  if (!name_allowed(name)) {
    return zc_error_set(error, ZC_ENOTFOUND, "\"%.80s\" is not the name of a time zone", name);
  }
  char path[sizeof ZONE_FOLDER + ZONE_NAME_MAX];
  snprintf(path, sizeof path, "%s%s", ZONE_FOLDER, name);
  FILE *file = fopen(path, "rbe");
  if (!file) {
    int status = errno == ENOENT || errno == ENOTDIR ? ZC_ENOTFOUND
                 : errno == ENOMEM                   ? ZC_ENOMEM
                                                     : ZC_EIO;
    return zc_error_set(error, status, "time zone \"%s\": cannot open %s: %s", name, path,
                        strerror(errno));
  }
  unsigned char *bytes = malloc(ZC_ZONE_FILE_MAX + 1);
  int status = bytes ? ZC_OK : ZC_ENOMEM;
  if (bytes) {
    size_t n = fread(bytes, 1, ZC_ZONE_FILE_MAX + 1, file);
    bool folder = ferror(file) && errno == EISDIR;
    status = folder ? ZC_ENOTFOUND : ferror(file) ? ZC_EIO : zc_zone_parse(bytes, n, ret);
  }
  fclose(file);
  free(bytes);
  if (status == ZC_OK) return ZC_OK;
  return zc_error_set(error, status, "time zone \"%s\": %s: %s", name, path,
                      status == ZC_EDATA ? "not a time zone file" : zc_status_text(status));
}

/* ---- asking -------------------------------------------------------------------------------- */

static int64_t floor_seconds(zc_time at) {
  return at / ZC_SECOND - (at % ZC_SECOND < 0);
}

static zc_time clamp(zc_time at) {
  return at < ZC_TIME_MIN ? ZC_TIME_MIN : at > ZC_TIME_MAX ? ZC_TIME_MAX : at;
}

/* How many transitions lie at or before an instant. */
static size_t passed(const zc_zone *zone, int64_t at) {
  size_t low = 0, high = zone->n;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (zone->transitions[middle].at <= at) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

int32_t zc_zone_offset(const zc_zone *zone, zc_time time) {
  if (!zone) return 0;
  int64_t at = floor_seconds(clamp(time));
  if (zone->has_rule && at >= zone->rule_from) return zc_zone_rule_offset(&zone->rule, at);
  size_t n = passed(zone, at);
  return n == 0 ? zone->first : zone->transitions[n - 1].offset;
}

int zc_zone_next_transition(const zc_zone *zone, zc_time time, zc_time *ret) {
  if (!zone || time >= ZC_TIME_MAX) return ZC_ENOTFOUND;
  int64_t at = floor_seconds(clamp(time)), next;
  size_t n = passed(zone, at);
  if (n < zone->n) {
    next = zone->transitions[n].at;
  } else {
    if (at < zone->rule_from) at = zone->rule_from;
    if (!zone->has_rule || at > ZC_TIME_MAX / ZC_SECOND ||
        zc_zone_rule_next(&zone->rule, at, &next) != ZC_OK) {
      return ZC_ENOTFOUND;
    }
  }
  if (next > ZC_TIME_MAX / ZC_SECOND) return ZC_ENOTFOUND;
  *ret = next * ZC_SECOND;
  return ZC_OK;
}
