/* codepipeline.h - what the parts of the trigger share.
 *
 * A task is one operation: what is being asked, for which run. It lives until its operation is
 * finished, or cancelled. */
#ifndef ZC_CODEPIPELINE_H
#define ZC_CODEPIPELINE_H

#include <stdbool.h>

#include "aws.h"

#define ZC_CODEPIPELINE_ID_MAX      64
#define ZC_CODEPIPELINE_FOUND_MAX   256 /* executions that a look-up considers */
#define ZC_CODEPIPELINE_PAGE_MAX    2100
#define ZC_CODEPIPELINE_OUR_ID      "ZEROCARB_EXECUTION_ID"
#define ZC_CODEPIPELINE_MESSAGE_MAX 512

typedef struct zc_account zc_account;
typedef struct zc_codepipeline zc_codepipeline;

typedef struct zc_task {
  struct zc_task *next, **link;
  zc_codepipeline *owner;
  zc_account *account;
  zc_op *op;
  char *region, *pipeline; /* the pipeline's name in that region */
  char *execution_id;      /* ours */
  char *remote_id;         /* theirs, NULL before the start */
  const char *target, *what;
  void (*answered)(struct zc_task *task, const zc_aws_answer *answer);
  char *body;
  char *start_body; /* a look-up's: the start once more */
  int repeats;      /* of the same question */
  /* a look-up */
  zc_time since;       /* executions that began before are none of ours */
  zc_time trust_until; /* so long the token alone may be relied upon */
  bool by_variable;
  bool cut_short; /* more of them than we look at */
  bool in_doubt;  /* one of them does not tell whose it is */
  char (*found)[ZC_CODEPIPELINE_ID_MAX];
  size_t n_found, next_found;
  char page[ZC_CODEPIPELINE_PAGE_MAX];
  int pages;
} zc_task;

struct zc_codepipeline {
  const zc_host *host;
  zc_self *self;
  zc_account *accounts; /* one for each profile and endpoint */
  size_t n_accounts;
  zc_task *tasks;
};

/* codepipeline.c */
/* Sends `body` (malloc()ed, taken over; NULL: no memory) and calls `answered`. Ends the task where
 * that is not possible. */
void zc_task_ask(zc_task *task, const char *operation, char *body,
                 void (*answered)(zc_task *task, const zc_aws_answer *answer));
/* The same question once more after a pause, where that may help and has not been done too often.
 * False: it has, or does not. */
bool zc_task_ask_again(zc_task *task, const zc_aws_answer *answer);
/* done(), and the task is freed. */
void zc_task_end(zc_task *task, int error, const char *message);
/* done() with what AWS answered. A look-up that could not be made is asked for again. */
void zc_task_end_refused(zc_task *task, const zc_aws_answer *answer);
/* run_started() and done(). */
void zc_task_started(zc_task *task, const char *remote_id);

/* find.c */
void zc_find_begin(zc_task *task);
/* The answer to a start: of the first, and of one that was sent again. */
void zc_start_answered(zc_task *task, const zc_aws_answer *answer);

/* request.c: bodies, malloc()ed; NULL: no memory. */
/* The pipeline's name in a region; NULL with a sentence where the options are wrong. Borrowed. */
const char *zc_request_pipeline(const zc_host *host, const zc_config *config, const char *region,
                                char *message, size_t size);
/* Looks at the variables and source revisions; ZC_EINVAL with a sentence. */
int zc_request_check(const zc_host *host, const zc_config *config, char *message, size_t size);
/* Whether each row of pipeline_by_region is for one of the regions; ZC_EINVAL with a sentence. */
int zc_request_check_regions(const zc_host *host, const zc_config *config,
                             const char *const *regions, uint32_t n_regions, char *message,
                             size_t size);
char *zc_request_start(const zc_host *host, const zc_run *run, const char *pipeline);
char *zc_request_execution(const char *pipeline, const char *remote_id);
char *zc_request_stop(const char *pipeline, const char *remote_id);
char *zc_request_list(const char *pipeline, const char *page);

/* A text member of an answer, or NULL. */
const char *zc_answer_text(const zc_host *host, const zc_json *json, const char *path);

#endif
