#include "core/config/tree.h"

#include <stdalign.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "core/base/text.h"

#define BLOCK_BYTES ((size_t)256 * 1024) /* pages that are not used take no memory */

struct zc_tree_block {
  zc_tree_block *next;
  size_t used, size;
  max_align_t bytes[];
};

/* Mapped, so that the tree of a large file is given back as a whole: from the heap it would leave a
 * hole below the settings that are made from it. */
static zc_tree_block *add_block(zc_tree *tree, size_t wanted) {
  size_t size = sizeof(zc_tree_block) + wanted;
  if (size < BLOCK_BYTES) size = BLOCK_BYTES;
  zc_tree_block *block =
      mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (block == MAP_FAILED) return NULL;
  block->size = size - sizeof *block;
  block->next = tree->blocks;
  tree->blocks = block;
  return block;
}

void *zc_tree_allocate(zc_tree *tree, size_t size) {
  size_t rounded = (size + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
  zc_tree_block *block = tree->blocks;
  if (!block || block->size - block->used < rounded) block = add_block(tree, rounded);
  if (!block) return NULL;
  void *place = (char *)block->bytes + block->used;
  block->used += rounded;
  return place;
}

void zc_tree_finish(zc_tree *tree) {
  while (tree->blocks) {
    zc_tree_block *block = tree->blocks;
    tree->blocks = block->next;
    explicit_bzero(block->bytes, block->used);
    munmap(block, sizeof *block + block->size);
  }
  memset(tree, 0, sizeof *tree);
}

const zc_node *zc_node_get(const zc_node *mapping, const char *key) {
  if (!mapping || mapping->kind != ZC_NODE_MAPPING) return NULL;
  for (const zc_node *member = mapping->first; member; member = member->next) {
    if (strcmp(member->key->text, key) == 0) return member;
  }
  return NULL;
}

bool zc_node_is_null(const zc_node *node) {
  return node->kind == ZC_NODE_SCALAR && node->plain && !node->expanded &&
         (!*node->text || strcmp(node->text, "~") == 0 || strcmp(node->text, "null") == 0);
}

void zc_node_path(const zc_node *node, char *text, size_t size) {
  const zc_node *way[ZC_TREE_DEPTH + 2];
  size_t depth = 0;
  for (; node && depth < ZC_TREE_DEPTH + 2; node = node->parent) {
    bool item = node->parent && node->parent->kind == ZC_NODE_LIST;
    if (node->key || item) way[depth++] = node; /* a key itself has its mapping's path */
  }
  char *at = text, *end = text + size;
  *text = '\0';
  while (depth-- > 0 && at < end - 1) {
    if (way[depth]->key) {
      if (at > text) *at++ = '.';
      zc_copy_text(at, (size_t)(end - at), way[depth]->key->text);
    } else {
      snprintf(at, (size_t)(end - at), "[%u]", (unsigned)way[depth]->index);
    }
    at += strlen(at);
  }
}
