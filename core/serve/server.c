#include "core/serve/server.h"

#include <microhttpd.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/log.h"

/* An upload that goes on beyond its limit is read away up to here, so that the client sees the 413;
 * then the connection is cut. */
#define DISCARD_MAX (16 * ZC_EXCHANGE_BODY_MAX)

/* How often a server that has all its connections looks whether there is room again. */
#define FULL_LOOK_MS 1000

/* Turns that a stopping server gives its last answers: to be made, to be written. */
#define FAREWELL_RUNS 3

/* One request: begun by its header, ended by libmicrohttpd's notice, or, where the connection went
 * while the exchange was held, by the handler's late answer. */
typedef struct zc_conversation {
  zc_exchange exchange; /* first: ready() finds its way back by it */
  zc_server *server;
  struct MHD_Connection *connection;
  zc_buffer body;
  size_t received;
  bool dispatched, suspended, gone;
  const char *overruled; /* what is said in place of an answer that has not come */
  struct zc_conversation *next, *previous; /* of the server's */
} zc_conversation;

/* One connection: its request is to be whole in time, however many bytes it comes in. */
typedef struct zc_visitor {
  int descriptor;
  int64_t due;  /* on the clock that never jumps */
  bool waiting; /* for its request; else an answer is made, or written */
  struct zc_visitor *next, *previous;
} zc_visitor;

struct zc_server {
  zc_loop *loop;
  const zc_router *router;
  struct MHD_Daemon *daemon;
  zc_conversation *conversations;
  zc_visitor *visitors;
  size_t n_held, n_connections;
  bool one_ended; /* a connection, since libmicrohttpd was last run */
  uv_poll_t poll;
  uv_timer_t timer;
  int open_handles;
};

/* ---- visitors ---- */

static int64_t elapsed(const zc_server *server) {
  return zc_clock_elapsed(zc_loop_clock(server->loop));
}

static void await_request(const zc_server *server, zc_visitor *visitor) {
  visitor->waiting = true;
  visitor->due = elapsed(server) + ZC_SERVER_REQUEST_MS;
}

static zc_visitor *visitor_of(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  return info ? info->socket_context : NULL;
}

/* NULL for want of memory: it has libmicrohttpd's own timeout then. */
static zc_visitor *add_visitor(zc_server *server, struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  zc_visitor *visitor = info ? calloc(1, sizeof *visitor) : NULL;
  if (!visitor) return NULL;
  visitor->descriptor = info->connect_fd;
  await_request(server, visitor);
  visitor->next = server->visitors;
  if (visitor->next) visitor->next->previous = visitor;
  server->visitors = visitor;
  return visitor;
}

static void remove_visitor(zc_server *server, zc_visitor *visitor) {
  if (!visitor) return;
  if (visitor->next) visitor->next->previous = visitor->previous;
  if (visitor->previous) visitor->previous->next = visitor->next;
  if (server->visitors == visitor) server->visitors = visitor->next;
  free(visitor);
}

/* libmicrohttpd finds the end of what was shut down, and closes it. */
void zc_server_expire(zc_server *server, int64_t now) {
  for (zc_visitor *visitor = server->visitors; visitor; visitor = visitor->next) {
    if (visitor->waiting && now >= visitor->due) shutdown(visitor->descriptor, SHUT_RDWR);
  }
}

/* When the next one is due; -1: none is. */
static int64_t next_due(const zc_server *server) {
  int64_t next = -1, now = elapsed(server);
  for (const zc_visitor *visitor = server->visitors; visitor; visitor = visitor->next) {
    int64_t left = visitor->due > now ? visitor->due - now : 0;
    if (visitor->waiting && (next < 0 || left < next)) next = left;
  }
  return next;
}

/* ---- conversations ---- */

static void on_ready(zc_exchange *exchange);

static void conversation_free(zc_conversation *conversation) {
  zc_exchange_finish(&conversation->exchange);
  zc_buffer_finish(&conversation->body);
  free(conversation);
}

static void unlink_conversation(zc_conversation *c) {
  if (c->next) c->next->previous = c->previous;
  if (c->previous) c->previous->next = c->next;
  if (c->server->conversations == c) c->server->conversations = c->next;
}

static enum MHD_Result add_parameter(void *user, enum MHD_ValueKind kind, const char *name,
                                     const char *value) {
  zc_exchange *exchange = user;
  (void)kind;
  if (exchange->n_parameters == ZC_EXCHANGE_PARAMETERS_MAX) return MHD_NO;
  exchange->parameters[exchange->n_parameters].name = name;
  exchange->parameters[exchange->n_parameters++].value = value ? value : "";
  return MHD_YES;
}

static zc_conversation *begin(zc_server *server, struct MHD_Connection *connection,
                              const char *path, const char *method) {
  zc_conversation *c = calloc(1, sizeof *c);
  if (!c) return NULL;
  zc_exchange_init(&c->exchange);
  zc_buffer_init(&c->body, ZC_EXCHANGE_BODY_MAX);
  c->exchange.method = method;
  c->exchange.path = path;
  c->exchange.ready = on_ready;
  c->server = server;
  c->connection = connection;
  c->next = server->conversations;
  if (c->next) c->next->previous = c;
  server->conversations = c;
  MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, add_parameter, &c->exchange);
  return c;
}

static void on_completed(void *user, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code) {
  zc_conversation *c = *state;
  zc_visitor *visitor = visitor_of(connection);
  (void)code;
  if (visitor) await_request(user, visitor); /* the next one, on the same connection */
  if (!c) return;
  unlink_conversation(c);
  *state = NULL;
  c->server = NULL;
  c->gone = true;
  if (!c->exchange.held) conversation_free(c);
}

static void on_connection(void *user, struct MHD_Connection *connection, void **state,
                          enum MHD_ConnectionNotificationCode code) {
  zc_server *server = user;
  bool begins = code == MHD_CONNECTION_NOTIFY_STARTED;
  if (begins) {
    *state = add_visitor(server, connection);
  } else {
    remove_visitor(server, *state);
    *state = NULL;
  }
  server->n_connections += begins ? 1 : 0;
  server->n_connections -= begins ? 0 : 1;
  server->one_ended |= !begins;
}

/* ---- places for exchanges that are held ---- */

static void hold(zc_conversation *c) {
  c->suspended = true;
  c->server->n_held++;
  MHD_suspend_connection(c->connection);
}

static void resume(zc_conversation *c, const char *overruled) {
  c->suspended = false;
  c->overruled = overruled;
  c->server->n_held--;
  MHD_resume_connection(c->connection);
}

/* libmicrohttpd does not look at a connection that is suspended. */
static bool has_left(const zc_conversation *c) {
  const union MHD_ConnectionInfo *info =
      MHD_get_connection_info(c->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  struct pollfd client = {.fd = info ? info->connect_fd : -1, .events = POLLRDHUP};
  return poll(&client, 1, 0) > 0;
}

/* Looked for only where places are scarce: nothing is waited for on its account. */
static void release_places(zc_server *server) {
  for (zc_conversation *c = server->conversations; c; c = c->next) {
    if (c->suspended && has_left(c)) resume(c, "the client has gone");
  }
}

/* ---- answers ---- */

static enum MHD_Result send_text(struct MHD_Connection *connection, int status, char *text,
                                 size_t length, const zc_exchange *about) {
  char seconds[16];
  struct MHD_Response *response =
      MHD_create_response_from_buffer(length, text, MHD_RESPMEM_MUST_COPY);
  if (!response) return MHD_NO;
  MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
  MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
  if (about && about->allow[0]) {
    MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, about->allow);
  }
  if (about && about->retry_after > 0) {
    snprintf(seconds, sizeof seconds, "%d", about->retry_after);
    MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
  }
  enum MHD_Result result = MHD_queue_response(connection, (unsigned)status, response);
  MHD_destroy_response(response);
  return result;
}

static enum MHD_Result send_constant(struct MHD_Connection *connection, int status, char *text) {
  return send_text(connection, status, text, strlen(text), NULL);
}

static enum MHD_Result send_answer(zc_conversation *c) {
  const zc_exchange *exchange = &c->exchange;
  if (c->overruled) {
    char text[80];
    snprintf(text, sizeof text, "{\"error\":\"%s\"}", c->overruled);
    return send_constant(c->connection, 503, text);
  }
  return send_text(c->connection, exchange->status,
                   exchange->answer.data ? exchange->answer.data : "", exchange->answer.length,
                   exchange);
}

static enum MHD_Result dispatch(zc_conversation *c) {
  zc_exchange *exchange = &c->exchange;
  zc_visitor *visitor = visitor_of(c->connection);
  c->dispatched = true;
  if (visitor) visitor->waiting = false;
  exchange->body = c->body.data;
  exchange->body_length = c->body.length;
  if (c->server->n_held >= ZC_SERVER_HELD) release_places(c->server);
  exchange->crowded = c->server->n_held >= ZC_SERVER_HELD;
  zc_router_dispatch(c->server->router, exchange);
  if (exchange->status != 0) return send_answer(c);
  hold(c);
  return MHD_YES;
}

/* What has come of the body; false where the connection is to be cut. */
static bool take_body(zc_conversation *c, const char *bytes, size_t n) {
  c->received += n;
  if (c->received <= ZC_EXCHANGE_BODY_MAX) zc_buffer_add(&c->body, bytes, n);
  return c->received <= DISCARD_MAX;
}

static enum MHD_Result on_request(void *user, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *bytes,
                                  size_t *n, void **state) {
  zc_conversation *c = *state;
  (void)version;
  if (!c) {
    *state = begin(user, connection, path, method);
    return *state ? MHD_YES : MHD_NO;
  }
  if (*n > 0) {
    bool fine = take_body(c, bytes, *n);
    *n = 0;
    return fine ? MHD_YES : MHD_NO;
  }
  if (c->received > ZC_EXCHANGE_BODY_MAX) {
    return send_constant(connection, 413, "{\"error\":\"the body is longer than 64 KiB\"}");
  }
  if (c->body.status != ZC_OK) {
    return send_constant(connection, 503, "{\"error\":\"no memory for the body\"}");
  }
  c->exchange.path = path;
  return c->dispatched ? send_answer(c) : dispatch(c);
}

/* ---- the loop ---- */

static void run(zc_server *server);

static void on_timer(uv_timer_t *timer) {
  run(timer->data);
}

static void on_poll(uv_poll_t *poll, int status, int events) {
  (void)status; /* an epoll descriptor that fails shows it again in MHD_run() */
  (void)events;
  run(poll->data);
}

/* When libmicrohttpd is to be run again without an event; false: not at all. It takes its listener
 * out of the epoll set while it has all its connections, and back only when it is run after one has
 * ended. */
static bool next_run(zc_server *server, uint64_t *ret_ms) {
  MHD_UNSIGNED_LONG_LONG ms;
  bool due = MHD_get_timeout(server->daemon, &ms) == MHD_YES;
  bool full = server->n_connections >= ZC_SERVER_CONNECTIONS;
  int64_t visitor = next_due(server);
  if (visitor >= 0 && (!due || ms > (uint64_t)visitor)) ms = (uint64_t)visitor;
  due = due || visitor >= 0;
  *ret_ms = due ? ms : FULL_LOOK_MS;
  if (full && *ret_ms > FULL_LOOK_MS) *ret_ms = FULL_LOOK_MS;
  if (server->one_ended) *ret_ms = 0;
  return due || full || server->one_ended;
}

static void run(zc_server *server) {
  uint64_t ms;
  server->one_ended = false;
  zc_server_expire(server, elapsed(server));
  zc_loop_watch begun = zc_loop_watch_begin();
  MHD_run(server->daemon);
  zc_loop_watch_end(server->loop, begun, "server", "requests");
  if (next_run(server, &ms)) {
    uv_timer_start(&server->timer, on_timer, ms, 0);
  } else {
    uv_timer_stop(&server->timer);
  }
}

static void on_ready(zc_exchange *exchange) {
  zc_conversation *c = (zc_conversation *)exchange;
  if (c->gone) {
    conversation_free(c);
    return;
  }
  if (!c->suspended) return;
  resume(c, NULL);
  uv_timer_start(&c->server->timer, on_timer, 0, 0);
}

static void on_closed(uv_handle_t *handle) {
  zc_server *server = handle->data;
  if (--server->open_handles == 0) free(server);
}

static void log_from_library(void *user, const char *format, va_list arguments) {
  char text[512];
  (void)user;
  vsnprintf(text, sizeof text, format, arguments);
  text[strcspn(text, "\n")] = '\0';
  zc_log(ZC_LOG_DEBUG, "server", "%s", text);
}

/* Paths stay percent-encoded: a name may hold a slash. */
static size_t keep_encoded(void *user, struct MHD_Connection *connection, char *text) {
  (void)user;
  (void)connection;
  return strlen(text);
}

static int open_handles(zc_server *server, zc_error *error) {
  const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
  if (!info) return zc_error_set(error, ZC_ESYSTEM, "the HTTP server has no epoll descriptor");
  int failure = uv_poll_init(zc_loop_uv(server->loop), &server->poll, info->epoll_fd);
  if (failure) {
    return zc_error_set(error, ZC_ESYSTEM, "the HTTP server cannot be polled: %s",
                        uv_strerror(failure));
  }
  uv_timer_init(zc_loop_uv(server->loop), &server->timer);
  server->poll.data = server->timer.data = server;
  server->open_handles = 2;
  uv_poll_start(&server->poll, UV_READABLE, on_poll);
  return ZC_OK;
}

int zc_server_start(zc_loop *loop, int listener, const zc_router *router, zc_server **ret,
                    zc_error *error) {
  zc_server *server = calloc(1, sizeof *server);
  if (!server) {
    close(listener);
    return zc_error_set(error, ZC_ENOMEM, "no memory for the HTTP server");
  }
  server->loop = loop;
  server->router = router;
  server->daemon = MHD_start_daemon(
      MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL, on_request,
      server, MHD_OPTION_EXTERNAL_LOGGER, log_from_library, NULL, MHD_OPTION_LISTEN_SOCKET,
      listener, MHD_OPTION_CONNECTION_LIMIT, ZC_SERVER_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
      ZC_SERVER_TIMEOUT_S, MHD_OPTION_NOTIFY_COMPLETED, on_completed, server,
      MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_UNESCAPE_CALLBACK,
      keep_encoded, NULL, MHD_OPTION_END);
  if (!server->daemon) {
    close(listener);
    free(server);
    return zc_error_set(error, ZC_ESYSTEM, "the HTTP server does not start");
  }
  int status = open_handles(server, error);
  if (status != ZC_OK) {
    MHD_stop_daemon(server->daemon);
    free(server);
    return status;
  }
  run(server);
  *ret = server;
  return ZC_OK;
}

void zc_server_stop(zc_server *server) {
  if (!server) return;
  uv_poll_stop(&server->poll);
  uv_timer_stop(&server->timer);
  for (zc_conversation *c = server->conversations; c; c = c->next) {
    if (c->suspended) resume(c, "the engine is stopping");
  }
  for (int i = 0; i < FAREWELL_RUNS; i++)
    MHD_run(server->daemon);
  MHD_stop_daemon(server->daemon);
  uv_close((uv_handle_t *)&server->poll, on_closed);
  uv_close((uv_handle_t *)&server->timer, on_closed);
}
