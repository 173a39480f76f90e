/* instance.h - configured plugin instances and their operations: the host side of the ABI.
 *
 * An operation is a handle with a generation, never a pointer: a plugin that answers twice or after
 * its deadline meets a dead handle, is counted and named in the log, and harms nobody. An operation
 * owns its requests, timers, processes and work; they end with it. */
#ifndef ZC_PLUGIN_INSTANCE_H
#define ZC_PLUGIN_INSTANCE_H

#include <stdbool.h>

#include "core/base/error.h"
#include "core/config/config.h"
#include "core/io/http.h"
#include "core/plugin/point.h"

#define ZC_OPERATIONS_MAX         256   /* live at once, of one source or sink */
#define ZC_TRIGGER_OPERATIONS_MAX 20000 /* of one trigger, which serves all pipelines */
#define ZC_PARTS_MAX              64    /* requests, timers, processes, work of one operation */

typedef struct zc_host_context
    zc_host_context; /* what all instances share: loop, HTTP, the vtable */
typedef struct zc_instance zc_instance;

/* http may be NULL where no instance will ask for it: requests are then refused. */
int zc_host_context_create(zc_loop *loop, zc_http *http, uint64_t seed, zc_host_context **ret);
/* After its instances. Where one of them still waits for its work the memory goes with that. */
void zc_host_context_destroy(zc_host_context *context);
const zc_host *zc_host_services(const zc_host_context *context);

/* `plugin` (of the registry) must live as long; a share of `options` is held, which may be NULL
 * (triggers). `name` is used in logs. The plugin's own status with its last error line in *error
 * where it refuses. */
int zc_instance_create(zc_host_context *context, const zc_plugin *plugin, const char *name,
                       zc_config *options, zc_instance **ret, zc_error *error);
/* Cancels what is live, then destroys. From the loop thread, never from a plugin's callback. Where
 * work is on a thread, the plugin's state lives until that has ended: run the loop. */
void zc_instance_destroy(zc_instance *instance);
/* Asks a trigger (its optional `check`) what is wrong with the options of one of settings'
 * pipelines. The plugin's own status with its sentence in *error. */
int zc_instance_check_trigger(zc_instance *instance, const zc_settings *settings,
                              const zc_pipeline_settings *pipeline, zc_error *error);
/* Likewise a sink, about itself. */
int zc_instance_check_sink(zc_instance *instance, zc_error *error);
const char *zc_instance_name(const zc_instance *instance);
/* "source:NAME": as the log names it, whoever speaks of it. */
const char *zc_instance_component(const zc_instance *instance);
const zc_plugin *zc_instance_plugin(const zc_instance *instance);
/* A policy's operations, with the instance itself as their state: calls are watched, faults named,
 * and what explain() writes is fit to be recorded. */
extern const zc_policy_ops zc_instance_policy;
void *zc_instance_state(const zc_instance *instance);
size_t zc_instance_live_operations(const zc_instance *instance);
/* Why zc_operation_start_… has just not begun an operation, for people: the fault or the line of
 * level error that came with the refusal. Until the plugin is called again. */
const char *zc_instance_refusal(const zc_instance *instance);
/* No answer, late and double ones, bad points, calls with wrong arguments. */
uint64_t zc_instance_faults(const zc_instance *instance);

typedef uint64_t zc_operation; /* 0: none */

/* Who asked. All on the loop, never inside the zc_operation_start_… call but for points, started,
 * status, row and page where the plugin has them at hand; done comes exactly once and last, on a
 * later turn and after the last process of the operation has gone, with ZC_ETIMEDOUT where the
 * deadline passed, unless the operation is cancelled: then never. Those that do not fit the kind
 * may be NULL. */
typedef struct {
  void *user;
  /* ZC_OK, or ZC_EDATA with *ret_bad: the position of the point that is refused. The points have
   * been checked one by one, the signal's issued_at is set; its region may be NULL. */
  int (*points)(void *user, const zc_signal *signal, const zc_point *points, size_t n,
                size_t stride, size_t *ret_bad);
  void (*started)(void *user, const char *remote_id);
  void (*status)(void *user, int status, const char *message);
  void (*retry_after)(void *user, int64_t ms); /* 0..ZC_RETRY_AFTER_MAX */
  int (*row)(void *user, const char *text, size_t length);
  void (*page)(void *user, const char *page);
  void (*done)(void *user, int error, const char *message);
} zc_operation_events;

#define ZC_RETRY_AFTER_MAX (30 * ZC_DAY)

enum { ZC_START_RUN, ZC_POLL_RUN, ZC_FIND_RUN, ZC_STOP_RUN };

/* Each: ZC_OK with *ret, or why it was not begun (the plugin refused, has no such operation:
 * ZC_ENOTFOUND, too many are live: ZC_ECONFLICT, deadline_ms is not positive: ZC_EINVAL); then no
 * event comes. */
int zc_operation_start_source(zc_instance *instance, bool forecast, const zc_query *query,
                              int64_t deadline_ms, const zc_operation_events *events,
                              zc_operation *ret);
int zc_operation_start_trigger(zc_instance *instance, int what, const zc_run *run,
                               int64_t deadline_ms, const zc_operation_events *events,
                               zc_operation *ret);
int zc_operation_start_sink_init(zc_instance *instance, const zc_table *const *tables, size_t n,
                                 int64_t deadline_ms, const zc_operation_events *events,
                                 zc_operation *ret);
int zc_operation_start_sink_write(zc_instance *instance, const zc_item *items, size_t n,
                                  int64_t deadline_ms, const zc_operation_events *events,
                                  zc_operation *ret);
int zc_operation_start_sink_query(zc_instance *instance, const zc_table_query *query,
                                  int64_t deadline_ms, const zc_operation_events *events,
                                  zc_operation *ret);
/* create_tables, or check_tables: a line comes through `row`. */
int zc_operation_start_sink_tables(zc_instance *instance, bool create,
                                   const zc_table *const *tables, size_t n, uint32_t flags,
                                   int64_t deadline_ms, const zc_operation_events *events,
                                   zc_operation *ret);
/* Asks it to end: its processes get TERM and later KILL, the plugin's `cancel` is told on a later
 * turn. `done` comes once its processes have gone, with ZC_ECANCELED, or as it had answered
 * already. False where it is dead or 0: then nothing comes. */
bool zc_operation_stop(zc_host_context *context, zc_operation operation);
/* Dead or 0 is fine. The plugin's `cancel` is told at once, or on a later turn where plugin code is
 * running at this moment. */
void zc_operation_cancel(zc_host_context *context, zc_operation operation);

#endif
