/* Reload: the file is read and checked on a thread, the instances that it asks for are made on the
 * loop in an engine of their own (`fresh`), and where all of that went well the two engines
 * exchange their parts. The engine that runs is then the one that ran before, with other parts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/text.h"
#include "core/engine/stages.h"
#include "core/io/work.h"

#define TEXT_MAX ((size_t)64 * 1024) /* of an outcome */

typedef struct {
  void (*done)(void *user, const zc_reload_outcome *outcome);
  void *user;
} waiter;

typedef struct {
  waiter items[ZC_RELOAD_WAITING_MAX];
  size_t n;
} waiters;

/* What a thread does. */
typedef struct {
  zc_engine *engine; /* NULL: it has ended meanwhile */
  zc_registry *registry;
  char *path, *state_dir;
  bool implicit;
  zc_settings *settings;
  zc_findings findings;
  int status;
} loading;

struct zc_reload {
  zc_registry *registry;
  char *path;
  void (*taken)(void *user, zc_settings *settings);
  void *user;
  loading *loading; /* under way; NULL: none */
  bool again;       /* and another after it */
  waiters now, next;
  zc_reload_outcome last;
  char *text; /* of the last */
};

static int begin(zc_engine *engine);

/* ---- reading, on a thread ---- */

static void loading_destroy(loading *l) {
  zc_settings_free(l->settings);
  zc_findings_finish(&l->findings);
  free(l->path);
  free(l->state_dir);
  free(l);
}

static void add_directories(void *user, char *const *directories, size_t n) {
  loading *l = user;
  for (size_t i = 0; i < n; i++) {
    int status = zc_registry_add_directory(l->registry, directories[i]);
    if (status == ZC_OK) continue;
    zc_findings_add(&l->findings, true, 0, 0, "engine.plugin_dirs: %s is not searched: %s",
                    directories[i], zc_status_text(status));
  }
}

static const zc_plugin *find_plugin(void *user, uint32_t kind, const char *name, zc_error *error) {
  const loading *l = user;
  return zc_registry_find(l->registry, kind, name, error);
}

static size_t name_plugins(void *user, uint32_t kind, const char **ret, size_t max) {
  const loading *l = user;
  zc_plugin_finder finder = zc_registry_finder(l->registry);
  return finder.names(finder.user, kind, ret, max);
}

static void note_replaced(void *user, const char *name, const char *path) {
  loading *l = user;
  zc_findings_add(&l->findings, true, 0, 0,
                  "plugin %s: %s is not the file that was loaded: its old code runs on; the new "
                  "one needs a restart",
                  name, path);
}

static void note_overwritten(void *user, const char *name, const char *path) {
  loading *l = user;
  zc_findings_add(&l->findings, false, 0, 0,
                  "plugin %s: %s was overwritten in place: restart now, what runs of it is damaged "
                  "(put a new one there with mv or install, never cp)",
                  name, path);
}

static void load(void *user) {
  loading *l = user;
  zc_plugin_finder finder = {.user = l, .find = find_plugin, .names = name_plugins};
  zc_config_options options = {.finder = &finder,
                               .prepare = add_directories,
                               .state_dir = l->state_dir,
                               .implicit = l->implicit};
  if (zc_registry_overwritten(l->registry, note_overwritten, l)) {
    l->status = ZC_ECONFLICT;
    return;
  }
  zc_registry_refresh(l->registry);
  l->status = zc_config_load(l->path, &options, &l->settings, &l->findings);
  zc_registry_replaced(l->registry, note_replaced, l);
}

/* ---- building and swapping ---- */

static void exchange(zc_engine *engine, zc_engine *fresh) {
  zc_rollup_pause(engine);
  zc_collect_exchange(engine, fresh);
  zc_decision_exchange(engine, fresh);
  zc_deliver_exchange(engine, fresh);
  zc_schedule_exchange(engine, fresh);
  zc_settings *settings = engine->settings;
  engine->settings = fresh->settings;
  fresh->settings = settings;
}

static void renew(zc_engine *engine) {
  zc_execute_renew(engine);
  zc_realise_renew(engine);
  zc_deliver_renew(engine);
  zc_schedule_renew(engine);
  zc_collect_renew(engine);
  zc_rollup_renew(engine);
}

static void fresh_destroy(zc_engine *fresh) {
  zc_engine_destroy_stages(fresh);
  zc_settings_free(fresh->settings);
  free(fresh);
}

/* Instances that only the refused settings wanted. */
static void drop_triggers(zc_engine *engine, size_t kept) {
  while (engine->n_triggers > kept)
    zc_instance_destroy(engine->triggers[--engine->n_triggers].instance);
}

static int build(zc_engine *engine, zc_engine *fresh, zc_error *error) {
  size_t before = engine->n_triggers;
  int status = zc_engine_create_stages(fresh, error);
  if (status != ZC_OK) return status;
  status = zc_engine_create_triggers(engine, fresh->settings, error);
  if (status == ZC_OK) status = zc_secrets_withhold(fresh->settings, error);
  if (status == ZC_OK) return ZC_OK;
  fresh->refused = engine->refused;
  drop_triggers(engine, before);
  return status;
}

/* Takes the settings over where it goes well; else *ret_place is that of the entry to blame. */
static int take(zc_engine *engine, zc_settings *settings, zc_place *ret_place, zc_error *error) {
  zc_engine *fresh = calloc(1, sizeof *fresh);
  if (!fresh) return zc_error_set(error, ZC_ENOMEM, "no memory for another configuration");
  fresh->loop = engine->loop;
  fresh->http = engine->http;
  fresh->journal = engine->journal;
  fresh->options = engine->options;
  fresh->context = engine->context;
  fresh->settings = zc_settings_hold(settings);
  fresh->before = engine;
  int status = build(engine, fresh, error);
  if (status == ZC_OK) exchange(engine, fresh);
  *ret_place = fresh->refused;
  fresh_destroy(fresh);
  if (status == ZC_OK) renew(engine);
  return status;
}

/* ---- the outcome ---- */

static void log_findings(const zc_engine *engine, const zc_findings *findings) {
  const char *path = engine->reload->path;
  for (size_t i = 0; i < findings->n; i++) {
    const zc_finding *f = &findings->items[i];
    char place[40] = ""; /* none where no line of the file is to blame */
    if (f->line > 0) snprintf(place, sizeof place, ":%d:%d", f->line, f->column);
    zc_log(f->warning ? ZC_LOG_WARNING : ZC_LOG_ERROR, "config", "%s%s: %s", path, place, f->text);
  }
  if (findings->left_out > 0) {
    zc_log(ZC_LOG_ERROR, "config", "%s: and %zu more", path, findings->left_out);
  }
}

static void note_outcome(zc_engine *engine, bool taken, const zc_findings *findings) {
  struct zc_reload *reload = engine->reload;
  zc_buffer text;
  zc_buffer_init(&text, TEXT_MAX);
  zc_findings_print(findings, reload->path, &text);
  free(reload->text);
  reload->text = zc_buffer_take(&text);
  zc_buffer_finish(&text);
  if (reload->text) zc_log_redact(reload->text);
  reload->last.at = zc_loop_now(engine->loop);
  reload->last.taken = taken;
  reload->last.text = reload->text ? reload->text : "";
  if (taken)
    reload->last.n_taken++;
  else
    reload->last.n_refused++;
  log_findings(engine, findings);
  if (taken) {
    zc_log(ZC_LOG_INFO, "reload", "%s is in force: %zu pipelines, %zu sources, %zu sinks",
           reload->path, engine->settings->n_pipelines, engine->settings->n_sources,
           engine->settings->n_sinks);
  } else {
    zc_log(ZC_LOG_ERROR, "reload", "%s is refused: the configuration before it stays in force",
           reload->path);
  }
}

static void tell(struct zc_reload *reload) {
  waiters told = reload->now;
  reload->now = (waiters){0};
  for (size_t i = 0; i < told.n; i++)
    told.items[i].done(told.items[i].user, &reload->last);
}

static bool try_to_take(zc_engine *engine, loading *l) {
  zc_error error = {0};
  zc_place place = {0};
  int status = l->status;
  if (status == ZC_OK && engine->stopping) {
    status = zc_error_set(&error, ZC_ECANCELED, "the engine is stopping");
  } else if (status == ZC_OK) {
    status = take(engine, l->settings, &place, &error);
  } else if (l->findings.errors == 0) {
    zc_error_set(&error, status, "it cannot be read: %s", zc_status_text(status));
  }
  if (error.text[0])
    zc_findings_add(&l->findings, false, place.line, place.column, "%s", error.text);
  return status == ZC_OK;
}

static void after_loading(void *user, int status) {
  loading *l = user;
  zc_engine *engine = l->engine;
  if (!engine) {
    loading_destroy(l);
    return;
  }
  struct zc_reload *reload = engine->reload;
  if (status != ZC_OK) l->status = status;
  bool taken = try_to_take(engine, l);
  reload->loading = NULL;
  if (taken && reload->taken) reload->taken(reload->user, engine->settings);
  note_outcome(engine, taken, &l->findings);
  loading_destroy(l);
  tell(reload);
  if (!reload->again) return;
  reload->again = false;
  reload->now = reload->next;
  reload->next = (waiters){0};
  if (begin(engine) != ZC_OK) { /* told with the outcome of the one before */
    zc_log(ZC_LOG_ERROR, "reload", "no memory for another one: ask again");
    tell(reload);
  }
}

/* ---- beginning ---- */

static int begin(zc_engine *engine) {
  struct zc_reload *reload = engine->reload;
  loading *l = calloc(1, sizeof *l);
  if (!l) return ZC_ENOMEM;
  l->engine = engine;
  l->registry = reload->registry;
  l->path = zc_duplicate(reload->path);
  l->state_dir = zc_duplicate(engine->settings->state_dir);
  l->implicit = engine->settings->implicit;
  int status = l->path && l->state_dir ? ZC_OK : ZC_ENOMEM;
  if (status == ZC_OK) status = zc_work_start(engine->loop, load, after_loading, l);
  if (status == ZC_OK)
    reload->loading = l;
  else
    loading_destroy(l);
  return status;
}

int zc_engine_reload(zc_engine *engine, void (*done)(void *user, const zc_reload_outcome *outcome),
                     void *user, zc_error *error) {
  struct zc_reload *reload = engine->reload;
  if (!reload) return zc_error_set(error, ZC_ENOTFOUND, "this engine does not reload");
  if (engine->stopping) return zc_error_set(error, ZC_ECANCELED, "the engine is stopping");
  waiters *list = reload->loading ? &reload->next : &reload->now;
  if (done && list->n == ZC_RELOAD_WAITING_MAX) {
    return zc_error_set(error, ZC_ECONFLICT, "%d wait for a reload already", ZC_RELOAD_WAITING_MAX);
  }
  int status = ZC_OK;
  if (reload->loading)
    reload->again = true;
  else
    status = begin(engine);
  if (status != ZC_OK) return zc_error_set(error, status, "no room for a reload: ask again");
  if (done) list->items[list->n++] = (waiter){.done = done, .user = user};
  return ZC_OK;
}

const zc_reload_outcome *zc_reload_last(const zc_engine *engine) {
  return engine->reload ? &engine->reload->last : NULL;
}

int zc_engine_enable_reload(zc_engine *engine, zc_registry *registry, const char *path,
                            void (*taken)(void *user, zc_settings *settings), void *user) {
  struct zc_reload *reload = calloc(1, sizeof *reload);
  if (!reload) return ZC_ENOMEM;
  *reload = (struct zc_reload){.registry = registry, .taken = taken, .user = user};
  reload->last.text = "";
  reload->path = zc_duplicate(path);
  if (!reload->path) {
    free(reload);
    return ZC_ENOMEM;
  }
  reload->last.path = reload->path;
  engine->reload = reload;
  return ZC_OK;
}

void zc_reload_destroy(zc_engine *engine) {
  struct zc_reload *reload = engine->reload;
  if (!reload) return;
  if (reload->loading) reload->loading->engine = NULL;
  reload->last.taken = false;
  reload->last.text = "the engine has ended\n";
  tell(reload);
  reload->now = reload->next;
  tell(reload);
  free(reload->text);
  free(reload->path);
  free(reload);
  engine->reload = NULL;
}
