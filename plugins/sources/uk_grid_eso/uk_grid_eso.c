/* uk_grid_eso.c - source: the Carbon Intensity API of Great Britain's system operator (NESO).
 *
 * One request an operation: the past 24 hours for observe, or as far back as is asked, the next 48
 * for forecast. Times in a path carry minutes only, and minute 1 or 31: with an aligned time the
 * API answers from the half hour before, and so every client of one half hour asks for the same,
 * cacheable path. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zerocarb/plugin.h>

#include "area.h"
#include "payload.h"

#define URL_MAX         1024
#define MESSAGE_MAX     512
#define BODY_MAX        (1024u * 1024u) /* one region's 48 hours with its fuel mix: 134 kB */
#define BODY_SHOWN      80              /* bytes of an unusable answer in a message */
#define HALF_HOUR_START 30
#define DAY_MS          INT64_C(86400000)
#define BACK_MAX_MS     (13 * DAY_MS) /* the API gives 14 days at once */

typedef struct zc_uk zc_uk;

typedef struct {
  const zc_uk *source;
  const char *name; /* the host's, as long as the config */
  zc_uk_area area;
} zc_uk_region;

struct zc_uk {
  const zc_host *host;
  zc_self *self;
  const char *url;
  size_t n_regions;
  zc_uk_region regions[];
};

static void say(const zc_uk *source, int level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void say(const zc_uk *source, int level, const char *format, ...) {
  char message[MESSAGE_MAX];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  source->host->log(source->self, level, message);
}

static void fail(const zc_uk_region *region, zc_op *op, int status, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void fail(const zc_uk_region *region, zc_op *op, int status, const char *format, ...) {
  char message[MESSAGE_MAX];
  int n = snprintf(message, sizeof message, "area \"%s\": ", region->area.text);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message + n, sizeof message - (size_t)n, format, arguments);
  va_end(arguments);
  region->source->host->done(op, status, message);
}

/* ---- answers ------------------------------------------------------------------------------- */

static int status_of(int http_status) {
  if (http_status == 401 || http_status == 403) return ZC_EAUTH;
  if (http_status == 429) return ZC_ERATE;
  return http_status >= 400 && http_status < 500 ? ZC_EDATA : ZC_EREMOTE;
}

static void fail_by_status(const zc_uk_region *region, zc_op *op,
                           const zc_http_response *response) {
  const zc_host *host = region->source->host;
  const zc_json *member = host->json_at(response->json, "error/message");
  const char *text;
  if (host->json_text(member, &text, NULL) != ZC_OK) text = response->message;
  fail(region, op, status_of(response->status), "the API answered %" PRId32 ": %s",
       response->status, text);
}

/* The rows of a good answer, or the operation ended with the reason why there are none. */
static int read_rows(const zc_uk_region *region, zc_op *op, const zc_http_response *response,
                     zc_uk_rows *rows) {
  const char *shown = response->body ? response->body : "";
  if (response->error != ZC_OK) {
    fail(region, op, response->error, "%s", response->message);
    return response->error;
  }
  if (response->status != 200) {
    fail_by_status(region, op, response);
    return ZC_EREMOTE;
  }
  if (!response->json) {
    fail(region, op, ZC_EDATA, "the answer is not JSON: %.*s", BODY_SHOWN, shown);
    return ZC_EDATA;
  }
  int status = zc_uk_rows_read(region->source->host, response->json, &region->area, rows);
  if (status == ZC_EDATA) {
    fail(region, op, status, "the answer is about another area, or too long: %.*s", BODY_SHOWN,
         shown);
  } else if (status != ZC_OK) {
    fail(region, op, status, "no memory for the answer");
  } else if (rows->n == 0) {
    fail(region, op, ZC_EDATA, "no data (the API answered %.*s)", BODY_SHOWN, shown);
    status = ZC_EDATA;
  }
  return status;
}

static void hand_over(const zc_uk_region *region, zc_op *op, const zc_http_response *response,
                      size_t (*choose)(const zc_uk_rows *, zc_time, zc_point *),
                      const char *wanted) {
  const zc_host *host = region->source->host;
  const zc_signal signal = {
      .size = sizeof signal, .kind = ZC_GRID_INTENSITY, .basis = ZC_BASIS_OPERATIONAL};
  zc_uk_rows rows = {0};
  if (read_rows(region, op, response, &rows) != ZC_OK) return;
  if (rows.dropped > 0) {
    say(region->source, ZC_LOG_WARNING, "area \"%s\": %zu of %zu half hours have no usable value",
        region->area.text, rows.dropped, rows.dropped + rows.n);
  }
  zc_point *points = calloc(rows.n, sizeof *points);
  if (!points) {
    zc_uk_rows_finish(&rows);
    fail(region, op, ZC_ENOMEM, "no memory for the answer");
    return;
  }
  size_t n = choose(&rows, host->now(region->source->self), points);
  zc_uk_rows_finish(&rows);
  int status = n > 0 ? host->emit(op, &signal, points, n, sizeof *points) : ZC_EDATA;
  free(points);
  if (n == 0) {
    fail(region, op, ZC_EDATA, "the answer has no half hour %s", wanted);
  } else if (status != ZC_OK) {
    fail(region, op, status, "the host refused the half hours");
  } else {
    host->done(op, ZC_OK, NULL);
  }
}

static void on_observed(void *user, zc_op *op, const zc_http_response *response) {
  hand_over(user, op, response, zc_uk_observed, "that has begun");
}

static void on_forecast(void *user, zc_op *op, const zc_http_response *response) {
  hand_over(user, op, response, zc_uk_forecast, "that ends after now");
}

/* ---- requests ------------------------------------------------------------------------------ */

/* "2026-01-02T03:31Z" for any instant of the half hour from 03:30. */
static int format_half_hour(const zc_uk *source, zc_time time, char *text, size_t size) {
  char full[32];
  int minute;
  int status = source->host->time_format(time, full, sizeof full);
  if (status != ZC_OK) return status;
  if (sscanf(full + 14, "%2d", &minute) != 1) return ZC_EINVAL;
  snprintf(text, size, "%.13s:%sZ", full, minute < HALF_HOUR_START ? "01" : "31");
  return ZC_OK;
}

/* "T/pt24h", "T/fw48h", or "FROM/T" where the question reaches further back than a day. */
static int format_span(const zc_uk *source, const zc_query *query, const char *span, char *text,
                       size_t size) {
  zc_time now = source->host->now(source->self), from = query->from;
  char begin[32], running[32];
  int status = format_half_hour(source, now, running, sizeof running);
  if (status != ZC_OK) return status;
  if (from <= 0 || from >= now - DAY_MS) {
    snprintf(text, size, "%s/%s", running, span);
    return ZC_OK;
  }
  if (from < now - BACK_MAX_MS) from = now - BACK_MAX_MS;
  status = format_half_hour(source, from, begin, sizeof begin);
  if (status == ZC_OK) snprintf(text, size, "%s/%s", begin, running);
  return status;
}

static int format_url(const zc_uk_region *region, const zc_query *query, const char *span,
                      char *url, size_t size) {
  static const char *const kinds[] = {"", "regionid", "postcode"};
  const zc_uk_area *area = &region->area;
  const char *base = region->source->url;
  int length = (int)strlen(base), n;
  char asked[80];
  while (length > 0 && base[length - 1] == '/')
    length--;
  int status = format_span(region->source, query, span, asked, sizeof asked);
  if (status != ZC_OK) return status;
  if (area->kind == ZC_UK_NATIONAL) {
    n = snprintf(url, size, "%.*s/intensity/%s", length, base, asked);
  } else {
    n = snprintf(url, size, "%.*s/regional/intensity/%s/%s/%s", length, base, asked,
                 kinds[area->kind], area->text);
  }
  return n > 0 && (size_t)n < size ? ZC_OK : ZC_EINVAL;
}

static int ask(zc_uk *source, const zc_query *query, zc_op *op, const char *span,
               void (*callback)(void *, zc_op *, const zc_http_response *)) {
  static const char *const headers[] = {"Accept: application/json"};
  char url[URL_MAX];
  for (size_t i = 0; i < source->n_regions; i++) {
    zc_uk_region *region = &source->regions[i];
    if (strcmp(region->name, query->region) != 0) continue;
    int status = format_url(region, query, span, url, sizeof url);
    if (status != ZC_OK) return status;
    const zc_http_request request = {.size = sizeof request,
                                     .max_body = BODY_MAX,
                                     .n_headers = 1,
                                     .headers = headers,
                                     .url = url};
    return source->host->http(op, &request, callback, region);
  }
  return ZC_ENOTFOUND;
}

static int observe(void *state, const zc_query *query, zc_op *op) {
  return ask(state, query, op, "pt24h", on_observed);
}

static int forecast(void *state, const zc_query *query, zc_op *op) {
  return ask(state, query, op, "fw48h", on_forecast);
}

/* ---- the instance -------------------------------------------------------------------------- */

static int read_region(zc_uk *source, const zc_config *config, size_t i) {
  const zc_host *host = source->host;
  zc_uk_region *region = &source->regions[i];
  const char *area = host->text(host->region_config(config, i), "area");
  region->source = source;
  region->name = host->region_name(config, i);
  int status = zc_uk_area_parse(area ? area : "national", &region->area);
  if (status != ZC_OK) {
    say(source, ZC_LOG_ERROR,
        "region %s: no area \"%s\": write national, a region id 1..17, or the outward half of a "
        "postcode, such as BH1",
        region->name, area);
  }
  return status;
}

static int create(const zc_host *host, zc_self *self, const zc_config *config, void **ret_state) {
  size_t n = host->n_regions(config);
  zc_uk *source = calloc(1, sizeof *source + n * sizeof source->regions[0]);
  if (!source) return ZC_ENOMEM;
  source->host = host;
  source->self = self;
  source->url = host->text(config, "url");
  source->n_regions = n;
  int status = ZC_OK;
  for (size_t i = 0; i < n; i++) { /* all, so that all that is wrong is told */
    int of_region = read_region(source, config, i);
    if (status == ZC_OK) status = of_region;
  }
  if (status != ZC_OK) {
    free(source);
    return status;
  }
  *ret_state = source;
  return ZC_OK;
}

static void destroy(void *state) {
  free(state);
}

static const zc_option options[] = {
    {"url", ZC_URL, 0, "https://api.carbonintensity.org.uk", NULL, "Where the API is."},
    {"basis", ZC_ENUM, 0, "operational", "operational",
     "What the figures count: the emissions of generation, imports and grid losses included."},
};

static const zc_option region_options[] = {
    {"area", ZC_STRING, 0, "national", NULL,
     "national, a region id 1..17, or the outward half of a postcode, such as BH1."},
};

static const zc_source_ops operations = {
    .size = sizeof operations, .observe = observe, .forecast = forecast};

static const zc_plugin descriptor = {
    .size = sizeof descriptor,
    .abi_major = ZC_ABI_MAJOR,
    .abi_minor = ZC_ABI_MINOR,
    .kind = ZC_SOURCE,
    .option_size = sizeof(zc_option),
    .name = "uk_grid_eso",
    .version = ZC_VERSION,
    .summary = "Carbon intensity of Great Britain and its regions, measured and 48 h ahead (NESO)",
    .options = options,
    .region_options = region_options,
    .n_options = sizeof options / sizeof *options,
    .n_region_options = sizeof region_options / sizeof *region_options,
    .create = create,
    .destroy = destroy,
    .ops = &operations,
    .attribution = "Carbon intensity data: NESO Carbon Intensity API, CC BY 4.0",
};

ZC_DEFINE_PLUGIN(uk_grid_eso, descriptor)
