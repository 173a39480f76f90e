/* codepipeline - starts a pipeline of AWS CodePipeline in the region decided on, and watches it. */
#include "codepipeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ACCOUNTS_MAX     64
#define NO_ACCOUNT       "no memory for a call, or more than 64 AWS profiles"
#define CALL_TIMEOUT_MS  15000
#define REPEATS_MAX      4
#define FIRST_PAUSE_MS   1000
#define LONGEST_PAUSE_MS 10000
/* AWS takes a clock that is five minutes off. */
#define CLOCK_MARGIN_MS (INT64_C(5) * 60000)
/* For so long after the run was due its token is taken to be known to CodePipeline. */
#define TOKEN_TRUST_MS (INT64_C(15) * 60000)
#define TARGET_PREFIX  "CodePipeline_20150709."

/* One profile and endpoint, with its credentials. */
struct zc_account {
  zc_account *next;
  char *profile, *endpoint;
  zc_aws *aws;
};

/* ---- accounts ---- */

static bool same(const char *a, const char *b) {
  return !a || !b ? a == b : strcmp(a, b) == 0;
}

static void free_account(zc_account *account) {
  zc_aws_destroy(account->aws);
  free(account->profile);
  free(account->endpoint);
  free(account);
}

static zc_account *make_account(zc_codepipeline *self, const char *profile, const char *endpoint) {
  const zc_aws_settings settings = {.profile = profile, .endpoint = endpoint};
  zc_account *account = calloc(1, sizeof *account);
  if (!account) return NULL;
  account->profile = profile ? strdup(profile) : NULL;
  account->endpoint = endpoint ? strdup(endpoint) : NULL;
  if ((profile && !account->profile) || (endpoint && !account->endpoint) ||
      zc_aws_create(self->host, self->self, &settings, &account->aws) != ZC_OK) {
    free_account(account);
    return NULL;
  }
  account->next = self->accounts;
  self->accounts = account;
  self->n_accounts++;
  return account;
}

static zc_account *account_of(zc_codepipeline *self, const zc_config *config) {
  const char *profile = self->host->text(config, "profile");
  const char *endpoint = self->host->text(config, "endpoint");
  for (zc_account *account = self->accounts; account; account = account->next) {
    if (same(account->profile, profile) && same(account->endpoint, endpoint)) return account;
  }
  return self->n_accounts < ACCOUNTS_MAX ? make_account(self, profile, endpoint) : NULL;
}

/* ---- tasks ---- */

static void free_task(zc_task *task) {
  if (task->link) {
    *task->link = task->next;
    if (task->next) task->next->link = task->link;
  }
  free(task->region);
  free(task->pipeline);
  free(task->execution_id);
  free(task->remote_id);
  free(task->body);
  free(task->start_body);
  free(task->found);
  free(task);
}

static char *copy_of(const char *text) {
  return text ? strdup(text) : NULL;
}

static zc_task *make_task(zc_codepipeline *self, const zc_run *run, zc_op *op,
                          const char *pipeline) {
  zc_task *task = calloc(1, sizeof *task);
  if (!task) return NULL;
  task->owner = self;
  task->op = op;
  task->account = account_of(self, run->config);
  task->region = strdup(run->region);
  task->pipeline = strdup(pipeline);
  task->execution_id = strdup(run->execution_id);
  task->remote_id = copy_of(run->remote_id);
  task->since = run->planned_start - CLOCK_MARGIN_MS;
  task->trust_until = run->planned_start + TOKEN_TRUST_MS;
  task->by_variable = self->host->integer(run->config, "pass_decision") != 0;
  if (!task->account || !task->region || !task->pipeline || !task->execution_id ||
      (run->remote_id && !task->remote_id)) {
    free_task(task);
    return NULL;
  }
  task->next = self->tasks;
  task->link = &self->tasks;
  if (task->next) task->next->link = &task->next;
  self->tasks = task;
  return task;
}

/* NULL where the operation was ended already, with the reason. */
static zc_task *begin(zc_codepipeline *self, const zc_run *run, zc_op *op) {
  char message[ZC_CODEPIPELINE_MESSAGE_MAX];
  const zc_host *host = self->host;
  const char *pipeline =
      zc_request_pipeline(host, run->config, run->region, message, sizeof message);
  if (!pipeline) {
    host->done(op, ZC_EINVAL, message);
    return NULL;
  }
  zc_task *task = make_task(self, run, op, pipeline);
  if (!task) host->done(op, ZC_ENOMEM, NO_ACCOUNT);
  return task;
}

void zc_task_end(zc_task *task, int error, const char *message) {
  const zc_host *host = task->owner->host;
  zc_op *op = task->op;
  free_task(task);
  host->done(op, error, message);
}

void zc_task_started(zc_task *task, const char *remote_id) {
  task->owner->host->run_started(task->op, remote_id);
  zc_task_end(task, ZC_OK, NULL);
}

/* ---- errors ---- */

static bool has_no_codepipeline(const char *region) {
  static const char *const regions[] = {"ap-east-2", "ap-southeast-7", "ca-west-1",
                                        "eusc-de-east-1", "mx-central-1"};
  for (size_t i = 0; i < sizeof regions / sizeof *regions; i++) {
    if (strcmp(regions[i], region) == 0) return true;
  }
  return false;
}

static const char *hint_of(const zc_task *task, const zc_aws_answer *answer) {
  if (strcmp(answer->code, "PipelineNotFoundException") == 0)
    return " (a run elsewhere needs a pipeline there: pipeline_by_region)";
  if (answer->status == 0 && has_no_codepipeline(task->region))
    return " (this region had no CodePipeline when this was written)";
  return "";
}

/* The hint and where stand first: the host may cut a message. */
void zc_task_end_refused(zc_task *task, const zc_aws_answer *answer) {
  char text[ZC_CODEPIPELINE_MESSAGE_MAX];
  snprintf(text, sizeof text, "%s of %.60s in %.30s%s: %.250s", task->what, task->pipeline,
           task->region, hint_of(task, answer), answer->message);
  int status = zc_aws_status(answer->kind, answer->sent);
  zc_task_end(task, task->found && status == ZC_EUNKNOWN ? ZC_EREMOTE : status, text);
}

/* ---- asking ---- */

static void on_answer(void *user, zc_op *op, const zc_aws_answer *answer) {
  zc_task *task = user;
  (void)op;
  task->answered(task, answer);
}

static void ask(zc_task *task) {
  char target[96];
  snprintf(target, sizeof target, TARGET_PREFIX "%s", task->target);
  bool starts = strcmp(task->target, "StartPipelineExecution") == 0;
  const zc_aws_call call = {.service = "codepipeline",
                            .region = task->region,
                            .target = target,
                            .content_type = "application/x-amz-json-1.1",
                            .body = task->body,
                            .body_length = strlen(task->body),
                            .timeout_ms = CALL_TIMEOUT_MS,
                            .repeatable = !starts};
  int status = zc_aws_request(task->account->aws, task->op, &call, on_answer, task);
  if (status != ZC_OK) zc_task_end(task, status, "no memory for a call");
}

void zc_task_ask(zc_task *task, const char *operation, char *body,
                 void (*answered)(zc_task *task, const zc_aws_answer *answer)) {
  free(task->body);
  task->body = body;
  task->target = task->what = operation;
  task->answered = answered;
  if (!body)
    zc_task_end(task, ZC_ENOMEM, "no memory for a call");
  else
    ask(task);
}

static void pause_over(void *user, zc_op *op) {
  (void)op;
  ask(user);
}

/* Full jitter on what doubles, or as long as the service asked for. */
static int64_t pause_of(const zc_task *task, const zc_aws_answer *answer) {
  double longest = FIRST_PAUSE_MS << task->repeats;
  double pause = 200 + longest * task->owner->host->random(task->owner->self);
  if (pause < (double)answer->retry_after_ms) pause = (double)answer->retry_after_ms;
  return pause < LONGEST_PAUSE_MS ? (int64_t)pause : LONGEST_PAUSE_MS;
}

bool zc_task_ask_again(zc_task *task, const zc_aws_answer *answer) {
  bool may_help = answer->kind == ZC_AWS_THROTTLED || answer->kind == ZC_AWS_TRANSIENT ||
                  answer->kind == ZC_AWS_CONFLICT ||
                  strcmp(answer->code, "PipelineExecutionNotFoundException") == 0;
  if (!may_help || task->repeats == REPEATS_MAX) return false;
  int64_t pause = pause_of(task, answer);
  task->repeats++;
  return task->owner->host->timer(task->op, pause, pause_over, task) == ZC_OK;
}

/* ---- start ---- */

void zc_start_answered(zc_task *task, const zc_aws_answer *answer) {
  if (answer->kind != ZC_AWS_FINE) {
    zc_task_end_refused(task, answer);
    return;
  }
  const char *id = zc_answer_text(task->owner->host, answer->json, "pipelineExecutionId");
  if (id && *id && strlen(id) < ZC_CODEPIPELINE_ID_MAX)
    zc_task_started(task, id);
  else
    zc_task_end(task, task->found ? ZC_EREMOTE : ZC_EUNKNOWN,
                "CodePipeline's answer to the start names no execution");
}

static int start(void *state, const zc_run *run, zc_op *op) {
  zc_codepipeline *self = state;
  char message[ZC_CODEPIPELINE_MESSAGE_MAX];
  if (zc_request_check(self->host, run->config, message, sizeof message) != ZC_OK) {
    self->host->done(op, ZC_EINVAL, message);
    return ZC_OK;
  }
  zc_task *task = begin(self, run, op);
  if (!task) return ZC_OK;
  zc_task_ask(task, "StartPipelineExecution", zc_request_start(self->host, run, task->pipeline),
              zc_start_answered);
  return ZC_OK;
}

/* ---- poll ---- */

static int status_of(const char *word) {
  static const struct {
    const char *word;
    int status;
  } words[] = {{"InProgress", ZC_RUN_RUNNING},   {"Stopping", ZC_RUN_RUNNING},
               {"Succeeded", ZC_RUN_SUCCEEDED},  {"Failed", ZC_RUN_FAILED},
               {"Stopped", ZC_RUN_CANCELLED},    {"Cancelled", ZC_RUN_CANCELLED},
               {"Superseded", ZC_RUN_SUPERSEDED}};
  for (size_t i = 0; word && i < sizeof words / sizeof *words; i++) {
    if (strcmp(words[i].word, word) == 0) return words[i].status;
  }
  return 0;
}

static void poll_answered(zc_task *task, const zc_aws_answer *answer) {
  const zc_host *host = task->owner->host;
  char text[ZC_CODEPIPELINE_MESSAGE_MAX];
  if (answer->kind != ZC_AWS_FINE) {
    /* Right after the start it may not be there yet. */
    if (!zc_task_ask_again(task, answer)) zc_task_end_refused(task, answer);
    return;
  }
  const char *word = zc_answer_text(host, answer->json, "pipelineExecution/status");
  const char *summary = zc_answer_text(host, answer->json, "pipelineExecution/statusSummary");
  int status = status_of(word);
  if (status == 0) {
    snprintf(text, sizeof text, "CodePipeline gives a status that is not known: %.40s",
             word ? word : "none");
    zc_task_end(task, ZC_EDATA, text);
    return;
  }
  snprintf(text, sizeof text, "%s%s%.200s", word, summary && *summary ? ": " : "",
           summary ? summary : "");
  for (char *c = text; *c; c++) /* a line break would begin the run's output */
    if (*c == '\n' || *c == '\r') *c = ' ';
  host->run_status(task->op, status, text);
  zc_task_end(task, ZC_OK, NULL);
}

static int poll(void *state, const zc_run *run, zc_op *op) {
  zc_codepipeline *self = state;
  if (!run->remote_id) return ZC_EINVAL;
  zc_task *task = begin(self, run, op);
  if (!task) return ZC_OK;
  zc_task_ask(task, "GetPipelineExecution", zc_request_execution(task->pipeline, task->remote_id),
              poll_answered);
  return ZC_OK;
}

/* ---- find, stop, cancel ---- */

static int find(void *state, const zc_run *run, zc_op *op) {
  zc_task *task = begin(state, run, op);
  if (!task) return ZC_OK;
  task->start_body = zc_request_start(task->owner->host, run, task->pipeline);
  zc_find_begin(task);
  return ZC_OK;
}

/* One that is being stopped, or has ended, needs no stop: the next poll tells. */
static void stop_answered(zc_task *task, const zc_aws_answer *answer) {
  bool settled = strcmp(answer->code, "DuplicatedStopRequestException") == 0 ||
                 strcmp(answer->code, "PipelineExecutionNotStoppableException") == 0;
  if (answer->kind == ZC_AWS_FINE || settled)
    zc_task_end(task, ZC_OK, NULL);
  else if (!zc_task_ask_again(task, answer))
    zc_task_end_refused(task, answer);
}

static int stop(void *state, const zc_run *run, zc_op *op) {
  zc_codepipeline *self = state;
  if (!run->remote_id) return ZC_EINVAL;
  zc_task *task = begin(self, run, op);
  if (!task) return ZC_OK;
  zc_task_ask(task, "StopPipelineExecution", zc_request_stop(task->pipeline, task->remote_id),
              stop_answered);
  return ZC_OK;
}

static void cancel(void *state, zc_op *op) {
  zc_codepipeline *self = state;
  for (zc_account *account = self->accounts; account; account = account->next)
    zc_aws_cancel(account->aws, op);
  for (zc_task *next, *task = self->tasks; task; task = next) {
    next = task->next;
    if (task->op == op) free_task(task);
  }
}

/* ---- the contract ---- */

static int create(const zc_host *host, zc_self *handle, const zc_config *config, void **ret_state) {
  (void)config;
  zc_codepipeline *self = calloc(1, sizeof *self);
  if (!self) return ZC_ENOMEM;
  self->host = host;
  self->self = handle;
  *ret_state = self;
  return ZC_OK;
}

static void destroy(void *state) {
  zc_codepipeline *self = state;
  for (zc_task *next, *task = self->tasks; task; task = next) {
    next = task->next;
    free_task(task);
  }
  for (zc_account *next, *account = self->accounts; account; account = next) {
    next = account->next;
    free_account(account);
  }
  free(self);
}

static int check(void *state, const zc_config *config, const char *const *regions,
                 uint32_t n_regions, char *text, size_t size) {
  const zc_host *host = ((zc_codepipeline *)state)->host;
  const zc_account *account = account_of(state, config);
  char why[ZC_CODEPIPELINE_MESSAGE_MAX];
  int status = account ? ZC_OK : ZC_ENOMEM;
  if (!account) snprintf(text, size, NO_ACCOUNT);
  for (uint32_t i = 0; i < n_regions && status == ZC_OK; i++) {
    if (!zc_request_pipeline(host, config, regions[i], text, size)) return ZC_EINVAL;
    status = zc_aws_check(account->aws, "codepipeline", regions[i], why, sizeof why);
    if (status != ZC_OK) snprintf(text, size, "endpoint: %.300s", why);
  }
  if (status == ZC_OK)
    status = zc_request_check_regions(host, config, regions, n_regions, text, size);
  return status == ZC_OK ? zc_request_check(host, config, text, size) : status;
}

static const zc_trigger_ops ops = {.size = sizeof ops,
                                   .idempotency = ZC_IDEMPOTENCY_LOOKUP,
                                   .poll_ms = 15000,
                                   .start = start,
                                   .poll = poll,
                                   .find = find,
                                   .stop = stop,
                                   .cancel = cancel,
                                   .check = check};

static const zc_option options[] = {
    {"pipeline", ZC_STRING, ZC_REQUIRED, NULL, NULL, "The pipeline's name in CodePipeline."},
    {"pipeline_by_region", ZC_STRING_LIST, 0, NULL, NULL,
     "region=name for each region where the pipeline has another name."},
    {"profile", ZC_STRING, 0, NULL, NULL,
     "The AWS profile; by default AWS_PROFILE, the environment's keys, or the machine's role."},
    {"endpoint", ZC_URL, 0, NULL, NULL,
     "Where CodePipeline answers, where that is not AWS's own address for the region."},
    {"variables", ZC_STRING_LIST, 0, NULL, NULL, "NAME=value, for pipelines of type V2."},
    {"pass_decision", ZC_BOOLEAN, 0, "false", NULL,
     "Pass ZEROCARB_DECISION, ZEROCARB_REGION and ZEROCARB_EXECUTION_ID as variables, for "
     "pipelines of type V2 that declare them."},
    {"source_revisions", ZC_STRING_LIST, 0, NULL, NULL,
     "action:TYPE:value, the revision that a source action takes instead of the latest."},
};

static const zc_plugin plugin = {.size = sizeof plugin,
                                 .abi_major = ZC_ABI_MAJOR,
                                 .abi_minor = ZC_ABI_MINOR,
                                 .kind = ZC_TRIGGER,
                                 .option_size = sizeof(zc_option),
                                 .name = "codepipeline",
                                 .version = "1.0.0",
                                 .summary = "Starts a pipeline of AWS CodePipeline",
                                 .options = options,
                                 .n_options = sizeof options / sizeof *options,
                                 .create = create,
                                 .destroy = destroy,
                                 .ops = &ops,
                                 .secret_variables = zc_aws_secret_variables};

ZC_DEFINE_PLUGIN(codepipeline, plugin)
