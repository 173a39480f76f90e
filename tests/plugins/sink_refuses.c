/* A sink that can store nothing. */
#include <stdlib.h>
#include <zerocarb/plugin.h>

typedef struct {
  const zc_host *host;
  zc_self *self;
  unsigned calls;
} refusing_sink;

static int create(const zc_host *host, zc_self *self, const zc_config *config, void **ret_state) {
  refusing_sink *sink = calloc(1, sizeof *sink);
  (void)config;
  if (!sink) return ZC_ENOMEM;
  *sink = (refusing_sink){.host = host, .self = self};
  *ret_state = sink;
  return ZC_OK;
}

/* By its answer, and by what it returns: in turn. */
static int write(void *state, const zc_item *items, size_t n, size_t stride, zc_op *op) {
  refusing_sink *sink = state;
  (void)items;
  (void)n;
  (void)stride;
  if (sink->calls++ % 2) {
    sink->host->log(sink->self, ZC_LOG_ERROR, "it takes nothing");
    return ZC_EDATA;
  }
  sink->host->done(op, ZC_EDATA, "it takes nothing");
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
                                 .destroy = free,
                                 .ops = &ops};
ZC_DEFINE_PLUGIN(sink_refuses, plugin)
