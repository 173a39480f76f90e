/* What is sent: body, URL and headers, from the options and the run. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "webhook.h"

#define FIELDS   11
#define TIME_MAX 40

/* ---- the run's fields ---- */

typedef struct {
  const char *name, *value;
} field;

typedef struct {
  field list[FIELDS];
  char intensity[40], requested_at[TIME_MAX], planned_start[TIME_MAX];
} fields;

static void write_time(const zc_host *host, zc_time time, char *to) {
  if (host->time_format(time, to, TIME_MAX) != ZC_OK) to[0] = '\0';
}

static void fields_of(const zc_host *host, const zc_run *run, fields *to) {
  to->intensity[0] = '\0';
  if (run->has_intensity) snprintf(to->intensity, sizeof to->intensity, "%.1f", run->intensity);
  write_time(host, run->requested_at, to->requested_at);
  write_time(host, run->planned_start, to->planned_start);
  const field list[FIELDS] = {{"execution_id", run->execution_id},
                              {"id", run->execution_id},
                              {"remote_id", run->remote_id ? run->remote_id : ""},
                              {"pipeline", run->pipeline},
                              {"region", run->region},
                              {"default_region", run->default_region},
                              {"decision", run->decision},
                              {"reason", run->reason ? run->reason : ""},
                              {"intensity", to->intensity},
                              {"requested_at", to->requested_at},
                              {"planned_start", to->planned_start}};
  memcpy(to->list, list, sizeof list);
}

/* The field that "{name}" at this place stands for; NULL: it is text. */
static const field *placeholder(const fields *all, const char *at, size_t *ret_length) {
  if (*at != '{') return NULL;
  for (size_t i = 0; i < FIELDS; i++) {
    size_t n = strlen(all->list[i].name);
    if (strncmp(at + 1, all->list[i].name, n) != 0 || at[n + 1] != '}') continue;
    *ret_length = n + 2;
    return &all->list[i];
  }
  return NULL;
}

/* Puts the template, each field through `put`. */
static void fill(FILE *to, const char *template, const fields *all,
                 void (*put)(FILE *to, const char *text)) {
  while (*template) {
    size_t length = 1;
    const field *found = placeholder(all, template, &length);
    if (found)
      put(to, found->value);
    else
      fputc(*template, to);
    template += length;
  }
}

/* ---- the body ---- */

static void put_escaped(FILE *to, const char *text) {
  for (; *text; text++) {
    unsigned char c = (unsigned char)*text;
    if (c == '"' || c == '\\')
      fprintf(to, "\\%c", c);
    else if (c < ' ')
      fprintf(to, "\\u%04x", c);
    else
      fputc(c, to);
  }
}

static void put_member(FILE *to, const char *before, const char *name, const char *value) {
  fprintf(to, "%s\"%s\":\"", before, name);
  put_escaped(to, value);
  fputc('"', to);
}

static void put_event(FILE *to, const zc_run *run, const fields *all) {
  put_member(to, "{\"specversion\":\"1.0\",", "id", run->execution_id);
  fputs(",\"source\":\"/zerocarb\",\"type\":\"io.zerocarb.run.start.v1\"", to);
  put_member(to, ",", "subject", run->pipeline);
  put_member(to, ",", "time", all->planned_start);
  fputs(",\"datacontenttype\":\"application/json\",\"data\":", to);
  put_member(to, "{", "execution_id", run->execution_id);
  put_member(to, ",", "pipeline", run->pipeline);
  put_member(to, ",", "region", run->region);
  put_member(to, ",", "default_region", run->default_region);
  put_member(to, ",", "decision", run->decision);
  put_member(to, ",", "reason", run->reason ? run->reason : "");
  if (run->has_intensity) fprintf(to, ",\"intensity\":%s", all->intensity);
  put_member(to, ",", "requested_at", all->requested_at);
  put_member(to, ",", "planned_start", all->planned_start);
  fputs("}}", to);
}

char *zc_webhook_body(const zc_host *host, const zc_run *run, size_t *ret_length) {
  const char *template = host->text(run->config, "body");
  fields all;
  char *text = NULL;
  size_t length = 0;
  fields_of(host, run, &all);
  FILE *to = open_memstream(&text, &length);
  if (!to) return NULL;
  if (template)
    fill(to, template, &all, put_escaped);
  else
    put_event(to, run, &all);
  bool failed = ferror(to) != 0;
  if (fclose(to) != 0 || failed || length > ZC_WEBHOOK_BODY_MAX) {
    free(text);
    return NULL;
  }
  *ret_length = length;
  return text;
}

/* ---- URLs ---- */

static void put_encoded(FILE *to, const char *text) {
  static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";
  for (; *text; text++) {
    if (strchr(plain, *text))
      fputc(*text, to);
    else
      fprintf(to, "%%%02X", (unsigned char)*text);
  }
}

bool zc_webhook_is_segment(const char *id) {
  return strcmp(id, ".") != 0 && strcmp(id, "..") != 0;
}

int zc_webhook_url(const zc_host *host, const zc_run *run, const char *url, char *to, size_t size) {
  fields all;
  char *text = NULL;
  size_t length = 0;
  if (run->remote_id && !zc_webhook_is_segment(run->remote_id)) return ZC_EINVAL;
  fields_of(host, run, &all);
  FILE *file = open_memstream(&text, &length);
  if (!file) return ZC_ENOMEM;
  fill(file, url, &all, put_encoded);
  bool failed = ferror(file) != 0;
  if (fclose(file) != 0 || failed) {
    free(text);
    return ZC_ENOMEM;
  }
  int status = length < size ? ZC_OK : ZC_EINVAL;
  if (status == ZC_OK) memcpy(to, text, length + 1);
  free(text);
  return status;
}

/* A name in braces that stands for nothing is a slip: an URL has no braces of its own. */
int zc_webhook_check_url(const zc_host *host, const zc_config *config, const char *option,
                         char *message, size_t size) {
  const zc_run nothing = {.size = sizeof nothing};
  const char *url = host->text(config, option);
  fields all;
  fields_of(host, &nothing, &all);
  for (const char *at = url ? strchr(url, '{') : NULL; at; at = strchr(at + 1, '{')) {
    size_t length = 0, word = strspn(at + 1, "abcdefghijklmnopqrstuvwxyz_");
    if (word == 0 || at[1 + word] != '}' || placeholder(&all, at, &length)) continue;
    snprintf(message, size, "%s: nothing is filled in for {%.*s}", option, (int)word, at + 1);
    return ZC_EINVAL;
  }
  return ZC_OK;
}

/* ---- headers ---- */

static void wipe(char *text) {
  if (text) explicit_bzero(text, strlen(text));
  free(text);
}

int zc_webhook_headers_add(zc_webhook_headers *headers, const char *name, const char *value) {
  char *line = NULL;
  if (headers->n == ZC_WEBHOOK_HEADERS_MAX) return ZC_EINVAL;
  if (asprintf(&line, "%s: %s", name, value) < 0) return ZC_ENOMEM;
  headers->lines[headers->n++] = line;
  return ZC_OK;
}

/* Nothing of the line is shown: where it is mistaken, what stands for a name may be a secret. */
static const char *fault_of(const char *line, bool has_authorization) {
  static const char *const ours[] = {
      "webhook-", "Content-Length:", "Content-Type:", "Host:", "Transfer-Encoding:"};
  const char *colon = strchr(line, ':');
  if (!colon || colon == line || strpbrk(line, "\r\n")) return "not \"Name: value\" on one line";
  if (!colon[1 + strspn(colon + 1, " \t")]) return "it has no value";
  if (has_authorization && strncasecmp(line, "Authorization:", 14) == 0)
    return "authorization is set as well";
  for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
    if (strncasecmp(line, ours[i], strlen(ours[i])) == 0)
      return "this header is set by ZeroCarb itself (content_type)";
  }
  return NULL;
}

static int add_theirs(zc_webhook_headers *headers, const zc_host *host, const zc_config *config,
                      bool has_authorization, char *message, size_t size) {
  size_t n = host->count(config, "headers");
  if (n > ZC_WEBHOOK_HEADERS_MAX - 8) {
    snprintf(message, size, "headers: more than %d", ZC_WEBHOOK_HEADERS_MAX - 8);
    return ZC_EINVAL;
  }
  for (size_t i = 0; i < n; i++) {
    const char *line = host->item(config, "headers", i);
    const char *fault = fault_of(line, has_authorization);
    if (fault) {
      snprintf(message, size, "headers, entry %zu: %s", i + 1, fault);
      return ZC_EINVAL;
    }
    headers->lines[headers->n] = strdup(line);
    if (!headers->lines[headers->n]) return ZC_ENOMEM;
    headers->n++;
  }
  return ZC_OK;
}

int zc_webhook_headers_init(zc_webhook_headers *headers, const zc_host *host,
                            const zc_config *config, char *message, size_t size) {
  const char *authorization = host->text(config, "authorization");
  headers->n = 0;
  int status = add_theirs(headers, host, config, authorization != NULL, message, size);
  if (status == ZC_OK && authorization && strpbrk(authorization, "\r\n")) {
    snprintf(message, size, "authorization: holds a line break");
    status = ZC_EINVAL;
  }
  if (status == ZC_OK && authorization)
    status = zc_webhook_headers_add(headers, "Authorization", authorization);
  if (status != ZC_OK) zc_webhook_headers_finish(headers);
  return status;
}

void zc_webhook_headers_finish(zc_webhook_headers *headers) {
  while (headers->n > 0)
    wipe(headers->lines[--headers->n]);
}
