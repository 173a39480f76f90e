/* curl's multi interface on the loop: it says which sockets to watch and when to call it again. */
#include <stdlib.h>
#include <string.h>

#include "core/io/http_private.h"

struct zc_http_socket {
  uv_poll_t poll;
  zc_http *http;
  curl_socket_t fd;
  int wanted; /* UV_READABLE | UV_WRITABLE */
  zc_http_socket *next, *previous;
};

static void handle_closed(zc_http *http) {
  if (--http->n_open > 0) return;
  zc_buffer_finish(&http->no_proxy);
  free(http);
}

static void socket_closed(uv_handle_t *handle) {
  zc_http_socket *socket = handle->data;
  zc_http *http = socket->http;
  free(socket);
  handle_closed(http);
}

static void alarm_closed(uv_handle_t *handle) {
  handle_closed(handle->data);
}

/* ---- what has ended ------------------------------------------------------------------------ */

static void end_attempt(zc_http_transfer *transfer, CURLcode code) {
  zc_http_attempt_judge(transfer, code);
  zc_http_attempt_end(transfer);
  zc_http_attempt_ended(transfer);
}

static zc_http_transfer *find_unwatched(const zc_http *http) {
  zc_http_transfer *transfer = http->running;
  while (transfer && !transfer->unwatched)
    transfer = transfer->next;
  return transfer;
}

/* Takes up every transfer that ended. The lists may change in each callback: begins anew. */
static void settle(zc_http *http) {
  CURLMsg *message;
  int left;
  while ((message = curl_multi_info_read(http->multi, &left))) {
    if (message->msg != CURLMSG_DONE) continue;
    CURLcode code = message->data.result; /* the message goes with the handle's removal */
    zc_http_transfer *transfer = NULL;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
    end_attempt(transfer, code);
  }
  zc_http_transfer *transfer;
  while ((transfer = find_unwatched(http)))
    end_attempt(transfer, CURLE_FAILED_INIT);
  zc_http_start_queued(http);
}

static void act(zc_http *http, curl_socket_t fd, int events) {
  int running;
  CURLMcode code = curl_multi_socket_action(http->multi, fd, events, &running);
  if (code != CURLM_OK) {
    /* curl cannot go on: nothing that it holds would ever end. */
    for (zc_http_transfer *t = http->running; t; t = t->next)
      t->unwatched = true;
  }
  settle(http);
}

/* ---- sockets ------------------------------------------------------------------------------- */

static void poll_came(uv_poll_t *poll, int status, int events) {
  zc_http_socket *socket = poll->data;
  zc_http *http = socket->http;
  /* On an error uv has stopped polling. An answer may have come before the error: curl is to look
   * at whatever it waited for, too. */
  if (status < 0) events = socket->wanted;
  int flags = status < 0 ? CURL_CSELECT_ERR : 0;
  if (events & UV_READABLE) flags |= CURL_CSELECT_IN;
  if (events & UV_WRITABLE) flags |= CURL_CSELECT_OUT;
  act(http, socket->fd, flags);
  bool open = !uv_is_closing((uv_handle_t *)poll);
  if (status < 0 && open && !uv_is_active((uv_handle_t *)poll))
    uv_poll_start(poll, socket->wanted, poll_came);
}

/* NULL where it cannot be watched. */
static zc_http_socket *add_socket(zc_http *http, curl_socket_t fd) {
  zc_http_socket *socket = calloc(1, sizeof *socket);
  if (!socket) return NULL;
  if (uv_poll_init_socket(zc_loop_uv(http->loop), &socket->poll, fd) != 0) {
    free(socket); /* the handle is not on the loop then */
    return NULL;
  }
  http->n_open++;
  socket->poll.data = socket;
  socket->http = http;
  socket->fd = fd;
  socket->next = http->sockets;
  if (http->sockets) http->sockets->previous = socket;
  http->sockets = socket;
  curl_multi_assign(http->multi, fd, socket);
  return socket;
}

static void remove_socket(zc_http_socket *socket) {
  if (socket->previous)
    socket->previous->next = socket->next;
  else
    socket->http->sockets = socket->next;
  if (socket->next) socket->next->previous = socket->previous;
  uv_close((uv_handle_t *)&socket->poll, socket_closed);
}

/* Inside curl: must not call it, but for curl_multi_assign(). */
static int socket_changed(CURL *easy, curl_socket_t fd, int what, void *user, void *assigned) {
  zc_http *http = user;
  zc_http_socket *socket = assigned;
  if (what == CURL_POLL_REMOVE) {
    if (socket) remove_socket(socket);
    curl_multi_assign(http->multi, fd, NULL);
    return 0;
  }
  if (!socket) socket = add_socket(http, fd);
  int wanted = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
  if (socket) socket->wanted = wanted;
  if (socket && uv_poll_start(&socket->poll, wanted, poll_came) == 0) return 0;
  zc_http_transfer *transfer = NULL;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&transfer);
  if (transfer) transfer->unwatched = true; /* ended by settle(), once curl has returned */
  return 0;
}

/* ---- curl's timeout ------------------------------------------------------------------------ */

static void alarm_rang(uv_timer_t *alarm) {
  act(alarm->data, CURL_SOCKET_TIMEOUT, 0);
}

/* Inside curl. 0 means at once, but not from here: on the next turn. */
static int timeout_changed(CURLM *multi, long ms, void *user) {
  (void)multi;
  zc_http *http = user;
  if (ms < 0) {
    uv_timer_stop(&http->alarm);
    return 0;
  }
  uv_update_time(zc_loop_uv(http->loop)); /* uv counts from the turn's beginning */
  uv_timer_start(&http->alarm, alarm_rang, (uint64_t)ms, 0);
  return 0;
}

/* ---- beginning and end --------------------------------------------------------------------- */

int zc_http_multi_init(zc_http *http) {
  if (curl_global_init(CURL_GLOBAL_ALL) != CURLE_OK) return ZC_ESYSTEM;
  http->multi = curl_multi_init();
  if (!http->multi) {
    curl_global_cleanup();
    return ZC_ENOMEM;
  }
  curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, socket_changed);
  curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
  curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, timeout_changed);
  curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
  curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, (long)ZC_HTTP_MAX_RUNNING);
  uv_timer_init(zc_loop_uv(http->loop), &http->alarm);
  http->alarm.data = http;
  http->n_open = 1;
  return ZC_OK;
}

void zc_http_multi_finish(zc_http *http) {
  while (http->n_spare > 0)
    curl_easy_cleanup(http->spare[--http->n_spare]);
  curl_multi_cleanup(http->multi); /* may still call socket_changed() and timeout_changed() */
  curl_global_cleanup();
  for (zc_http_socket *next, *socket = http->sockets; socket; socket = next) {
    next = socket->next;
    remove_socket(socket);
  }
  uv_close((uv_handle_t *)&http->alarm, alarm_closed);
}
