/* check.h - saying what is wrong with a node: where it stands, its path, and what was meant. */
#ifndef ZC_CONFIG_CHECK_H
#define ZC_CONFIG_CHECK_H

#include "core/config/tree.h"

#define ZC_EXCERPT_TEXT 80 /* holds what zc_excerpt() writes */

typedef struct {
  zc_findings *findings;
  const char *directory;          /* absolute: where relative paths lie */
  zc_variables *secret_variables; /* takes the names that secret options refer to; may be NULL */
  int status;                     /* ZC_ENOMEM once memory was refused: stop and give up */
} zc_check;

/* Adds "PATH: …" at the node. */
void zc_check_error(zc_check *check, const zc_node *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void zc_check_warning(zc_check *check, const zc_node *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* At a member's key, with the path of the mapping that holds it. */
void zc_check_key_error(zc_check *check, const zc_node *member, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* "PATH.KEY: required, but missingHINT" at the mapping. */
void zc_check_missing(zc_check *check, const zc_node *mapping, const char *key, const char *hint);

/* Whether the node is there and of the kind; reports another kind. Absent (NULL), null and invalid
 * nodes are not, in silence. */
bool zc_check_mapping(zc_check *check, const zc_node *node);
/* The same for what must not be null either: a list's entry. */
bool zc_check_entry(zc_check *check, const zc_node *node);
bool zc_check_list(zc_check *check, const zc_node *node, size_t most);
/* Whether a list's item or the like is text; reports what is not. */
bool zc_check_text(zc_check *check, const zc_node *node);

/* Whether no more findings are kept, so that there is no use in costly ones. */
bool zc_check_is_full(const zc_check *check);
/* The candidate that was meant, or NULL. */
const char *zc_check_nearest(const zc_check *check, const char *word, const char *const *candidates,
                             size_t n);

/* Text that is safe to print: control characters replaced, cut. */
const char *zc_excerpt(const char *text, char *to, size_t size);
/* What a node is, for "… where a number is wanted": `a list`, `the text "abc"`, `nothing`. */
void zc_describe(const zc_node *node, bool secret, char *to, size_t size);

#endif
