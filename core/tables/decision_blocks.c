/* decision_blocks.c - what a decision stood on and came to, as the blocks of its record.
 *
 * Figures that are not known are left out: never null, never 0. */
#include <math.h>

#include "core/base/time_text.h"
#include "core/model/intensity_index.h"
#include "core/tables/execution_item.h"
#include "core/tables/members.h"

#define RECORD_MAX ((size_t)256 * 1024) /* 64 regions and 16 sources need some 60 KiB at most */

/* The figures as the record prints them: intensities are rounded here, and the sums are made from
 * the rounded ones. */
typedef struct {
  const zc_execution_facts *facts;
  const zc_region_view *base, *chosen;
  bool has_savings;
  double base_intensity, intensity; /* where the decision has them */
  double sci, savings_g, savings_percent;
} printed;

static double sci_of(const zc_execution_facts *facts, double intensity) {
  return zc_workload_sci(&facts->request->workload, &facts->request->energy, intensity);
}

static printed print(const zc_execution_facts *facts) {
  const zc_decision *decision = facts->decision;
  const zc_region_view *regions = facts->snapshot->regions;
  const uint32_t *positions = facts->request->regions;
  printed p = {.facts = facts,
               .base = &regions[positions[0]],
               .chosen = &regions[positions[decision->region]],
               .has_savings =
                   decision->has_baseline && decision->has_intensity && !decision->unlike};
  p.base_intensity = zc_round(decision->baseline_intensity, ZC_INTENSITY_DECIMALS);
  p.intensity = zc_round(decision->intensity, ZC_INTENSITY_DECIMALS);
  p.sci = sci_of(facts, p.intensity);
  double base_sci = sci_of(facts, p.base_intensity);
  double saved = zc_workload_saved_g(&facts->request->workload, &facts->request->energy,
                                     p.base_intensity, p.intensity, ZC_INTENSITY_DECIMALS);
  p.savings_g = zc_round(saved, ZC_GRAM_DECIMALS);
  p.savings_percent = zc_percent_saved(base_sci, p.sci);
  return p;
}

static void write_analysis(const printed *p, zc_buffer *to) {
  const zc_decision *decision = p->facts->decision;
  zc_member_begin(to, "carbon_analysis");
  zc_member_text(to, "decision", zc_action_text(decision->action));
  zc_member_text(to, "reason", p->facts->reason);
  zc_member_text(to, "default_region", p->base->name);
  if (decision->has_baseline) zc_member_number(to, "default_intensity", p->base_intensity);
  zc_member_text(to, "optimal_region", p->chosen->name);
  if (decision->has_intensity) zc_member_number(to, "optimal_intensity", p->intensity);
  if (p->has_savings) {
    zc_member_number(to, "savings_g", p->savings_g);
    zc_member_rounded(to, "savings_percent", p->savings_percent, ZC_PERCENT_DECIMALS);
  }
  zc_member_end(to);
}

/* Keys of indexes have to be top-level attributes; a missing one keeps the item out of its index.
 */
static void write_index_keys(const printed *p, zc_buffer *to) {
  zc_member_text(to, "carbon_analysis.decision", zc_action_text(p->facts->decision->action));
  if (p->has_savings) zc_member_number(to, "carbon_analysis.savings_g", p->savings_g);
  zc_member_text(to, "carbon_analysis.optimal_region", p->chosen->name);
}

static void write_workload(const printed *p, zc_buffer *to) {
  const zc_decide_request *request = p->facts->request;
  const zc_workload *workload = &request->workload;
  zc_member_begin(to, "workload");
  zc_member_number(to, "duration_minutes", workload->duration_minutes);
  zc_member_number(to, "vcpu_count", workload->vcpu_count);
  zc_member_number(to, "memory_gb", workload->memory_gb);
  zc_member_rounded(to, "energy_kwh", zc_workload_energy_kwh(workload, &request->energy),
                    ZC_ENERGY_DECIMALS);
  if (p->facts->decision->has_intensity) {
    zc_member_rounded(to, "sci_score", p->sci, ZC_GRAM_DECIMALS);
  }
  zc_member_end(to);
}

static void write_snapshot(const zc_execution_facts *facts, zc_buffer *to) {
  zc_member_begin(to, "regional_snapshot");
  for (size_t i = 0; i < facts->snapshot->n_regions; i++) {
    const zc_region_view *region = &facts->snapshot->regions[i];
    double intensity;
    if (zc_region_at(region, facts->request->now, &intensity) != ZC_OK) {
      if (!region->has_static) continue;
      intensity = region->static_grid * region->factor;
    }
    zc_member_rounded(to, region->name, intensity, ZC_INTENSITY_DECIMALS);
  }
  zc_member_end(to);
}

/* ---- data_sources -------------------------------------------------------------------------- */

static const zc_slot *slot_at(const zc_region_view *region, zc_time at) {
  ptrdiff_t i = zc_series_find(&region->grid, at);
  return i < 0 ? NULL : &region->grid.slots[i];
}

/* A source of one region shows its figures, where the value in force is its own. */
static void write_figures(const zc_region_view *region, const zc_slot *slot, zc_buffer *to) {
  int year = zc_civil_from_time(slot->from).year;
  uint32_t index = slot->index ? slot->index : zc_index_of(slot->value, year);
  zc_member_rounded(to, "grid_intensity", slot->value, ZC_INTENSITY_DECIMALS);
  zc_member_text(to, "index", zc_index_text(index));
  zc_member_rounded(to, "renewable_pct", region->renewable_share, ZC_RATE_DECIMALS);
  zc_member_rounded(to, "datacenter_intensity", slot->value * region->factor,
                    ZC_INTENSITY_DECIMALS);
}

static void write_fetched(const zc_snapshot *snapshot, const zc_source_report *source,
                          zc_buffer *to) {
  size_t delivered = 0;
  zc_member_list(to, "regions_fetched");
  for (size_t i = 0; i < source->n_regions; i++) {
    if (!source->delivered[i]) continue;
    delivered++;
    zc_member_item(to, snapshot->regions[source->regions[i]].name);
  }
  zc_member_list_end(to);
  if (source->n_regions == 0) return;
  zc_member_rounded(to, "success_rate", (double)delivered / (double)source->n_regions,
                    ZC_RATE_DECIMALS);
}

static void write_sources(const zc_execution_facts *facts, zc_buffer *to) {
  zc_member_begin(to, "data_sources");
  for (size_t i = 0; i < facts->n_sources; i++) {
    const zc_source_report *source = &facts->sources[i];
    const zc_region_view *region =
        source->n_regions == 1 ? &facts->snapshot->regions[source->regions[0]] : NULL;
    const zc_slot *slot = region ? slot_at(region, facts->request->now) : NULL;
    zc_member_begin(to, source->name);
    if (slot && slot->source == i) {
      write_figures(region, slot, to);
    } else {
      write_fetched(facts->snapshot, source, to);
    }
    zc_member_end(to);
  }
  zc_member_end(to);
}

/* ---- data_quality -------------------------------------------------------------------------- */

static const char *origin_of(const zc_slot *slot) {
  if (slot->flags & ZC_POINT_HELD) return "held";
  if (slot->flags & ZC_POINT_OBSERVED) return "observed";
  return slot->flags & ZC_POINT_ESTIMATED ? "estimated" : "forecast";
}

static bool in_series(const zc_region_view *region, size_t source) {
  for (size_t i = 0; i < region->grid.n; i++) {
    if (region->grid.slots[i].source == source) return true;
  }
  return false;
}

/* Whether a source covers a region and is meant to tell its grid intensity: one that delivered and
 * left no slot gives something else (PUE, a yearly average). */
static bool tells_intensity(const zc_execution_facts *facts, size_t source,
                            const zc_region_view *region) {
  const zc_source_report *report = &facts->sources[source];
  for (size_t i = 0; i < report->n_regions; i++) {
    if (&facts->snapshot->regions[report->regions[i]] != region) continue;
    return !report->delivered[i] || in_series(region, source);
  }
  return false;
}

/* Position of the source that was to be asked first; n_sources where there is none. */
static size_t first_source(const zc_execution_facts *facts, const zc_region_view *region) {
  size_t i = 0;
  while (i < facts->n_sources && !tells_intensity(facts, i, region)) {
    i++;
  }
  return i;
}

static void write_source_name(const zc_execution_facts *facts, uint32_t source, zc_buffer *to) {
  if (source < facts->n_sources) zc_member_text(to, "source", facts->sources[source].name);
}

/* What the figure of a region stood on: a slot, the yearly average, or nothing (slot NULL). */
static void write_quality(const zc_execution_facts *facts, const char *key,
                          const zc_region_view *region, const zc_slot *slot, bool is_static,
                          zc_buffer *to) {
  zc_member_begin(to, key);
  if (is_static) {
    write_source_name(facts, region->static_source, to);
    zc_member_text(to, "origin", "static");
    zc_member_text(to, "basis", zc_basis_text(region->static_basis));
  } else if (slot) {
    int64_t age = (facts->request->now - slot->issued_at) / ZC_MINUTE;
    write_source_name(facts, slot->source, to);
    zc_member_text(to, "origin", origin_of(slot));
    zc_member_text(to, "basis", zc_basis_text(slot->basis));
    zc_member_integer(to, "age_minutes", age < 0 ? 0 : age);
  } else {
    zc_member_text(to, "origin", "none");
  }
  bool first = slot && !is_static && slot->source == first_source(facts, region);
  zc_member_boolean(to, "fallback", !first);
  zc_member_end(to);
}

static void write_qualities(const printed *p, zc_buffer *to) {
  const zc_execution_facts *facts = p->facts;
  const zc_decision *decision = facts->decision;
  const zc_slot *base = NULL, *chosen = NULL;
  if (decision->has_baseline) {
    base = slot_at(p->base, facts->request->requested_at);
    if (!base) base = slot_at(p->base, facts->request->now);
  }
  if (decision->has_intensity) chosen = slot_at(p->chosen, decision->start);
  zc_member_begin(to, "data_quality");
  write_quality(facts, "default_region", p->base, base,
                decision->has_baseline && decision->baseline_static, to);
  write_quality(facts, "optimal_region", p->chosen, chosen,
                decision->has_intensity && decision->intensity_static, to);
  zc_member_end(to);
}

/* ---- config, schedule, location_based ------------------------------------------------------ */

static void write_config(const zc_execution_facts *facts, zc_buffer *to) {
  zc_member_begin(to, "config");
  zc_member_boolean(to, "auto_trigger", facts->auto_trigger);
  zc_member_number(to, "min_savings_defer", facts->min_savings_defer);
  zc_member_number(to, "max_defer_hours", facts->max_defer_hours);
  zc_member_number(to, "pipeline_timeout", facts->pipeline_timeout_minutes);
  zc_member_end(to);
}

static void write_schedule(const printed *p, zc_buffer *to) {
  const zc_execution_facts *facts = p->facts;
  zc_member_begin(to, "schedule");
  zc_member_time(to, "requested_at", facts->request->requested_at);
  zc_member_time(to, "planned_start", facts->decision->start);
  zc_member_time(to, "deadline", facts->request->deadline);
  if (facts->decision->has_intensity) zc_member_number(to, "planned_intensity", p->intensity);
  zc_member_end(to);
}

/* The chosen region's intensity without its renewable share. */
static bool location_intensity(const printed *p, double *ret) {
  const zc_decision *decision = p->facts->decision;
  double share = p->chosen->renewable_share;
  if (!decision->has_intensity || !(share > 0)) return false;
  if (share < 1) {
    *ret = decision->intensity / (1 - share);
    return true;
  }
  /* Nothing is left to divide by: ask the series again. */
  double minutes = p->facts->request->workload.duration_minutes, mean;
  zc_time end = decision->start + (int64_t)llround(minutes * (double)ZC_MINUTE);
  if (decision->intensity_static) {
    mean = p->chosen->static_grid;
  } else if (zc_series_mean(&p->chosen->grid, decision->start, end, &mean) != ZC_OK) {
    return false;
  }
  *ret = mean * p->chosen->pue;
  return true;
}

static void write_location_based(const printed *p, zc_buffer *to) {
  double intensity;
  if (!location_intensity(p, &intensity)) return;
  intensity = zc_round(intensity, ZC_INTENSITY_DECIMALS);
  zc_member_begin(to, "location_based");
  zc_member_number(to, "intensity", intensity);
  zc_member_rounded(to, "sci_score", sci_of(p->facts, intensity), ZC_GRAM_DECIMALS);
  zc_member_end(to);
}

int zc_execution_record_write(const zc_execution_facts *facts, zc_buffer *to) {
  zc_buffer own;
  printed p = print(facts);
  zc_buffer_init(&own, RECORD_MAX);
  write_analysis(&p, &own);
  write_workload(&p, &own);
  write_snapshot(facts, &own);
  write_sources(facts, &own);
  write_config(facts, &own);
  write_index_keys(&p, &own);
  write_qualities(&p, &own);
  write_schedule(&p, &own);
  write_location_based(&p, &own);
  int status = own.status;
  if (status == ZC_OK) status = zc_buffer_add(to, own.data, own.length);
  zc_buffer_finish(&own);
  return status;
}
