/* Tests of server.c over a real socket: answers at once and later, clients that leave, bodies that
 * are too long, and a stop while somebody waits. */
#include "core/serve/server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/base/time_text.h"

#define CLIENTS_MAX 64
#define PATIENCE_MS 5000 /* then a test has failed: no answer comes */

typedef struct {
  zc_clock clock;
  zc_loop *loop;
  zc_server *server;
  char folder[40];
  struct sockaddr_un address;
  zc_exchange *held;
  size_t n_held;
  bool waits; /* for an exchange to be held */
  zc_exchange *all_held[CLIENTS_MAX];
  int client;
  char answer[4096];
  size_t length;
} fixture;

/* ---- what is served ---- */

static void say_body(void *user, zc_exchange *exchange) {
  (void)user;
  zc_buffer_printf(&exchange->answer, "%zu:%.5s", exchange->body_length,
                   exchange->body ? exchange->body : "");
  zc_exchange_answer(exchange, 200);
}

static void hold(void *user, zc_exchange *exchange) {
  fixture *f = user;
  if (!zc_exchange_hold(exchange)) return;
  f->held = exchange;
  f->all_held[f->n_held++] = exchange;
  if (f->waits) zc_loop_stop(f->loop);
}

static const zc_route routes[] = {{"POST", "/say", say_body}, {"GET", "/hold", hold}};

/* ---- a server and one client on the same loop ---- */

static int set_up(void **state) {
  static zc_router router = {.routes = routes, .n = 2};
  fixture *f = calloc(1, sizeof *f);
  assert_non_null(f);
  router.user = f;
  zc_clock_init_real(&f->clock);
  assert_int_equal(zc_loop_create(&f->clock, &f->loop), ZC_OK);
  strcpy(f->folder, "/tmp/zerocarb-server-XXXXXX");
  assert_non_null(mkdtemp(f->folder));
  f->address.sun_family = AF_UNIX;
  snprintf(f->address.sun_path, sizeof f->address.sun_path, "%s/s", f->folder);
  int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
  assert_int_equal(bind(listener, (struct sockaddr *)&f->address, sizeof f->address), 0);
  assert_int_equal(listen(listener, CLIENTS_MAX), 0);
  assert_int_equal(zc_server_start(f->loop, listener, &router, &f->server, NULL), ZC_OK);
  f->client = socket(AF_UNIX, SOCK_STREAM, 0);
  assert_int_equal(connect(f->client, (struct sockaddr *)&f->address, sizeof f->address), 0);
  *state = f;
  return 0;
}

static int tear_down(void **state) {
  fixture *f = *state;
  zc_server_stop(f->server);
  if (f->client >= 0) close(f->client);
  assert_int_equal(zc_loop_destroy(f->loop), ZC_OK);
  unlink(f->address.sun_path);
  rmdir(f->folder);
  free(f);
  return 0;
}

static void send_text(fixture *f, const char *text) {
  size_t n = strlen(text);
  assert_int_equal(write(f->client, text, n), n);
}

/* Takes what has come; stops the loop at the end of an answer, or of the connection. */
static void on_answer(uv_poll_t *poll, int status, int events) {
  fixture *f = poll->data;
  (void)status;
  (void)events;
  ssize_t n =
      recv(f->client, f->answer + f->length, sizeof f->answer - 1 - f->length, MSG_DONTWAIT);
  if (n > 0) f->length += (size_t)n;
  f->answer[f->length] = '\0';
  const char *body = strstr(f->answer, "\r\n\r\n"), *length = strstr(f->answer, "Content-Length: ");
  bool whole = body && length && strlen(body + 4) >= strtoul(length + 16, NULL, 10);
  if (whole || n == 0) zc_loop_stop(f->loop);
}

static void on_no_answer(uv_timer_t *timer) {
  zc_loop_stop(((fixture *)timer->data)->loop);
}

/* The status of the answer, whose body is left in *ret_body. */
static int receive(fixture *f, const char **ret_body) {
  uv_poll_t poll = {.data = f};
  uv_timer_t patience = {.data = f};
  f->length = 0;
  f->answer[0] = '\0';
  uv_poll_init(zc_loop_uv(f->loop), &poll, f->client);
  uv_poll_start(&poll, UV_READABLE, on_answer);
  uv_timer_init(zc_loop_uv(f->loop), &patience);
  uv_timer_start(&patience, on_no_answer, PATIENCE_MS, 0);
  zc_loop_run(f->loop, ZC_TIME_MAX);
  uv_close((uv_handle_t *)&poll, NULL);
  uv_close((uv_handle_t *)&patience, NULL);
  uv_run(zc_loop_uv(f->loop), UV_RUN_NOWAIT);
  const char *body = strstr(f->answer, "\r\n\r\n");
  *ret_body = body ? body + 4 : "";
  return strncmp(f->answer, "HTTP/1.1 ", 9) == 0 ? atoi(f->answer + 9) : 0;
}

static void wait_until_held(fixture *f) {
  f->waits = true;
  zc_loop_run(f->loop, ZC_TIME_MAX);
  f->waits = false;
  assert_non_null(f->held);
}

#define HOLD "GET /hold HTTP/1.1\r\nHost: engine\r\n\r\n"

/* ---- tests ---- */

static void bodies_reach_the_handler(void **state) {
  fixture *f = *state;
  const char *body;
  send_text(f, "POST /say HTTP/1.1\r\nHost: engine\r\nContent-Length: 5\r\n\r\nhello");
  assert_int_equal(receive(f, &body), 200);
  assert_string_equal(body, "5:hello");
  send_text(f, "POST /say HTTP/1.1\r\nHost: engine\r\nContent-Length: 0\r\n\r\n");
  assert_int_equal(receive(f, &body), 200);
  assert_string_equal(body, "0:");
}

static void the_longest_body_is_taken_and_a_longer_one_is_not(void **state) {
  fixture *f = *state;
  const char *body;
  static char text[ZC_EXCHANGE_BODY_MAX + 2];
  memset(text, 'x', ZC_EXCHANGE_BODY_MAX);
  send_text(f, "POST /say HTTP/1.1\r\nHost: engine\r\nContent-Length: 65536\r\n\r\n");
  send_text(f, text);
  assert_int_equal(receive(f, &body), 200);
  assert_string_equal(body, "65536:xxxxx");
  text[ZC_EXCHANGE_BODY_MAX] = 'x';
  send_text(f, "POST /say HTTP/1.1\r\nHost: engine\r\nContent-Length: 65537\r\n\r\n");
  send_text(f, text);
  assert_int_equal(receive(f, &body), 413);
}

static void a_held_exchange_is_answered_later(void **state) {
  fixture *f = *state;
  const char *body;
  send_text(f, HOLD);
  wait_until_held(f);
  zc_buffer_text(&f->held->answer, "\"late\"");
  zc_exchange_answer(f->held, 202);
  assert_int_equal(receive(f, &body), 202);
  assert_string_equal(body, "\"late\"");
}

static void a_client_that_leaves_harms_nobody(void **state) {
  fixture *f = *state;
  send_text(f, HOLD);
  wait_until_held(f);
  close(f->client);
  zc_exchange_error(f->held, 404, "nobody hears it");
  f->client = socket(AF_UNIX, SOCK_STREAM, 0);
  assert_int_equal(connect(f->client, (struct sockaddr *)&f->address, sizeof f->address), 0);
  const char *body;
  send_text(f, "POST /say HTTP/1.1\r\nHost: engine\r\nContent-Length: 2\r\n\r\nhi");
  assert_int_equal(receive(f, &body), 200);
  assert_string_equal(body, "2:hi");
}

static void whoever_waits_at_the_stop_is_told(void **state) {
  fixture *f = *state;
  const char *body;
  send_text(f, HOLD);
  wait_until_held(f);
  zc_server_stop(f->server);
  f->server = NULL;
  assert_int_equal(receive(f, &body), 503);
  assert_string_equal(body, "{\"error\":\"the engine is stopping\"}");
  zc_exchange_answer(f->held, 200); /* comes too late, and frees the exchange */
}

static int connect_client(fixture *f) {
  int client = socket(AF_UNIX, SOCK_STREAM, 0);
  assert_int_equal(connect(client, (struct sockaddr *)&f->address, sizeof f->address), 0);
  return client;
}

/* What lies ready is done, by the server too. */
static void take_turns(fixture *f) {
  for (int i = 0; i < 100; i++)
    uv_run(zc_loop_uv(f->loop), UV_RUN_NOWAIT);
}

/* As many connections as there may be, and more that wait for a place; then they go. */
static void idle_connections_do_not_close_the_door(void **state) {
  fixture *f = *state;
  static const int counts[] = {ZC_SERVER_CONNECTIONS - 1, ZC_SERVER_CONNECTIONS,
                               ZC_SERVER_CONNECTIONS + 1, 40};
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    int idle[CLIENTS_MAX];
    const char *body;
    close(f->client);
    take_turns(f);
    for (int j = 0; j < counts[i]; j++)
      idle[j] = connect_client(f);
    take_turns(f);
    for (int j = 0; j < counts[i]; j++)
      close(idle[j]);
    take_turns(f);
    f->client = connect_client(f);
    send_text(f, "POST /say HTTP/1.1\r\nHost: engine\r\nContent-Length: 2\r\n\r\nhi");
    assert_int_equal(receive(f, &body), 200);
  }
}

/* A byte now and then is progress, but no request. */
static void requests_that_never_end_give_their_places_back(void **state) {
  fixture *f = *state;
  int slow[ZC_SERVER_CONNECTIONS];
  const char *body;
  close(f->client);
  take_turns(f);
  for (size_t i = 0; i < ZC_SERVER_CONNECTIONS; i++) {
    slow[i] = connect_client(f);
    assert_int_equal(write(slow[i], "POST /s", 7), 7);
  }
  take_turns(f);
  int64_t now = zc_clock_elapsed(&f->clock);
  zc_server_expire(f->server, now - 1);
  take_turns(f);
  char byte;
  assert_int_equal(recv(slow[0], &byte, 1, MSG_DONTWAIT), -1); /* it is there yet */
  zc_server_expire(f->server, now + ZC_SERVER_REQUEST_MS);
  take_turns(f);
  f->client = connect_client(f);
  send_text(f, "POST /say HTTP/1.1\r\nHost: engine\r\nContent-Length: 2\r\n\r\nhi");
  assert_int_equal(receive(f, &body), 200);
  for (size_t i = 0; i < ZC_SERVER_CONNECTIONS; i++)
    close(slow[i]);
}

/* So many exchanges held by clients that stay; their sockets are left in `clients`. */
static void fill_places(fixture *f, int *clients) {
  for (size_t i = 0; i < ZC_SERVER_HELD; i++) {
    clients[i] = connect_client(f);
    assert_int_equal(write(clients[i], HOLD, strlen(HOLD)), strlen(HOLD));
  }
  take_turns(f);
  assert_int_equal(f->n_held, ZC_SERVER_HELD);
}

static void answer_all(fixture *f) {
  for (size_t i = 0; i < f->n_held; i++)
    zc_exchange_answer(f->all_held[i], 200);
}

static void whoever_waits_leaves_room_for_others(void **state) {
  fixture *f = *state;
  int clients[ZC_SERVER_HELD];
  const char *body;
  fill_places(f, clients);
  send_text(f, HOLD);
  assert_int_equal(receive(f, &body), 503);
  assert_non_null(strstr(f->answer, "Retry-After: "));
  assert_int_equal(f->n_held, ZC_SERVER_HELD);
  send_text(f, "POST /say HTTP/1.1\r\nHost: engine\r\nContent-Length: 2\r\n\r\nhi");
  assert_int_equal(receive(f, &body), 200);
  zc_exchange_answer(f->all_held[--f->n_held], 200);
  take_turns(f);
  send_text(f, HOLD);
  take_turns(f);
  assert_int_equal(f->n_held, ZC_SERVER_HELD);
  answer_all(f);
  for (size_t i = 0; i < ZC_SERVER_HELD; i++)
    close(clients[i]);
}

static void whoever_leaves_gives_the_place_back(void **state) {
  fixture *f = *state;
  int clients[ZC_SERVER_HELD];
  fill_places(f, clients);
  close(clients[3]);
  close(clients[5]);
  send_text(f, HOLD);
  take_turns(f);
  assert_int_equal(f->n_held, ZC_SERVER_HELD + 1);
  answer_all(f); /* those that left too: nobody hears these */
  for (size_t i = 0; i < ZC_SERVER_HELD; i++) {
    if (i != 3 && i != 5) close(clients[i]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(bodies_reach_the_handler, set_up, tear_down),
      cmocka_unit_test_setup_teardown(the_longest_body_is_taken_and_a_longer_one_is_not, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(a_held_exchange_is_answered_later, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_client_that_leaves_harms_nobody, set_up, tear_down),
      cmocka_unit_test_setup_teardown(whoever_waits_at_the_stop_is_told, set_up, tear_down),
      cmocka_unit_test_setup_teardown(idle_connections_do_not_close_the_door, set_up, tear_down),
      cmocka_unit_test_setup_teardown(requests_that_never_end_give_their_places_back, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(whoever_waits_leaves_room_for_others, set_up, tear_down),
      cmocka_unit_test_setup_teardown(whoever_leaves_gives_the_place_back, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
