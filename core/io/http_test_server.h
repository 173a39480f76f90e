/* http_test_server.h - for tests: a server on the same loop that plays scripted replies.
 *
 * A script lists replies by path. The n-th request of a path gets the n-th reply with that path,
 * the last one again and again. Replies are raw bytes, so that any fault can be played. Included
 * by one test program each. */
#ifndef ZC_IO_HTTP_TEST_SERVER_H
#define ZC_IO_HTTP_TEST_SERVER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/json.h"
#include "core/base/time_text.h"
#include "core/io/http.h"

enum {
  SEND_AND_KEEP,  /* the connection stays open for the next request */
  SEND_AND_CLOSE, /* in order */
  SEND_AND_RESET, /* with a TCP reset */
  SEND_SLOWLY     /* one byte every few ms; then as SEND_AND_CLOSE */
};

typedef struct {
  const char *path; /* without the query */
  int then;
  const char *bytes; /* NULL: never answers */
  size_t fill;       /* so many further bytes 'x' */
  const char *after; /* and then these; may be NULL */
} scripted_reply;

typedef struct {
  uv_tcp_t listener;
  const scripted_reply *script;
  size_t n_script;
  int port;
  int n_connections, n_requests;
  int asked[32]; /* by row of the script: requests for its path, counted at its first row */
  char last_request[65536];
  struct connection *connections;
} test_server;

typedef struct connection {
  uv_tcp_t tcp;
  uv_timer_t drip;
  int n_open;
  test_server *server;
  struct connection *next;
  char request[65536];
  size_t length;
  char *reply; /* being sent */
  size_t reply_length, sent;
  int then;
} connection;

static inline void connection_handle_closed(uv_handle_t *handle) {
  connection *c = handle->data;
  if (--c->n_open > 0) return;
  free(c->reply);
  free(c);
}

static inline void close_connection(connection *c) {
  if (uv_is_closing((uv_handle_t *)&c->tcp)) return;
  for (connection **at = &c->server->connections; *at; at = &(*at)->next) {
    if (*at != c) continue;
    *at = c->next;
    break;
  }
  uv_close((uv_handle_t *)&c->drip, connection_handle_closed);
  if (c->then == SEND_AND_RESET)
    uv_tcp_close_reset(&c->tcp, connection_handle_closed);
  else
    uv_close((uv_handle_t *)&c->tcp, connection_handle_closed);
}

static inline void reply_written(uv_write_t *write, int status) {
  connection *c = write->data;
  free(write);
  if (status != 0 || c->then == SEND_AND_CLOSE || c->then == SEND_AND_RESET) close_connection(c);
}

static inline void write_bytes(connection *c, size_t n) {
  uv_write_t *write = calloc(1, sizeof *write);
  assert_non_null(write);
  write->data = c;
  uv_buf_t bytes = uv_buf_init(c->reply + c->sent, (unsigned)n);
  c->sent += n;
  if (uv_write(write, (uv_stream_t *)&c->tcp, &bytes, 1, reply_written) != 0) free(write);
}

static inline void drip_one(uv_timer_t *timer) {
  connection *c = timer->data;
  if (c->sent < c->reply_length)
    write_bytes(c, 1);
  else
    close_connection(c);
}

static inline size_t path_row(const test_server *s, const char *path, size_t n) {
  for (size_t i = 0; i < s->n_script; i++) {
    if (strlen(s->script[i].path) == n && strncmp(s->script[i].path, path, n) == 0) return i;
  }
  fail_msg("no reply is scripted for %.*s", (int)n, path);
  return 0;
}

static inline const scripted_reply *next_reply(test_server *s, const char *request) {
  const char *path = strchr(request, ' ') + 1;
  if (strncmp(path, "http://", 7) == 0) path = strchr(path + 7, '/'); /* asked as a proxy */
  size_t n = strcspn(path, " ?"), row = path_row(s, path, n), found = row;
  int left = s->asked[row]++;
  for (size_t i = row + 1; i < s->n_script && left > 0; i++) {
    if (strcmp(s->script[i].path, s->script[row].path) != 0) continue;
    found = i;
    left--;
  }
  return &s->script[found];
}

static inline void answer_request(connection *c) {
  test_server *s = c->server;
  s->n_requests++;
  memcpy(s->last_request, c->request, c->length);
  s->last_request[c->length] = '\0';
  c->length = 0;
  const scripted_reply *reply = next_reply(s, s->last_request);
  if (!reply->bytes) return;
  const char *after = reply->after ? reply->after : "";
  size_t n = strlen(reply->bytes), n_after = strlen(after);
  free(c->reply);
  c->reply = malloc(n + reply->fill + n_after + 1);
  assert_non_null(c->reply);
  memcpy(c->reply, reply->bytes, n);
  memset(c->reply + n, 'x', reply->fill);
  memcpy(c->reply + n + reply->fill, after, n_after);
  c->reply_length = n + reply->fill + n_after;
  c->sent = 0;
  c->then = reply->then;
  if (c->then == SEND_SLOWLY)
    uv_timer_start(&c->drip, drip_one, 1, 3);
  else if (c->reply_length > 0)
    write_bytes(c, c->reply_length);
  else
    close_connection(c);
}

static inline bool is_whole(const connection *c) {
  const char *end = strstr(c->request, "\r\n\r\n");
  if (!end) return false;
  const char *length = strcasestr(c->request, "\r\nContent-Length:");
  size_t body = length && length < end ? (size_t)atol(length + 17) : 0;
  return c->length >= (size_t)(end + 4 - c->request) + body;
}

static inline void give_rest(uv_handle_t *handle, size_t suggested, uv_buf_t *ret) {
  (void)suggested;
  connection *c = handle->data;
  *ret = uv_buf_init(c->request + c->length, (unsigned)(sizeof c->request - c->length - 1));
}

static inline void request_came(uv_stream_t *stream, ssize_t n, const uv_buf_t *bytes) {
  (void)bytes;
  connection *c = stream->data;
  if (n < 0) {
    close_connection(c);
    return;
  }
  c->length += (size_t)n;
  c->request[c->length] = '\0';
  if (is_whole(c)) answer_request(c);
}

static inline void connection_came(uv_stream_t *listener, int status) {
  assert_int_equal(status, 0);
  test_server *s = listener->data;
  connection *c = calloc(1, sizeof *c);
  assert_non_null(c);
  c->server = s;
  c->n_open = 2;
  c->tcp.data = c->drip.data = c;
  uv_tcp_init(listener->loop, &c->tcp);
  uv_timer_init(listener->loop, &c->drip);
  assert_int_equal(uv_accept(listener, (uv_stream_t *)&c->tcp), 0);
  uv_read_start((uv_stream_t *)&c->tcp, give_rest, request_came);
  c->next = s->connections;
  s->connections = c;
  s->n_connections++;
}

static inline void server_start(test_server *s, zc_loop *loop, const scripted_reply *script,
                                size_t n) {
  memset(s, 0, sizeof *s);
  assert_true(n <= sizeof s->asked / sizeof *s->asked);
  s->script = script;
  s->n_script = n;
  s->listener.data = s;
  struct sockaddr_in address;
  uv_ip4_addr("127.0.0.1", 0, &address);
  uv_tcp_init(zc_loop_uv(loop), &s->listener);
  assert_int_equal(uv_tcp_bind(&s->listener, (const struct sockaddr *)&address, 0), 0);
  assert_int_equal(uv_listen((uv_stream_t *)&s->listener, 128, connection_came), 0);
  int size = sizeof address;
  uv_tcp_getsockname(&s->listener, (struct sockaddr *)&address, &size);
  s->port = ntohs(address.sin_port);
}

static inline void server_stop(test_server *s) {
  uv_close((uv_handle_t *)&s->listener, NULL);
  while (s->connections)
    close_connection(s->connections);
}

/* ---- what most tests need: a client, a server, and a place for answers ---------------------- */

typedef struct {
  int n; /* answers so far */
  int wanted;
  int error, status;
  unsigned attempts, sent;
  size_t length;
  char message[700], body[4096], header[128];
  double number; /* of the answer's JSON member "n", else -1 */
} answers;

typedef struct {
  zc_clock clock;
  zc_loop *loop;
  zc_http *http;
  test_server server;
  answers got;
  char url[256];
} http_scene;

#define HTTP_START INT64_C(1767312245000) /* 2026-01-02T00:04:05Z */

static inline void scene_begin(http_scene *s, const scripted_reply *script, size_t n) {
  memset(s, 0, sizeof *s);
  zc_clock_init_virtual(&s->clock, HTTP_START);
  assert_int_equal(zc_loop_create(&s->clock, &s->loop), ZC_OK);
  assert_int_equal(zc_http_create(s->loop, 1, &s->http), ZC_OK);
  server_start(&s->server, s->loop, script, n);
}

static inline void scene_end(http_scene *s) {
  zc_http_destroy(s->http);
  server_stop(&s->server);
  assert_int_equal(zc_loop_destroy(s->loop), ZC_OK);
}

static inline void keep_answer(void *user, const zc_http_response *response) {
  http_scene *s = user;
  answers *got = &s->got;
  const zc_json *number = zc_json_at(response->json, "n");
  got->n++;
  got->error = response->error;
  got->status = response->status;
  got->attempts = response->attempts;
  got->sent = response->sent;
  got->length = response->length;
  got->number = -1;
  if (number) zc_json_number(number, &got->number);
  snprintf(got->message, sizeof got->message, "%s", response->message);
  snprintf(got->body, sizeof got->body, "%s", response->body);
  const char *header = zc_http_header_of(response, "x-answer");
  snprintf(got->header, sizeof got->header, "%s", header ? header : "(none)");
  if (got->n == got->wanted) zc_loop_stop(s->loop);
}

static inline const char *url_of(http_scene *s, const char *path) {
  snprintf(s->url, sizeof s->url, "http://127.0.0.1:%d%s", s->server.port, path);
  return s->url;
}

static inline zc_http_request request_for(http_scene *s, const char *path) {
  return (zc_http_request){
      .size = sizeof(zc_http_request), .url = url_of(s, path), .timeout_ms = 20000};
}

/* Starts a request and runs until it is answered. */
static inline void ask(http_scene *s, const zc_http_request *request, int64_t deadline_ms) {
  memset(&s->got, 0, sizeof s->got);
  s->got.wanted = 1;
  assert_int_equal(
      zc_http_start(s->http, request, deadline_ms, "source:test", keep_answer, s, NULL), ZC_OK);
  assert_int_equal(s->got.n, 0);
  zc_loop_run(s->loop, ZC_TIME_MAX);
  assert_int_equal(s->got.n, 1);
}

#endif
