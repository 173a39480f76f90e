/* A sink that can store nothing. */
#include <stdlib.h>
#include <zerocarb/plugin.h>

static int create(const zc_host *host, zc_self *self, const zc_config *config, void **ret_state) {
  (void)self;
  (void)config;
  *ret_state = (void *)(uintptr_t)host;
  return ZC_OK;
}

static void destroy(void *state) {
  (void)state;
}

static int write(void *state, const zc_item *items, size_t n, size_t stride, zc_op *op) {
  const zc_host *host = state;
  (void)items;
  (void)n;
  (void)stride;
  host->done(op, ZC_EDATA, "it takes nothing");
  return ZC_OK;
}

static const zc_sink_ops ops = {.size = sizeof ops, .max_batch = 100, .write = write};

static const zc_plugin plugin = {.size = sizeof plugin,
                                 .abi_major = ZC_ABI_MAJOR,
                                 .abi_minor = ZC_ABI_MINOR,
                                 .kind = ZC_SINK,
                                 .option_size = sizeof(zc_option),
                                 .name = "sink_refuses",
                                 .version = "1.0.0",
                                 .summary = "Refuses every row for good.",
                                 .create = create,
                                 .destroy = destroy,
                                 .ops = &ops};
ZC_DEFINE_PLUGIN(sink_refuses, plugin)
