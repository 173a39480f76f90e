/* transition.h - what may happen to a run: the one table of events and statuses.
 *
 * A status is changed by zc_execution_apply() only, which takes what happened and not a status, so
 * that what no row says cannot come about. docs/TABLES.md prints the table; a test compares. */
#ifndef ZC_MODEL_TRANSITION_H
#define ZC_MODEL_TRANSITION_H

#include "core/model/execution.h"

typedef enum {
  ZC_EVENT_WAIT,
  ZC_EVENT_ATTEMPT,
  ZC_EVENT_ONLY_RECORD,
  ZC_EVENT_SKIP,
  ZC_EVENT_RUN,
  ZC_EVENT_SUCCEED,
  ZC_EVENT_FAIL,
  ZC_EVENT_TIME_OUT,
  ZC_EVENT_CANCEL,
  ZC_EVENT_SUPERSEDE,
  ZC_EVENT_LOSE,
  ZC_EVENT_RESOLVE_SUCCESS, /* from here on: by a person */
  ZC_EVENT_RESOLVE_FAILED,
  ZC_EVENT_RESOLVE_TIMED_OUT,
  ZC_EVENT_RESOLVE_CANCELLED,
  ZC_EVENT_RESOLVE_SUPERSEDED,
  ZC_EVENT_START_AGAIN,
  ZC_EXECUTION_EVENTS
} zc_execution_event;

typedef struct {
  unsigned from; /* bit set of statuses */
  zc_execution_status to;
  const char *meaning; /* for people */
} zc_transition;

/* The row of an event. */
const zc_transition *zc_transition_of(zc_execution_event event);
/* Whether the event may come in that status; *ret (may be NULL) is what follows. */
bool zc_transition_next(zc_execution_status from, zc_execution_event event,
                        zc_execution_status *ret);
/* What a person may say of a run that is UNKNOWN, for people. */
#define ZC_RESOLUTIONS                                                                             \
  "SUCCESS, FAILED, TIMED_OUT, CANCELLED, SUPERSEDED; PENDING: it never ran, and is to be started"
/* The event by which a person says what became of an UNKNOWN run; false where no row has it. */
bool zc_transition_resolution(zc_execution_status to, zc_execution_event *ret);
/* Changes execution->status and nothing else. ZC_ECONFLICT: not in that status, nothing changed. */
int zc_execution_apply(zc_execution *execution, zc_execution_event event);

#endif
