/* http_private.h - what the HTTP client's parts share; for core/io/http*.c only. */
#ifndef ZC_IO_HTTP_PRIVATE_H
#define ZC_IO_HTTP_PRIVATE_H

#include <curl/curl.h>

#include "core/base/buffer.h"
#include "core/io/http.h"
#include "core/io/http_order.h"

#define ZC_HTTP_MAX_SPARE 16

typedef struct zc_http_socket zc_http_socket;

struct zc_http {
  zc_loop *loop;
  zc_random random;
  CURLM *multi;
  uv_timer_t alarm;                             /* curl's timeout */
  zc_http_socket *sockets;                      /* those that curl wants watched */
  zc_http_transfer *queued, *running, *waiting; /* each transfer is in one list, by its state */
  size_t n_running, n_live;
  CURL *spare[ZC_HTTP_MAX_SPARE]; /* handles for the next attempts */
  size_t n_spare;
  size_t n_open; /* uv handles not yet closed */
  zc_buffer no_proxy;
};

enum {
  ZC_HTTP_QUEUED,    /* timer: the deadline */
  ZC_HTTP_RUNNING,   /* curl has it */
  ZC_HTTP_WAITING,   /* timer: the next attempt */
  ZC_HTTP_FAILED,    /* could not be handed to curl; timer: delivery on the next turn */
  ZC_HTTP_DELIVERING /* its callback runs */
};

/* How an attempt ended. */
typedef struct {
  int error, status; /* as in zc_http_response */
  bool sent;
  bool may_repeat; /* another attempt may fare better */
  uint32_t latency_ms;
  char message[512];
} zc_http_outcome;

struct zc_http_transfer {
  zc_http *http;
  zc_http_transfer *next, *prev;
  int state;
  zc_timer timer;
  zc_http_order order;
  int64_t deadline; /* of the engine's elapsed clock */
  char *owner;
  zc_http_callback callback;
  void *user;
  uint32_t attempts;
  /* of the attempt under way, then of the last one */
  CURL *easy;
  int64_t attempt_ms; /* its time limit */
  bool unwatched;     /* its socket cannot be watched: to be ended */
  zc_buffer headers;  /* "Name: value", each terminated */
  zc_buffer body;
  bool headers_ended; /* their blank line came */
  char detail[CURL_ERROR_SIZE];
  zc_http_outcome outcome;
};

/* http_multi.c: curl on the loop. */
int zc_http_multi_init(zc_http *http);
void zc_http_multi_finish(zc_http *http); /* frees http once its handles are closed */

/* http_attempt.c: one try. */
int zc_http_attempt_begin(zc_http_transfer *transfer); /* ZC_OK or ZC_ENOMEM */
void zc_http_attempt_end(zc_http_transfer *transfer);  /* takes it from curl */
void zc_http_attempt_judge(zc_http_transfer *transfer,
                           CURLcode code);              /* fills outcome; before end */
void zc_http_attempt_clear(zc_http_transfer *transfer); /* forgets the answer */

/* http.c */
void zc_http_attempt_ended(zc_http_transfer *transfer); /* outcome is set: repeats or delivers */
void zc_http_start_queued(zc_http *http);

/* http_answer.c */
size_t zc_http_receive_header(char *bytes, size_t size, size_t n, void *transfer);
size_t zc_http_receive_body(char *bytes, size_t size, size_t n, void *transfer);
const char *zc_http_find_header(const zc_buffer *headers, const char *name);
void zc_http_quote_body(const zc_buffer *body, char *text, size_t size);
void zc_http_call_back(zc_http_transfer *transfer);

#endif
