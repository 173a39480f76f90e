#include "core/tables/members.h"

#include <inttypes.h>

#include "core/base/json.h"
#include "core/base/time_text.h"
#include "core/model/workload.h"

/* Below it a double is the integer, and prints as it. */
#define EXACT_MAX INT64_C(1000000000000000)

static void comma(zc_buffer *to) {
  char last = to->length ? to->data[to->length - 1] : '{';
  if (last != '{' && last != '[') zc_buffer_char(to, ',');
}

static void key_of(zc_buffer *to, const char *key) {
  comma(to);
  zc_json_write_text(to, key);
  zc_buffer_char(to, ':');
}

void zc_member_begin(zc_buffer *to, const char *key) {
  key_of(to, key);
  zc_buffer_char(to, '{');
}

void zc_member_end(zc_buffer *to) {
  zc_buffer_char(to, '}');
}

void zc_member_list(zc_buffer *to, const char *key) {
  key_of(to, key);
  zc_buffer_char(to, '[');
}

void zc_member_list_end(zc_buffer *to) {
  zc_buffer_char(to, ']');
}

void zc_member_item(zc_buffer *to, const char *text) {
  comma(to);
  zc_json_write_text(to, text);
}

void zc_member_text(zc_buffer *to, const char *key, const char *text) {
  if (!text) return;
  key_of(to, key);
  zc_json_write_text(to, text);
}

void zc_member_boolean(zc_buffer *to, const char *key, bool value) {
  key_of(to, key);
  zc_buffer_text(to, value ? "true" : "false");
}

void zc_member_number(zc_buffer *to, const char *key, double value) {
  key_of(to, key);
  zc_json_write_number(to, value);
}

void zc_member_rounded(zc_buffer *to, const char *key, double value, int decimals) {
  zc_member_number(to, key, zc_round(value, decimals));
}

void zc_member_integer(zc_buffer *to, const char *key, int64_t value) {
  key_of(to, key);
  if (value > -EXACT_MAX && value < EXACT_MAX)
    zc_json_write_number(to, (double)value);
  else
    zc_buffer_printf(to, "%" PRId64, value);
}

void zc_member_time(zc_buffer *to, const char *key, zc_time time) {
  char text[ZC_TIME_TEXT_SIZE];
  zc_time past = (time % ZC_SECOND + ZC_SECOND) % ZC_SECOND;
  if (time < ZC_TIME_MIN || zc_time_format(time - past, text, sizeof text) != ZC_OK) {
    zc_buffer_finish(to);
    to->status = ZC_EDATA;
    return;
  }
  zc_member_text(to, key, text);
}

const char *zc_basis_text(uint32_t basis) {
  static const char *const words[] = {"unknown", "operational", "lifecycle", "marginal"};
  return basis <= ZC_BASIS_MARGINAL ? words[basis] : words[ZC_BASIS_UNKNOWN];
}
