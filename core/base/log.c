#include "core/base/log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <zerocarb/plugin.h>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/base/time_text.h"

static struct {
  int level;
  bool json;
  const zc_clock *clock;
  FILE *stream;
} log_state = {.level = ZC_LOG_INFO};

typedef struct {
  char *text;
  size_t length;
  unsigned holders;
} hidden_text;

/* The longest first: one may be a part of another. */
static struct {
  hidden_text *list;
  size_t n, capacity;
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

/* The longer one first, and those of one length in the order of their bytes. */
static int compare(const hidden_text *a, const char *text, size_t length) {
  if (a->length != length) return a->length > length ? -1 : 1;
  return strcmp(a->text, text);
}

/* Where it is, or would be: *ret_found. */
static size_t position_of(const char *text, bool *ret_found) {
  size_t low = 0, high = secrets.n, length = strlen(text);
  *ret_found = false;
  while (low < high && !*ret_found) {
    size_t middle = low + (high - low) / 2;
    int order = compare(&secrets.list[middle], text, length);
    *ret_found = order == 0;
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return high;
}

static int insert(size_t at, const char *secret) {
  if (secrets.n == ZC_LOG_SECRETS) return ZC_ECONFLICT;
  if (secrets.n == secrets.capacity) {
    size_t capacity = secrets.capacity ? secrets.capacity * 2 : 64;
    hidden_text *grown = realloc(secrets.list, capacity * sizeof *grown);
    if (!grown) return ZC_ENOMEM;
    secrets.list = grown;
    secrets.capacity = capacity;
  }
  char *copy = strdup(secret);
  if (!copy) return ZC_ENOMEM;
  memmove(&secrets.list[at + 1], &secrets.list[at], (secrets.n - at) * sizeof *secrets.list);
  secrets.list[at] = (hidden_text){.text = copy, .length = strlen(copy), .holders = 1};
  secrets.n++;
  return ZC_OK;
}

int zc_log_hide(const char *secret) {
  if (!secret || strlen(secret) < ZC_LOG_SECRET_MIN) return ZC_EINVAL;
  pthread_mutex_lock(&secrets_lock);
  bool found;
  int status = ZC_OK;
  size_t at = position_of(secret, &found);
  if (found)
    secrets.list[at].holders++;
  else
    status = insert(at, secret);
  pthread_mutex_unlock(&secrets_lock);
  return status;
}

static void wipe(size_t at) {
  explicit_bzero(secrets.list[at].text, secrets.list[at].length);
  free(secrets.list[at].text);
  secrets.n--;
  memmove(&secrets.list[at], &secrets.list[at + 1], (secrets.n - at) * sizeof *secrets.list);
}

void zc_log_release(const char *secret) {
  if (!secret) return;
  pthread_mutex_lock(&secrets_lock);
  bool found;
  size_t at = position_of(secret, &found);
  if (found && --secrets.list[at].holders == 0) wipe(at);
  pthread_mutex_unlock(&secrets_lock);
}

void zc_log_forget(void) {
  pthread_mutex_lock(&secrets_lock);
  while (secrets.n > 0)
    wipe(secrets.n - 1);
  free(secrets.list);
  secrets.list = NULL;
  secrets.capacity = 0;
  pthread_mutex_unlock(&secrets_lock);
}

static const char mask[] = "***";
#define MASK (sizeof mask - 1)

static void redact_whole(char *text, const hidden_text *secret) {
  for (char *at = text; (at = strstr(at, secret->text));) {
    memcpy(at, mask, MASK);
    at += MASK;
    char *rest = at + secret->length - MASK;
    memmove(at, rest, strlen(rest) + 1);
  }
}

/* A text that ends with the beginning of a secret. */
static void redact_end(char *text, const hidden_text *secret) {
  size_t length = strlen(text), most = secret->length - 1;
  for (size_t n = most < length ? most : length; n >= ZC_LOG_SECRET_MIN; n--) {
    if (memcmp(text + length - n, secret->text, n) != 0) continue;
    memcpy(text + length - n, mask, sizeof mask);
    return;
  }
}

/* A text that begins with the end of a secret. */
static void redact_beginning(char *text, const hidden_text *secret) {
  size_t length = strlen(text), most = secret->length - 1;
  for (size_t n = most < length ? most : length; n >= ZC_LOG_SECRET_MIN; n--) {
    if (memcmp(text, secret->text + secret->length - n, n) != 0) continue;
    memcpy(text, mask, MASK);
    memmove(text + MASK, text + n, length - n + 1);
    return;
  }
}

void zc_log_redact(char *text) {
  pthread_mutex_lock(&secrets_lock);
  for (size_t i = 0; i < secrets.n; i++)
    redact_whole(text, &secrets.list[i]);
  for (size_t i = 0; i < secrets.n; i++) {
    redact_beginning(text, &secrets.list[i]);
    redact_end(text, &secrets.list[i]);
  }
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

static void write_line(FILE *stream, int level, const char *component, const char *message) {
  char time[ZC_TIME_TEXT_SIZE] = "-";
  if (log_state.clock) zc_time_format(zc_clock_now(log_state.clock), time, sizeof time);
  if (log_state.json) {
    write_json(stream, time, level, component, message);
  } else {
    fprintf(stream, "%s %-7s %s: %s\n", time, level_word(level), component, message);
  }
  fflush(stream);
}

/* ---- a reader that does not read ---- */

static struct {
  bool stalled;
  unsigned long long lost; /* lines, since it stalled */
} reader;
static pthread_mutex_t reader_lock = PTHREAD_MUTEX_INITIALIZER;

static bool takes_more(FILE *stream, int wait_ms) {
  struct pollfd out = {.fd = fileno(stream), .events = POLLOUT};
  if (out.fd < 0) return true; /* in memory */
  int n;
  do
    n = poll(&out, 1, wait_ms);
  while (n < 0 && errno == EINTR);
  return n != 0;
}

/* Whoever waits for it waits once: what it does not take from then on is lost, and counted. */
static bool wait_for_reader(FILE *stream) {
  bool recorded = log_state.clock && log_state.clock->is_virtual; /* has time */
  int wait_ms = reader.stalled ? 0 : ZC_LOG_READER_MS;
  reader.stalled = !takes_more(stream, recorded ? -1 : wait_ms);
  if (reader.stalled) {
    reader.lost++;
    return false;
  }
  if (reader.lost > 0) {
    char text[80];
    snprintf(text, sizeof text, "%llu lines are lost: nobody took them in time", reader.lost);
    reader.lost = 0;
    write_line(stream, ZC_LOG_WARNING, "log", text);
  }
  return true;
}

void zc_log(int level, const char *component, const char *format, ...) {
  if (level > log_state.level) return;
  char message[2048];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  zc_log_redact(message);
  zc_make_printable(message, ' ');
  FILE *stream = log_state.stream ? log_state.stream : stderr;
  pthread_mutex_lock(&reader_lock);
  if (wait_for_reader(stream)) write_line(stream, level, component, message);
  pthread_mutex_unlock(&reader_lock);
}
