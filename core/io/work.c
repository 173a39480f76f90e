#include "core/io/work.h"

#include <stdlib.h>

#include "core/base/text.h"
#include "core/io/loop_private.h"

typedef struct zc_work_piece zc_work_piece;
struct zc_work_piece {
  uv_work_t request;
  zc_loop *loop;
  zc_work_piece *next, *previous;
  void (*run)(void *user);
  void (*after)(void *user, int status);
  void *user;
};

static void link_piece(zc_loop *loop, zc_work_piece *piece) {
  piece->next = loop->works;
  if (loop->works) loop->works->previous = piece;
  loop->works = piece;
  loop->n_works++;
}

static void unlink_piece(zc_loop *loop, zc_work_piece *piece) {
  if (piece->previous)
    piece->previous->next = piece->next;
  else
    loop->works = piece->next;
  if (piece->next) piece->next->previous = piece->previous;
  loop->n_works--;
}

static void run_piece(uv_work_t *request) {
  zc_work_piece *piece = request->data;
  zc_keep_c_locale();
  piece->run(piece->user);
}

static void end_piece(uv_work_t *request, int status) {
  zc_work_piece *piece = request->data;
  zc_loop *loop = piece->loop;
  unlink_piece(loop, piece);
  zc_loop_leave(loop);
  zc_loop_watch begun = zc_loop_watch_begin();
  piece->after(piece->user, status == UV_ECANCELED ? ZC_ECANCELED : ZC_OK);
  zc_loop_watch_end(loop, begun, NULL, "work");
  free(piece);
}

int zc_work_start(zc_loop *loop, void (*run)(void *user), void (*after)(void *user, int status),
                  void *user) {
  if (loop->n_works >= ZC_WORK_MAX) return ZC_ECONFLICT;
  zc_work_piece *piece = calloc(1, sizeof *piece);
  if (!piece) return ZC_ENOMEM;
  piece->request.data = piece;
  piece->loop = loop;
  piece->run = run;
  piece->after = after;
  piece->user = user;
  if (uv_queue_work(&loop->uv, &piece->request, run_piece, end_piece) != 0) {
    free(piece);
    return ZC_ENOMEM;
  }
  link_piece(loop, piece);
  zc_loop_enter(loop);
  return ZC_OK;
}

void zc_work_cancel_all(zc_loop *loop) {
  /* Those that run already refuse (UV_EBUSY) and end by themselves. */
  for (zc_work_piece *piece = loop->works; piece; piece = piece->next)
    uv_cancel((uv_req_t *)&piece->request);
}
