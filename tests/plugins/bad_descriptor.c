/* Plugins whose descriptor is wrong in one place, told by the macro: one file, many objects. */
#include "flat_source.h"

#ifndef BAD_OPS
static int observe(void *state, const zc_query *query, zc_op *op) {
  (void)state;
  (void)query;
  (void)op;
  return ZC_ENOTFOUND;
}
#endif

static const zc_option options[] = {
#ifdef BAD_OPTION
    {"value", ZC_NUMBER, 0, "100", NULL, "The value."},
#endif
#ifdef BAD_TYPE
    {"extra", 99, 0, NULL, NULL, "An extra."},
#endif
#ifdef BAD_DEFAULT
    {"pause", ZC_DURATION, 0, "soon", NULL, "The pause."},
#endif
#ifdef BAD_SECRET
    {"key", ZC_STRING, ZC_SECRET, "letmein-letmein", NULL, "The key."},
#endif
#ifdef BAD_KEY
    {"every", ZC_DURATION, 0, "5m", NULL, "How often."},
#endif
    {"value", ZC_NUMBER, 0, "100", NULL, "The value."},
};

static const zc_source_ops ops = {
#ifndef BAD_OPS_SIZE
    .size = sizeof ops,
#endif
#ifndef BAD_OPS
    .observe = observe,
#else
    .cancel = NULL,
#endif
};

static const zc_plugin plugin = {
#ifdef BAD_SIZE
    .size = 16,
#else
    .size = sizeof plugin,
#endif
#ifdef BAD_ABI
    .abi_major = 7,
#else
    .abi_major = ZC_ABI_MAJOR,
#endif
#ifdef BAD_KIND
    .kind = 9,
#else
    .kind = ZC_SOURCE,
#endif
#ifndef BAD_OPTION_SIZE
    .option_size = sizeof(zc_option),
#endif
    .name = PLUGIN_NAME,
    .version = "1.0.0",
    .summary = "Is wrong in one place.",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .create = flat_create,
    .destroy = flat_destroy,
    .ops = &ops,
};

ZC_DEFINE_PLUGIN(bad, plugin)
