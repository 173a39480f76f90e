#include "core/config/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"

static void report(zc_check *check, bool warning, const zc_node *place, const zc_node *named,
                   const char *format, va_list arguments) {
  char path[ZC_PATH_TEXT], safe[ZC_PATH_TEXT], *text = NULL;
  if (zc_check_is_full(check)) {
    zc_findings_add(check->findings, warning, 0, 0, "%s", "");
    return;
  }
  if (vasprintf(&text, format, arguments) < 0) {
    check->status = ZC_ENOMEM;
    return;
  }
  zc_node_path(named, path, sizeof path);
  zc_excerpt(path, safe, sizeof safe);
  zc_findings_add(check->findings, warning, place->line, place->column, "%s%s%s", safe,
                  *safe ? ": " : "", text);
  free(text);
}

void zc_check_error(zc_check *check, const zc_node *at, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  report(check, false, at, at, format, arguments);
  va_end(arguments);
}

void zc_check_warning(zc_check *check, const zc_node *at, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  report(check, true, at, at, format, arguments);
  va_end(arguments);
}

void zc_check_key_error(zc_check *check, const zc_node *member, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  report(check, false, member->key, member->parent, format, arguments);
  va_end(arguments);
}

void zc_check_missing(zc_check *check, const zc_node *mapping, const char *key, const char *hint) {
  zc_node name = {.text = key};
  zc_node absent = {
      .line = mapping->line, .column = mapping->column, .key = &name, .parent = mapping};
  zc_check_error(check, &absent, "required, but missing%s", hint);
}

static bool is_given(const zc_node *node) {
  return node && node->kind != ZC_NODE_INVALID && !zc_node_is_null(node);
}

bool zc_check_entry(zc_check *check, const zc_node *node) {
  if (node->kind == ZC_NODE_INVALID) return false;
  if (node->kind == ZC_NODE_MAPPING) return true;
  char found[ZC_EXCERPT_TEXT + 16];
  zc_describe(node, false, found, sizeof found);
  zc_check_error(check, node, "%s where a mapping is wanted", found);
  return false;
}

bool zc_check_mapping(zc_check *check, const zc_node *node) {
  return is_given(node) && zc_check_entry(check, node);
}

bool zc_check_list(zc_check *check, const zc_node *node, size_t most) {
  if (!is_given(node)) return false;
  if (node->kind != ZC_NODE_LIST) {
    char found[ZC_EXCERPT_TEXT + 16];
    zc_describe(node, false, found, sizeof found);
    zc_check_error(check, node, "%s where a list is wanted", found);
    return false;
  }
  if (node->n <= most) return true;
  zc_check_error(check, node, "%u entries are too many: at most %zu", (unsigned)node->n, most);
  return false;
}

bool zc_check_text(zc_check *check, const zc_node *node) {
  if (node->kind == ZC_NODE_INVALID) return false;
  if (node->kind == ZC_NODE_SCALAR && !zc_node_is_null(node)) return true;
  char found[ZC_EXCERPT_TEXT + 16];
  zc_describe(node, false, found, sizeof found);
  zc_check_error(check, node, "%s where a text is wanted", found);
  return false;
}

bool zc_check_is_full(const zc_check *check) {
  return check->findings->errors >= ZC_FINDINGS_MAX;
}

const char *zc_check_nearest(const zc_check *check, const char *word, const char *const *candidates,
                             size_t n) {
  return zc_check_is_full(check) ? NULL : zc_nearest(word, candidates, n);
}

const char *zc_excerpt(const char *text, char *to, size_t size) {
  bool cut = strlen(text) >= size;
  zc_copy_text(to, cut ? size - 3 : size, text); /* room for the ellipsis, three bytes */
  zc_make_printable(to, '?');
  if (cut) memcpy(to + strlen(to), "…", sizeof "…");
  return to;
}

static bool is_number(const char *text) {
  double number;
  return zc_parse_number(text, &number);
}

void zc_describe(const zc_node *node, bool secret, char *to, size_t size) {
  char text[ZC_EXCERPT_TEXT];
  if (node->kind == ZC_NODE_LIST || node->kind == ZC_NODE_MAPPING) {
    snprintf(to, size, "a %s", node->kind == ZC_NODE_LIST ? "list" : "mapping");
  } else if (zc_node_is_null(node)) {
    snprintf(to, size, "nothing");
  } else if (secret) {
    snprintf(to, size, "a secret value");
  } else if (node->plain && is_number(node->text)) {
    snprintf(to, size, "the number %s", zc_excerpt(node->text, text, sizeof text));
  } else {
    bool word = node->plain && (!strcmp(node->text, "true") || !strcmp(node->text, "false"));
    zc_excerpt(node->text, text, sizeof text);
    snprintf(to, size, word ? "%s" : "the text \"%s\"", text);
  }
}
