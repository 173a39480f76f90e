/* descriptor.h - the host's own copy of a plugin's descriptor, made after every check of it.
 *
 * The copy is as long as this program's header has it: what an older plugin lacks is zero, what a
 * newer one has beyond is left out. */
#ifndef ZC_PLUGIN_DESCRIPTOR_H
#define ZC_PLUGIN_DESCRIPTOR_H

#include "core/base/error.h"
#include <zerocarb/plugin.h>

#define ZC_OPTIONS_MAX 128 /* rows of one option table */

typedef struct {
  zc_plugin plugin; /* its ops and option tables are the copies below */
  union {
    zc_source_ops source;
    zc_policy_ops policy;
    zc_trigger_ops trigger;
    zc_sink_ops sink;
  } ops;
  zc_option *options, *region_options;
} zc_descriptor;

/* `name`: the file's, or NULL for any. The copy points into itself, so *descriptor must stay where
 * it is; names and texts stay the plugin's. ZC_EINVAL with the reason, ZC_ENOMEM. */
int zc_descriptor_init(zc_descriptor *descriptor, const zc_plugin *theirs, const char *name,
                       zc_error *error);
void zc_descriptor_finish(zc_descriptor *descriptor);

/* "source", "policy", "trigger", "sink"; "plugin" for anything else. */
const char *zc_kind_text(uint32_t kind);

#endif
