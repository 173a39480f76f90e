#include "core/report/entries.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"

int zc_entries_add(zc_entries *entries, double order, const char *tie, zc_buffer *object) {
  if (object->status != ZC_OK) return object->status;
  if (entries->n == entries->capacity) {
    size_t capacity = entries->capacity ? entries->capacity * 2 : 32;
    zc_entry *items = reallocarray(entries->items, capacity, sizeof *items);
    if (!items) return ZC_ENOMEM;
    entries->items = items;
    entries->capacity = capacity;
  }
  zc_entry entry = {order, zc_duplicate(tie), zc_buffer_take(object)};
  if (!entry.tie || !entry.text) {
    free(entry.tie);
    free(entry.text);
    return ZC_ENOMEM;
  }
  entries->items[entries->n++] = entry;
  return ZC_OK;
}

static int compare(const void *a, const void *b) {
  const zc_entry *x = a, *y = b;
  if (x->order < y->order || x->order > y->order) return x->order < y->order ? -1 : 1;
  return strcmp(x->tie, y->tie);
}

void zc_entries_sort(zc_entries *entries) {
  if (entries->n) qsort(entries->items, entries->n, sizeof *entries->items, compare);
}

void zc_entries_keep(zc_entries *entries, size_t most) {
  if (entries->n < 2 * most) return;
  zc_entries_sort(entries);
  for (size_t i = most; i < entries->n; i++) {
    free(entries->items[i].tie);
    free(entries->items[i].text);
  }
  entries->n = most;
}

void zc_entries_write(const zc_entries *entries, size_t limit, const char *key, zc_buffer *to) {
  zc_member_list(to, key);
  for (size_t i = 0; i < entries->n && i < limit; i++) {
    if (i) zc_buffer_char(to, ',');
    zc_buffer_text(to, entries->items[i].text);
  }
  zc_member_list_end(to);
}

void zc_entries_finish(zc_entries *entries) {
  for (size_t i = 0; i < entries->n; i++) {
    free(entries->items[i].tie);
    free(entries->items[i].text);
  }
  free(entries->items);
  *entries = (zc_entries){0};
}
