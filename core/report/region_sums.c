/* region_sums.c - regions compared over hours, from regional_insights. */
#include <string.h>

#include "core/report/question.h"

static bool is_below(const zc_json *item, const char *region) {
  const zc_json *below = zc_json_at(item, "opportunities/regions_below_threshold");
  for (size_t i = 0; i < zc_json_count(below); i++) {
    const char *name;
    if (zc_json_text(zc_json_member(below, i, NULL), &name, NULL) == ZC_OK &&
        strcmp(name, region) == 0)
      return true;
  }
  return false;
}

static void add(zc_region_sums *s, double intensity, double rank, bool below) {
  if (s->intensity.n == 0 || intensity < s->lowest) s->lowest = intensity;
  if (s->intensity.n == 0 || intensity > s->highest) s->highest = intensity;
  zc_sum_add(&s->intensity, intensity);
  s->cleanest += rank < 2;
  s->below_threshold += below;
  if (rank <= ZC_REGIONS_MAX) s->ranks[(size_t)rank - 1]++;
}

bool zc_region_sums_add(zc_region_sums *sums, const zc_settings *settings, const zc_json *item) {
  const zc_json *rankings = zc_json_get(item, "rankings");
  for (size_t i = 0; i < zc_json_count(rankings); i++) {
    const zc_json *entry = zc_json_member(rankings, i, NULL);
    const char *name = zc_json_get_text(entry, "region");
    double intensity, rank;
    size_t position = name ? zc_region_position(settings, name) : settings->n_regions;
    if (position == settings->n_regions || !zc_json_get_number(entry, "intensity", &intensity) ||
        !zc_json_get_number(entry, "rank", &rank) || !(rank >= 1))
      continue;
    add(&sums[position], intensity, rank, is_below(item, name));
  }
  return zc_json_count(rankings) > 0;
}

void zc_region_sums_note(const zc_region_sums *sums, const zc_settings *settings, uint64_t hours,
                         zc_buffer *to) {
  size_t fewest = settings->n_regions;
  for (size_t i = 0; i < settings->n_regions; i++) {
    uint64_t n = sums[i].intensity.n;
    if (n == 0 || n >= hours) continue; /* one of which nothing is known is not told */
    if (fewest == settings->n_regions || n < sums[fewest].intensity.n) fewest = i;
  }
  if (fewest == settings->n_regions) return;
  zc_report_sentence(
      to,
      "The regions' means are not over the same hours: of %llu hours, %s is known in "
      "%llu. Compare them with care.",
      (unsigned long long)hours, settings->regions[fewest],
      (unsigned long long)sums[fewest].intensity.n);
}
