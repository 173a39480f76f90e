#include "core/config/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/text.h"
#include "core/config/file_text.h"

static const char file_suffix[] = "_file";

/* Whether key is NAME_file. */
static bool is_file_key(const char *key, const char *name) {
  size_t length = strlen(name);
  return strncmp(key, name, length) == 0 && strcmp(key + length, file_suffix) == 0;
}

bool zc_options_know(const zc_option *rows, size_t n, const char *key) {
  for (size_t i = 0; i < n; i++) {
    if (strcmp(rows[i].name, key) == 0) return true;
    if (rows[i].flags & ZC_SECRET && is_file_key(key, rows[i].name)) return true;
  }
  return false;
}

/* ---- secrets in files ----------------------------------------------------------------------- */

static const zc_node *find_file_key(const zc_node *mapping, const char *name) {
  for (const zc_node *member = mapping ? mapping->first : NULL; member; member = member->next) {
    if (is_file_key(member->key->text, name)) return member;
  }
  return NULL;
}

/* One newline at the end, as editors and `echo` leave it. */
static void strip_newline(zc_buffer *content) {
  if (content->length && content->data[content->length - 1] == '\n') content->length--;
  if (content->length && content->data[content->length - 1] == '\r') content->length--;
  if (content->data) content->data[content->length] = '\0';
}

static bool read_content(zc_check *check, const zc_option *option, const zc_node *node,
                         const char *path, zc_config_value *ret) {
  zc_buffer content;
  zc_error error = {0};
  zc_buffer_init(&content, ZC_SECRET_BYTES);
  int status = zc_file_read(path, true, &content, &error);
  bool good = false;
  if (status == ZC_ENOMEM) {
    check->status = status;
  } else if (status != ZC_OK) {
    zc_check_error(check, node, "%s: %s", path, error.text);
  } else {
    strip_newline(&content);
    if (content.length == 0 || strlen(content.data) != content.length) {
      zc_check_error(check, node, "%s: %s", path, content.length ? "holds a NUL byte" : "is empty");
    } else {
      zc_node value = *node;
      value.text = content.data;
      value.written = NULL; /* what it refers to is the path */
      value.plain = value.expanded = true;
      good = zc_value_read(check, option, &value, ret);
    }
  }
  if (content.data) explicit_bzero(content.data, content.length);
  zc_buffer_finish(&content);
  return good;
}

static void read_secret_file(zc_check *check, const zc_option *option, const zc_node *node,
                             zc_config_value *ret) {
  static const zc_option path_option = {.name = "file", .type = ZC_PATH};
  zc_config_value path = {0};
  if (!zc_value_read(check, &path_option, node, &path)) return;
  read_content(check, option, node, path.text, ret);
  zc_value_finish(&path);
}

/* ---- defaults ------------------------------------------------------------------------------- */

static void read_yaml(zc_check *check, const zc_option *option, const char *text, zc_node *key,
                      zc_config_value *ret) {
  zc_tree tree;
  int status = zc_tree_parse(text, strlen(text), check->findings, &tree);
  if (status == ZC_OK && tree.root) {
    tree.root->key = key;
    zc_value_read(check, option, tree.root, ret);
  } else if (status == ZC_OK) {
    zc_check_missing(check, key, option->name, "");
  } else if (status == ZC_ENOMEM) {
    check->status = ZC_ENOMEM;
  }
  zc_tree_finish(&tree);
}

void zc_value_from_text(zc_check *check, const zc_option *option, const char *text, bool yaml,
                        zc_config_value *ret) {
  zc_node key = {.text = option->name};
  zc_node value = {
      .kind = ZC_NODE_SCALAR, .plain = true, .expanded = true, .text = text, .key = &key};
  if (yaml || option->type == ZC_STRING_LIST) {
    read_yaml(check, option, text, &key, ret);
  } else {
    zc_value_read(check, option, &value, ret);
  }
}

/* A plain word needs no YAML reader. */
void zc_value_default(zc_check *check, const zc_option *option, zc_config_value *ret) {
  bool quoted = *option->def == '"' || *option->def == '\'';
  zc_value_from_text(check, option, option->def, quoted, ret);
  ret->by_default = ret->present;
}

/* ---- a mapping ------------------------------------------------------------------------------ */

static void warn_deprecated(zc_check *check, const zc_option *option, const zc_node *node) {
  if (!(option->flags & ZC_DEPRECATED)) return;
  zc_check_warning(check, node, "deprecated: %s", option->help ? option->help : "");
}

static void read_row(zc_check *check, const zc_node *mapping, const zc_option *option,
                     unsigned flags, zc_config_value *ret) {
  const zc_node *node = zc_node_get(mapping, option->name);
  const zc_node *file = option->flags & ZC_SECRET ? find_file_key(mapping, option->name) : NULL;
  if (node || file) warn_deprecated(check, option, node ? node : file);
  if (node && file) {
    zc_check_error(check, file, "%s is given too: keep one of the two", option->name);
  } else if (file) {
    read_secret_file(check, option, file, ret);
  } else if (node) {
    bool read = zc_value_read(check, option, node, ret);
    bool empty = read && option->flags & ZC_SECRET && ret->text && !*ret->text;
    if (empty) zc_check_error(check, node, "is empty: give the secret, or leave the key out");
  } else if (flags & ZC_READ_NO_DEFAULTS) {
    return;
  } else if (option->def) {
    zc_value_default(check, option, ret);
  } else if (option->flags & ZC_REQUIRED && mapping) {
    char hint[96] = "";
    if (option->flags & ZC_SECRET) snprintf(hint, sizeof hint, " (or %s_file)", option->name);
    zc_check_missing(check, mapping, option->name, hint);
  }
}

/* ---- secrets in the clear ---- */

static bool is_loopback(const char *host) {
  size_t n = strcspn(host, "/?#"),
         name = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?#");
  if (name > n) return false;
  if (name == 9 && strncasecmp(host, "localhost", 9) == 0) return true;
  if (name == 5 && strncmp(host, "[::1]", 5) == 0) return true;
  return strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == name;
}

static void warn_of_clear_text(zc_check *check, const zc_node *mapping, const zc_option *rows,
                               const zc_config *config) {
  bool secrets = false;
  for (size_t i = 0; i < config->n; i++)
    secrets |=
        config->values[i].hidden.n > 0 || (config->values[i].present && rows[i].flags & ZC_SECRET);
  for (size_t i = 0; i < config->n && secrets; i++) {
    const char *url = rows[i].type == ZC_URL ? config->values[i].text : NULL;
    const zc_node *node = zc_node_get(mapping, rows[i].name);
    if (!node || !url || strncasecmp(url, "http://", 7) != 0 || is_loopback(url + 7)) continue;
    zc_check_warning(check, node, "secrets go over the network in the clear: use https://");
  }
}

zc_config *zc_config_create(zc_check *check, const zc_option *rows, size_t n) {
  zc_config *config = calloc(1, sizeof *config + n * sizeof config->values[0]);
  if (!config) return check->status = ZC_ENOMEM, NULL;
  config->holders = 1;
  for (; config->n < n; config->n++) {
    config->values[config->n].name = zc_duplicate(rows[config->n].name);
    if (config->values[config->n].name) continue;
    check->status = ZC_ENOMEM;
    zc_config_free(config);
    return NULL;
  }
  return config;
}

zc_config *zc_options_read(zc_check *check, const zc_node *mapping, const zc_option *rows, size_t n,
                           unsigned flags) {
  zc_config *config = zc_config_create(check, rows, n);
  for (size_t i = 0; config && i < n; i++)
    read_row(check, mapping, &rows[i], flags, &config->values[i]);
  if (config && mapping) warn_of_clear_text(check, mapping, rows, config);
  return config;
}

zc_config *zc_options_read_first(zc_check *check, const zc_node *value, const zc_option *rows,
                                 size_t n) {
  zc_config *config = zc_config_create(check, rows, n);
  if (!config || n == 0) return config;
  zc_value_read(check, &rows[0], value, &config->values[0]);
  for (size_t i = 1; i < n; i++) {
    if (rows[i].def) {
      zc_value_default(check, &rows[i], &config->values[i]);
    } else if (rows[i].flags & ZC_REQUIRED) {
      zc_check_missing(check, value, rows[i].name, "");
    }
  }
  return config;
}
