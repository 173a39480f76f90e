#include "core/model/execution.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uuid/uuid.h>

#include "core/base/time_text.h"

static const char *const status_texts[ZC_EXECUTION_STATUSES] = {
    [ZC_PENDING] = "PENDING",       [ZC_DEFERRED] = "DEFERRED",
    [ZC_TRIGGERING] = "TRIGGERING", [ZC_RUNNING] = "RUNNING",
    [ZC_SUCCESS] = "SUCCESS",       [ZC_FAILED] = "FAILED",
    [ZC_TIMED_OUT] = "TIMED_OUT",   [ZC_CANCELLED] = "CANCELLED",
    [ZC_SUPERSEDED] = "SUPERSEDED", [ZC_NOT_TRIGGERED] = "NOT_TRIGGERED",
    [ZC_UNKNOWN] = "UNKNOWN",
};

const char *zc_execution_status_text(zc_execution_status status) {
  return (unsigned)status < ZC_EXECUTION_STATUSES ? status_texts[status] : "UNKNOWN";
}

bool zc_execution_status_parse(const char *text, zc_execution_status *ret) {
  for (size_t i = 0; i < ZC_EXECUTION_STATUSES; i++) {
    if (strcmp(text, status_texts[i]) != 0) continue;
    *ret = (zc_execution_status)i;
    return true;
  }
  return false;
}

void zc_execution_init(zc_execution *execution) {
  memset(execution, 0, sizeof *execution);
}

void zc_execution_finish(zc_execution *execution) {
  free(execution->pipeline);
  free(execution->trigger_source);
  free(execution->region);
  free(execution->default_region);
  free(execution->reason);
  free(execution->message);
  free(execution->wait_reason);
  free(execution->remote_id);
  free(execution->tail);
  free(execution->trigger);
  free(execution->record);
  free(execution->team);
  free(execution->realised);
  zc_execution_init(execution);
}

/* The namespace of ZeroCarb's execution ids, 8acfe518-a185-42fe-b5ab-dc62ad5318a1. Never changes:
 * a slot would get another name. */
static const uuid_t id_namespace = {0x8a, 0xcf, 0xe5, 0x18, 0xa1, 0x85, 0x42, 0xfe,
                                    0xb5, 0xab, 0xdc, 0x62, 0xad, 0x53, 0x18, 0xa1};

static void hash_id(const void *name, size_t n, char id[ZC_EXECUTION_ID_SIZE]) {
  uuid_t uuid;
  uuid_generate_sha1(uuid, id_namespace, name, n);
  uuid_unparse_lower(uuid, id);
}

/* Names longer than any that a config allows are hashed first, so that no memory is needed. */
#define NAME_MAX_DIRECT 1024

void zc_execution_id_of_slot(const char *pipeline, zc_time slot, char id[ZC_EXECUTION_ID_SIZE]) {
  char name[NAME_MAX_DIRECT + ZC_TIME_TEXT_SIZE], time[ZC_TIME_TEXT_SIZE];
  char hashed[ZC_EXECUTION_ID_SIZE];
  size_t length = strlen(pipeline);
  if (length >= NAME_MAX_DIRECT) {
    hash_id(pipeline, length, hashed);
    pipeline = hashed;
  }
  if (zc_time_format(slot, time, sizeof time) != ZC_OK) {
    snprintf(time, sizeof time, "%" PRId64, slot);
  }
  int n = snprintf(name, sizeof name, "%s\n%s", pipeline, time);
  hash_id(name, (size_t)n, id);
}

void zc_execution_id_random(char id[ZC_EXECUTION_ID_SIZE]) {
  uuid_t uuid;
  uuid_generate_random(uuid);
  uuid_unparse_lower(uuid, id);
}
