/* A source whose answers are odd in one way or another: `way` says in which. */
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <zerocarb/plugin.h>

#define MINUTE INT64_C(60000)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

typedef struct {
  const zc_host *host;
  zc_self *self;
  const char *way;
} odd_source;

static int is(const odd_source *source, const char *way) {
  return strcmp(source->way, way) == 0;
}

static int emit(const odd_source *source, zc_op *op, zc_time from, zc_time to, double value,
                uint32_t flags, zc_time issued_at) {
  const zc_signal signal = {.size = sizeof signal,
                            .kind = ZC_GRID_INTENSITY,
                            .basis = ZC_BASIS_LIFECYCLE,
                            .issued_at = issued_at};
  const zc_point point = {.from = from, .to = to, .value = value, .flags = flags};
  return source->host->emit(op, &signal, &point, 1, sizeof point);
}

static void came(void *user, zc_op *op, const zc_http_response *response) {
  const odd_source *source = user;
  source->host->done(op, response->error, response->message);
}

/* The slot of the last half hour, or what the way makes of it. */
static int observe(void *state, const zc_query *query, zc_op *op) {
  const odd_source *source = state;
  const zc_host *host = source->host;
  zc_time now = query->to, begun = now - 30 * MINUTE, end = now + 30 * MINUTE;
  int status = ZC_OK;
  if (is(source, "doubles")) {
    emit(source, op, begun, end, 100, ZC_POINT_OBSERVED, 0);
    status = emit(source, op, begun, end, 200, ZC_POINT_OBSERVED, 0);
  } else if (is(source, "implausible")) {
    emit(source, op, begun - HOUR, begun, 100, ZC_POINT_OBSERVED, 0);
    status = emit(source, op, begun, end, 50000, ZC_POINT_OBSERVED, 0);
  } else if (is(source, "seconds")) {
    status = emit(source, op, begun / 1000, end / 1000, 100, ZC_POINT_OBSERVED, 0);
  } else if (is(source, "issued")) {
    status = emit(source, op, begun, end, 100, ZC_POINT_OBSERVED, now / 1000);
  } else if (is(source, "ahead")) {
    status = emit(source, op, now + HOUR, now + 2 * HOUR, 1, ZC_POINT_OBSERVED, 0);
  } else if (is(source, "stale")) {
    status = emit(source, op, begun, end, 100, ZC_POINT_FORECAST, now - 10 * DAY);
  } else if (is(source, "fails")) {
    emit(source, op, begun, end, 100, ZC_POINT_OBSERVED, 0);
    host->done(op, ZC_EREMOTE, "the line went dead");
    return ZC_OK;
  } else if (is(source, "space")) {
    const zc_http_request request = {.size = sizeof request, .url = "http://127.0.0.1/?z=A B"};
    return host->http(op, &request, came, state);
  } else if (is(source, "exits")) {
    exit(0);
  } else if (is(source, "locale")) {
    status = setlocale(LC_ALL, "de_DE.UTF-8")
                 ? emit(source, op, begun, end, 100.5, ZC_POINT_OBSERVED, 0)
                 : ZC_ENOTFOUND;
  }
  host->done(op, status, status == ZC_OK ? NULL : "the host refused the points");
  return ZC_OK;
}

static const zc_source_ops ops = {.size = sizeof ops, .observe = observe};

static const zc_option options[] = {
    {"way", ZC_ENUM, ZC_REQUIRED, NULL,
     "doubles|implausible|seconds|issued|ahead|stale|fails|space|nothing|exits|locale",
     "How it is odd."},
};

static int create(const zc_host *host, zc_self *self, const zc_config *config, void **ret_state) {
  odd_source *source = calloc(1, sizeof *source);
  if (!source) return ZC_ENOMEM;
  *source = (odd_source){.host = host, .self = self, .way = host->text(config, "way")};
  *ret_state = source;
  return ZC_OK;
}

static const zc_plugin plugin = {.size = sizeof plugin,
                                 .abi_major = ZC_ABI_MAJOR,
                                 .abi_minor = ZC_ABI_MINOR,
                                 .kind = ZC_SOURCE,
                                 .option_size = sizeof(zc_option),
                                 .name = "source_odd",
                                 .version = "1.0\n\033[31m",
                                 .summary = "Odd\nin \033[1mmany ways.",
                                 .options = options,
                                 .n_options = 1,
                                 .create = create,
                                 .destroy = free,
                                 .ops = &ops};
ZC_DEFINE_PLUGIN(source_odd, plugin)
