/* Items on their way to a sink: copied, so that work on a thread may still read them when the
 * operation has timed out and whoever asked has freed his. */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/plugin/operation.h"

static int copy_item(zc_item *to, const zc_item *from) {
  char *text = malloc(from->length + 1);
  zc_json *json = NULL;
  if (!text) return ZC_ENOMEM;
  memcpy(text, from->text, from->length);
  text[from->length] = '\0';
  int status = zc_json_parse(text, from->length, &json);
  if (status != ZC_OK) {
    free(text);
    return status;
  }
  *to = (zc_item){
      .size = sizeof *to, .table = from->table, .text = text, .length = from->length, .json = json};
  return ZC_OK;
}

int zc_batch_create(const zc_item *items, size_t n, zc_batch **ret) {
  zc_batch *batch = calloc(1, sizeof *batch + n * sizeof batch->items[0]);
  if (!batch) return ZC_ENOMEM;
  batch->references = 1;
  int status = ZC_OK;
  while (batch->n < n && status == ZC_OK) {
    status = copy_item(&batch->items[batch->n], &items[batch->n]);
    if (status == ZC_OK) batch->n++;
  }
  if (status == ZC_OK)
    *ret = batch;
  else
    zc_batch_drop(batch);
  return status;
}

void zc_batch_drop(zc_batch *batch) {
  if (!batch || --batch->references > 0) return;
  for (size_t i = 0; i < batch->n; i++) {
    free((char *)batch->items[i].text);
    zc_json_free((zc_json *)batch->items[i].json);
  }
  free(batch);
}
