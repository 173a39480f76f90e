/* history_item.c - items of carbon_intensity_history: one a region and slot. */
#include <math.h>

#include "core/base/text.h"
#include "core/base/time_text.h"
#include "core/model/intensity_index.h"
#include "core/tables/execution_item.h"
#include "core/tables/members.h"
#include "core/tables/schema.h"

#define ITEM_MAX    4096
#define SOURCE_SIZE 128

static bool finite_slot(const zc_region_view *region, const zc_slot *slot) {
  return isfinite(slot->value) && isfinite(region->factor) && isfinite(region->pue) &&
         isfinite(region->renewable_share);
}

/* "uk_grid_eso" is stored as "uk-grid-eso". */
static void write_source(zc_buffer *to, const char *source) {
  char text[SOURCE_SIZE];
  zc_copy_text(text, sizeof text, source);
  for (char *c = text; *c; c++) {
    if (*c == '_') *c = '-';
  }
  zc_member_text(to, "source", text);
}

static void write_members(const zc_region_view *region, const zc_slot *slot, const char *source,
                          zc_buffer *to) {
  int year = zc_civil_from_time(slot->from).year;
  uint32_t index = slot->index ? slot->index : zc_index_of(slot->value, year);
  bool observed = slot->flags & ZC_POINT_OBSERVED && !(slot->flags & ZC_POINT_HELD);
  int64_t timestamp = slot->from / ZC_SECOND - (slot->from % ZC_SECOND < 0);
  double minutes = (double)(slot->to - slot->from) / (double)ZC_MINUTE;
  zc_buffer_char(to, '{');
  zc_member_text(to, "region", region->name);
  zc_member_integer(to, "timestamp", timestamp);
  zc_member_rounded(to, "intensity", slot->value * region->factor, ZC_INTENSITY_DECIMALS);
  zc_member_rounded(to, "grid_intensity", slot->value, ZC_INTENSITY_DECIMALS);
  zc_member_rounded(to, "renewable_pct", region->renewable_share, ZC_RATE_DECIMALS);
  zc_member_rounded(to, "pue", region->pue, ZC_RATE_DECIMALS);
  zc_member_text(to, "index", zc_index_text(index));
  write_source(to, source);
  zc_member_boolean(to, "is_realtime", observed);
  zc_member_rounded(to, "duration_minutes", minutes, ZC_RATE_DECIMALS);
  zc_member_text(to, "basis", zc_basis_text(slot->basis));
  zc_member_integer(to, "ttl", zc_table_ttl(zc_tables[ZC_TABLE_HISTORY], slot->from));
  zc_buffer_char(to, '}');
}

int zc_history_item_write(const zc_region_view *region, const zc_slot *slot, const char *source,
                          zc_buffer *to) {
  zc_buffer own;
  if (!finite_slot(region, slot)) return ZC_EDATA;
  zc_buffer_init(&own, ITEM_MAX);
  write_members(region, slot, source, &own);
  int status = own.status;
  if (status == ZC_OK) status = zc_buffer_add(to, own.data, own.length);
  zc_buffer_finish(&own);
  return status;
}
