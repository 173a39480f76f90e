/* carbon_intensity_history -> regional_insights: the hours that have ended and changed. */
#include <stdio.h>

#include "core/base/time_text.h"
#include "core/engine/rollup_parts.h"

#define SECONDS_SIZE 24

static void next_window(zc_rollup_pass *pass);

static int on_row(void *user, size_t range, const char *text, size_t length) {
  zc_rollup_pass *pass = user;
  zc_history_row row;
  if (zc_history_row_read(text, length, &row) == ZC_OK) {
    zc_rollup_hours_add(&pass->slots, range, &row);
  } else {
    pass->unreadable++;
  }
  return ZC_OK;
}

static int make_item(zc_rollup_pass *pass, size_t position, zc_buffer *to) {
  if (!zc_rollup_hours_known(&pass->slots, position)) return ZC_ENOTFOUND;
  return zc_insights_item_write(&pass->slots, position, pass->region_names, pass->threshold, to);
}

static void written(zc_rollup_pass *pass) {
  zc_rollup_hours_finish(&pass->slots);
  pass->has_slots = false;
  pass->hours.first = pass->window.last + ZC_HOUR;
  next_window(pass);
}

static void have_read(zc_rollup_pass *pass) {
  zc_rollup_hours_end(&pass->slots);
  zc_rollup_write(pass, zc_tables[ZC_TABLE_INSIGHTS], pass->slots.n_hours, make_item, written);
}

static void read_window(zc_rollup_pass *pass) {
  zc_table_range ranges[ZC_REGIONS_MAX];
  char low[SECONDS_SIZE], high[SECONDS_SIZE];
  /* From the first slot on that may reach into the first hour. */
  zc_time from = pass->window.first - ZC_HISTORY_SLOT_MAX;
  snprintf(low, sizeof low, "%lld", (long long)(from / ZC_SECOND));
  snprintf(high, sizeof high, "%lld", (long long)((pass->window.last + ZC_HOUR) / ZC_SECOND - 1));
  for (size_t i = 0; i < pass->n_regions; i++) {
    ranges[i] = (zc_table_range){.table = zc_tables[ZC_TABLE_HISTORY],
                                 .partition = pass->region_names[i],
                                 .compare = ZC_COMPARE_BETWEEN,
                                 .low = low,
                                 .high = high};
  }
  zc_rollup_pass_read(pass, ranges, pass->n_regions, on_row, have_read);
}

static void next_window(zc_rollup_pass *pass) {
  if (zc_rollup_is_empty(&pass->hours)) {
    zc_rollup_pass_hours_done(pass);
    return;
  }
  zc_time most = pass->hours.first + ZC_ROLLUP_WINDOW_DAYS * ZC_DAY - ZC_HOUR;
  pass->window =
      (zc_rollup_span){pass->hours.first, pass->hours.last < most ? pass->hours.last : most};
  size_t n = (size_t)((pass->window.last - pass->window.first) / ZC_HOUR) + 1;
  if (zc_rollup_hours_init(&pass->slots, pass->window.first, n, pass->n_regions) != ZC_OK) {
    zc_rollup_pass_fail(pass, ZC_ENOMEM, "no memory for the hours");
    return;
  }
  pass->has_slots = true;
  read_window(pass);
}

void zc_rollup_hours_begin(zc_rollup_pass *pass) {
  /* An hour is told when it is over. */
  zc_time ended = zc_hour_of(pass->now) - ZC_HOUR;
  if (pass->hours.last > ended) pass->hours.last = ended;
  next_window(pass);
}
