/* uk_grid_eso.c - source: the Carbon Intensity API of Great Britain's system operator (NESO).
 *
 * One request an operation: the past 24 hours for observe, or as far back as is asked, the next 48
 * for forecast. The API ends an answer with the year that it begins in: over New Year a second
 * request asks for the other year's part. Times in a path carry minutes only, and minute 1 or 31:
 * with an aligned time the API answers from the half hour before, and so every client of one half
 * hour asks for the same, cacheable path. */
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
#define SPAN_MAX        80
#define HALF_HOUR_START 30
#define HALF_HOUR_MS    INT64_C(1800000)
#define DAY_MS          INT64_C(86400000)
#define MINUTE_MS       INT64_C(60000)
#define BACK_MAX_MS     (13 * DAY_MS) /* the API gives 14 days at once */

typedef struct zc_uk zc_uk;

typedef struct {
  const zc_uk *source;
  const char *name; /* the host's, as long as the config */
  zc_uk_area area;
  zc_time from; /* what is wanted of the observe under way */
} zc_uk_region;

typedef void (*http_callback)(void *user, zc_op *op, const zc_http_response *response);

/* Which of an answer's half hours count, and what these are called. */
typedef struct {
  size_t (*choose)(const zc_uk_rows *rows, zc_time now, zc_point *points);
  const char *wanted;
} chosen;

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

/* Writes `why`, of MESSAGE_MAX bytes; gives `status`. */
static int refuse(const zc_uk_region *region, char *why, int status, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static int refuse(const zc_uk_region *region, char *why, int status, const char *format, ...) {
  int n = snprintf(why, MESSAGE_MAX, "area \"%s\": ", region->area.text);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(why + n, (size_t)(MESSAGE_MAX - n), format, arguments);
  va_end(arguments);
  return status;
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

/* When the year of `time` began, or one so many years later. */
static int year_start(const zc_uk *source, zc_time time, int later, zc_time *ret) {
  char full[32];
  int year;
  int status = source->host->time_format(time, full, sizeof full);
  if (status != ZC_OK) return status;
  if (sscanf(full, "%4d", &year) != 1) return ZC_EINVAL;
  snprintf(full, sizeof full, "%04d-01-01T00:00Z", year + later);
  return source->host->time_parse(full, ret);
}

/* "FROM/TO". A range that begins with a year is written aligned: it then has the half hour before
 * as well, which counts as the new year's, because it ends there. */
static int format_range(const zc_uk *source, zc_time from, zc_time to, char *text, size_t size) {
  char begin[32], end[32];
  zc_time year;
  int status = format_half_hour(source, from, begin, sizeof begin);
  if (status == ZC_OK) status = format_half_hour(source, to, end, sizeof end);
  if (status == ZC_OK) status = year_start(source, from, 0, &year);
  if (status != ZC_OK) return status;
  if (from == year) begin[strlen("2026-01-01T00:0")] = '0'; /* format_half_hour() makes it 00:01 */
  snprintf(text, size, "%s/%s", begin, end);
  return ZC_OK;
}

/* Since when values are asked for: a day ago, or earlier where the question reaches further. "A day
 * ago" was computed a moment before: a minute is no further. */
static zc_time begin_of(const zc_uk_region *region, zc_time now) {
  zc_time from = region->from;
  if (from <= 0 || from >= now - DAY_MS - MINUTE_MS) return now - DAY_MS;
  return from < now - BACK_MAX_MS ? now - BACK_MAX_MS : from;
}

/* "T/pt24h", or "FROM/T" where more is wanted; over New Year that of the new year. */
static int format_observed(const zc_uk_region *region, zc_time now, char *text, size_t size) {
  zc_time from = begin_of(region, now), year;
  int status = year_start(region->source, now, 0, &year);
  if (status != ZC_OK) return status;
  if (from < year) return format_range(region->source, year, now, text, size);
  if (from < now - DAY_MS) return format_range(region->source, from, now, text, size);
  status = format_half_hour(region->source, now, text, size);
  if (status == ZC_OK) strncat(text, "/pt24h", size - strlen(text) - 1);
  return status;
}

static int format_forecast(const zc_uk *source, zc_time now, char *text, size_t size) {
  int status = format_half_hour(source, now, text, size);
  if (status == ZC_OK) strncat(text, "/fw48h", size - strlen(text) - 1);
  return status;
}

/* What is left of the old year; ZC_ENOTFOUND: nothing is. The new year's part has its last half
 * hour. */
static int format_old_year(const zc_uk_region *region, zc_time now, char *text, size_t size) {
  zc_time from = begin_of(region, now), year;
  int status = year_start(region->source, now, 0, &year);
  if (status != ZC_OK) return status;
  if (from >= year - HALF_HOUR_MS) return ZC_ENOTFOUND;
  return format_range(region->source, from, year - 1, text, size);
}

/* What the forecast has of the year to come, as above. */
static int format_new_year(const zc_uk *source, zc_time now, char *text, size_t size) {
  char full[32];
  zc_time year;
  int status = year_start(source, now, 1, &year);
  if (status != ZC_OK) return status;
  if (now + 2 * DAY_MS < year) return ZC_ENOTFOUND;
  status = source->host->time_format(year, full, sizeof full);
  if (status == ZC_OK) snprintf(text, size, "%.16sZ/fw48h", full);
  return status;
}

static int format_url(const zc_uk_region *region, const char *span, char *url, size_t size) {
  static const char *const kinds[] = {"", "regionid", "postcode"};
  const zc_uk_area *area = &region->area;
  const char *base = region->source->url;
  int length = (int)strlen(base), n;
  while (length > 0 && base[length - 1] == '/')
    length--;
  if (area->kind == ZC_UK_NATIONAL) {
    n = snprintf(url, size, "%.*s/intensity/%s", length, base, span);
  } else {
    n = snprintf(url, size, "%.*s/regional/intensity/%s/%s/%s", length, base, span,
                 kinds[area->kind], area->text);
  }
  return n > 0 && (size_t)n < size ? ZC_OK : ZC_EINVAL;
}

static int ask(zc_uk_region *region, zc_op *op, const char *span, http_callback callback) {
  static const char *const headers[] = {"Accept: application/json"};
  char url[URL_MAX];
  int status = format_url(region, span, url, sizeof url);
  if (status != ZC_OK) return status;
  const zc_http_request request = {
      .size = sizeof request, .max_body = BODY_MAX, .n_headers = 1, .headers = headers, .url = url};
  return region->source->host->http(op, &request, callback, region);
}

/* ---- answers ------------------------------------------------------------------------------- */

static int status_of(int http_status) {
  if (http_status == 401 || http_status == 403) return ZC_EAUTH;
  if (http_status == 429) return ZC_ERATE;
  return http_status >= 400 && http_status < 500 ? ZC_EDATA : ZC_EREMOTE;
}

static int refuse_status(const zc_uk_region *region, const zc_http_response *response, char *why) {
  const zc_host *host = region->source->host;
  const zc_json *member = host->json_at(response->json, "error/message");
  const char *text;
  if (host->json_text(member, &text, NULL) != ZC_OK) text = response->message;
  return refuse(region, why, status_of(response->status), "the API answered %" PRId32 ": %s",
                response->status, text);
}

/* The rows of a good answer, or the reason why there are none. */
static int read_rows(const zc_uk_region *region, const zc_http_response *response, zc_uk_rows *rows,
                     char *why) {
  const char *shown = response->body ? response->body : "";
  if (response->error != ZC_OK)
    return refuse(region, why, response->error, "%s", response->message);
  if (response->status != 200) return refuse_status(region, response, why);
  if (!response->json) {
    return refuse(region, why, ZC_EDATA, "the answer is not JSON: %.*s", BODY_SHOWN, shown);
  }
  int status = zc_uk_rows_read(region->source->host, response->json, &region->area, rows);
  if (status == ZC_EDATA) {
    return refuse(region, why, status, "the answer is about another area, or too long: %.*s",
                  BODY_SHOWN, shown);
  }
  if (status != ZC_OK) return refuse(region, why, status, "no memory for the answer");
  if (rows->n > 0) return ZC_OK;
  return refuse(region, why, ZC_EDATA, "no data: the API answered %.*s", BODY_SHOWN, shown);
}

static int give(const zc_uk_region *region, zc_op *op, const zc_uk_rows *rows, const chosen *what,
                char *why) {
  const zc_host *host = region->source->host;
  const zc_signal signal = {
      .size = sizeof signal, .kind = ZC_GRID_INTENSITY, .basis = ZC_BASIS_OPERATIONAL};
  zc_point *points = calloc(rows->n + 1, sizeof *points);
  if (!points) return refuse(region, why, ZC_ENOMEM, "no memory for the answer");
  size_t n = what->choose(rows, host->now(region->source->self), points);
  int status = n > 0 ? host->emit(op, &signal, points, n, sizeof *points) : ZC_EDATA;
  free(points);
  if (n == 0) return refuse(region, why, status, "the answer has no half hour %s", what->wanted);
  if (status != ZC_OK) return refuse(region, why, status, "the host refused the half hours");
  return ZC_OK;
}

/* Emits what the answer holds; otherwise `why` says why not. */
static int take_answer(const zc_uk_region *region, zc_op *op, const zc_http_response *response,
                       const chosen *what, char *why) {
  zc_uk_rows rows = {0};
  int status = read_rows(region, response, &rows, why);
  if (status != ZC_OK) return status;
  if (rows.dropped > 0) {
    say(region->source, ZC_LOG_WARNING, "area \"%s\": %zu of %zu half hours have no usable value",
        region->area.text, rows.dropped, rows.dropped + rows.n);
  }
  status = give(region, op, &rows, what, why);
  zc_uk_rows_finish(&rows);
  return status;
}

static const chosen observed = {zc_uk_observed, "that has begun"};
static const chosen forecasted = {zc_uk_forecast, "that ends after now"};

/* The part beyond New Year is a gain where it comes: without it the operation is done all the same.
 */
static void end_rest(zc_uk_region *region, zc_op *op, const zc_http_response *response,
                     const chosen *what) {
  char why[MESSAGE_MAX];
  if (take_answer(region, op, response, what, why) != ZC_OK) {
    say(region->source, ZC_LOG_INFO, "beyond New Year: %s", why);
  }
  region->source->host->done(op, ZC_OK, NULL);
}

static void on_old_year(void *user, zc_op *op, const zc_http_response *response) {
  end_rest(user, op, response, &observed);
}

static void on_new_year(void *user, zc_op *op, const zc_http_response *response) {
  end_rest(user, op, response, &forecasted);
}

static void on_observed(void *user, zc_op *op, const zc_http_response *response) {
  zc_uk_region *region = user;
  const zc_host *host = region->source->host;
  char why[MESSAGE_MAX], span[SPAN_MAX];
  int status = take_answer(region, op, response, &observed, why);
  if (status == ZC_OK &&
      format_old_year(region, host->now(region->source->self), span, sizeof span) == ZC_OK &&
      ask(region, op, span, on_old_year) == ZC_OK) {
    return;
  }
  host->done(op, status, status == ZC_OK ? NULL : why);
}

static void on_forecast(void *user, zc_op *op, const zc_http_response *response) {
  zc_uk_region *region = user;
  const zc_uk *source = region->source;
  char why[MESSAGE_MAX], span[SPAN_MAX];
  int status = take_answer(region, op, response, &forecasted, why);
  if (status == ZC_OK &&
      format_new_year(source, source->host->now(source->self), span, sizeof span) == ZC_OK &&
      ask(region, op, span, on_new_year) == ZC_OK) {
    return;
  }
  source->host->done(op, status, status == ZC_OK ? NULL : why);
}

/* ---- operations ---------------------------------------------------------------------------- */

static zc_uk_region *find_region(zc_uk *source, const char *name) {
  for (size_t i = 0; i < source->n_regions; i++) {
    if (strcmp(source->regions[i].name, name) == 0) return &source->regions[i];
  }
  return NULL;
}

static int observe(void *state, const zc_query *query, zc_op *op) {
  zc_uk *source = state;
  zc_uk_region *region = find_region(source, query->region);
  char span[SPAN_MAX];
  if (!region) return ZC_ENOTFOUND;
  region->from = query->from;
  int status = format_observed(region, source->host->now(source->self), span, sizeof span);
  return status == ZC_OK ? ask(region, op, span, on_observed) : status;
}

static int forecast(void *state, const zc_query *query, zc_op *op) {
  zc_uk *source = state;
  zc_uk_region *region = find_region(source, query->region);
  char span[SPAN_MAX];
  if (!region) return ZC_ENOTFOUND;
  int status = format_forecast(source, source->host->now(source->self), span, sizeof span);
  return status == ZC_OK ? ask(region, op, span, on_forecast) : status;
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
