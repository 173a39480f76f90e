/* members.h - writing the members of an item's JSON, with the table's rounding.
 *
 * A comma goes before a member unless an object or array, or the buffer, has just begun. A figure
 * that is not finite fails the buffer (ZC_EDATA). */
#ifndef ZC_TABLES_MEMBERS_H
#define ZC_TABLES_MEMBERS_H

#include <stdbool.h>
#include <zerocarb/plugin.h>

#include "core/base/buffer.h"

/* Decimals of figures in records. */
enum {
  ZC_INTENSITY_DECIMALS = 1, /* gCO2eq/kWh */
  ZC_PERCENT_DECIMALS = 2,
  ZC_RATE_DECIMALS = 3, /* shares, success rates, PUE */
  ZC_GRAM_DECIMALS = 4, /* sci_score, savings */
  ZC_ENERGY_DECIMALS = 6
};

void zc_member_begin(zc_buffer *to, const char *key); /* "key":{ */
void zc_member_end(zc_buffer *to);                    /* } */
void zc_member_list(zc_buffer *to, const char *key);  /* "key":[ */
void zc_member_list_end(zc_buffer *to);               /* ] */
void zc_member_item(zc_buffer *to, const char *text); /* of a list */

void zc_member_text(zc_buffer *to, const char *key, const char *text); /* NULL: left out */
void zc_member_boolean(zc_buffer *to, const char *key, bool value);
void zc_member_number(zc_buffer *to, const char *key, double value); /* as it is */
void zc_member_rounded(zc_buffer *to, const char *key, double value, int decimals);
void zc_member_integer(zc_buffer *to, const char *key, int64_t value);
/* RFC 3339 in whole seconds, as the numeric keys are; fails the buffer outside the years 1..9999.
 */
void zc_member_time(zc_buffer *to, const char *key, zc_time time);

/* "operational", "lifecycle", "marginal", "unknown" */
const char *zc_basis_text(uint32_t basis);

#endif
