/* expand.h - environment variables in values.
 *
 * ${NAME}, ${NAME:-default} where it is unset or empty, ${NAME:?message} to insist on it; $$ is a
 * dollar sign, and a dollar sign before anything else is just that. A default or message reaches to
 * the first closing brace: nothing nests. */
#ifndef ZC_CONFIG_EXPAND_H
#define ZC_CONFIG_EXPAND_H

#include "core/config/tree.h"

#define ZC_VALUE_BYTES ((size_t)64 * 1024) /* of one value, variables put in */

/* Appends the expanded text; `to` should be capped at ZC_VALUE_BYTES. ZC_EINVAL with an error that
 * names the variable and quotes nothing else of the text, which may be a secret; ZC_ENOMEM. */
int zc_expand_text(const char *text, zc_buffer *to, zc_error *error);

/* Calls `each` with every variable that the text refers to, until it gives something else than
 * ZC_OK, which is returned. */
int zc_expand_names(const char *text, int (*each)(void *user, const char *name), void *user);

/* Expands every value of the tree, keys not. What cannot be expanded is reported and becomes
 * ZC_NODE_INVALID. ZC_OK or ZC_ENOMEM. */
int zc_expand_tree(zc_tree *tree, zc_findings *findings);

#endif
