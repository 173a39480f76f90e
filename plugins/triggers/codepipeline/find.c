/* The look-up after an answer that got lost: was the run started?
 *
 * Executions come newest first, and those that began before the run was due are none of ours. With
 * pass_decision each of the others is asked for its variable ZEROCARB_EXECUTION_ID, which settles
 * it. Without, one of them may be ours or somebody else's: then the same token is sent again, which
 * CodePipeline answers with the execution that it belongs to, and starts nothing. For how long it
 * remembers a token is not documented: so that is done only soon after the run was due, and later
 * the run is left to a person. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codepipeline.h"

#define PAGES_MAX 5

static void ask_next(zc_task *task);

/* Nothing that was found is known to be ours. */
static void settle(zc_task *task) {
  char text[ZC_CODEPIPELINE_MESSAGE_MAX], count[24] = "too many";
  const zc_host *host = task->owner->host;
  bool all_tell = task->n_found == 0 || (task->by_variable && !task->in_doubt);
  bool surely_none = all_tell && !task->cut_short;
  if (surely_none) {
    zc_task_end(task, ZC_OK, NULL);
    return;
  }
  if (host->now(task->owner->self) <= task->trust_until) {
    char *body = task->start_body;
    task->start_body = NULL;
    zc_task_ask(task, "StartPipelineExecution", body, zc_start_answered);
    return;
  }
  if (task->n_found > 0) snprintf(count, sizeof count, "%zu", task->n_found);
  snprintf(text, sizeof text,
           "%s%s executions of %.60s began in %.30s since the run was due, and none can be told "
           "to be it or not%s",
           count, task->n_found > 0 && task->cut_short ? " or more" : "", task->pipeline,
           task->region, task->by_variable ? "" : " (pass_decision: true would tell)");
  zc_task_end(task, ZC_EUNKNOWN, text);
}

/* ---- one execution's variables ---- */

/* Whose it is by its variable; NULL: it has none, so that it cannot be told. */
static const char *execution_of(const zc_task *task, const zc_json *json) {
  const zc_host *host = task->owner->host;
  const zc_json *variables = host->json_at(json, "pipelineExecution/variables");
  for (size_t i = 0; variables && i < host->json_count(variables); i++) {
    const zc_json *variable = host->json_member(variables, i, NULL);
    const char *name = zc_answer_text(host, variable, "name");
    const char *value = zc_answer_text(host, variable, "resolvedValue");
    if (name && strcmp(name, ZC_CODEPIPELINE_OUR_ID) == 0) return value;
  }
  return NULL;
}

static void got_execution(zc_task *task, const zc_aws_answer *answer) {
  const zc_host *host = task->owner->host;
  bool tells = host->json_type(host->json_at(answer->json, "pipelineExecution")) == ZC_JSON_OBJECT;
  const char *id = tells ? execution_of(task, answer->json) : NULL;
  if (answer->kind == ZC_AWS_FINE && !tells) {
    zc_task_end(task, ZC_EDATA, "CodePipeline's answer about an execution describes none");
  } else if (answer->kind == ZC_AWS_FINE && id && strcmp(id, task->execution_id) == 0) {
    zc_task_started(task, task->found[task->next_found]);
  } else if (answer->kind == ZC_AWS_FINE) {
    if (!id) task->in_doubt = true;
    task->next_found++;
    ask_next(task);
  } else if (!zc_task_ask_again(task, answer)) {
    zc_task_end_refused(task, answer);
  }
}

static void ask_next(zc_task *task) {
  if (!task->by_variable || task->next_found >= task->n_found) {
    settle(task);
    return;
  }
  task->repeats = 0;
  zc_task_ask(task, "GetPipelineExecution",
              zc_request_execution(task->pipeline, task->found[task->next_found]), got_execution);
}

/* ---- the list ---- */

/* Whether the page went back beyond the time of interest. */
static bool take_page(zc_task *task, const zc_json *list) {
  const zc_host *host = task->owner->host;
  for (size_t i = 0; i < host->json_count(list); i++) {
    const zc_json *summary = host->json_member(list, i, NULL);
    const char *id = zc_answer_text(host, summary, "pipelineExecutionId");
    const char *by = zc_answer_text(host, summary, "trigger/triggerType");
    double began = 0;
    bool timed = host->json_number(host->json_at(summary, "startTime"), &began) == ZC_OK;
    if (timed && (zc_time)(began * 1000) < task->since) return true;
    if (!id || strlen(id) >= ZC_CODEPIPELINE_ID_MAX) continue;
    if (by && strcmp(by, "StartPipelineExecution") != 0) continue;
    if (task->n_found == ZC_CODEPIPELINE_FOUND_MAX) {
      task->cut_short = true;
      return true;
    }
    snprintf(task->found[task->n_found++], ZC_CODEPIPELINE_ID_MAX, "%s", id);
  }
  return false;
}

static void got_list(zc_task *task, const zc_aws_answer *answer) {
  const zc_host *host = task->owner->host;
  if (answer->kind != ZC_AWS_FINE) {
    if (!zc_task_ask_again(task, answer)) zc_task_end_refused(task, answer);
    return;
  }
  const zc_json *list =
      answer->json ? host->json_at(answer->json, "pipelineExecutionSummaries") : NULL;
  if (!list || host->json_type(list) != ZC_JSON_ARRAY) {
    zc_task_end(task, ZC_EDATA, "CodePipeline's list of executions is none");
    return;
  }
  const char *page = zc_answer_text(host, answer->json, "nextToken");
  bool over = take_page(task, list) || !page || !*page;
  task->pages++;
  if (!over && (task->pages == PAGES_MAX || strlen(page) >= sizeof task->page)) {
    task->cut_short = true;
    over = true;
  }
  if (over) {
    ask_next(task);
    return;
  }
  task->repeats = 0;
  snprintf(task->page, sizeof task->page, "%s", page);
  zc_task_ask(task, "ListPipelineExecutions", zc_request_list(task->pipeline, task->page),
              got_list);
}

void zc_find_begin(zc_task *task) {
  task->found = calloc(ZC_CODEPIPELINE_FOUND_MAX, sizeof *task->found);
  if (!task->found) {
    zc_task_end(task, ZC_ENOMEM, "no memory for a look-up");
    return;
  }
  zc_task_ask(task, "ListPipelineExecutions", zc_request_list(task->pipeline, ""), got_list);
}
