/* http_order.h - a request, checked and copied, as curl takes it. */
#ifndef ZC_IO_HTTP_ORDER_H
#define ZC_IO_HTTP_ORDER_H

#include <curl/curl.h>
#include <stdbool.h>
#include <zerocarb/plugin.h>

typedef struct {
  char *method, *url;
  char *host; /* as it may be printed: name, and port where the URL has one */
  struct curl_slist *headers;
  char *body; /* NULL: none */
  size_t body_length;
  char *sigv4, *access_key, *secret_key; /* NULL: not signed */
  uint32_t timeout_ms, max_attempts, max_body;
  bool once; /* may not be sent twice, not even by curl itself */
} zc_http_order;

/* ZC_OK, or ZC_EINVAL or ZC_ENOMEM with nothing left behind. */
int zc_http_order_init(zc_http_order *order, const zc_http_request *request);
void zc_http_order_finish(zc_http_order *order);

#endif
