/* tree.h - YAML text as a tree in which every node knows its line and column.
 *
 * The subset that a configuration needs: one document, scalars, lists, and mappings with text keys;
 * no anchors, aliases, tags or merge keys. A scalar keeps its text: what it means is for the option
 * that it is given to. Everything lives in the tree's own memory and goes with it, wiped. */
#ifndef ZC_CONFIG_TREE_H
#define ZC_CONFIG_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/config/config.h"

/* Room for 10,000 pipelines written at length. */
#define ZC_TREE_BYTES     ((size_t)8 << 20) /* of a file */
#define ZC_TREE_DEPTH     64                /* of nested lists and mappings */
#define ZC_TREE_NODES     500000
#define ZC_TREE_TOO_LARGE "larger than 8 MiB"
#define ZC_PATH_TEXT      256 /* holds what zc_node_path() writes */

typedef enum {
  ZC_NODE_SCALAR,
  ZC_NODE_LIST,
  ZC_NODE_MAPPING,
  ZC_NODE_INVALID /* already reported: to be passed over in silence */
} zc_node_kind;

typedef struct zc_node zc_node;
struct zc_node {
  zc_node_kind kind;
  int line, column;    /* from 1; 0 where it is not from a file */
  bool plain;          /* scalar: written without quotes */
  bool expanded;       /* scalar: variables were put in */
  uint32_t index;      /* in its parent, from 0 */
  uint32_t n;          /* children */
  const char *text;    /* scalar: terminated */
  const char *written; /* of an expanded scalar: what stands in the file; else NULL */
  zc_node *key;        /* a mapping's member: its key */
  const zc_node *parent;
  zc_node *first, *last, *next;
};

typedef struct zc_tree_block zc_tree_block;
typedef struct {
  zc_node *root; /* NULL where the file holds nothing */
  zc_tree_block *blocks;
  size_t n_nodes;
} zc_tree;

/* ZC_OK with a tree that can be checked further, although there may be findings (a doubled key, an
 * alias …); ZC_EINVAL where it cannot: syntax, limits, not UTF-8, too many findings; ZC_ENOMEM.
 * Finish the tree in every case. */
int zc_tree_parse(const char *text, size_t length, zc_findings *findings, zc_tree *ret);
void zc_tree_finish(zc_tree *tree);
void *zc_tree_allocate(zc_tree *tree, size_t size); /* zeroed; NULL: no memory */

/* The value of a key, or NULL. */
const zc_node *zc_node_get(const zc_node *mapping, const char *key);
/* Nothing at all, `~` or `null`. */
bool zc_node_is_null(const zc_node *node);
/* "pipelines[3].workload.vcpu_count"; "" for the root. Cut to `size`. */
void zc_node_path(const zc_node *node, char *text, size_t size);

#endif
