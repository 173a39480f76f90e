/* control.h - how commands reach into a running engine: HTTP on STATE_DIR/engine.sock, mode 0600.
 */
#ifndef ZC_SERVE_CONTROL_H
#define ZC_SERVE_CONTROL_H

#include "core/engine/engine.h"

typedef struct zc_control zc_control;

/* After the journal's lock is ours: a socket file on which nobody answers is then a leftover, and
 * removed. ZC_EINVAL where the path is too long for a socket's address, ZC_ECONFLICT where somebody
 * answers on it or it is no socket, ZC_EIO. */
int zc_control_start(zc_loop *loop, zc_engine *engine, const char *state_dir, zc_control **ret,
                     zc_error *error);
/* Removes the socket; run the loop afterwards, so that its handles close. NULL is fine. */
void zc_control_stop(zc_control *control);

/* STATE_DIR/engine.sock; ZC_EINVAL where that is too long for a socket's address. */
int zc_control_path(const char *state_dir, char *text, size_t size, zc_error *error);

#endif
