/* engine.h - the daemon's stages, tied together: collect, schedule, decide, execute, record,
 * deliver.
 *
 * All on the loop thread. Commands of the control socket and of the command line come in here. */
#ifndef ZC_ENGINE_ENGINE_H
#define ZC_ENGINE_ENGINE_H

#include "core/config/config.h"
#include "core/io/http.h"
#include "core/plugin/instance.h"
#include "core/plugin/registry.h"
#include "core/state/journal.h"

typedef struct zc_engine zc_engine;

typedef struct {
  bool once; /* collect, decide and run what is due, then stop */
  /* Only what zc_engine_trigger() asks for; of the journal's runs those that wait are left to the
   * next engine. */
  bool no_schedule;
  bool dry;         /* no journal, no triggers, no sinks: `decide`, `source` */
  bool tables_only; /* journal and sinks, for zc_engine_rebuild_tables(): nothing is run */
  zc_time as_of;    /* `decide --at`: sources without ZC_SOURCE_RECORDED are not asked; else 0 */
  uint64_t seed;
} zc_engine_options;

/* A share of the settings is held. journal NULL where dry. */
int zc_engine_create(zc_loop *loop, zc_http *http, zc_settings *settings, zc_journal *journal,
                     const zc_engine_options *options, zc_engine **ret, zc_error *error);
/* Recovers from the journal, starts sinks, the first round of sources, and schedules. */
int zc_engine_start(zc_engine *engine, zc_error *error);
/* Takes nothing new, ends what runs within settings.shutdown_ms, journals it, then calls back. */
void zc_engine_stop(zc_engine *engine, void (*stopped)(void *user), void *user);
/* From now on the journal's callbacks find nobody: before zc_journal_close(), which delivers them.
 */
void zc_engine_detach(zc_engine *engine);
/* After stopped, or never started, or a fault; after zc_engine_detach() and zc_journal_close(). */
void zc_engine_destroy(zc_engine *engine);

/* A fault after which nothing can be promised (an fsync failed): called once; the process exits 70.
 */
void zc_engine_on_fatal(zc_engine *engine, void (*fatal)(void *user, const char *message),
                        void *user);
/* Every configured region has had its first answer or failure of every source. */
bool zc_engine_collected(const zc_engine *engine);
void zc_engine_on_collected(zc_engine *engine, void (*ready)(void *user), void *user);

#define ZC_JOURNAL_REFUSES "the journal cannot be written: see `zerocarb status`"
/* Requests a run now. ret_id: ZC_EXECUTION_ID_SIZE. It is journalled before `accepted` is called;
 * with ZC_EIO where the journal took it in neither of two tries (a full disk), and it is dropped.
 * ZC_ENOTFOUND with the nearest name, ZC_ECANCELED while stopping, ZC_ECONFLICT where the pipeline
 * is paused, or has a run that has not ended and `overlap: skip`. */
int zc_engine_trigger(zc_engine *engine, const char *pipeline, const char *trigger_source,
                      char *ret_id, void (*accepted)(void *user, int status), void *user,
                      zc_error *error);
/* Cancels a run that waits: `done` (may be NULL) comes once that is journalled. One that has been
 * started is asked to end, and ends when it has: *ret_asked is set, and no `done` comes.
 * ZC_ENOTFOUND; ZC_ECONFLICT: it has ended, or cannot be stopped. */
int zc_engine_cancel(zc_engine *engine, const char *id, void (*done)(void *user, int status),
                     void *user, bool *ret_asked, zc_error *error);
/* A person says what became of a run that is UNKNOWN: it ended as `status` (SUCCESS, FAILED,
 * TIMED_OUT, CANCELLED, SUPERSEDED), or it never ran and is to be started again (PENDING), with the
 * same id. `done` comes once that is journalled, or with why not: ZC_ENOTFOUND, ZC_ECONFLICT where
 * it is not UNKNOWN, or may not be started again; ZC_EDATA where its row is damaged; ZC_ENOMEM.
 * Refused at once, without `done`: ZC_EINVAL for another status, ZC_ECONFLICT while it has not
 * ended, ZC_ECANCELED while stopping, ZC_ENOMEM. */
int zc_engine_resolve(zc_engine *engine, const char *id, zc_execution_status status,
                      void (*done)(void *user, int status, const char *message), void *user,
                      zc_error *error);
/* Pauses or resumes a pipeline; `done` (may be NULL) comes once that is journalled. While it is
 * paused its slots pass without a run and are counted, requests are refused, and runs that have not
 * been started wait; they start when it is resumed. ZC_ENOTFOUND with the nearest name,
 * ZC_ECANCELED while stopping. */
int zc_engine_pause(zc_engine *engine, const char *pipeline, bool paused,
                    void (*done)(void *user, int status), void *user, zc_error *error);
/* Appends a pipeline as one JSON object: name, state (active | paused), paused_since, schedule,
 * time_zone, next_slot, runs (that have not ended, by status), slots_missed, slots_paused.
 * ZC_ENOTFOUND with the nearest name; ZC_ENOMEM. */
int zc_engine_pipeline(const zc_engine *engine, const char *name, zc_buffer *to, zc_error *error);
/* The same of those from `offset` on in the configuration's order, at most `limit`:
 * {"pipelines":[…],"total":N}. */
int zc_engine_pipelines(const zc_engine *engine, size_t offset, size_t limit, zc_buffer *to);
/* A run that is still in memory, or NULL. */
const zc_execution *zc_engine_find(const zc_engine *engine, const char *id);
/* Called after each change of status of any run, once it is journalled. */
void zc_engine_on_status(zc_engine *engine,
                         void (*changed)(void *user, const zc_execution *execution), void *user);
/* Every sink had every row when it was last asked. */
bool zc_engine_delivered(const zc_engine *engine);
uint64_t zc_engine_refused_rows(const zc_engine *engine); /* that a sink will never have */
size_t zc_engine_live(const zc_engine *engine);           /* runs not ended */

/* Reload: another configuration, read and checked on a thread, built beside the one in force, then
 * swapped. What fails changes nothing. As a restart, without the pause: runs that wait go on under
 * the new settings of their pipeline; runs that are being started or run keep those that they were
 * started with. Sources and sinks whose options are the same go on with what they have. */
#define ZC_RELOAD_WAITING_MAX 16 /* that are told of one reload */
typedef struct {
  zc_time at; /* 0: there was none */
  bool taken;
  const char *path;
  uint64_t n_taken, n_refused; /* since the start */
  const char *text;            /* "FILE:3:5: error: …" a line, warnings too; "" for none */
} zc_reload_outcome;

/* From now on the engine can reload `path`, which its settings came from. The registry must live as
 * long as the loop. `taken` is called with the new settings right after each swap. ZC_ENOMEM. */
int zc_engine_enable_reload(zc_engine *engine, zc_registry *registry, const char *path,
                            void (*taken)(void *user, zc_settings *settings), void *user);
/* Begins one; where one is under way another follows it, since the file may have been changed after
 * it was read. `done` (may be NULL) is called on a later turn with what it came to: as refused
 * where the engine is destroyed first. ZC_ENOTFOUND where it is not enabled, ZC_ECANCELED while the
 * engine stops, ZC_ECONFLICT where too many wait, ZC_ENOMEM. */
int zc_engine_reload(zc_engine *engine, void (*done)(void *user, const zc_reload_outcome *outcome),
                     void *user, zc_error *error);
/* Makes the rows of the derived tables anew for the days from `from` to `to` (their midnights,
 * inclusive) from what the first sink has that can be read back; `done` on a later turn, or at
 * once. ZC_ENOTFOUND where there is no such sink; ZC_EINVAL, ZC_ECONFLICT, ZC_ECANCELED. */
int zc_engine_rebuild_tables(zc_engine *engine, zc_time from, zc_time to,
                             void (*done)(void *user, int status, const char *message), void *user,
                             zc_error *error);
/* Brings the derived tables up to date, before an end; run the loop until that is done. */
void zc_engine_roll_up(zc_engine *engine);

/* Decides for a pipeline now, starting nothing: appends the item as JSON, and with `why` a member
 * "why": candidates with their figures and every policy's answer. */
int zc_engine_decide(zc_engine *engine, const char *pipeline, bool why, zc_buffer *to,
                     zc_error *error);

/* Whether the engine does all of its work: {"reasons":[{"reason":…,"message":…}],"ready":…}. The
 * reasons why not: stopping, journal (it cannot write), first_round (not over), sources (all away),
 * sink (one that is away, each). Each goes by itself. */
int zc_engine_readiness(const zc_engine *engine, bool *ret_ready, zc_buffer *to);

/* One line of JSON about the engine: version, uptime, runs by status, sources' last results,
 * backlog. */
int zc_engine_status(zc_engine *engine, zc_buffer *to);

#endif
