#include "core/config/expand.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"

#define NAME_MAX_LENGTH (ZC_VARIABLE_NAME_SIZE - 1)

/* A reference, taken apart: ${name}, ${name:-rest}, ${name:?rest}. */
typedef struct {
  char name[NAME_MAX_LENGTH + 1];
  char operation; /* '-', '?' or '\0' */
  const char *rest;
  size_t rest_length;
} reference;

static size_t name_length(const char *text) {
  if (!isalpha((unsigned char)*text) && *text != '_') return 0;
  size_t n = 1;
  while (isalnum((unsigned char)text[n]) || text[n] == '_')
    n++;
  return n;
}

/* text stands after "${"; *ret_end after the closing brace. */
static int parse_reference(const char *text, reference *ret, const char **ret_end,
                           zc_error *error) {
  size_t n = name_length(text);
  const char *close = strchr(text, '}');
  if (!close) {
    return zc_error_set(error, ZC_EINVAL,
                        "'${' without a closing '}' (write $$ for a dollar sign, and quote a "
                        "value that holds braces)");
  }
  if (n == 0 || n > NAME_MAX_LENGTH) {
    return zc_error_set(error, ZC_EINVAL,
                        "after '${' comes a variable's name of letters, digits and _ (write $$ "
                        "for a dollar sign)");
  }
  memcpy(ret->name, text, n);
  ret->name[n] = '\0';
  text += n;
  ret->operation = '\0';
  if (text[0] == ':' && (text[1] == '-' || text[1] == '?')) ret->operation = text[1], text += 2;
  if (ret->operation == '\0' && text != close) {
    return zc_error_set(error, ZC_EINVAL,
                        "after '${%s' comes '}', ':-' with a default or ':?' with a message",
                        ret->name);
  }
  ret->rest = text;
  ret->rest_length = (size_t)(close - text);
  if (memmem(text, ret->rest_length, "${", 2)) {
    return zc_error_set(error, ZC_EINVAL, "a '${' inside of '${%s…}': nothing nests", ret->name);
  }
  *ret_end = close + 1;
  return ZC_OK;
}

static int put_reference(const reference *r, zc_buffer *to, zc_error *error) {
  const char *value = getenv(r->name);
  if (value && !zc_is_utf8(value, strlen(value))) {
    return zc_error_set(error, ZC_EINVAL, "the environment variable %s is not UTF-8", r->name);
  }
  if (value && (*value || r->operation == '\0')) return zc_buffer_text(to, value);
  if (r->operation == '-') return zc_buffer_add(to, r->rest, r->rest_length);
  const char *state = value ? "is empty" : "is not set";
  if (r->operation == '?' && r->rest_length) {
    return zc_error_set(error, ZC_EINVAL, "the environment variable %s %s: %.*s", r->name, state,
                        r->rest_length > 200 ? 200 : (int)r->rest_length, r->rest);
  }
  return zc_error_set(error, ZC_EINVAL, "the environment variable %s %s", r->name, state);
}

int zc_expand_text(const char *text, zc_buffer *to, zc_error *error) {
  int status = ZC_OK;
  while (*text && status == ZC_OK) {
    size_t plain = strcspn(text, "$");
    status = zc_buffer_add(to, text, plain);
    text += plain;
    if (!*text || status != ZC_OK) continue;
    if (text[1] == '{') {
      reference r = {.operation = '\0'};
      status = parse_reference(text + 2, &r, &text, error);
      if (status == ZC_OK) status = put_reference(&r, to, error);
    } else {
      status = zc_buffer_char(to, '$');
      text += text[1] == '$' ? 2 : 1;
    }
  }
  if (status == ZC_EDATA) {
    return zc_error_set(error, ZC_EINVAL, "longer than %zu KiB", to->cap / 1024);
  }
  return status;
}

int zc_expand_names(const char *text, int (*each)(void *user, const char *name), void *user) {
  int status = ZC_OK;
  while (status == ZC_OK && (text = strchr(text, '$'))) {
    reference r;
    zc_error error;
    bool refers = text[1] == '{' && parse_reference(text + 2, &r, &text, &error) == ZC_OK;
    if (refers)
      status = each(user, r.name);
    else
      text += text[1] == '$' ? 2 : 1;
  }
  return status;
}

static int expand_scalar(zc_tree *tree, zc_node *node, zc_findings *findings) {
  zc_buffer buffer;
  zc_error error = {0};
  zc_buffer_init(&buffer, ZC_VALUE_BYTES);
  int status = zc_expand_text(node->text, &buffer, &error);
  if (status == ZC_OK) {
    char *copy = zc_tree_allocate(tree, buffer.length + 1);
    if (copy && buffer.length) memcpy(copy, buffer.data, buffer.length);
    if (!copy) status = ZC_ENOMEM;
    node->written = node->text;
    if (copy) node->text = copy;
    node->expanded = true;
  } else if (status == ZC_EINVAL) {
    char path[ZC_PATH_TEXT];
    zc_node_path(node, path, sizeof path);
    zc_findings_add(findings, false, node->line, node->column, "%s%s%s", path, *path ? ": " : "",
                    error.text);
    node->kind = ZC_NODE_INVALID;
    status = ZC_OK;
  }
  if (buffer.data) explicit_bzero(buffer.data, buffer.length);
  zc_buffer_finish(&buffer);
  return status;
}

static bool wants_expansion(const zc_node *node) {
  return node->kind == ZC_NODE_SCALAR &&
         (strchr(node->text, '$') || strlen(node->text) > ZC_VALUE_BYTES);
}

/* Recursive: the tree's depth is bounded. */
static int expand_node(zc_tree *tree, zc_node *node, zc_findings *findings) {
  int status = wants_expansion(node) ? expand_scalar(tree, node, findings) : ZC_OK;
  for (zc_node *child = node->first; child && status == ZC_OK; child = child->next)
    status = expand_node(tree, child, findings);
  return status;
}

int zc_expand_tree(zc_tree *tree, zc_findings *findings) {
  return tree->root ? expand_node(tree, tree->root, findings) : ZC_OK;
}
