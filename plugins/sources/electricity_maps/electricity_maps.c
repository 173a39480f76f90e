/* electricity_maps.c - source: the Electricity Maps API, version 4.
 *
 * observe asks for the latest value and then for the last 24 hours; what one of the two gives is
 * enough. Where more than a day is wanted, it asks for the hours before that too, now and then:
 * not all plans have them. forecast is a request of its own. Every request names its zone, forbids
 * the API to guess it from our address, and the answer's zone is checked. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zerocarb/plugin.h>

#include "answer.h"
#include "pause.h"
#include "payload.h"
#include "zone.h"

#define URL_MAX     1024
#define TOKEN_MAX   512
#define MESSAGE_MAX 512
#define BODY_MAX    (1024u * 1024u) /* 72 h in steps of 5 min: 70 kB */

#define MINUTE_MS     INT64_C(60000)
#define HOUR_MS       (60 * MINUTE_MS)
#define DAY_MS        (24 * HOUR_MS)
#define PAST_MAX_MS   (9 * DAY_MS) /* of the 10 days that the API gives at once */
#define PAST_EVERY_MS (6 * HOUR_MS)

typedef struct zc_em zc_em;

typedef struct {
  zc_em *source;
  const char *name; /* the host's, as long as the config */
  char zone[ZC_EM_NAME_MAX];
  char provider[ZC_EM_NAME_MAX], data_center[ZC_EM_NAME_MAX]; /* "" where the zone is asked for */
  zc_em_pause pauses[ZC_EM_ENDPOINTS];
  /* of the observe under way */
  bool has_latest, has_history;
  bool more_than_a_day; /* is wanted, as of its beginning */
  zc_time from;         /* what is wanted */
  zc_time past_asked_at;
  int failure;
  char why[MESSAGE_MAX];
} zc_em_region;

struct zc_em {
  const zc_host *host;
  zc_self *self;
  const char *url, *factors;
  int horizon_hours;
  bool forecast, disable_estimations;
  char token_header[sizeof "auth-token: " + TOKEN_MAX];
  size_t n_regions;
  zc_em_region regions[];
};

typedef void (*http_callback)(void *user, zc_op *op, const zc_http_response *response);

static void say(const zc_em *source, int level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void say(const zc_em *source, int level, const char *format, ...) {
  char message[2 * MESSAGE_MAX];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  source->host->log(source->self, level, message);
}

static const char *place(const zc_em_region *region) {
  return region->zone[0] ? region->zone : region->data_center;
}

/* ---- requests ------------------------------------------------------------------------------ */

/* The hours between what is wanted and what the history has; `end` is exclusive. */
static void format_past(const zc_em_region *region, char *text, size_t size) {
  const zc_host *host = region->source->host;
  zc_time now = host->now(region->source->self), from = region->from;
  char start[32] = "", end[32] = "";
  if (from < now - PAST_MAX_MS) from = now - PAST_MAX_MS;
  host->time_format(from - from % HOUR_MS, start, sizeof start);
  host->time_format(now - now % HOUR_MS - DAY_MS + 2 * HOUR_MS, end, sizeof end);
  snprintf(text, size, "&start=%s&end=%s", start, end);
}

static int format_url(const zc_em_region *region, int endpoint, char *url, size_t size) {
  const zc_em *source = region->source;
  char subject[128], extra[128] = "", past[96] = "";
  int length = (int)strlen(source->url);
  while (length > 0 && source->url[length - 1] == '/')
    length--;
  if (region->provider[0]) {
    snprintf(subject, sizeof subject, "dataCenterProvider=%s&dataCenterRegion=%s", region->provider,
             region->data_center);
  } else {
    snprintf(subject, sizeof subject, "zone=%s", region->zone);
  }
  if (endpoint == ZC_EM_FORECAST) {
    snprintf(extra, sizeof extra, "&horizonHours=%d", source->horizon_hours);
  } else {
    if (endpoint == ZC_EM_PAST) format_past(region, past, sizeof past);
    snprintf(extra, sizeof extra, "%s%s", past,
             source->disable_estimations ? "&disableEstimations=true" : "");
  }
  int n = snprintf(
      url, size, "%.*s/carbon-intensity/%s?%s&emissionFactorType=%s&disableCallerLookup=true%s",
      length, source->url, zc_em_endpoint_word(endpoint), subject, source->factors, extra);
  return n > 0 && (size_t)n < size ? ZC_OK : ZC_EINVAL;
}

static int ask(zc_em_region *region, zc_op *op, int endpoint, http_callback callback) {
  const char *const headers[] = {region->source->token_header, "Accept: application/json"};
  char url[URL_MAX];
  int status = format_url(region, endpoint, url, sizeof url);
  if (status != ZC_OK) return status;
  const zc_http_request request = {.size = sizeof request,
                                   .max_body = BODY_MAX,
                                   .max_attempts = 1, /* the client would repeat a 429 at once */
                                   .n_headers = 2,
                                   .headers = headers,
                                   .url = url};
  return region->source->host->http(op, &request, callback, region);
}

static bool is_paused(const zc_em_region *region, int endpoint) {
  const zc_em *source = region->source;
  return zc_em_pause_active(&region->pauses[endpoint], source->host->now(source->self));
}

/* ---- answers ------------------------------------------------------------------------------- */

static int give_points(const zc_em_region *region, zc_op *op, const zc_em_answer *answer) {
  const zc_em *source = region->source;
  const zc_signal signal = {.size = sizeof signal,
                            .kind = ZC_GRID_INTENSITY,
                            .basis = strcmp(source->factors, "direct") == 0 ? ZC_BASIS_OPERATIONAL
                                                                            : ZC_BASIS_LIFECYCLE};
  if (answer->without_value > 0) {
    say(source, ZC_LOG_DEBUG, "zone %s: %zu rows without a usable value", place(region),
        answer->without_value);
  }
  return source->host->emit(op, &signal, answer->points, answer->n, sizeof *answer->points);
}

static int take_body(const zc_em_region *region, zc_op *op, int endpoint, const zc_json *json,
                     char *why, size_t why_size) {
  const zc_em *source = region->source;
  const zc_em_question question = {.endpoint = endpoint,
                                   .zone = region->zone[0] ? region->zone : NULL,
                                   .factors = source->factors,
                                   .now = source->host->now(source->self)};
  zc_em_answer answer = {0};
  int status = zc_em_read(source->host, json, &question, &answer, why, why_size);
  if (status != ZC_OK) return status;
  status = give_points(region, op, &answer);
  zc_em_answer_finish(&answer);
  if (status != ZC_OK) snprintf(why, why_size, "the host refused the values");
  return status;
}

/* Emits what the answer holds. Otherwise why not, as one sentence, and a pause where it is due. */
static int take_answer(zc_em_region *region, zc_op *op, int endpoint,
                       const zc_http_response *response, char *ret_why, size_t size) {
  const zc_em *source = region->source;
  char reason[MESSAGE_MAX / 2];
  bool pause;
  int status = zc_em_judge(source->host, response, reason, sizeof reason, &pause);
  if (pause) {
    zc_em_pause_begin(&region->pauses[endpoint], source->host->now(source->self), status, reason,
                      source->host->http_header(response, "Retry-After"));
  } else if (status == ZC_OK) {
    zc_em_pause_end(&region->pauses[endpoint]);
    status = take_body(region, op, endpoint, response->json, reason, sizeof reason);
  }
  if (status != ZC_OK) {
    snprintf(ret_why, size, "zone %s: %s: %s", place(region), zc_em_endpoint_word(endpoint),
             reason);
  }
  return status;
}

static void fail_paused(const zc_em_region *region, zc_op *op, int endpoint) {
  const zc_em_pause *pause = &region->pauses[endpoint];
  const zc_host *host = region->source->host;
  char message[MESSAGE_MAX], until[32] = "later";
  host->time_format(pause->until, until, sizeof until);
  snprintf(message, sizeof message, "zone %s: %s: not asked before %s: %s", place(region),
           zc_em_endpoint_word(endpoint), until, pause->reason);
  host->done(op, pause->status, message);
}

/* ---- observe: latest, then history --------------------------------------------------------- */

static void finish_observe(zc_em_region *region, zc_op *op) {
  const zc_em *source = region->source;
  if (!region->has_latest && !region->has_history) {
    source->host->done(op, region->failure, region->why);
    return;
  }
  if (region->failure != ZC_OK) say(source, ZC_LOG_WARNING, "%s", region->why);
  source->host->done(op, ZC_OK, NULL);
}

static void on_past(void *user, zc_op *op, const zc_http_response *response) {
  zc_em_region *region = user;
  char why[MESSAGE_MAX];
  int status = take_answer(region, op, ZC_EM_PAST, response, why, sizeof why);
  /* What is missing then is missing from what runs of that time really saved. */
  if (status != ZC_OK) say(region->source, ZC_LOG_INFO, "%s", why);
  finish_observe(region, op);
}

static bool wants_past(const zc_em_region *region) {
  zc_time now = region->source->host->now(region->source->self);
  bool asked = region->past_asked_at != 0 && now - region->past_asked_at < PAST_EVERY_MS;
  return region->more_than_a_day && !asked && !is_paused(region, ZC_EM_PAST);
}

static void end_observe(zc_em_region *region, zc_op *op) {
  if (wants_past(region)) {
    region->past_asked_at = region->source->host->now(region->source->self);
    if (ask(region, op, ZC_EM_PAST, on_past) == ZC_OK) return;
  }
  finish_observe(region, op);
}

static void on_history(void *user, zc_op *op, const zc_http_response *response) {
  zc_em_region *region = user;
  char why[MESSAGE_MAX];
  int status = take_answer(region, op, ZC_EM_HISTORY, response, why, sizeof why);
  if (status != ZC_OK && region->failure == ZC_OK) {
    region->failure = status;
    snprintf(region->why, sizeof region->why, "%s", why);
  }
  region->has_history = status == ZC_OK;
  end_observe(region, op);
}

static void on_latest(void *user, zc_op *op, const zc_http_response *response) {
  zc_em_region *region = user;
  region->failure =
      take_answer(region, op, ZC_EM_LATEST, response, region->why, sizeof region->why);
  region->has_latest = region->failure == ZC_OK;
  if (is_paused(region, ZC_EM_HISTORY)) {
    end_observe(region, op);
    return;
  }
  int status = ask(region, op, ZC_EM_HISTORY, on_history);
  if (status == ZC_OK) return;
  if (region->failure == ZC_OK) {
    region->failure = status;
    snprintf(region->why, sizeof region->why, "zone %s: history: the host refused the request",
             place(region));
  }
  end_observe(region, op);
}

static void on_observe_paused(void *user, zc_op *op) {
  fail_paused(user, op, ZC_EM_LATEST);
}

static zc_em_region *find_region(zc_em *source, const char *name) {
  for (size_t i = 0; i < source->n_regions; i++) {
    if (strcmp(source->regions[i].name, name) == 0) return &source->regions[i];
  }
  return NULL;
}

static int observe(void *state, const zc_query *query, zc_op *op) {
  zc_em *source = state;
  zc_em_region *region = find_region(source, query->region);
  if (!region) return ZC_ENOTFOUND;
  region->has_latest = region->has_history = false;
  region->from = query->from;
  /* "A day ago" was computed a moment before: a minute is no more. */
  zc_time day_ago = source->host->now(source->self) - DAY_MS - MINUTE_MS;
  region->more_than_a_day = query->from > 0 && query->from < day_ago;
  region->failure = ZC_OK;
  if (!is_paused(region, ZC_EM_LATEST)) return ask(region, op, ZC_EM_LATEST, on_latest);
  if (!is_paused(region, ZC_EM_HISTORY)) return ask(region, op, ZC_EM_HISTORY, on_history);
  return source->host->timer(op, 0, on_observe_paused, region);
}

/* ---- forecast ------------------------------------------------------------------------------ */

static void on_forecast(void *user, zc_op *op, const zc_http_response *response) {
  zc_em_region *region = user;
  char why[MESSAGE_MAX];
  int status = take_answer(region, op, ZC_EM_FORECAST, response, why, sizeof why);
  region->source->host->done(op, status, status == ZC_OK ? NULL : why);
}

static void on_forecast_paused(void *user, zc_op *op) {
  fail_paused(user, op, ZC_EM_FORECAST);
}

static void on_forecast_off(void *user, zc_op *op) {
  const zc_em_region *region = user;
  region->source->host->done(op, ZC_OK, NULL);
}

static int forecast(void *state, const zc_query *query, zc_op *op) {
  zc_em *source = state;
  zc_em_region *region = find_region(source, query->region);
  if (!region) return ZC_ENOTFOUND;
  if (!source->forecast) return source->host->timer(op, 0, on_forecast_off, region);
  if (!is_paused(region, ZC_EM_FORECAST)) return ask(region, op, ZC_EM_FORECAST, on_forecast);
  return source->host->timer(op, 0, on_forecast_paused, region);
}

/* ---- the instance -------------------------------------------------------------------------- */

static int read_data_center(zc_em_region *region, const char *text) {
  if (!zc_em_split_data_center(text, region->provider, region->data_center)) {
    say(region->source, ZC_LOG_ERROR,
        "region %s: no data centre \"%s\": write provider and region, such as aws/eu-west-1",
        region->name, text);
    return ZC_EINVAL;
  }
  const char *zone =
      strcmp(region->provider, "aws") == 0 ? zc_em_zone_of_aws(region->data_center) : NULL;
  snprintf(region->zone, sizeof region->zone, "%s", zone ? zone : "");
  return ZC_OK;
}

static int read_zone(zc_em_region *region, const char *text) {
  const char *zone = text ? text : zc_em_zone_of_aws(region->name);
  if (!zone) {
    say(region->source, ZC_LOG_ERROR,
        "region %s: its Electricity Maps zone is not known: write it, such as %s: {zone: DE}",
        region->name, region->name);
    return ZC_EINVAL;
  }
  if (!zc_em_is_zone(zone)) {
    say(region->source, ZC_LOG_ERROR,
        "region %s: no zone \"%s\": zones are capitals, digits and dashes, such as SE-SE3",
        region->name, zone);
    return ZC_EINVAL;
  }
  snprintf(region->zone, sizeof region->zone, "%s", zone);
  return ZC_OK;
}

static int read_region(zc_em *source, const zc_config *config, size_t i) {
  const zc_host *host = source->host;
  const zc_config *row = host->region_config(config, i);
  zc_em_region *region = &source->regions[i];
  const char *zone = host->text(row, "zone"), *data_center = host->text(row, "data_center");
  region->source = source;
  region->name = host->region_name(config, i);
  if (zone && data_center) {
    say(source, ZC_LOG_ERROR, "region %s: zone and data_center exclude one another", region->name);
    return ZC_EINVAL;
  }
  return data_center ? read_data_center(region, data_center) : read_zone(region, zone);
}

static int read_token(zc_em *source, const zc_config *config) {
  const char *token = source->host->text(config, "token");
  size_t n = token ? strlen(token) : 0;
  for (size_t i = 0; i < n; i++) {
    if (token[i] <= ' ' || token[i] > '~') n = 0;
  }
  if (n == 0 || n > TOKEN_MAX) {
    say(source, ZC_LOG_ERROR, "the token is empty, too long, or has characters that no token has");
    return ZC_EINVAL;
  }
  snprintf(source->token_header, sizeof source->token_header, "auth-token: %s", token);
  return ZC_OK;
}

static void destroy(void *state) {
  zc_em *source = state;
  explicit_bzero(source->token_header, sizeof source->token_header);
  free(source);
}

static int create(const zc_host *host, zc_self *self, const zc_config *config, void **ret_state) {
  size_t n = host->n_regions(config);
  zc_em *source = calloc(1, sizeof *source + n * sizeof source->regions[0]);
  if (!source) return ZC_ENOMEM;
  source->host = host;
  source->self = self;
  source->url = host->text(config, "url");
  source->factors = host->text(config, "emission_factor_type");
  source->horizon_hours = atoi(host->text(config, "horizon_hours"));
  source->forecast = host->integer(config, "forecast") != 0;
  source->disable_estimations = host->integer(config, "disable_estimations") != 0;
  source->n_regions = n;
  int status = read_token(source, config);
  for (size_t i = 0; i < n; i++) { /* all, so that all that is wrong is told */
    int of_region = read_region(source, config, i);
    if (status == ZC_OK) status = of_region;
  }
  if (status != ZC_OK) {
    destroy(source);
    return status;
  }
  *ret_state = source;
  return ZC_OK;
}

static const zc_option options[] = {
    {"token", ZC_STRING, ZC_REQUIRED | ZC_SECRET, NULL, NULL, "The API token."},
    {"emission_factor_type", ZC_ENUM, 0, "lifecycle", "direct|lifecycle",
     "What the figures count: direct is the emissions of generation, comparable with uk_grid_eso."},
    {"forecast", ZC_BOOLEAN, 0, "true", NULL, "Whether to ask for forecasts: not all plans do."},
    {"horizon_hours", ZC_ENUM, 0, "24", "6|24|48|72", "How far forecasts reach."},
    {"disable_estimations", ZC_BOOLEAN, 0, "false", NULL,
     "Measured values only: recent hours then come late."},
    {"url", ZC_URL, 0, "https://api.electricitymaps.com/v4", NULL, "Where the API is."},
};

static const zc_option region_options[] = {
    {"zone", ZC_STRING, 0, NULL, NULL,
     "The zone, such as SE-SE3; by default the one that the AWS region of that name lies in."},
    {"data_center", ZC_STRING, 0, NULL, NULL,
     "Instead of a zone: provider and region, such as aws/eu-west-1."},
};

static const zc_source_ops operations = {
    .size = sizeof operations, .observe = observe, .forecast = forecast};

static const zc_plugin descriptor = {
    .size = sizeof descriptor,
    .abi_major = ZC_ABI_MAJOR,
    .abi_minor = ZC_ABI_MINOR,
    .kind = ZC_SOURCE,
    .option_size = sizeof(zc_option),
    .name = "electricity_maps",
    .version = ZC_VERSION,
    .summary = "Carbon intensity of most of the world's grids: latest, history, forecast",
    .options = options,
    .region_options = region_options,
    .n_options = sizeof options / sizeof *options,
    .n_region_options = sizeof region_options / sizeof *region_options,
    .create = create,
    .destroy = destroy,
    .ops = &operations,
    .attribution = "Carbon intensity data: Electricity Maps (electricitymaps.com)",
};

ZC_DEFINE_PLUGIN(electricity_maps, descriptor)
