/* stages.h - what the engine's stages share: its state, and each stage's entry points.
 *
 * collect.c   sources -> grid            schedule.c  cron slots -> requests
 * decision.c  request + snapshot -> decision, and its record
 * execute.c   decision -> trigger -> status; recover.c takes up what the journal holds
 * resolve.c   what a person says became of a run that is UNKNOWN
 * realise.c   ended run + what was observed -> what it really saved
 * places.c    how many runs are under way, and whose turn it is; pipelines.c: who is paused
 * deliver.c   outbox -> sinks            engine.c    ties them together
 * rollup.c    sinks -> derived tables    (with rollup_….c)
 *
 * One owner a field: the stage under whose heading it stands. */
#ifndef ZC_ENGINE_STAGES_H
#define ZC_ENGINE_STAGES_H

/* Else a refused allocation ends the process. What finds no room in a table has no hh.tbl. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "core/engine/engine.h"
#include "core/model/grid.h"
#include "core/model/transition.h"
#include "core/tables/execution_item.h"
#include "core/tables/schema.h"

/* A request taken up this soon after its time is decided as of its time. */
#define ZC_PROMPT (60 * ZC_SECOND)
/* How long after its deadline a slot that was missed is still made up for. */
#define ZC_LATE_GRACE (15 * ZC_MINUTE)
/* Decisions wait this long for the first round of the sources, then go on with what is there. */
#define ZC_FIRST_ROUND_LIMIT (45 * ZC_SECOND)
/* One turn of the loop decides or records for so long at the most (real time), then lets others in.
 */
#define ZC_SLICE_NS        INT64_C(5000000)
#define ZC_GRID_HORIZON    (9 * ZC_DAY) /* how far back observations are kept */
#define ZC_START_ATTEMPTS  10
#define ZC_LOOK_UPS        20               /* that failed, before the run is left to a person */
#define ZC_REMOTE_DEADLINE (60 * ZC_SECOND) /* of one call of a remote trigger */
#define ZC_POLL_LIMIT      (60 * ZC_SECOND) /* the longest pause between polls */
#define ZC_LIVE_MAX        100000           /* runs not ended, in the whole engine */

/* ---- collect ---- */

typedef struct zc_collector zc_collector;

/* One question to a source: a region, and observations or forecast. */
typedef struct {
  zc_collector *collector;
  size_t region; /* position in the collector's regions */
  bool forecast;
  bool delivered;       /* the last answer brought what can be used */
  zc_time from, to;     /* the span asked for */
  zc_span_count points; /* taken of the last answer, held against that span */
  zc_operation operation;
} zc_question;

struct zc_collector {
  zc_engine *engine;
  size_t source; /* position in the settings' sources */
  const zc_plugin_settings *settings;
  zc_instance *instance;
  zc_timer timer;
  zc_question *questions; /* two a region */
  bool *delivered;        /* per region, for the record */
  size_t n_questions, waiting;
  bool asked;        /* the first round has ended */
  bool due;          /* a reload wants a round soon */
  uint32_t failures; /* rounds in a row that brought nothing */
  zc_time last_success;
  char last_message[200];
  zc_refusal refusal; /* of the round */
  uint64_t refused;   /* values, since the start */
};

/* A source's points, as zc_operation_events has them; user: the zc_question. */
int zc_collect_points(void *user, const zc_signal *signal, const zc_point *points, size_t n,
                      size_t stride, size_t *ret_bad);
/* One line a round on what was implausible. */
void zc_collect_tell_refusals(zc_collector *collector);
/* What is made of a question that failed: what came before the failure stays. why may be NULL. */
void zc_collect_tell_failure(const zc_question *question, const char *what, const char *why);

/* Slots already written to carbon_intensity_history, per region, so that a change is written once.
 */
#define ZC_HISTORY_REMEMBERED 3000 /* two days of minutes */
typedef struct {
  zc_slot *slots;
  size_t n, capacity;
} zc_history_memory;

/* ---- roll up ---- */

typedef struct zc_rollup zc_rollup; /* rollup_parts.h */
#define ZC_ROLLUP_MARK "#rollups"   /* among the journal's marks; no pipeline can be called so */

/* ---- pipelines and places ---- */

struct zc_live;

/* What holds for a pipeline beyond its settings. By name, from the first run or note on until the
 * engine ends: another configuration changes none of it. */
typedef struct {
  char *name;
  zc_time paused_at; /* 0: it is not paused */
  int64_t slots_missed, slots_paused;
  zc_time mark;         /* the newest slot that was taken up, or passed over; 0: none */
  char *schedule;       /* what that is a slot of (schedule.c); NULL: not known */
  size_t under_way;     /* of its runs: TRIGGERING or RUNNING */
  struct zc_live *runs; /* in memory; zc_live.next_run (utlist.h) */
  UT_hash_handle hh;
} zc_pipeline_state;

typedef struct {
  char *name;
  size_t under_way; /* runs in this region */
  UT_hash_handle hh;
} zc_region_state;

/* Why a run waits although its time has come. */
typedef enum {
  ZC_HOLD_NONE,
  ZC_HOLD_PAUSED,
  ZC_HOLD_OVERLAP,
  ZC_HOLD_PIPELINE, /* its max_parallel; from here on the deadline may end it */
  ZC_HOLD_REGION,
  ZC_HOLD_WHOLE
} zc_hold;

/* ---- execute ---- */

typedef enum { ZC_STEP_NONE, ZC_STEP_DECIDE, ZC_STEP_START, ZC_STEP_FIND, ZC_STEP_POLL } zc_step;

/* A run that has not ended. */
typedef struct zc_live {
  zc_engine *engine;
  zc_settings *settings; /* held: those that `pipeline` belongs to */
  const zc_pipeline_settings *pipeline;
  zc_execution execution;
  zc_timer timer; /* the next step */
  zc_step step;
  zc_operation operation; /* of the trigger */
  int what;               /* ZC_START_RUN … of that operation */
  int outcome;            /* ZC_RUN_… last reported, 0: none */
  char *outcome_message;
  int64_t poll_ms;
  int64_t retry_after_ms;   /* what the remote asked for in that operation */
  uint64_t decided_version; /* of the grid */
  unsigned commits;         /* under way */
  unsigned look_ups;        /* in a row that failed */
  bool ambiguous;           /* it may have been started: a start had no clean answer */
  bool started_reported, ended;
  bool cancelling; /* by a person: its command was told to end, and has not yet */
  bool queued;     /* waits to be decided */
  bool left; /* from the journal, and nothing that an engine for one run waits for (recover.c) */
  struct zc_live *next_queued;
  zc_pipeline_state *state;
  struct zc_live *prev_run, *next_run; /* of the same pipeline */
  zc_region_state *place;              /* while it is under way */
  zc_hold hold;
  size_t held; /* its position in the engine's list, from 1; 0: it is not there */
  void (*accepted)(void *user, int status);
  void *accepted_user;
  UT_hash_handle hh;
} zc_live;

typedef struct zc_commit zc_commit; /* record.c */

typedef struct {
  const zc_plugin *plugin;
  zc_instance *instance;
} zc_trigger_slot;

/* ---- schedule ---- */

typedef struct {
  zc_engine *engine;
  const zc_pipeline_settings *pipeline;
  zc_timer timer;
  zc_time next; /* slot; 0: none to come */
} zc_schedule;

/* ---- realise ---- */

typedef struct zc_realiser zc_realiser; /* realise.c */

/* How long after a run's end corrections of what was observed are taken up. */
#define ZC_SETTLE_AFTER  (2 * ZC_DAY)
#define ZC_UNSETTLED_MAX 50000 /* runs; beyond that the oldest are settled early */

/* ---- deliver ---- */

typedef struct {
  zc_engine *engine;
  const zc_plugin_settings *settings;
  zc_instance *instance;
  zc_timer timer; /* retry */
  zc_operation operation;
  bool begun; /* the journal knows the sink */
  bool ready, busy;
  bool asked;   /* the journal: an answer is to come */
  bool retired; /* by a reload: ends with that answer */
  uint32_t failures;
  size_t limit; /* items a write, 1 while the culprit of a refused batch is looked for */
  zc_item *items;
  char **texts;
  zc_json **parsed;
  size_t n_items;
  int64_t last_sequence; /* of the items under way */
  bool drained;          /* the outbox had nothing more when it was last asked */
  uint64_t written, refused;
  uint64_t refused_untold; /* of those: without a line in the log */
  int64_t refused_told_at; /* clock's elapsed ms */
  char last_message[200];
} zc_delivery;

/* In the configuration's file, from 1; 0: none. */
typedef struct {
  int line, column;
} zc_place;

struct zc_engine {
  zc_loop *loop;
  zc_http *http;
  zc_settings *settings; /* held */
  zc_engine *before;     /* while this one is made to hand its parts to that one (reload.c) */
  zc_journal *journal;
  zc_engine_options options;
  zc_host_context *context;
  zc_random random;
  zc_time started_at;
  bool stopping; /* takes nothing new */
  bool closing;  /* and hands nothing more to the sinks */
  /* collect */
  zc_grid *grid;
  zc_snapshot *snapshot;
  zc_collector **collectors;  /* one a source; NULL while it is still another engine's */
  zc_history_memory *history; /* one a region */
  zc_timer history_timer;
  bool history_withheld; /* too much waits for a sink */
  size_t history_next;   /* the region to go on with */
  zc_timer first_round;
  bool collected;
  int64_t forecast_horizon;
  /* decide */
  zc_policy policies[ZC_POLICIES_MAX];
  zc_instance *policy_instances[ZC_POLICIES_MAX];
  zc_live *queue_head, *queue_tail;
  zc_timer queue_timer;
  uint64_t decisions;
  /* execute */
  zc_live *live; /* by id */
  zc_trigger_slot *triggers;
  size_t n_triggers;
  size_t commits; /* under way, those held back too */
  size_t n_held_back;
  zc_commit *held_back; /* could not be written for now */
  bool detached;        /* the end: the journal's callbacks find nobody */
  /* pipelines, places */
  zc_pipeline_state *pipelines; /* by name */
  zc_region_state *regions;     /* by name */
  size_t under_way;
  zc_live **held; /* due, and waiting for their turn; NULL where one has left */
  size_t n_held, held_capacity;
  bool held_sorted;
  bool held_untold; /* a pause has changed, or some are new to the list: all are looked at */
  zc_timer places_timer;
  /* schedule */
  zc_schedule *schedules;
  size_t n_schedules;
  /* realise */
  zc_realiser *realiser; /* NULL where dry */
  /* deliver */
  zc_delivery **deliveries; /* one a sink; NULL as above */
  zc_timer sinks_timer;     /* to tell the journal of other sinks again */
  unsigned sinks_changes;   /* told and not yet done */
  /* reload */
  struct zc_reload *reload; /* NULL: not enabled */
  zc_place refused;         /* of the entry whose plugin refused to be made */
  /* roll up */
  zc_rollup *rollup; /* NULL where dry */
  /* stop */
  zc_timer stop_timer;
  zc_timer once_timer; /* --once: how long the sinks have */
  uint64_t once_written;
  void (*stopped)(void *user);
  void *stopped_user;
  void (*fatal)(void *user, const char *message);
  void *fatal_user;
  void (*ready)(void *user);
  void *ready_user;
  void (*changed)(void *user, const zc_execution *execution);
  void *changed_user;
};

/* collect.c */
int zc_collect_create(zc_engine *engine, zc_error *error);
void zc_collect_start(zc_engine *engine);
void zc_collect_stop(zc_engine *engine); /* timers and operations */
void zc_collect_destroy(zc_engine *engine);
/* Reload: `fresh` was made for other settings, with `before` set; it gets what is to be destroyed
 * in exchange. Neither has changed its settings yet. Sources whose options are the same go on with
 * their values. */
void zc_collect_exchange(zc_engine *engine, zc_engine *fresh);
/* After it, with the new settings in force: asks what is new or has changed. */
void zc_collect_renew(zc_engine *engine);
/* The snapshot for now, borrowed until the next call; NULL for want of memory. */
zc_snapshot *zc_collect_snapshot(zc_engine *engine);
/* One report a source, for records; reports has room for every source of the settings. */
void zc_collect_reports(const zc_engine *engine, zc_source_report *reports);

/* decision.c */
int zc_decision_create(zc_engine *engine, zc_error *error);
void zc_decision_destroy(zc_engine *engine);
void zc_decision_exchange(zc_engine *engine, zc_engine *fresh);
/* Decides for a run and fills its execution: action, region, planned_start, figures, reason,
 * record. *ret_changed: false where a run that was decided before keeps its plan. */
int zc_decision_make(zc_engine *engine, zc_live *live, bool *ret_changed, zc_error *error);
/* Whether the region that a run was planned for is one of its pipeline's: a reload or a restart may
 * have taken it away. */
bool zc_decision_stands(const zc_live *live);
/* The pipeline of that name; NULL with the nearest name in *error. */
const zc_pipeline_settings *zc_decision_pipeline(const zc_engine *engine, const char *name,
                                                 zc_error *error);
/* Why, as one JSON object. */
int zc_decision_why(zc_engine *engine, const zc_decide_request *request,
                    const zc_decision *decision, zc_buffer *to);

/* execute.c */
#define ZC_CANCELLED_COMMAND "cancelled on request; the command was told to end"
#define ZC_PIPELINE_GONE     "its pipeline is not in the configuration any more"
zc_live *zc_execute_find(const zc_engine *engine, const char *id);
/* A new execution of a pipeline. slot 0: a random id; else that of the slot, requested_at = slot.
 */
int zc_execute_fill(const zc_engine *engine, const zc_pipeline_settings *pipeline,
                    const char *trigger_source, zc_time requested_at, zc_time slot,
                    zc_execution *ret);
/* Whether a person may ask for a run now, who is told at once where it would not come about.
 * ZC_ECONFLICT with why: it is paused, or skips what overlaps. */
int zc_execute_may_request(const zc_engine *engine, const zc_pipeline_settings *pipeline,
                           zc_error *error);
/* Makes a live run of an execution (taken over, also on failure). pipeline NULL: it is not in the
 * configuration any more. NULL: no memory, or too many. */
zc_live *zc_execute_adopt(zc_engine *engine, const zc_pipeline_settings *pipeline,
                          zc_execution *execution);
void zc_execute_queue(zc_live *live);              /* to be decided soon */
void zc_execute_queue_deferred(zc_engine *engine); /* all that wait, after new data */
void zc_execute_wait(zc_live *live, zc_step step, zc_time at);
/* Its time has come: tries to start it, or holds it until its turn comes. */
void zc_execute_start(zc_live *live);
/* Changes the status as the event says, and commits; the run is freed once an end is journalled. An
 * event that may not come in its status is logged and changes nothing. */
void zc_execute_move(zc_live *live, zc_execution_event event, const char *message);
void zc_execute_hold(zc_live *live); /* DEFERRED, because of its wait_reason; commits */
/* Instead of its first commit: ends a new run whose slot is passed over. */
void zc_execute_skip(zc_live *live, const char *message);
void zc_execute_forget(zc_live *live); /* frees at once */
/* The clock was set back by so many ms. */
void zc_execute_clock_set_back(zc_engine *engine, int64_t ms);
/* After a reload: runs that are not started yet go on under the engine's settings. */
void zc_execute_renew(zc_engine *engine);

/* pipelines.c */
/* NULL for want of memory. */
zc_pipeline_state *zc_pipelines_get(zc_engine *engine, const char *name);
int zc_pipelines_load(zc_engine *engine, zc_error *error); /* from the journal */
void zc_pipelines_destroy(zc_engine *engine);
/* A run of the pipeline that has not ended, but `other`; NULL: there is none. */
const zc_live *zc_pipelines_unended(const zc_pipeline_state *state, const zc_live *other);

/* places.c */
/* Counts the run where its status says that it is under way, and no more where not. ZC_ENOMEM. */
int zc_places_count(zc_live *live);
/* Whether it has to wait for its turn: then it is listed, and DEFERRED with the reason. */
bool zc_places_hold(zc_live *live);
/* Due, after a restart: listed, so that turns go by deadline and not by who asks first. ZC_ENOMEM.
 */
int zc_places_list(zc_live *live);
void zc_places_leave(zc_live *live);    /* the list */
void zc_places_drop(zc_live *live);     /* and its place: it is about to be freed */
void zc_places_look(zc_engine *engine); /* soon: whose turn has come */
void zc_places_destroy(zc_engine *engine);

/* attempt.c: the trigger's side of execute */
void zc_attempt_begin(zc_live *live);   /* journalled: start it */
void zc_attempt_look_up(zc_live *live); /* find, then resend */
void zc_attempt_poll(zc_live *live);
void zc_attempt_stop(zc_live *live);
const zc_trigger_ops *zc_attempt_ops(const zc_live *live); /* NULL: no trigger */
/* What a run's `trigger` says where it is started with the one that its pipeline has. */
#define ZC_TRIGGER_TEXT 160
void zc_attempt_trigger(const zc_live *live, char *text, size_t size);

/* record.c */
/* Commits the run's state and its item in one transaction; then `done`. */
void zc_record_commit(zc_live *live, void (*done)(zc_live *live), bool mark);
/* Tells, once, who asked for the run whether it was taken. */
void zc_record_report_accepted(zc_live *live, int status);
/* Of a change that someone waits for: `told` before anything else is made of it; with ZC_ECANCELED
 * or ZC_ENOMEM where it will not be journalled. */
void zc_record_commit_told(zc_live *live, void (*told)(void *user, int status), void *user);
/* Commits what is noted of a pipeline, and its newest slot that was passed over (0: none); then
 * `told` (may be NULL). */
void zc_record_pipeline(zc_engine *engine, const zc_pipeline_state *state, zc_time slot,
                        void (*told)(void *user, int status), void *user);
void zc_record_stop(zc_engine *engine);    /* drops what is held back */
void zc_record_history(zc_engine *engine); /* soon: slots that have begun since, or changed */

/* realise.c; without a realiser none does anything */
int zc_realise_create(zc_engine *engine, zc_error *error);
int zc_realise_recover(zc_engine *engine, zc_error *error); /* what the journal has */
/* A run ends now: whether and until when it ran, before finished_at is set and journalled; and once
 * it is. */
void zc_realise_mark(zc_live *live);
void zc_realise_take(zc_engine *engine, const zc_execution *execution);
void zc_realise_round(zc_engine *engine); /* the sources have answered */
/* From when on observations are needed: a day back, or what runs not settled yet look at. */
zc_time zc_realise_since(const zc_engine *engine);
size_t zc_realise_unsettled(const zc_engine *engine); /* runs */
bool zc_realise_idle(const zc_engine *engine);        /* no pass is under way or due now */
void zc_realise_renew(zc_engine *engine); /* after a reload: the pass under way begins anew */
void zc_realise_stop(zc_engine *engine);
void zc_realise_destroy(zc_engine *engine);

/* recover.c */
int zc_recover(zc_engine *engine, zc_error *error);

/* schedule.c */
int zc_schedule_create(zc_engine *engine, zc_error *error);
void zc_schedule_start(zc_engine *engine);
void zc_schedule_stop(zc_engine *engine);
void zc_schedule_destroy(zc_engine *engine);
void zc_schedule_exchange(zc_engine *engine, zc_engine *fresh); /* as zc_collect_exchange() */
void zc_schedule_renew(zc_engine *engine);                      /* as zc_collect_renew() */
/* The slot that a pipeline of the engine's settings waits for; 0: none. */
zc_time zc_schedule_next(const zc_engine *engine, const zc_pipeline_settings *pipeline);

/* deliver.c */
int zc_deliver_create(zc_engine *engine, zc_error *error);
void zc_deliver_start(zc_engine *engine);
uint64_t zc_deliver_written(const zc_engine *engine); /* rows, by all sinks */
bool zc_deliver_idle(const zc_engine *engine);        /* nothing waits for a sink that takes rows */
void zc_deliver_flush(zc_engine *engine);             /* what is in the outbox, at once */
void zc_deliver_stop(zc_engine *engine);
void zc_deliver_destroy(zc_engine *engine);
void zc_deliver_exchange(zc_engine *engine, zc_engine *fresh); /* as zc_collect_exchange() */
void zc_deliver_renew(zc_engine *engine);                      /* as zc_collect_renew() */

/* secrets.c: from now on programs that are started do not inherit the variables that these settings
 * and their plugins take secrets from. ZC_EINVAL, ZC_ECONFLICT where there are too many. */
int zc_secrets_withhold(const zc_settings *settings, zc_error *error);

/* health.c: "reasons":[…],"ready":…; gives the latter */
bool zc_health_write(const zc_engine *engine, zc_buffer *to);

/* reload.c */
const zc_reload_outcome *zc_reload_last(const zc_engine *engine); /* NULL: not enabled */
void zc_reload_destroy(zc_engine *engine);

/* rollup.c: the derived tables, from what the sinks have */
int zc_rollup_create(zc_engine *engine, zc_error *error);
void zc_rollup_start(zc_engine *engine);
void zc_rollup_stop(zc_engine *engine);
void zc_rollup_destroy(zc_engine *engine);
void zc_rollup_pause(zc_engine *engine); /* before the settings are exchanged */
void zc_rollup_renew(zc_engine *engine); /* and after */
/* A run's item has been journalled that was requested then: its day is added up again. */
void zc_rollup_mark_run(zc_engine *engine, const char *pipeline, zc_time requested_at);
/* Likewise a row of history. */
void zc_rollup_mark_slot(zc_engine *engine, zc_time from, zc_time to);
/* The sink has been told everything that was in the outbox. */
void zc_rollup_drained(zc_engine *engine, const zc_delivery *delivery);
/* Before an end: brings the tables up to date. True where there is nothing to do, or it cannot be
 * done now; else zc_engine_settle() is called after it. */
bool zc_rollup_flush(zc_engine *engine);
/* ,"rollups":{…} */
void zc_rollup_status(const zc_engine *engine, zc_buffer *to);

/* engine.c */
/* Everything that settings are made into, but for the instances of triggers: one of each plugin
 * serves all settings, and lives as long as the engine. */
int zc_engine_create_stages(zc_engine *engine, zc_error *error);
void zc_engine_destroy_stages(zc_engine *engine);
int zc_engine_create_triggers(zc_engine *engine, const zc_settings *settings, zc_error *error);
/* Whether the entries make the same instance. */
bool zc_engine_same_instance(const zc_plugin_settings *a, const zc_plugin_settings *b);
void zc_engine_settle(zc_engine *engine); /* looks whether stop or --once is finished */
void zc_engine_fail(zc_engine *engine, const char *message);

#endif
