#include "core/model/grid_slots.h"

#include <stdlib.h>
#include <string.h>

void zc_slots_finish(zc_slots *slots) {
  free(slots->items);
  *slots = (zc_slots){0};
}

int zc_slots_reserve(zc_slots *slots, size_t n) {
  if (n <= slots->capacity) return ZC_OK;
  if (n > SIZE_MAX / sizeof *slots->items) return ZC_ENOMEM;
  zc_slot *items = realloc(slots->items, n * sizeof *items);
  if (!items) return ZC_ENOMEM;
  slots->items = items;
  slots->capacity = n;
  return ZC_OK;
}

/* ---- putting in order ---- */

typedef struct {
  zc_slot slot;
  size_t emitted;
} emitted_slot;

static int compare_emitted(const void *left, const void *right) {
  const emitted_slot *a = left, *b = right;
  if (a->slot.from != b->slot.from) return a->slot.from < b->slot.from ? -1 : 1;
  return a->emitted < b->emitted ? -1 : 1;
}

static bool is_sorted(const zc_slots *slots) {
  for (size_t i = 1; i < slots->n; i++) {
    if (slots->items[i].from < slots->items[i - 1].from) return false;
  }
  return true;
}

/* By `from`, equal ones as emitted; qsort promises nothing about those. */
static int sort(zc_slots *slots) {
  if (is_sorted(slots)) return ZC_OK;
  emitted_slot *rows = calloc(slots->n, sizeof *rows);
  if (!rows) return ZC_ENOMEM;
  for (size_t i = 0; i < slots->n; i++)
    rows[i] = (emitted_slot){slots->items[i], i};
  qsort(rows, slots->n, sizeof *rows, compare_emitted);
  for (size_t i = 0; i < slots->n; i++)
    slots->items[i] = rows[i].slot;
  free(rows);
  return ZC_OK;
}

int zc_slots_order(zc_slots *slots) {
  if (sort(slots) != ZC_OK) return ZC_ENOMEM;
  size_t kept = 0;
  for (size_t i = 0; i < slots->n; i++) {
    zc_slot slot = slots->items[i];
    zc_slot *before = kept > 0 ? &slots->items[kept - 1] : NULL;
    if (before && before->from == slot.from) {
      *before = slot;
      continue;
    }
    if (before && before->to > slot.from) before->to = slot.from;
    slots->items[kept++] = slot;
  }
  slots->n = kept;
  return ZC_OK;
}

/* ---- laying over ---- */

static void append(zc_slots *to, zc_slot slot, zc_time from, zc_time until) {
  if (from >= until) return;
  slot.from = from;
  slot.to = until;
  to->items[to->n++] = slot;
}

/* Appends what of `slot` lies free between the slots of `over` from *next on, and those slots. */
static void lay_under(const zc_slots *over, size_t *next, const zc_slot *slot, zc_slots *to) {
  zc_time free_from = slot->from;
  if (*next > 0 && over->items[*next - 1].to > free_from) free_from = over->items[*next - 1].to;
  while (*next < over->n && over->items[*next].from < slot->to) {
    const zc_slot *above = &over->items[(*next)++];
    append(to, *slot, free_from, above->from);
    append(to, *above, above->from, above->to);
    if (above->to > free_from) free_from = above->to;
  }
  append(to, *slot, free_from, slot->to);
}

int zc_slots_overlay(const zc_slots *over, const zc_slots *under, zc_slots *ret) {
  size_t next = 0;
  if (zc_slots_reserve(ret, 2 * over->n + under->n) != ZC_OK) return ZC_ENOMEM;
  ret->n = 0;
  for (size_t i = 0; i < under->n; i++)
    lay_under(over, &next, &under->items[i], ret);
  if (next < over->n) {
    memcpy(ret->items + ret->n, over->items + next, (over->n - next) * sizeof *ret->items);
    ret->n += over->n - next;
  }
  return ZC_OK;
}

void zc_slots_trim(zc_slots *slots, zc_time horizon, size_t most) {
  size_t drop = slots->n > most ? slots->n - most : 0;
  while (drop < slots->n && slots->items[drop].to <= horizon)
    drop++;
  slots->n -= drop;
  if (drop > 0) memmove(slots->items, slots->items + drop, slots->n * sizeof *slots->items);
}

static bool is_same(const zc_slot *a, const zc_slot *b, bool issued) {
  return a->from == b->from && a->to == b->to && !(a->value < b->value) && !(a->value > b->value) &&
         a->flags == b->flags && a->index == b->index && a->basis == b->basis &&
         (!issued || a->issued_at == b->issued_at);
}

bool zc_slots_equal(const zc_slots *a, const zc_slots *b, bool issued) {
  if (a->n != b->n) return false;
  for (size_t i = 0; i < a->n; i++) {
    if (!is_same(&a->items[i], &b->items[i], issued)) return false;
  }
  return true;
}
