/* server.h - a router behind HTTP: libmicrohttpd on the loop, for any listening socket.
 *
 * No thread of its own: libmicrohttpd's epoll descriptor is polled by the loop, its timeouts are a
 * timer there. Bounded: 32 connections, 64 KiB of body, 10 s for a whole request. At most 16 of the
 * connections wait for an exchange that is held: the others stay free for what is answered at once.
 */
#ifndef ZC_SERVE_SERVER_H
#define ZC_SERVE_SERVER_H

#include "core/io/loop.h"
#include "core/serve/router.h"

#define ZC_SERVER_CONNECTIONS 32u
#define ZC_SERVER_HELD        16u
#define ZC_SERVER_TIMEOUT_S   10u
#define ZC_SERVER_REQUEST_MS  10000 /* for a request to be whole, and for the next one to come */

typedef struct zc_server zc_server;

/* Serves the router (which must live as long) on a listening, non-blocking socket, which is taken
 * over: closed by stop, and also on failure. */
int zc_server_start(zc_loop *loop, int listener, const zc_router *router, zc_server **ret,
                    zc_error *error);
/* Answers 503 to whoever still waits, and closes. Exchanges that are held stay valid until they are
 * answered. Run the loop afterwards, so that its handles close. NULL is fine. */
void zc_server_stop(zc_server *server);
/* Ends the connections whose request is not whole by `now`, of zc_clock_elapsed(). Its own timer
 * does. */
void zc_server_expire(zc_server *server, int64_t now);

#endif
