/* zerocarb/host.h - the services that the host offers to a plugin: options, HTTP, timers, work,
 * processes, JSON, times, and what an operation gives back. Included by zerocarb/plugin.h. */
#ifndef ZEROCARB_HOST_H
#define ZEROCARB_HOST_H

#include <zerocarb/kinds.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- host services ------------------------------------------------------------------------- */

enum {                        /* zc_http_request.flags */
       ZC_HTTP_REPEATABLE = 1 /* does no harm where it arrives twice, whatever its method: a single
                                 attempt, too, may go over a connection that was kept open */
};

typedef struct {
  uint32_t size;
  uint32_t timeout_ms; /* one attempt; 0: 10 s */
  uint32_t max_body;   /* bytes of an answer; 0: 2 MiB; at most 64 MiB */
  /* 0: 3 for GET and HEAD, 1 otherwise. Retried: no connection, 429, 500, 502 to 504. Above 1 the
   * request may be sent twice, and may go over a kept connection; a single attempt at anything but
   * GET and HEAD gets a connection of its own, for a client may repeat what a dead connection
   * swallowed. */
  uint32_t max_attempts;
  uint32_t n_headers;
  uint32_t flags;     /* ZC_HTTP_… */
  const char *method; /* NULL: GET, or POST where there is a body */
  const char *url; /* http or https; ASCII, percent-encoded: a space is refused, with a warning */
  const char *const *headers; /* "Name: value" */
  const void *body;
  size_t body_length;
  const char *sigv4; /* "aws:amz:REGION:SERVICE" to have it signed, or NULL */
  const char *sigv4_access_key, *sigv4_secret_key; /* a session token goes in a header */
} zc_http_request;

typedef struct {
  uint32_t size;
  int32_t error;  /* ZC_OK where an answer came, whatever its status */
  int32_t status; /* HTTP status, 0 without an answer */
  uint32_t attempts;
  uint32_t latency_ms; /* of the last attempt */
  uint32_t sent;       /* 1: the last attempt may have reached the remote */
  /* One sentence on what went wrong, with the host's name; never NULL. Where error is ZC_OK:
   * "HOST: HTTP 200", with why a body is no JSON (line, byte) or why there is no further attempt.
   */
  const char *message;
  const char *body; /* terminated */
  size_t length;
  const zc_json *json; /* the body where it is one JSON text, else NULL */
} zc_http_response;

typedef struct {
  uint32_t size;
  uint32_t timeout_ms; /* then TERM, 5 s later KILL; 0: until the op's deadline */
  uint32_t tail_bytes; /* how much of the end of stdout and stderr to keep; <= 64 KiB */
  uint32_t reserved;
  const char *const *command;     /* program and arguments, NULL-terminated; no shell */
  const char *const *environment; /* "NAME=value" added to the host's own, NULL-terminated */
  const char *directory;          /* NULL: the host's */
  int *ret_started; /* since 1.3: 1 where it runs once process() has returned ZC_OK, 0 where the
                     * callback will tell why it could not be started; may be NULL */
} zc_process;

typedef struct {
  uint32_t size;
  int32_t error;       /* ZC_OK: it ran and ended; ZC_EIO: it could not be started */
  int32_t exit_status; /* 0..255, -1 where a signal ended it */
  int32_t signal;      /* that signal, or 0 */
  uint32_t timed_out;
  uint32_t reserved;
  const char *message; /* one sentence; never NULL */
  const char *tail;    /* the end of its output, UTF-8 */
} zc_process_result;

enum {
  ZC_JSON_NULL = 1,
  ZC_JSON_BOOLEAN,
  ZC_JSON_NUMBER,
  ZC_JSON_STRING,
  ZC_JSON_ARRAY,
  ZC_JSON_OBJECT
};

/* The services. A plugin keeps the pointer that create() was given; the host may be newer (longer)
 * than the header it was built with, or older: ZC_HAS tells. */
typedef struct {
  uint32_t size;
  uint16_t abi_major, abi_minor;

  /* Any time. */
  void (*log)(zc_self *self, int level, const char *message);
  zc_time (*now)(zc_self *self);
  double (*random)(zc_self *self); /* [0, 1): jitter; seeded in tests */

  /* Options. `config` is create()'s, a query's region_config or a run's config. Absent options
   * without a default: text() NULL, integer() 0, number() 0; has() tells. Asking for the value of
   * an option that the table does not declare is logged as an error. */
  int (*has)(const zc_config *config, const char *name);
  const char *(*text)(const zc_config *config, const char *name);
  int64_t (*integer)(const zc_config *config, const char *name); /* also durations (ms), booleans */
  double (*number)(const zc_config *config, const char *name);
  size_t (*count)(const zc_config *config, const char *name); /* of a list */
  const char *(*item)(const zc_config *config, const char *name, size_t i);
  size_t (*n_regions)(const zc_config *config); /* of a source's `regions:` */
  const char *(*region_name)(const zc_config *config, size_t i);
  const zc_config *(*region_config)(const zc_config *config, size_t i);

  /* Asynchronous parts of an operation; each ends with it. The callback comes on a later turn of
   * the loop, exactly once, and never after the operation's end. Negative: refused, no callback. */
  int (*http)(zc_op *op, const zc_http_request *request,
              void (*callback)(void *user, zc_op *op, const zc_http_response *response),
              void *user);
  const char *(*http_header)(const zc_http_response *response, const char *name);
  int (*timer)(zc_op *op, int64_t ms, void (*callback)(void *user, zc_op *op), void *user);
  /* run() on a worker thread (no host call there but json_parse/json_free), then after() on the
   * loop. Where the operation ended meanwhile, after() is still called, with status ZC_ECANCELED
   * and op NULL, so that `user` can be freed. */
  int (*work)(zc_op *op, void (*run)(void *user), void (*after)(void *user, zc_op *op, int status),
              void *user);
  int (*process)(zc_op *op, const zc_process *process,
                 void (*callback)(void *user, zc_op *op, const zc_process_result *result),
                 void *user);

  /* JSON. Paths are keys and array positions joined by '/': "data/0/intensity/forecast". */
  const zc_json *(*json_at)(const zc_json *json, const char *path); /* NULL: no such member */
  int (*json_type)(const zc_json *json);                            /* ZC_JSON_…; 0 for NULL */
  size_t (*json_count)(const zc_json *json);                        /* members of array or object */
  const zc_json *(*json_member)(const zc_json *json, size_t i, const char **ret_key);
  int (*json_number)(const zc_json *json, double *ret); /* ZC_EDATA: null, "12", NaN, infinite */
  int (*json_text)(const zc_json *json, const char **ret, size_t *ret_length);
  int (*json_boolean)(const zc_json *json, int *ret);
  int (*json_digits)(const zc_json *json, char *text, size_t size); /* a number as it was written */
  int (*json_parse)(const char *text, size_t length, zc_json **ret);
  void (*json_free)(zc_json *json);

  /* RFC 3339 both ways; also takes "2026-01-02T03:04Z". UTC or an offset, never local. */
  int (*time_parse)(const char *text, zc_time *ret);
  int (*time_format)(zc_time time, char *text, size_t size); /* 2026-01-02T03:04:05Z */

  /* Sources. Copies. One bad point and none of the n is taken: ZC_EDATA, and the log says which. A
   * wrong signal, table or stride: ZC_EINVAL. A region that is not configured: ZC_ENOTFOUND. */
  int (*emit)(zc_op *op, const zc_signal *signal, const zc_point *points, size_t n, size_t stride);

  /* Policies. Region is an index of the input. Means are over [start, start + duration); ZC_EDATA
   * where a gap lies inside or the region has no series. Of times after now, values that only stand
   * in past an observation's slot (held ones) are gaps. */
  const char *(*decide_region)(const zc_decide_input *in, uint32_t region);
  int (*window_mean)(const zc_decide_input *in, uint32_t region, zc_time start, double *ret_mean);
  int (*window_best)(const zc_decide_input *in, uint32_t region, zc_time from, zc_time until,
                     zc_time *ret_start, double *ret_mean); /* exact; ties: the earliest */
  int (*intensity_at)(const zc_decide_input *in, uint32_t region, zc_time at, double *ret);
  int (*first_at_most)(const zc_decide_input *in, uint32_t region, double limit, zc_time from,
                       zc_time until, zc_time *ret_at); /* ZC_ENOTFOUND where it never is */
  int (*static_intensity)(const zc_decide_input *in, uint32_t region, double *ret);

  /* Triggers. */
  int (*run_started)(zc_op *op, const char *remote_id); /* once; a second one is refused */
  /* message: its first line is the message, of which 4 KiB are kept; what follows a newline is the
   * end of the run's output, of which the last 64 KiB are. */
  int (*run_status)(zc_op *op, int status, const char *message);

  /* Sinks. */
  int (*row)(zc_op *op, const char *text, size_t length); /* one item as JSON; copies */
  int (*page)(zc_op *op, const char *page);               /* more follow after this */

  /* Ends the operation, exactly once. message: one sentence where error is not ZC_OK, else NULL. */
  void (*done)(zc_op *op, int error, const char *message);

  /* Since 1.2; any time. A credential that the plugin has come by otherwise than by a ZC_SECRET
   * option: from now on it is *** in logs, records and messages, until reveal() has been called as
   * often as hide(). ZC_EINVAL: too short to be told from harmless words. */
  int (*hide)(const char *secret);
  void (*reveal)(const char *secret);

  /* Since 1.4; a trigger's start() and find(), before a done() with an error. The remote asks to be
   * left alone for so many ms, >= 0 (Retry-After): the run's next attempt or look-up comes no
   * sooner, and where that is beyond the last moment for an attempt, at that. Of several the last
   * counts. ZC_EINVAL: negative, or another operation. */
  int (*retry_after)(zc_op *op, int64_t ms);
} zc_host;

#ifdef __cplusplus
}
#endif
#endif
