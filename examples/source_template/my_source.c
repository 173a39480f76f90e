/* my_source - a source of carbon intensity in one file, to start your own from.
 *
 * It asks one address for a JSON document per region
 *
 *   {"slots": [{"from": "2026-01-02T03:00Z", "to": "2026-01-02T03:30Z", "intensity": 181}, …]}
 *
 * and emits the slots. To make it yours: rename the file, `my_source` in it and in CMakeLists.txt,
 * and change the options, ask() and read_slot(). The guide goes through it: PLUGIN_GUIDE.md in
 * share/doc/zerocarb of the installation, docs/ of the source tree. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zerocarb/plugin.h>

#define SLOTS_MAX 5000
#define URL_MAX   1024

/* One instance. The texts belong to the configuration, which lives as long. */
typedef struct {
  const zc_host *host;
  zc_self *self;
  const char *url, *token;
} my_source;

/* ---- answers -------------------------------------------------------------------------------- */

/* One member of "slots"; 0 where it cannot be used. A null is no number: there is no value then,
 * never a zero. */
static int read_slot(const zc_host *host, const zc_json *slot, zc_point *ret) {
  const char *from, *to;
  if (host->json_number(host->json_at(slot, "intensity"), &ret->value) != ZC_OK) return 0;
  if (host->json_text(host->json_at(slot, "from"), &from, NULL) != ZC_OK) return 0;
  if (host->json_text(host->json_at(slot, "to"), &to, NULL) != ZC_OK) return 0;
  return host->time_parse(from, &ret->from) == ZC_OK && host->time_parse(to, &ret->to) == ZC_OK;
}

/* Observations are the slots that have begun, the forecast is what ends later than now. */
static size_t collect(const my_source *source, const zc_json *slots, int forecast,
                      zc_point *points) {
  const zc_host *host = source->host;
  zc_time now = host->now(source->self);
  size_t n = 0, count = host->json_count(slots);
  for (size_t i = 0; i < count && n < SLOTS_MAX; i++) {
    zc_point point = {0};
    if (!read_slot(host, host->json_member(slots, i, NULL), &point)) continue;
    if (forecast ? point.to <= now : point.from > now) continue;
    point.flags = forecast ? ZC_POINT_FORECAST : ZC_POINT_OBSERVED;
    points[n++] = point;
  }
  return n;
}

static void take(const my_source *source, zc_op *op, const zc_json *slots, int forecast) {
  const zc_host *host = source->host;
  const zc_signal signal = {
      .size = sizeof signal, .kind = ZC_GRID_INTENSITY, .basis = ZC_BASIS_LIFECYCLE};
  zc_point *points = calloc(SLOTS_MAX, sizeof *points);
  if (!points) {
    host->done(op, ZC_ENOMEM, "no memory for the points");
    return;
  }
  size_t n = collect(source, slots, forecast, points);
  int status = n > 0 ? host->emit(op, &signal, points, n, sizeof *points) : ZC_EDATA;
  free(points);
  host->done(op, status, status == ZC_OK ? NULL : "the answer holds no slot that can be used");
}

/* What a status means to the program: whether to slow down, to try again, or to tell a person. */
static int error_of(int status) {
  if (status == 401 || status == 403) return ZC_EAUTH;
  if (status == 429) return ZC_ERATE;
  return status >= 500 ? ZC_EREMOTE : ZC_EDATA;
}

static void answered(const my_source *source, zc_op *op, const zc_http_response *response,
                     int forecast) {
  const zc_host *host = source->host;
  char message[200];
  if (response->error != ZC_OK) {
    host->done(op, response->error, response->message);
    return;
  }
  if (response->status != 200) {
    snprintf(message, sizeof message, "HTTP %d: %.100s", (int)response->status, response->body);
    host->done(op, error_of(response->status), message);
    return;
  }
  const zc_json *slots = host->json_at(response->json, "slots");
  if (host->json_type(slots) != ZC_JSON_ARRAY) {
    host->done(op, ZC_EDATA,
               response->json || response->length == 0 ? "the answer has no list \"slots\""
                                                       : response->message);
    return;
  }
  take(source, op, slots, forecast);
}

static void observation_came(void *user, zc_op *op, const zc_http_response *response) {
  answered(user, op, response, 0);
}

static void forecast_came(void *user, zc_op *op, const zc_http_response *response) {
  answered(user, op, response, 1);
}

/* ---- questions ------------------------------------------------------------------------------ */

/* Percent-encodes what a URL's query cannot hold as it is ("Great Britain"); 0 where `to` is full.
 * http() refuses a URL with a space or a letter beyond ASCII. */
static int encode(const char *text, char *to, size_t size) {
  static const char *const plain = "-._~";
  size_t n = 0;
  for (; *text && n + 4 <= size; text++) {
    int keep = isalnum((unsigned char)*text) || strchr(plain, *text);
    n += (size_t)snprintf(to + n, size - n, keep ? "%c" : "%%%02X", (unsigned char)*text);
  }
  return *text == '\0';
}

/* The host retries, limits and times the request. The region's options come with the question. */
static int ask(my_source *source, const zc_query *query, zc_op *op,
               void (*callback)(void *user, zc_op *op, const zc_http_response *response)) {
  const zc_host *host = source->host;
  char url[URL_MAX], zone[URL_MAX / 2], header[600];
  const char *headers[] = {"Accept: application/json", header};
  zc_http_request request = {.size = sizeof request, .url = url, .headers = headers};
  if (!encode(host->text(query->region_config, "zone"), zone, sizeof zone)) return ZC_EINVAL;
  int n = snprintf(url, sizeof url, "%s?zone=%s", source->url, zone);
  if (n < 0 || n >= (int)sizeof url) return ZC_EINVAL;
  request.n_headers = 1;
  if (source->token) {
    n = snprintf(header, sizeof header, "Authorization: Bearer %s", source->token);
    if (n < 0 || n >= (int)sizeof header) return ZC_EINVAL;
    request.n_headers = 2;
  }
  return host->http(op, &request, callback, source);
}

static int observe(void *state, const zc_query *query, zc_op *op) {
  return ask(state, query, op, observation_came);
}

static int forecast(void *state, const zc_query *query, zc_op *op) {
  return ask(state, query, op, forecast_came);
}

/* ---- the instance --------------------------------------------------------------------------- */

static int create(const zc_host *host, zc_self *self, const zc_config *config, void **ret_state) {
  my_source *source = calloc(1, sizeof *source);
  if (!source) return ZC_ENOMEM;
  source->host = host;
  source->self = self;
  source->url = host->text(config, "url");
  source->token = host->text(config, "token");
  if (strchr(source->url, '?')) {
    host->log(self, ZC_LOG_ERROR, "url must not have a query: ?zone=… is added to it");
    free(source);
    return ZC_EINVAL;
  }
  *ret_state = source;
  return ZC_OK;
}

static void destroy(void *state) {
  free(state);
}

/* ---- the contract --------------------------------------------------------------------------- */

static const zc_option options[] = {
    {"url", ZC_URL, ZC_REQUIRED, NULL, NULL, "Where the JSON documents are."},
    {"token", ZC_STRING, ZC_SECRET, NULL, NULL, "Sent as bearer token, where there is one."},
};

static const zc_option region_options[] = {
    {"zone", ZC_STRING, ZC_REQUIRED, NULL, NULL, "The region's name at the provider's."},
};

static const zc_source_ops ops = {.size = sizeof ops, .observe = observe, .forecast = forecast};

static const zc_plugin plugin = {
    .size = sizeof plugin,
    .abi_major = ZC_ABI_MAJOR,
    .abi_minor = ZC_ABI_MINOR,
    .kind = ZC_SOURCE,
    .option_size = sizeof(zc_option),
    .name = "my_source",
    .version = "0.1.0",
    .summary = "Carbon intensity from JSON documents of one form.",
    .options = options,
    .n_options = sizeof options / sizeof *options,
    .region_options = region_options,
    .n_region_options = sizeof region_options / sizeof *region_options,
    .create = create,
    .destroy = destroy,
    .ops = &ops,
};

ZC_DEFINE_PLUGIN(my_source, plugin)
