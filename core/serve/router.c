#include "core/serve/router.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/text.h"

void zc_exchange_init(zc_exchange *exchange) {
  memset(exchange, 0, sizeof *exchange);
  zc_buffer_init(&exchange->answer, ZC_EXCHANGE_ANSWER_MAX);
}

void zc_exchange_finish(zc_exchange *exchange) {
  zc_buffer_finish(&exchange->answer);
}

const char *zc_exchange_parameter(const zc_exchange *exchange, const char *name) {
  for (size_t i = 0; i < exchange->n_parameters; i++) {
    if (strcmp(exchange->parameters[i].name, name) == 0) return exchange->parameters[i].value;
  }
  return NULL;
}

bool zc_exchange_hold(zc_exchange *exchange) {
  if (exchange->crowded) {
    exchange->retry_after = ZC_EXCHANGE_RETRY_AFTER_S;
    zc_exchange_error(exchange, 503, "too many requests wait already: try again later");
    return false;
  }
  exchange->held = true;
  return true;
}

void zc_exchange_answer(zc_exchange *exchange, int status) {
  if (exchange->answer.status != ZC_OK) {
    int why = exchange->answer.status;
    zc_buffer_init(&exchange->answer, ZC_EXCHANGE_ANSWER_MAX);
    zc_buffer_printf(&exchange->answer, "{\"error\":\"%s\"}",
                     why == ZC_ENOMEM ? "no memory for the answer" : "the answer is too long");
    status = 500;
  }
  exchange->status = status;
  if (!exchange->held) return;
  exchange->held = false;
  exchange->ready(exchange);
}

void zc_exchange_error(zc_exchange *exchange, int status, const char *format, ...) {
  char text[1024];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  zc_buffer_clear(&exchange->answer);
  zc_buffer_text(&exchange->answer, "{\"error\":");
  zc_json_write_text(&exchange->answer, text);
  zc_buffer_char(&exchange->answer, '}');
  zc_exchange_answer(exchange, status);
}

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = (char)(c | 0x20);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One segment of a path, percent-decoded. False where it is malformed, holds a zero byte, is no
 * UTF-8 or does not fit. */
static bool decode(const char *from, size_t length, char *to, size_t size) {
  size_t n = 0;
  for (size_t i = 0; i < length; i++) {
    int c = (unsigned char)from[i];
    if (c == '%') {
      if (length - i < 3) return false;
      int high = hex_digit(from[i + 1]), low = hex_digit(from[i + 2]);
      if (high < 0 || low < 0) return false;
      c = high * 16 + low;
      i += 2;
    }
    if (c == 0 || n + 1 >= size) return false;
    to[n++] = (char)c;
  }
  to[n] = '\0';
  return n > 0 && zc_is_utf8(to, n);
}

/* Whether the path has the pattern's form; the segment that stands for {} is pointed to. */
static bool matches(const char *pattern, const char *path, const char **ret_name,
                    size_t *ret_length) {
  *ret_length = 0;
  while (*pattern && *path) {
    if (pattern[0] == '{') {
      *ret_name = path;
      *ret_length = strcspn(path, "/");
      path += *ret_length;
      pattern += 2;
    } else if (*pattern++ != *path++) {
      return false;
    }
  }
  return *pattern == '\0' && *path == '\0';
}

static void allow(zc_exchange *exchange, const char *method) {
  size_t n = strlen(exchange->allow);
  snprintf(exchange->allow + n, sizeof exchange->allow - n, "%s%s", n ? ", " : "", method);
}

void zc_router_dispatch(const zc_router *router, zc_exchange *exchange) {
  const char *method = strcmp(exchange->method, "HEAD") == 0 ? "GET" : exchange->method;
  for (size_t i = 0; i < router->n; i++) {
    const zc_route *route = &router->routes[i];
    const char *name = NULL;
    size_t length;
    if (!matches(route->pattern, exchange->path, &name, &length)) continue;
    if (strcmp(route->method, method) != 0) {
      allow(exchange, route->method);
      continue;
    }
    if (name && !decode(name, length, exchange->name, sizeof exchange->name)) {
      zc_exchange_error(exchange, 400, "the path holds a name that cannot be read");
      return;
    }
    route->handle(router->user, exchange);
    return;
  }
  if (exchange->allow[0]) {
    zc_exchange_error(exchange, 405, "this path takes %s", exchange->allow);
  } else {
    zc_exchange_error(exchange, 404, "there is nothing at this path");
  }
}
