/* What CodePipeline is sent. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codepipeline.h"

#define ALNUM         "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
#define OUR_PREFIX    "ZEROCARB_"
#define OUR_VARIABLES 3
#define LIST_MAX      50 /* variables, source revisions */
#define NAME_MAX_     100
#define VARIABLE_MAX  128
#define VALUE_MAX     1000
#define PAGE_SIZE     100

/* ---- JSON ---- */

static void put_text(FILE *to, const char *text) {
  fputc('"', to);
  for (; *text; text++) {
    unsigned char c = (unsigned char)*text;
    if (c == '"' || c == '\\')
      fprintf(to, "\\%c", c);
    else if (c < ' ')
      fprintf(to, "\\u%04x", c);
    else
      fputc(c, to);
  }
  fputc('"', to);
}

static void put_member(FILE *to, const char *before, const char *name, const char *text) {
  fprintf(to, "%s\"%s\":", before, name);
  put_text(to, text);
}

typedef struct {
  FILE *file;
  char *text;
  size_t size;
} writer;

static bool begin(writer *w) {
  *w = (writer){0};
  w->file = open_memstream(&w->text, &w->size);
  return w->file != NULL;
}

static char *finish(writer *w) {
  bool failed = ferror(w->file) != 0;
  if (fclose(w->file) == 0 && !failed) return w->text;
  free(w->text);
  return NULL;
}

/* ---- the pipeline's name ---- */

static bool is_name(const char *name) {
  size_t n = strspn(name, ALNUM ".@-_");
  return n > 0 && n <= NAME_MAX_ && name[n] == '\0';
}

/* The twin's name in "region=name" of that region. */
static const char *twin_in(const zc_host *host, const zc_config *config, const char *region) {
  size_t n = host->count(config, "pipeline_by_region"), length = strlen(region);
  for (size_t i = 0; i < n; i++) {
    const char *entry = host->item(config, "pipeline_by_region", i);
    if (strncmp(entry, region, length) == 0 && entry[length] == '=') return entry + length + 1;
  }
  return NULL;
}

static int check_twins(const zc_host *host, const zc_config *config, char *message, size_t size) {
  for (size_t i = 0; i < host->count(config, "pipeline_by_region"); i++) {
    const char *entry = host->item(config, "pipeline_by_region", i);
    const char *equals = strchr(entry, '=');
    if (equals && equals > entry && is_name(equals + 1)) continue;
    snprintf(message, size, "pipeline_by_region, entry %zu (\"%.80s\"): not region=pipeline", i + 1,
             entry);
    return ZC_EINVAL;
  }
  return ZC_OK;
}

static bool is_among(const char *entry, const char *const *regions, uint32_t n_regions) {
  size_t length = strcspn(entry, "=");
  for (uint32_t i = 0; i < n_regions; i++) {
    if (strlen(regions[i]) == length && strncmp(regions[i], entry, length) == 0) return true;
  }
  return false;
}

int zc_request_check_regions(const zc_host *host, const zc_config *config,
                             const char *const *regions, uint32_t n_regions, char *message,
                             size_t size) {
  for (size_t i = 0; i < host->count(config, "pipeline_by_region"); i++) {
    const char *entry = host->item(config, "pipeline_by_region", i);
    if (is_among(entry, regions, n_regions)) continue;
    snprintf(message, size,
             "pipeline_by_region, entry %zu (\"%.80s\"): the pipeline never runs in that region",
             i + 1, entry);
    return ZC_EINVAL;
  }
  return ZC_OK;
}

const char *zc_request_pipeline(const zc_host *host, const zc_config *config, const char *region,
                                char *message, size_t size) {
  if (check_twins(host, config, message, size) != ZC_OK) return NULL;
  const char *name = twin_in(host, config, region);
  if (!name) name = host->text(config, "pipeline");
  if (name && is_name(name)) return name;
  snprintf(message, size, "pipeline: \"%.80s\" is no name of a pipeline: 1 to 100 of A-Za-z0-9.@-_",
           name ? name : "");
  return NULL;
}

/* ---- variables and source revisions ---- */

/* Nothing of the entry is shown: where it is mistaken, what stands for a name may be a secret. */
static int check_variables(const zc_host *host, const zc_config *config, char *message,
                           size_t size) {
  size_t n = host->count(config, "variables");
  if (n + OUR_VARIABLES > LIST_MAX) {
    snprintf(message, size, "variables: more than %d", LIST_MAX - OUR_VARIABLES);
    return ZC_EINVAL;
  }
  for (size_t i = 0; i < n; i++) {
    const char *entry = host->item(config, "variables", i);
    size_t name = strspn(entry, ALNUM "@-_");
    size_t value = entry[name] == '=' ? strlen(entry + name + 1) : 0;
    const char *fault = NULL;
    if (name == 0 || name > VARIABLE_MAX || entry[name] != '=')
      fault = "not NAME=value with a name of A-Za-z0-9@-_";
    else if (value == 0 || value > VALUE_MAX)
      fault = "its value is empty, or longer than 1000 bytes";
    else if (strncmp(entry, OUR_PREFIX, strlen(OUR_PREFIX)) == 0)
      fault = "names that begin with ZEROCARB_ are set by ZeroCarb itself";
    if (!fault) continue;
    snprintf(message, size, "variables, entry %zu: %s", i + 1, fault);
    return ZC_EINVAL;
  }
  return ZC_OK;
}

/* "action:TYPE:value" */
typedef struct {
  const char *action, *type, *value;
  size_t action_length, type_length;
} revision;

static bool read_revision(const char *entry, revision *ret) {
  static const char *const types[] = {"COMMIT_ID", "IMAGE_DIGEST", "S3_OBJECT_VERSION_ID",
                                      "S3_OBJECT_KEY"};
  const char *first = strchr(entry, ':'), *second = first ? strchr(first + 1, ':') : NULL;
  if (!second || first == entry || !second[1]) return false;
  *ret = (revision){entry, first + 1, second + 1, (size_t)(first - entry),
                    (size_t)(second - first - 1)};
  if (ret->action_length > NAME_MAX_ || strspn(entry, ALNUM ".@-_") < ret->action_length)
    return false;
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    if (strlen(types[i]) == ret->type_length && strncmp(types[i], ret->type, ret->type_length) == 0)
      return true;
  }
  return false;
}

int zc_request_check(const zc_host *host, const zc_config *config, char *message, size_t size) {
  size_t n = host->count(config, "source_revisions");
  revision parts;
  if (n > LIST_MAX) {
    snprintf(message, size, "source_revisions: more than %d", LIST_MAX);
    return ZC_EINVAL;
  }
  for (size_t i = 0; i < n; i++) {
    const char *entry = host->item(config, "source_revisions", i);
    if (read_revision(entry, &parts)) continue;
    snprintf(message, size,
             "source_revisions, entry %zu (\"%.80s\"): not action:TYPE:value, TYPE one of "
             "COMMIT_ID, IMAGE_DIGEST, S3_OBJECT_VERSION_ID, S3_OBJECT_KEY",
             i + 1, entry);
    return ZC_EINVAL;
  }
  return check_variables(host, config, message, size);
}

static void put_variable(FILE *to, size_t i, const char *name, size_t length, const char *value) {
  fprintf(to, "%s{\"name\":\"%.*s\"", i == 0 ? "" : ",", (int)length, name);
  put_member(to, ",", "value", value);
  fputc('}', to);
}

static void put_variables(FILE *to, const zc_host *host, const zc_run *run) {
  size_t n = host->count(run->config, "variables");
  bool ours = host->integer(run->config, "pass_decision") != 0;
  if (n == 0 && !ours) return;
  fputs(",\"variables\":[", to);
  for (size_t i = 0; i < n; i++) {
    const char *entry = host->item(run->config, "variables", i);
    size_t length = strcspn(entry, "=");
    put_variable(to, i, entry, length, entry + length + 1);
  }
  const char *const texts[][2] = {{"ZEROCARB_DECISION", run->decision},
                                  {"ZEROCARB_REGION", run->region},
                                  {ZC_CODEPIPELINE_OUR_ID, run->execution_id}};
  for (size_t i = 0; ours && i < OUR_VARIABLES; i++)
    put_variable(to, n + i, texts[i][0], strlen(texts[i][0]), texts[i][1]);
  fputc(']', to);
}

static void put_revisions(FILE *to, const zc_host *host, const zc_config *config) {
  size_t n = host->count(config, "source_revisions");
  revision parts;
  for (size_t i = 0; i < n; i++) {
    if (!read_revision(host->item(config, "source_revisions", i), &parts)) continue;
    fprintf(to, "%s{\"actionName\":\"%.*s\",\"revisionType\":\"%.*s\"",
            i == 0 ? ",\"sourceRevisions\":[" : ",", (int)parts.action_length, parts.action,
            (int)parts.type_length, parts.type);
    put_member(to, ",", "revisionValue", parts.value);
    fputc('}', to);
  }
  if (n > 0) fputc(']', to);
}

/* ---- bodies ---- */

char *zc_request_start(const zc_host *host, const zc_run *run, const char *pipeline) {
  writer w;
  if (!begin(&w)) return NULL;
  put_member(w.file, "{", "name", pipeline);
  fprintf(w.file, ",\"clientRequestToken\":\"zc-%s\"", run->execution_id);
  put_variables(w.file, host, run);
  put_revisions(w.file, host, run->config);
  fputc('}', w.file);
  return finish(&w);
}

char *zc_request_execution(const char *pipeline, const char *remote_id) {
  writer w;
  if (!begin(&w)) return NULL;
  put_member(w.file, "{", "pipelineName", pipeline);
  put_member(w.file, ",", "pipelineExecutionId", remote_id);
  fputc('}', w.file);
  return finish(&w);
}

char *zc_request_stop(const char *pipeline, const char *remote_id) {
  writer w;
  if (!begin(&w)) return NULL;
  put_member(w.file, "{", "pipelineName", pipeline);
  put_member(w.file, ",", "pipelineExecutionId", remote_id);
  fputs(",\"abandon\":false,\"reason\":\"cancelled in ZeroCarb\"}", w.file);
  return finish(&w);
}

char *zc_request_list(const char *pipeline, const char *page) {
  writer w;
  if (!begin(&w)) return NULL;
  put_member(w.file, "{", "pipelineName", pipeline);
  fprintf(w.file, ",\"maxResults\":%d", PAGE_SIZE);
  if (*page) put_member(w.file, ",", "nextToken", page);
  fputc('}', w.file);
  return finish(&w);
}

const char *zc_answer_text(const zc_host *host, const zc_json *json, const char *path) {
  const char *text = NULL;
  const zc_json *found = json ? host->json_at(json, path) : NULL;
  return found && host->json_text(found, &text, NULL) == ZC_OK ? text : NULL;
}
