/* libyaml's events into a tree. Iterative, with a stack of fixed size, so that no input can make it
 * recurse; the limits are checked before anything is made. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "core/base/text.h"
#include "core/config/tree.h"

typedef struct {
  zc_tree *tree;
  zc_findings *findings;
  const char *text; /* without a byte order mark */
  size_t length;
  size_t depth; /* open[0] .. open[depth - 1] */
  zc_node *open[ZC_TREE_DEPTH];
  zc_node *key[ZC_TREE_DEPTH]; /* of a mapping: the key whose value comes next */
  bool done;
  int documents;
} builder;

static void report_at(builder *b, const zc_node *node, const char *what) {
  char path[ZC_PATH_TEXT];
  zc_node_path(node, path, sizeof path);
  zc_findings_add(b->findings, false, node->line, node->column, "%s%s%s", path, *path ? ": " : "",
                  what);
}

static int stop_at(builder *b, const yaml_mark_t *mark, const char *what) {
  zc_findings_add(b->findings, false, (int)mark->line + 1, (int)mark->column + 1, "%s", what);
  return ZC_EINVAL;
}

/* ---- what libyaml refuses ------------------------------------------------------------------- */

/* The reader gives only an offset in bytes. */
static void position_of(const builder *b, size_t offset, int *ret_line, int *ret_column) {
  int line = 1, column = 1;
  for (size_t i = 0; i < offset && i < b->length; i++) {
    if (b->text[i] == '\n') {
      line++, column = 1;
    } else if (((unsigned char)b->text[i] & 0xc0) != 0x80) {
      column++;
    }
  }
  *ret_line = line, *ret_column = column;
}

/* Where the first malformed sequence begins; libyaml may point into its middle. */
static size_t malformed_offset(const builder *b) {
  size_t i = 0, n = 1;
  for (; i < b->length && n <= 4; i += n) {
    for (n = 1; n <= 4 && (n > b->length - i || !zc_is_utf8(b->text + i, n));)
      n++;
    if (n > 4) break;
  }
  return i;
}

static void report_reader(builder *b, const yaml_parser_t *parser) {
  int line, column;
  unsigned value = (unsigned)parser->problem_value;
  bool control = strstr(parser->problem, "control characters") != NULL;
  size_t offset = control ? parser->problem_offset : malformed_offset(b);
  position_of(b, offset, &line, &column);
  if (control && value == 0) {
    zc_findings_add(b->findings, false, line, column, "a NUL byte: this is not a text file");
  } else if (control) {
    zc_findings_add(b->findings, false, line, column,
                    "the control character U+%04X is not allowed here", value);
  } else {
    unsigned byte = offset < b->length ? (unsigned char)b->text[offset] : 0;
    zc_findings_add(b->findings, false, line, column,
                    "not UTF-8 (byte 0x%02x): save the file as UTF-8", byte);
  }
}

static size_t offset_of(const builder *b, const yaml_mark_t *mark) {
  size_t line = 0, i = 0;
  for (; i < b->length && line < mark->line; i++)
    line += b->text[i] == '\n';
  for (size_t column = 0; i < b->length && column < mark->column; column++) {
    do
      i++;
    while (i < b->length && ((unsigned char)b->text[i] & 0xc0) == 0x80);
  }
  return i;
}

/* What two common mistakes look like to a YAML reader. */
static const char *hint_for(const builder *b, const yaml_mark_t *mark) {
  size_t i = offset_of(b, mark);
  if (i >= b->length) return "";
  if (b->text[i] == '\t') return "; indent with spaces, not with tabs";
  if (b->text[i] == '{' && i > 0 && b->text[i - 1] == '$') {
    return "; quote ${...} inside of {...} or [...]";
  }
  return "";
}

static int report_parser(builder *b, const yaml_parser_t *parser) {
  if (parser->error == YAML_MEMORY_ERROR) return ZC_ENOMEM;
  if (parser->error == YAML_READER_ERROR) {
    report_reader(b, parser);
    return ZC_EINVAL;
  }
  char context[160] = "", text[400];
  if (parser->context) {
    snprintf(context, sizeof context, " %s that begins on line %zu", parser->context,
             parser->context_mark.line + 1);
  }
  snprintf(text, sizeof text, "not valid YAML: %s%s%s",
           parser->problem ? parser->problem : "syntax error", context,
           hint_for(b, &parser->problem_mark));
  return stop_at(b, &parser->problem_mark, text);
}

/* ---- making nodes --------------------------------------------------------------------------- */

static zc_node *make_node(builder *b, zc_node_kind kind, const yaml_mark_t *mark) {
  zc_node *node = zc_tree_allocate(b->tree, sizeof *node);
  if (!node) return NULL;
  node->kind = kind;
  node->line = (int)mark->line + 1;
  node->column = (int)mark->column + 1;
  return node;
}

static void append_child(zc_node *parent, zc_node *child) {
  child->index = parent->n++;
  if (parent->last) {
    parent->last->next = child;
  } else {
    parent->first = child;
  }
  parent->last = child;
}

static void take_key(builder *b, zc_node *key) {
  b->key[b->depth - 1] = key;
  if (key->kind == ZC_NODE_INVALID) return;
  if (key->kind != ZC_NODE_SCALAR) {
    report_at(b, key, "a key must be text");
  } else if (key->plain && strcmp(key->text, "<<") == 0) {
    report_at(b, key, "merge keys (<<) are not supported: write the keys out");
    key->kind = ZC_NODE_INVALID;
  }
}

/* Gives a new node its place: the root, a list's next item, a mapping's next key or value. The
 * values of keys that were refused hang nowhere. */
static void place_node(builder *b, zc_node *node) {
  if (b->depth == 0) {
    b->tree->root = node;
    return;
  }
  zc_node *parent = b->open[b->depth - 1], *key = b->key[b->depth - 1];
  node->parent = parent;
  if (parent->kind == ZC_NODE_LIST) {
    append_child(parent, node);
  } else if (!key) {
    take_key(b, node);
  } else {
    b->key[b->depth - 1] = NULL;
    if (key->kind != ZC_NODE_SCALAR) return;
    node->key = key;
    append_child(parent, node);
  }
}

static int check_limits(builder *b, const yaml_mark_t *mark, bool opens) {
  char text[80];
  if (++b->tree->n_nodes > ZC_TREE_NODES) {
    snprintf(text, sizeof text, "more than %d values in one file", ZC_TREE_NODES);
    return stop_at(b, mark, text);
  }
  if (opens && b->depth == ZC_TREE_DEPTH) {
    snprintf(text, sizeof text, "nested more than %d deep", ZC_TREE_DEPTH);
    return stop_at(b, mark, text);
  }
  return ZC_OK;
}

static void refuse_decoration(builder *b, const zc_node *node, const yaml_char_t *anchor,
                              const yaml_char_t *tag) {
  if (anchor) report_at(b, node, "anchors (&) are not supported: write the value out");
  if (tag) report_at(b, node, "tags (!) are not supported: a value's type is known from its key");
}

static int add_scalar(builder *b, const yaml_event_t *event) {
  int status = check_limits(b, &event->start_mark, false);
  if (status != ZC_OK) return status;
  size_t length = event->data.scalar.length;
  zc_node *node = make_node(b, ZC_NODE_SCALAR, &event->start_mark);
  char *text = zc_tree_allocate(b->tree, length + 1);
  if (!node || !text) return ZC_ENOMEM;
  memcpy(text, event->data.scalar.value, length);
  node->text = text;
  explicit_bzero(event->data.scalar.value, length);
  node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
  place_node(b, node);
  refuse_decoration(b, node, event->data.scalar.anchor, event->data.scalar.tag);
  if (strlen(node->text) != length && node->kind == ZC_NODE_SCALAR) {
    report_at(b, node, "a NUL character inside a text");
    node->kind = ZC_NODE_INVALID;
  }
  return ZC_OK;
}

static int add_alias(builder *b, const yaml_event_t *event) {
  int status = check_limits(b, &event->start_mark, false);
  if (status != ZC_OK) return status;
  zc_node *node = make_node(b, ZC_NODE_INVALID, &event->start_mark);
  if (!node) return ZC_ENOMEM;
  place_node(b, node);
  report_at(b, node, "aliases (*) are not supported: write the value out");
  return ZC_OK;
}

static int add_collection(builder *b, const yaml_event_t *event) {
  int status = check_limits(b, &event->start_mark, true);
  if (status != ZC_OK) return status;
  bool list = event->type == YAML_SEQUENCE_START_EVENT;
  zc_node *node = make_node(b, list ? ZC_NODE_LIST : ZC_NODE_MAPPING, &event->start_mark);
  if (!node) return ZC_ENOMEM;
  place_node(b, node);
  refuse_decoration(b, node,
                    list ? event->data.sequence_start.anchor : event->data.mapping_start.anchor,
                    list ? event->data.sequence_start.tag : event->data.mapping_start.tag);
  b->key[b->depth] = NULL;
  b->open[b->depth++] = node;
  return ZC_OK;
}

/* ---- doubled keys --------------------------------------------------------------------------- */

static int by_key(const void *a, const void *b) {
  const zc_node *left = *(zc_node *const *)a, *right = *(zc_node *const *)b;
  int order = strcmp(left->key->text, right->key->text);
  return order ? order : (left->index > right->index) - (left->index < right->index);
}

static void report_double(builder *b, zc_node *member, const zc_node *first) {
  char path[ZC_PATH_TEXT];
  zc_node_path(member, path, sizeof path);
  zc_findings_add(b->findings, false, member->key->line, member->key->column,
                  "%s: given twice, first on line %d", path, first->key->line);
  member->kind = ZC_NODE_INVALID;
}

static int check_doubles(builder *b, const zc_node *mapping) {
  if (mapping->n < 2) return ZC_OK;
  zc_node **members = calloc(mapping->n, sizeof(void *));
  if (!members) return ZC_ENOMEM;
  size_t n = 0;
  for (zc_node *member = mapping->first; member; member = member->next)
    members[n++] = member;
  qsort(members, n, sizeof(void *), by_key);
  const zc_node *first = members[0];
  for (size_t i = 1; i < n; i++) {
    if (strcmp(members[i]->key->text, first->key->text) == 0) {
      report_double(b, members[i], first);
    } else {
      first = members[i];
    }
  }
  free(members);
  return ZC_OK;
}

/* ---- the events ----------------------------------------------------------------------------- */

static int take_event(builder *b, const yaml_event_t *event) {
  switch (event->type) {
  case YAML_DOCUMENT_START_EVENT:
    if (b->documents++ == 0) return ZC_OK;
    b->done = true;
    zc_findings_add(b->findings, false, (int)event->start_mark.line + 1,
                    (int)event->start_mark.column + 1,
                    "a second document begins here: a file holds one");
    return ZC_OK;
  case YAML_SCALAR_EVENT:
    return add_scalar(b, event);
  case YAML_ALIAS_EVENT:
    return add_alias(b, event);
  case YAML_SEQUENCE_START_EVENT:
  case YAML_MAPPING_START_EVENT:
    return add_collection(b, event);
  case YAML_SEQUENCE_END_EVENT:
    b->depth--;
    return ZC_OK;
  case YAML_MAPPING_END_EVENT:
    return check_doubles(b, b->open[--b->depth]);
  case YAML_STREAM_END_EVENT:
    b->done = true;
    return ZC_OK;
  default:
    return ZC_OK;
  }
}

static int read_events(builder *b, yaml_parser_t *parser) {
  int status = ZC_OK;
  while (status == ZC_OK && !b->done) {
    yaml_event_t event;
    if (!yaml_parser_parse(parser, &event)) return report_parser(b, parser);
    status = take_event(b, &event);
    yaml_event_delete(&event);
    if (b->findings->errors > ZC_FINDINGS_MAX) return ZC_EINVAL;
  }
  return status;
}

int zc_tree_parse(const char *text, size_t length, zc_findings *findings, zc_tree *ret) {
  memset(ret, 0, sizeof *ret);
  if (length > ZC_TREE_BYTES) {
    zc_findings_add(findings, false, 0, 0, ZC_TREE_TOO_LARGE);
    return ZC_EINVAL;
  }
  size_t mark = length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
  builder b = {.tree = ret, .findings = findings, .text = text + mark, .length = length - mark};
  yaml_parser_t parser;
  if (!yaml_parser_initialize(&parser)) return ZC_ENOMEM;
  yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
  yaml_parser_set_input_string(&parser, (const unsigned char *)b.text, b.length);
  int status = read_events(&b, &parser);
  yaml_parser_delete(&parser);
  return status;
}
