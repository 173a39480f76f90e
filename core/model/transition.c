#include "core/model/transition.h"

#define IN(status) (1u << ZC_##status)
#define WAITING    (IN(PENDING) | IN(DEFERRED))
#define STARTED    (IN(TRIGGERING) | IN(RUNNING))

static const zc_transition transitions[ZC_EXECUTION_EVENTS] = {
    [ZC_EVENT_WAIT] = {WAITING, ZC_DEFERRED, "decided: it starts later, or when its turn comes"},
    [ZC_EVENT_ATTEMPT] = {WAITING | IN(TRIGGERING), ZC_TRIGGERING,
                          "an attempt, or another one, to start it"},
    [ZC_EVENT_ONLY_RECORD] = {WAITING, ZC_NOT_TRIGGERED, "decided, and `auto_trigger` is false"},
    [ZC_EVENT_SKIP] = {IN(PENDING), ZC_CANCELLED,
                       "its slot came while a run of its pipeline had not ended: `overlap: skip`"},
    [ZC_EVENT_RUN] = {IN(TRIGGERING), ZC_RUNNING, "the trigger says that it runs"},
    [ZC_EVENT_SUCCEED] = {STARTED, ZC_SUCCESS, "it ended well"},
    [ZC_EVENT_FAIL] = {STARTED, ZC_FAILED, "it ended badly, or could not be started"},
    [ZC_EVENT_TIME_OUT] = {STARTED, ZC_TIMED_OUT, "`pipeline_timeout` has passed"},
    [ZC_EVENT_CANCEL] =
        {WAITING | STARTED, ZC_CANCELLED,
         "by a person, by the remote, with the engine that ran its command, or with "
         "its pipeline's configuration"},
    [ZC_EVENT_SUPERSEDE] = {STARTED, ZC_SUPERSEDED, "the remote dropped it for a newer run"},
    [ZC_EVENT_LOSE] = {STARTED, ZC_UNKNOWN, "whether it ran, or how it ended, cannot be told"},
    [ZC_EVENT_RESOLVE_SUCCESS] = {IN(UNKNOWN), ZC_SUCCESS, "a person says so"},
    [ZC_EVENT_RESOLVE_FAILED] = {IN(UNKNOWN), ZC_FAILED, "a person says so"},
    [ZC_EVENT_RESOLVE_TIMED_OUT] = {IN(UNKNOWN), ZC_TIMED_OUT, "a person says so"},
    [ZC_EVENT_RESOLVE_CANCELLED] = {IN(UNKNOWN), ZC_CANCELLED, "a person says so"},
    [ZC_EVENT_RESOLVE_SUPERSEDED] = {IN(UNKNOWN), ZC_SUPERSEDED, "a person says so"},
    [ZC_EVENT_START_AGAIN] = {IN(UNKNOWN), ZC_PENDING,
                              "a person says that it never ran, and wants it to"},
};

const zc_transition *zc_transition_of(zc_execution_event event) {
  return &transitions[event];
}

bool zc_transition_next(zc_execution_status from, zc_execution_event event,
                        zc_execution_status *ret) {
  if (!(transitions[event].from >> from & 1)) return false;
  if (ret) *ret = transitions[event].to;
  return true;
}

bool zc_transition_resolution(zc_execution_status to, zc_execution_event *ret) {
  for (int event = ZC_EVENT_RESOLVE_SUCCESS; event < ZC_EXECUTION_EVENTS; event++) {
    if (transitions[event].to != to) continue;
    *ret = (zc_execution_event)event;
    return true;
  }
  return false;
}

int zc_execution_apply(zc_execution *execution, zc_execution_event event) {
  return zc_transition_next(execution->status, event, &execution->status) ? ZC_OK : ZC_ECONFLICT;
}

bool zc_execution_ended(zc_execution_status status) {
  for (int event = 0; event < ZC_EVENT_RESOLVE_SUCCESS; event++) {
    if (zc_transition_next(status, (zc_execution_event)event, NULL)) return false;
  }
  return true;
}
