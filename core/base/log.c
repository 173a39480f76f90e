#include "core/base/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/base/time_text.h"

static struct {
  int level;
  bool json;
  const zc_clock *clock;
  FILE *stream;
} log_state = {.level = ZC_LOG_INFO};

/* The longest first: one may be a part of another. */
static struct {
  char *texts[ZC_LOG_SECRETS];
  unsigned holders[ZC_LOG_SECRETS];
  size_t n;
} secrets;
static pthread_mutex_t secrets_lock = PTHREAD_MUTEX_INITIALIZER;

void zc_log_setup(int level, bool json, const zc_clock *clock, FILE *stream) {
  log_state.level = level;
  log_state.json = json;
  log_state.clock = clock;
  log_state.stream = stream;
}

int zc_log_level(void) {
  return log_state.level;
}

/* ---- secrets ---- */

static size_t position_of(const char *secret) {
  size_t at = 0;
  while (at < secrets.n && strcmp(secrets.texts[at], secret) != 0)
    at++;
  return at;
}

static void insert(char *secret) {
  size_t length = strlen(secret), at = 0;
  while (at < secrets.n && strlen(secrets.texts[at]) >= length)
    at++;
  memmove(&secrets.texts[at + 1], &secrets.texts[at], (secrets.n - at) * sizeof *secrets.texts);
  memmove(&secrets.holders[at + 1], &secrets.holders[at],
          (secrets.n - at) * sizeof *secrets.holders);
  secrets.texts[at] = secret;
  secrets.holders[at] = 1;
  secrets.n++;
}

static bool hide(const char *secret) {
  size_t at = position_of(secret);
  if (at < secrets.n) {
    secrets.holders[at]++;
    return true;
  }
  char *copy = secrets.n < ZC_LOG_SECRETS ? strdup(secret) : NULL;
  if (copy) insert(copy);
  return copy != NULL;
}

bool zc_log_hide(const char *secret) {
  if (strlen(secret) < ZC_LOG_SECRET_MIN) return false;
  pthread_mutex_lock(&secrets_lock);
  bool hidden = hide(secret);
  pthread_mutex_unlock(&secrets_lock);
  return hidden;
}

static void wipe(size_t at) {
  explicit_bzero(secrets.texts[at], strlen(secrets.texts[at]));
  free(secrets.texts[at]);
  secrets.n--;
  memmove(&secrets.texts[at], &secrets.texts[at + 1], (secrets.n - at) * sizeof *secrets.texts);
  memmove(&secrets.holders[at], &secrets.holders[at + 1],
          (secrets.n - at) * sizeof *secrets.holders);
}

void zc_log_release(const char *secret) {
  pthread_mutex_lock(&secrets_lock);
  size_t at = position_of(secret);
  if (at < secrets.n && --secrets.holders[at] == 0) wipe(at);
  pthread_mutex_unlock(&secrets_lock);
}

void zc_log_forget(void) {
  pthread_mutex_lock(&secrets_lock);
  while (secrets.n > 0)
    wipe(secrets.n - 1);
  pthread_mutex_unlock(&secrets_lock);
}

static void redact_whole(char *text, const char *secret) {
  static const char mask[] = "***";
  size_t length = strlen(secret);
  for (char *at = text; (at = strstr(at, secret));) {
    memcpy(at, mask, sizeof mask - 1);
    at += sizeof mask - 1;
    char *rest = at + length - (sizeof mask - 1);
    memmove(at, rest, strlen(rest) + 1);
  }
}

/* A text that ends with the beginning of a secret. */
static void redact_cut(char *text, const char *secret) {
  size_t length = strlen(text), most = strlen(secret) - 1;
  for (size_t n = most < length ? most : length; n >= ZC_LOG_SECRET_MIN; n--) {
    if (memcmp(text + length - n, secret, n) != 0) continue;
    memcpy(text + length - n, "***", sizeof "***");
    return;
  }
}

void zc_log_redact(char *text) {
  pthread_mutex_lock(&secrets_lock);
  for (size_t i = 0; i < secrets.n; i++)
    redact_whole(text, secrets.texts[i]);
  for (size_t i = 0; i < secrets.n; i++)
    redact_cut(text, secrets.texts[i]);
  pthread_mutex_unlock(&secrets_lock);
}

/* ---- lines ---- */

static const char *level_word(int level) {
  static const char *const words[] = {"none", "error", "warning", "info", "debug"};
  return words[level < 1 || level > 4 ? 0 : level];
}

static void write_json(FILE *stream, const char *time, int level, const char *component,
                       const char *message) {
  zc_buffer line;
  zc_buffer_init(&line, 16384);
  zc_buffer_printf(&line, "{\"time\":\"%s\",\"level\":\"%s\",\"component\":", time,
                   level_word(level));
  zc_json_write_text(&line, component);
  zc_buffer_text(&line, ",\"message\":");
  zc_json_write_text(&line, message);
  zc_buffer_text(&line, "}\n");
  if (line.status == ZC_OK) fwrite(line.data, 1, line.length, stream);
  zc_buffer_finish(&line);
}

void zc_log(int level, const char *component, const char *format, ...) {
  if (level > log_state.level) return;
  char message[2048], time[ZC_TIME_TEXT_SIZE] = "-";
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  zc_log_redact(message);
  zc_make_printable(message, ' ');
  FILE *stream = log_state.stream ? log_state.stream : stderr;
  if (log_state.clock) zc_time_format(zc_clock_now(log_state.clock), time, sizeof time);
  if (log_state.json) {
    write_json(stream, time, level, component, message);
  } else {
    fprintf(stream, "%s %-7s %s: %s\n", time, level_word(level), component, message);
  }
  fflush(stream);
}
