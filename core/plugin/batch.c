/* Items on their way to a sink: copied, so that work on a thread may still read them when the
 * operation has timed out and whoever asked has freed his. */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/plugin/operation.h"

static zc_batch *make(const zc_item *items, size_t n, char **ret_texts) {
  size_t bytes = 0;
  for (size_t i = 0; i < n; i++)
    bytes += items[i].length + 1;
  zc_batch *batch = malloc(sizeof *batch + n * sizeof batch->items[0] + bytes);
  if (!batch) return NULL;
  *batch = (zc_batch){.references = 1};
  *ret_texts = (char *)&batch->items[n];
  return batch;
}

int zc_batch_create(const zc_item *items, size_t n, bool parse, zc_batch **ret) {
  char *at;
  zc_batch *batch = make(items, n, &at);
  int status = batch ? ZC_OK : ZC_ENOMEM;
  for (size_t i = 0; i < n && status == ZC_OK; i++) {
    zc_json *json = NULL;
    memcpy(at, items[i].text, items[i].length);
    at[items[i].length] = '\0';
    if (parse) status = zc_json_parse(at, items[i].length, &json);
    if (status != ZC_OK) break;
    batch->items[batch->n++] = (zc_item){.size = sizeof(zc_item),
                                         .table = items[i].table,
                                         .text = at,
                                         .length = items[i].length,
                                         .json = json};
    at += items[i].length + 1;
  }
  if (status == ZC_OK)
    *ret = batch;
  else
    zc_batch_drop(batch);
  return status;
}

void zc_batch_drop(zc_batch *batch) {
  if (!batch || --batch->references > 0) return;
  for (size_t i = 0; i < batch->n; i++)
    zc_json_free((zc_json *)batch->items[i].json);
  free(batch);
}
