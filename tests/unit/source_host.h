/* source_host.h - a host for one source plugin, alone: scripted answers, recorded points.
 *
 * HTTP answers are scripted by the beginning of the URL; callbacks and timers come on later turns,
 * which source_host_ask() runs until the operation is done. Time is virtual. Every misuse of the
 * ABI by the plugin (two done(), a refused point) fails the test. */
#ifndef ZC_TESTS_SOURCE_HOST_H
#define ZC_TESTS_SOURCE_HOST_H

#include <stdbool.h>
#include <zerocarb/plugin.h>

#define SOURCE_HOST_POINTS  20000
#define SOURCE_HOST_ANSWERS 16

typedef struct {
  zc_signal signal;
  zc_point point;
} source_host_point;

typedef struct {
  const char *prefix; /* of the URL, behind "http://host" */
  int error, status;
  char *body;
  const char *retry_after;
} source_host_answer;

struct zc_self {
  zc_time now;
  void *state;
  const zc_plugin *plugin;
  zc_config *config;
  int64_t answer_ms; /* how long each answer takes */
  size_t n_answers;
  source_host_answer answers[SOURCE_HOST_ANSWERS];
  char log[16384];
  int worst_level; /* the most severe level logged; 0 for none */
  /* of the last operation */
  size_t n_points;
  source_host_point points[SOURCE_HOST_POINTS];
  int done_status;
  char done_message[1024];
  size_t n_requests;
  char urls[8][1024];
  char headers[8][1024]; /* joined by \n */
  uint32_t max_attempts; /* of the last request */
};
typedef struct zc_self source_host;

source_host *source_host_create(const zc_plugin *plugin, zc_time now);
void source_host_destroy(source_host *host); /* also the instance */
const zc_host *source_host_services(void);

/* Before source_host_open(). Options are checked against the plugin's tables: an unknown name
 * fails the test. `pairs`: "name", "value", …, NULL; NULL for none. */
void source_host_option(source_host *host, const char *name, const char *value);
void source_host_region(source_host *host, const char *region, const char *const *pairs);
int source_host_open(source_host *host); /* create()'s result */

/* The last one scripted for a prefix wins, the longest prefix first. `body` is copied. */
void source_host_script(source_host *host, const char *prefix, int status, const char *body);
void source_host_script_file(source_host *host, const char *prefix, int status, const char *path);
void source_host_script_error(source_host *host, const char *prefix, int error);

/* Runs one operation to its end; gives done()'s status, or the refusal's. */
int source_host_observe(source_host *host, const char *region, zc_time from);
int source_host_forecast(source_host *host, const char *region);

/* The position of the point that begins at `from`, the last emitted of them; -1 where none does. */
long source_host_find(const source_host *host, const char *from);

zc_time at(const char *text); /* RFC 3339; fails the test where it is not */

/* The config behind zc_host's accessors (source_host_config.c). */
zc_config *source_config_create(const zc_plugin *plugin);
void source_config_destroy(zc_config *config);
void source_config_set(zc_config *config, const char *name, const char *value);
zc_config *source_config_add_region(zc_config *config, const char *region);
void source_config_services(zc_host *host);

/* The text of a file, terminated; NULL where it is absent. Caller frees. */
char *source_host_read(const char *path);

/* A file of the recorded data that lies beside the repository; skips the test where that is absent.
 * The text is static. */
const char *shared_file(const char *name);

#endif
