/* flat_source.h - what the sources of this folder share: a state, and an answer of one value for
 * the whole span that is asked for. */
#ifndef ZC_TESTS_FLAT_SOURCE_H
#define ZC_TESTS_FLAT_SOURCE_H

#include <stdlib.h>
#include <zerocarb/plugin.h>

typedef struct {
  const zc_host *host;
  zc_self *self;
  double value;
  zc_op *op;
} flat_source;

static const zc_option flat_options[] = {
    {"value", ZC_NUMBER, 0, "100", "0..1000", "The carbon intensity of every slot, gCO2eq/kWh."},
};

static int flat_create(const zc_host *host, zc_self *self, const zc_config *config,
                       void **ret_state) {
  flat_source *source = calloc(1, sizeof *source);
  if (!source) return ZC_ENOMEM;
  source->host = host;
  source->self = self;
  source->value = host->number(config, "value");
  *ret_state = source;
  return ZC_OK;
}

static void flat_destroy(void *state) {
  free(state);
}

static inline int flat_emit(const flat_source *source, const zc_query *query, zc_op *op,
                            uint32_t flags, double value) {
  const zc_signal signal = {
      .size = sizeof signal, .kind = ZC_GRID_INTENSITY, .basis = ZC_BASIS_LIFECYCLE};
  const zc_point point = {.from = query->from, .to = query->to, .value = value, .flags = flags};
  return source->host->emit(op, &signal, &point, 1, sizeof point);
}

#define FLAT_PLUGIN(plugin_name, plugin_summary, plugin_ops)                                       \
  static const zc_plugin plugin = {.size = sizeof plugin,                                          \
                                   .abi_major = ZC_ABI_MAJOR,                                      \
                                   .abi_minor = ZC_ABI_MINOR,                                      \
                                   .kind = ZC_SOURCE,                                              \
                                   .option_size = sizeof(zc_option),                               \
                                   .name = plugin_name,                                            \
                                   .version = "1.0.0",                                             \
                                   .summary = plugin_summary,                                      \
                                   .options = flat_options,                                        \
                                   .n_options = 1,                                                 \
                                   .create = flat_create,                                          \
                                   .destroy = flat_destroy,                                        \
                                   .ops = &(plugin_ops)}

#endif
