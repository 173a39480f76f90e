#include "environment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OURS         "ZEROCARB_"
#define OURS_MAX     16
#define NAME_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789"

static int add(zc_exec_environment *to, const char *name, const char *value) {
  if (!value) value = "";
  size_t size = sizeof OURS + strlen(name) + strlen(value) + 1;
  char *entry = malloc(size);
  if (!entry) return ZC_ENOMEM;
  snprintf(entry, size, OURS "%s=%s", name, value);
  to->entries[to->n++] = entry;
  return ZC_OK;
}

static int add_time(zc_exec_environment *to, const zc_host *host, const char *name, zc_time time) {
  char text[40];
  if (host->time_format(time, text, sizeof text) != ZC_OK) text[0] = '\0';
  return add(to, name, text);
}

static int add_ours(zc_exec_environment *to, const zc_host *host, const zc_run *run) {
  char intensity[40] = "", attempt[16];
  if (run->has_intensity) snprintf(intensity, sizeof intensity, "%.1f", run->intensity);
  snprintf(attempt, sizeof attempt, "%u", (unsigned)run->attempt);
  const struct {
    const char *name, *value;
  } texts[] = {{"EXECUTION_ID", run->execution_id},
               {"PIPELINE", run->pipeline},
               {"REGION", run->region},
               {"DEFAULT_REGION", run->default_region},
               {"DECISION", run->decision},
               {"REASON", run->reason},
               {"INTENSITY", intensity},
               {"ATTEMPT", attempt}};
  int status = ZC_OK;
  for (size_t i = 0; i < sizeof texts / sizeof *texts && status == ZC_OK; i++)
    status = add(to, texts[i].name, texts[i].value);
  if (status == ZC_OK) status = add_time(to, host, "REQUESTED_AT", run->requested_at);
  return status == ZC_OK ? add_time(to, host, "PLANNED_START", run->planned_start) : status;
}

/* Nothing of the entry is shown: where it is mistaken, what stands for a name may be a secret. */
static int check_entry(const char *entry, size_t i, char *message, size_t size) {
  size_t n = strspn(entry, NAME_LETTERS);
  if (n == 0 || entry[n] != '=' || (entry[0] >= '0' && entry[0] <= '9')) {
    snprintf(message, size, "environment, entry %zu: not NAME=value", i + 1);
    return ZC_EINVAL;
  }
  if (strncmp(entry, OURS, strlen(OURS)) == 0) {
    snprintf(message, size, "environment, entry %zu: %.*s is set by ZeroCarb itself", i + 1, (int)n,
             entry);
    return ZC_EINVAL;
  }
  return ZC_OK;
}

int zc_exec_environment_check(const zc_host *host, const zc_config *config, char *message,
                              size_t size) {
  size_t n = host->count(config, "environment");
  if (n > ZC_EXEC_VARIABLES_MAX) {
    snprintf(message, size, "environment: more than %d entries", ZC_EXEC_VARIABLES_MAX);
    return ZC_EINVAL;
  }
  int status = ZC_OK;
  for (size_t i = 0; i < n && status == ZC_OK; i++)
    status = check_entry(host->item(config, "environment", i), i, message, size);
  return status;
}

static int add_theirs(zc_exec_environment *to, const zc_host *host, const zc_config *config,
                      size_t n) {
  for (size_t i = 0; i < n; i++) {
    to->entries[to->n] = strdup(host->item(config, "environment", i));
    if (!to->entries[to->n]) return ZC_ENOMEM;
    to->n++;
  }
  return ZC_OK;
}

int zc_exec_environment_init(zc_exec_environment *environment, const zc_host *host,
                             const zc_run *run, char *message, size_t size) {
  size_t n = host->count(run->config, "environment");
  *environment = (zc_exec_environment){0};
  int status = zc_exec_environment_check(host, run->config, message, size);
  if (status != ZC_OK) return status;
  snprintf(message, size, "no memory");
  environment->entries = calloc(n + OURS_MAX, sizeof *environment->entries);
  if (!environment->entries) return ZC_ENOMEM;
  status = add_theirs(environment, host, run->config, n);
  if (status == ZC_OK) status = add_ours(environment, host, run);
  if (status != ZC_OK) zc_exec_environment_finish(environment);
  return status;
}

/* Values may be secrets. */
static void wipe(char *entry) {
  if (entry) explicit_bzero(entry, strlen(entry));
  free(entry);
}

void zc_exec_environment_finish(zc_exec_environment *environment) {
  for (size_t i = 0; environment->entries && i < environment->n; i++)
    wipe(environment->entries[i]);
  free(environment->entries);
  *environment = (zc_exec_environment){0};
}
