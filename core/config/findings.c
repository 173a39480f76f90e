#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/text.h"
#include "core/config/config.h"

void zc_findings_finish(zc_findings *findings) {
  for (size_t i = 0; i < findings->n; i++)
    free(findings->items[i].text);
  free(findings->items);
  memset(findings, 0, sizeof *findings);
}

static bool reserve(zc_findings *findings) {
  if (findings->n < findings->capacity) return true;
  size_t capacity = findings->capacity ? findings->capacity * 2 : 8;
  zc_finding *items = realloc(findings->items, capacity * sizeof *items);
  if (!items) return false;
  findings->items = items;
  findings->capacity = capacity;
  return true;
}

/* The place for one more: a new one, that of the last warning where an error has no room, or NULL.
 */
static zc_finding *place_for(zc_findings *findings, bool warning) {
  if (findings->n < ZC_FINDINGS_MAX) {
    return reserve(findings) ? &findings->items[findings->n++] : NULL;
  }
  for (size_t i = findings->n; i > 0 && !warning; i--) {
    if (!findings->items[i - 1].warning) continue;
    free(findings->items[i - 1].text);
    findings->left_out++;
    return &findings->items[i - 1];
  }
  return NULL;
}

void zc_findings_add(zc_findings *findings, bool warning, int line, int column, const char *format,
                     ...) {
  va_list arguments;
  char *text = NULL;
  if (findings->errors >= ZC_FINDINGS_MAX) { /* nothing is kept any more: spare the work */
    findings->errors += !warning;
    findings->left_out++;
    return;
  }
  va_start(arguments, format);
  if (vasprintf(&text, format, arguments) < 0) text = NULL;
  va_end(arguments);
  if (text) {
    zc_log_redact(text);
    zc_make_printable(text, '?'); /* it may quote the file, other files and plugins */
  }
  if (!warning) findings->errors++;
  zc_finding *place = text ? place_for(findings, warning) : NULL;
  if (!place) {
    free(text);
    findings->left_out++;
    return;
  }
  *place = (zc_finding){.warning = warning, .line = line, .column = column, .text = text};
}

static bool comes_before(const zc_finding *a, const zc_finding *b) {
  return a->line != b->line ? a->line < b->line : a->column < b->column;
}

void zc_findings_sort(zc_findings *findings) {
  for (size_t i = 1; i < findings->n; i++) {
    zc_finding moved = findings->items[i];
    size_t j = i;
    for (; j > 0 && comes_before(&moved, &findings->items[j - 1]); j--)
      findings->items[j] = findings->items[j - 1];
    findings->items[j] = moved;
  }
}

void zc_findings_print(const zc_findings *findings, const char *path, zc_buffer *to) {
  for (size_t i = 0; i < findings->n; i++) {
    const zc_finding *finding = &findings->items[i];
    zc_buffer_text(to, path);
    if (finding->line > 0) zc_buffer_printf(to, ":%d:%d", finding->line, finding->column);
    zc_buffer_printf(to, ": %s: %s\n", finding->warning ? "warning" : "error", finding->text);
  }
  if (findings->left_out) zc_buffer_printf(to, "%s: … and %zu more\n", path, findings->left_out);
}
