/* Reading a zc_config, and its end. */
#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"
#include "core/config/options.h"

const zc_config_value *zc_config_find(const zc_config *config, const char *name) {
  for (size_t i = 0; config && i < config->n; i++) {
    if (strcmp(config->values[i].name, name) != 0) continue;
    return config->values[i].present ? &config->values[i] : NULL;
  }
  return NULL;
}

bool zc_config_declares(const zc_config *config, const char *name) {
  for (size_t i = 0; config && i < config->n; i++) {
    if (strcmp(config->values[i].name, name) == 0) return true;
  }
  return false;
}

int zc_config_has(const zc_config *config, const char *name) {
  return zc_config_find(config, name) != NULL;
}

const char *zc_config_text(const zc_config *config, const char *name) {
  const zc_config_value *value = zc_config_find(config, name);
  return value ? value->text : NULL;
}

int64_t zc_config_integer(const zc_config *config, const char *name) {
  const zc_config_value *value = zc_config_find(config, name);
  return value ? value->integer : 0;
}

double zc_config_number(const zc_config *config, const char *name) {
  const zc_config_value *value = zc_config_find(config, name);
  return value ? value->number : 0;
}

size_t zc_config_count(const zc_config *config, const char *name) {
  const zc_config_value *value = zc_config_find(config, name);
  return value ? value->n_items : 0;
}

const char *zc_config_item(const zc_config *config, const char *name, size_t i) {
  const zc_config_value *value = zc_config_find(config, name);
  return value && i < value->n_items ? value->items[i] : NULL;
}

size_t zc_config_n_regions(const zc_config *config) {
  return config ? config->n_regions : 0;
}

const char *zc_config_region_name(const zc_config *config, size_t i) {
  return config && i < config->n_regions ? config->regions[i].name : NULL;
}

const zc_config *zc_config_region_config(const zc_config *config, size_t i) {
  return config && i < config->n_regions ? config->regions[i].config : NULL;
}

/* ---- equal ---- */

static bool same_text(const char *a, const char *b) {
  return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_value(const zc_config_value *a, const zc_config_value *b) {
  if (a->present != b->present || a->n_items != b->n_items) return false;
  if (!same_text(a->name, b->name) || !same_text(a->text, b->text)) return false;
  for (size_t i = 0; i < a->n_items; i++) {
    if (strcmp(a->items[i], b->items[i]) != 0) return false;
  }
  return true;
}

bool zc_config_equal(const zc_config *a, const zc_config *b) {
  if (a == b) return true;
  if (!a || !b || a->n != b->n || a->n_regions != b->n_regions) return false;
  for (size_t i = 0; i < a->n; i++) {
    if (!same_value(&a->values[i], &b->values[i])) return false;
  }
  for (size_t i = 0; i < a->n_regions; i++) {
    if (strcmp(a->regions[i].name, b->regions[i].name) != 0) return false;
    if (!zc_config_equal(a->regions[i].config, b->regions[i].config)) return false;
  }
  return true;
}

/* ---- a sum ---- */

/* FNV-1a, 64 bits, with an end mark. */
static uint64_t add_text(uint64_t sum, const char *text) {
  for (const char *p = text; *p; p++)
    sum = (sum ^ (unsigned char)*p) * UINT64_C(0x100000001b3);
  return (sum ^ 0x1ff) * UINT64_C(0x100000001b3);
}

static uint64_t sum_of(const zc_config_value *value) {
  uint64_t sum = add_text(UINT64_C(0xcbf29ce484222325), value->name);
  if (value->text) sum = add_text(sum, value->text);
  for (size_t i = 0; i < value->n_items; i++)
    sum = add_text(sum, value->items[i]);
  return sum;
}

uint64_t zc_config_sum(const zc_config *config, const zc_option *rows, size_t n) {
  uint64_t sum = 0; /* in any order of the rows */
  for (size_t i = 0; i < n; i++) {
    const zc_config_value *value = zc_config_find(config, rows[i].name);
    bool secret = rows[i].flags & (ZC_SECRET | ZC_SECRET_VALUES);
    if (!value || secret || value->by_default) continue;
    if (value->text && rows[i].def && strcmp(value->text, rows[i].def) == 0) continue;
    sum += sum_of(value);
  }
  return sum;
}

/* ---- the end ---- */

zc_config *zc_config_hold(zc_config *config) {
  if (config) config->holders++;
  return config;
}

void zc_config_free(zc_config *config) {
  if (!config || --config->holders > 0) return;
  for (size_t i = 0; i < config->n; i++)
    zc_value_finish(&config->values[i]);
  for (size_t i = 0; i < config->n_regions; i++) {
    free(config->regions[i].name);
    zc_config_free(config->regions[i].config);
  }
  free(config->regions);
  free(config);
}

int zc_config_add_region(zc_config *config, const char *name, zc_config *region) {
  zc_config_row row = {.name = zc_duplicate(name), .config = region};
  zc_config_row *rows =
      row.name ? realloc(config->regions, (config->n_regions + 1) * sizeof *rows) : NULL;
  if (!rows) {
    free(row.name);
    zc_config_free(region);
    return ZC_ENOMEM;
  }
  config->regions = rows;
  rows[config->n_regions++] = row;
  return ZC_OK;
}
