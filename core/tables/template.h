/* template.h - the tables as infrastructure code, for those who do not let a program make them.
 *
 * Written from zc_tables, like everything else that knows the tables. Pure: text into a buffer. */
#ifndef ZC_TABLES_TEMPLATE_H
#define ZC_TABLES_TEMPLATE_H

#include <zerocarb/plugin.h>

#include "core/base/buffer.h"

typedef enum {
  ZC_TEMPLATE_CLOUDFORMATION, /* YAML */
  ZC_TEMPLATE_TERRAFORM,      /* HCL, of the provider hashicorp/aws */
  ZC_TEMPLATE_IAM             /* JSON: a policy with what the engine needs, and no more */
} zc_template_format;

/* Whether a prefix for the tables' names holds only what their names may: [a-zA-Z0-9_.-], 200 at
 * the most. */
int zc_template_check_prefix(const char *prefix);
/* Appends it. flags: ZC_TABLES_…; without meaning for the policy. Returns the buffer's status. */
int zc_template_write(zc_buffer *to, zc_template_format format, const char *prefix, uint32_t flags);

#endif
