#include "core/serve/control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/serve/api.h"
#include "core/serve/server.h"

#define BACKLOG 16

struct zc_control {
  zc_api *api;
  zc_server *server;
  struct sockaddr_un address;
};

int zc_control_path(const char *state_dir, char *text, size_t size, zc_error *error) {
  struct sockaddr_un address;
  int n = snprintf(text, size, "%s/engine.sock", state_dir);
  if (n > 0 && (size_t)n < size && (size_t)n < sizeof address.sun_path) return ZC_OK;
  return zc_error_set(error, ZC_EINVAL,
                      "%s/engine.sock is longer than the %zu bytes that a socket's path may have: "
                      "choose a shorter engine.state_dir",
                      state_dir, sizeof address.sun_path - 1);
}

static int open_socket(zc_error *error) {
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) zc_error_set(error, ZC_EIO, "no socket: %s", strerror(errno));
  return fd;
}

/* Removes a socket on which nobody answers. */
static int clear_leftover(const struct sockaddr_un *address, zc_error *error) {
  struct stat about;
  if (lstat(address->sun_path, &about) != 0) return ZC_OK;
  if (!S_ISSOCK(about.st_mode)) {
    return zc_error_set(error, ZC_ECONFLICT, "%s is in the way and is no socket: move it aside",
                        address->sun_path);
  }
  int fd = open_socket(error);
  if (fd < 0) return ZC_EIO;
  bool refused = connect(fd, (const struct sockaddr *)address, sizeof *address) != 0 &&
                 (errno == ECONNREFUSED || errno == ENOENT);
  close(fd);
  if (!refused) {
    return zc_error_set(error, ZC_ECONFLICT, "somebody answers on %s already", address->sun_path);
  }
  if (unlink(address->sun_path) == 0 || errno == ENOENT) return ZC_OK;
  return zc_error_set(error, ZC_EIO, "cannot remove the old %s: %s", address->sun_path,
                      strerror(errno));
}

/* The mode is there from the first moment: nobody else can connect in between. */
static int bind_privately(int fd, const struct sockaddr_un *address) {
  mode_t before = umask(0177);
  int result = bind(fd, (const struct sockaddr *)address, sizeof *address);
  umask(before);
  return result;
}

static int listen_on(const struct sockaddr_un *address, int *ret_fd, zc_error *error) {
  int status = clear_leftover(address, error);
  if (status != ZC_OK) return status;
  int fd = open_socket(error);
  if (fd < 0) return ZC_EIO;
  if (bind_privately(fd, address) != 0 || listen(fd, BACKLOG) != 0) {
    zc_error_set(error, ZC_EIO, "cannot listen on %s: %s", address->sun_path, strerror(errno));
    close(fd);
    return ZC_EIO;
  }
  *ret_fd = fd;
  return ZC_OK;
}

int zc_control_start(zc_loop *loop, zc_engine *engine, const char *state_dir, zc_control **ret,
                     zc_error *error) {
  zc_control *control = calloc(1, sizeof *control);
  if (!control) return zc_error_set(error, ZC_ENOMEM, "no memory for the control socket");
  control->address.sun_family = AF_UNIX;
  int listener;
  int status = zc_control_path(state_dir, control->address.sun_path,
                               sizeof control->address.sun_path, error);
  if (status != ZC_OK) goto fail;
  status = zc_api_create(loop, engine, state_dir, "zerocarb_manual", &control->api);
  if (status != ZC_OK) {
    zc_error_set(error, status, "no memory for the control socket");
    goto fail;
  }
  status = listen_on(&control->address, &listener, error);
  if (status != ZC_OK) goto fail;
  status = zc_server_start(loop, listener, zc_api_router(control->api), &control->server, error);
  if (status != ZC_OK) {
    unlink(control->address.sun_path);
    goto fail;
  }
  *ret = control;
  return ZC_OK;
fail:
  zc_api_destroy(control->api);
  free(control);
  return status;
}

void zc_control_stop(zc_control *control) {
  if (!control) return;
  unlink(control->address.sun_path);
  zc_server_stop(control->server);
  zc_api_destroy(control->api);
  free(control);
}
