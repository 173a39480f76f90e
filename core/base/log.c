#include "core/base/log.h"

#include <stdarg.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/time_text.h"

static struct {
  int level;
  bool json;
  const zc_clock *clock;
  FILE *stream;
} log_state = {.level = ZC_LOG_INFO};

void zc_log_setup(int level, bool json, const zc_clock *clock, FILE *stream) {
  log_state.level = level;
  log_state.json = json;
  log_state.clock = clock;
  log_state.stream = stream;
}

int zc_log_level(void) {
  return log_state.level;
}

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
  for (char *c = message; *c; c++) {
    if ((unsigned char)*c < 0x20 || *c == 0x7f) *c = ' ';
  }
  FILE *stream = log_state.stream ? log_state.stream : stderr;
  if (log_state.clock) zc_time_format(zc_clock_now(log_state.clock), time, sizeof time);
  if (log_state.json) {
    write_json(stream, time, level, component, message);
  } else {
    fprintf(stream, "%s %-7s %s: %s\n", time, level_word(level), component, message);
  }
  fflush(stream);
}
