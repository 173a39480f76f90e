/* What plugins do wrong, and how often the log says so. */
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/text.h"
#include "core/base/time_text.h"
#include "core/plugin/operation.h"

#define LOG_LINES_MAX  100 /* of one instance within a minute */
#define EXIT_OF_PLUGIN 70  /* EX_SOFTWARE of sysexits.h: internal */

static _Thread_local zc_instance *running; /* plugin code on the loop's thread */
static _Thread_local zc_instance *working; /* plugin code on a worker's */

/* ---- faults ---- */

/* "uk (plugin uk_grid_eso)" where the instance's name hides the plugin's. */
static const char *plugin_suffix(const zc_instance *instance, char *text, size_t size) {
  text[0] = '\0';
  if (strcmp(instance->name, instance->plugin->name) != 0) {
    snprintf(text, size, " (plugin %s)", instance->plugin->name);
  }
  return text;
}

void zc_fault_note(zc_instance *instance, zc_fault fault, const char *format, ...) {
  zc_fault_record *record = &instance->fault_records[fault];
  int64_t now = zc_clock_elapsed(zc_loop_clock(instance->context->loop));
  char text[512], plugin[80], again[80] = "";
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  instance->faults++;
  snprintf(instance->why, sizeof instance->why, "the plugin %.380s", text);
  if (record->logged && now - record->logged_at < ZC_MINUTE) {
    record->since++;
    return;
  }
  if (record->since > 0) {
    snprintf(again, sizeof again, " (and %llu more such since the last such line)",
             (unsigned long long)record->since);
  }
  zc_log(ZC_LOG_WARNING, instance->component, "%s%s%s", text,
         plugin_suffix(instance, plugin, sizeof plugin), again);
  *record = (zc_fault_record){.logged = true, .logged_at = now};
}

/* ---- whose code runs ---- */

zc_plugin_call zc_plugin_call_begin(zc_instance *instance, const char *what) {
  zc_plugin_call call = {.instance = instance, .previous = running, .what = what};
  running = instance;
  if (what) call.begun = zc_loop_watch_begin();
  return call;
}

void zc_plugin_call_end(const zc_plugin_call *call) {
  const zc_instance *instance = call->instance;
  running = call->previous;
  if (!call->what) return;
  zc_loop_watch_end(instance->context->loop, call->begun, instance->component, call->what);
}

zc_instance *zc_plugin_running(void) {
  return running;
}

void zc_plugin_thread_begin(zc_instance *instance) {
  working = instance;
}

void zc_plugin_thread_end(void) {
  working = NULL;
}

bool zc_plugin_on_thread(const char *what) {
  /* The counters of an instance are the loop's. */
  static atomic_flag told = ATOMIC_FLAG_INIT, told_of_own = ATOMIC_FLAG_INIT;
  if (running) return false;
  if (working && !atomic_flag_test_and_set(&told)) {
    zc_log(ZC_LOG_ERROR, working->component,
           "%s from a worker thread: refused, as only json_parse and json_free may be called there",
           what);
  } else if (!working && !atomic_flag_test_and_set(&told_of_own)) {
    zc_log(ZC_LOG_ERROR, "plugins",
           "%s from a thread of a plugin's own: refused, as the host may be called from its "
           "callbacks alone",
           what);
  }
  return true;
}

/* ---- exit() ---- */

/* Status 0 would tell whoever watches over the engine that it was meant to end. */
static void name_who_exits(void) {
  const zc_instance *culprit = running ? running : working;
  if (!culprit) return;
  zc_log(ZC_LOG_ERROR, culprit->component, "called exit(), which no plugin may: the program ends");
  _exit(EXIT_OF_PLUGIN);
}

void zc_plugin_guard_exit(void) {
  static bool guarded;
  if (!guarded) guarded = atexit(name_who_exits) == 0;
}

/* ---- the plugin's own log lines ---- */

void zc_instance_end_allowance(zc_instance *instance) {
  zc_log_allowance *allowance = &instance->allowance;
  if (allowance->dropped > 0) {
    zc_log(ZC_LOG_WARNING, instance->component,
           "%u more lines were dropped: a plugin may log %d within a minute", allowance->dropped,
           LOG_LINES_MAX);
  }
  *allowance = (zc_log_allowance){0};
}

static bool may_log(zc_instance *instance) {
  zc_log_allowance *allowance = &instance->allowance;
  int64_t now = zc_clock_elapsed(zc_loop_clock(instance->context->loop));
  if (allowance->lines == 0 || now - allowance->since >= ZC_MINUTE) {
    zc_instance_end_allowance(instance);
    allowance->since = now;
  }
  if (allowance->lines < LOG_LINES_MAX) {
    allowance->lines++;
    return true;
  }
  allowance->dropped++;
  return false;
}

void zc_instance_log(zc_instance *instance, int level, const char *message) {
  if (level < ZC_LOG_ERROR || level > ZC_LOG_DEBUG) level = ZC_LOG_INFO;
  if (!message) message = "(no text)";
  if (level == ZC_LOG_ERROR) {
    size_t length = strlen(instance->why);
    if (length > 0) {
      zc_copy_text(instance->why + length, sizeof instance->why - length, "; ");
      length = strlen(instance->why);
    }
    zc_copy_text(instance->why + length, sizeof instance->why - length, message);
    zc_log_redact(instance->why);
  }
  if (level > zc_log_level() || !may_log(instance)) return;
  zc_log(level, instance->component, "%s", message);
}
