/* execution.h - one pipeline run through its life: plain data. What may happen to it is in
 * transition.h, which alone changes its status. */
#ifndef ZC_MODEL_EXECUTION_H
#define ZC_MODEL_EXECUTION_H

#include <stdbool.h>

#include "core/base/buffer.h"
#include "core/base/error.h"
#include "core/model/decide.h"

#define ZC_EXECUTION_ID_SIZE  37
#define ZC_EXECUTION_TEXT_MAX ((size_t)1024 * 1024) /* bytes of the journal's form */

typedef enum {
  ZC_PENDING,
  ZC_DEFERRED,
  ZC_TRIGGERING, /* intent journalled, or sent and not yet confirmed */
  ZC_RUNNING,
  ZC_SUCCESS,
  ZC_FAILED,
  ZC_TIMED_OUT,
  ZC_CANCELLED,
  ZC_SUPERSEDED,
  ZC_NOT_TRIGGERED,
  ZC_UNKNOWN, /* an ambiguous answer: needs a person */
  ZC_EXECUTION_STATUSES
} zc_execution_status;

const char *zc_execution_status_text(zc_execution_status status);
bool zc_execution_status_parse(const char *text, zc_execution_status *ret);
/* All of them, parted by commas. */
#define ZC_EXECUTION_STATUS_WORDS                                                                  \
  "PENDING, DEFERRED, TRIGGERING, RUNNING, SUCCESS, FAILED, TIMED_OUT, CANCELLED, SUPERSEDED, "    \
  "NOT_TRIGGERED, UNKNOWN"
/* No more transitions follow by themselves: so UNKNOWN too, which a person resolves. */
bool zc_execution_ended(zc_execution_status status);

typedef struct {
  char id[ZC_EXECUTION_ID_SIZE];
  char *pipeline;
  char *team;           /* the pipeline's; NULL */
  char *trigger_source; /* zerocarb_manual | zerocarb_schedule | zerocarb_api */
  zc_execution_status status;
  zc_time requested_at; /* its seconds are the item's sort key: never changes */
  zc_time deadline;
  zc_time planned_start;
  zc_time slot;                                  /* the cron slot, 0 where there is none */
  zc_time triggered_at, started_at, finished_at; /* 0: not yet */
  zc_time resolved_at; /* a person said how it ended, and nobody knows when; 0: it needed none */
  zc_time decided_at;  /* of the decision in `record` */
  zc_time held_at, released_at; /* it was due and had to wait for its turn; 0: not (yet) */
  zc_time
      retry_at; /* nothing was started, and the next attempt comes then; 0: none is waited for */
  zc_action action;
  char *region; /* chosen */
  char *default_region;
  char *reason;
  char *message;     /* how it ended, or why it was not started yet; NULL */
  char *wait_reason; /* why it had to wait for its turn; NULL */
  char *remote_id;   /* of the trigger; NULL */
  char *tail;        /* the end of a command's output; NULL */
  char *trigger;     /* that it was last to be started with: the plugin's name, and a sum of its
                        options without secrets; NULL: not known */
  uint32_t attempt;  /* tries to start it */
  bool has_baseline, has_intensity;
  double baseline_intensity, intensity; /* datacenter, gCO2eq/kWh */
  bool has_workload;                    /* decided: what energy and emissions are made from */
  zc_workload workload;
  zc_energy_model energy;
  char *record;      /* the decision's blocks as JSON members, without braces; see
                        tables/execution_item.h */
  char *realised;    /* likewise, what it really saved; NULL: not known (yet) */
  bool unsettled;    /* ended, and `realised` may still change: the journal keeps it meanwhile.
                        Not of the journal's form: its own column */
  zc_time ran_until; /* the end of what `realised` looks at, from started_at on; 0: it never ran */
} zc_execution;

void zc_execution_init(zc_execution *execution);
void zc_execution_finish(zc_execution *execution);

/* UUIDv5 of pipeline and slot: a slot names the same run after a restart and on every replica. */
void zc_execution_id_of_slot(const char *pipeline, zc_time slot, char id[ZC_EXECUTION_ID_SIZE]);
void zc_execution_id_random(char id[ZC_EXECUTION_ID_SIZE]);

/* The journal's form, JSON, and back: lossless for numbers and for all text that is UTF-8 (other
 * bytes become U+FFFD). Members that this version does not know are ignored. ZC_ENOMEM; ZC_EDATA
 * where it is longer than ZC_EXECUTION_TEXT_MAX, holds a number that is not finite, or lacks or
 * garbles a member. Neither changes its target on failure. */
int zc_execution_write(const zc_execution *execution, zc_buffer *to);
int zc_execution_read(const char *text, size_t length, zc_execution *ret);

#endif
