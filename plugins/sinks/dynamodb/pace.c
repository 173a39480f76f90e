/* How fast. Three things are learned from the answers, over all writes of the instance:
 *
 * The window, how many batches are under way at once: halved where DynamoDB throttles, one more
 * for each window of batches that it took.
 * The quota of repetitions: each costs, a success gives back. While all goes well some failures are
 * repeated at once; where all fails the quota is soon empty, the write ends, and the host waits.
 * Probing, after a write that failed: the first request goes alone and once. */
#include "dynamodb.h"

#define QUOTA           500
#define COST            5
#define COST_TIMEOUT    10
#define ATTEMPTS_MAX    10
#define PAUSE_MS        50  /* the first pause is up to so long, each next one up to double */
#define PAUSE_THROTTLED 500 /* likewise where we were asked to slow down */
#define PAUSE_MAX_MS    20000
#define ASKED_SLACK_MS  5000 /* how much more than the service asked for we wait at the most */

void zc_dynamodb_pace_init(zc_dynamodb *db) {
  db->pace = (zc_dynamodb_pace){.window = db->max_parallel, .quota = QUOTA};
}

uint32_t zc_dynamodb_pace_window(const zc_dynamodb *db) {
  return db->pace.probing ? 1 : (uint32_t)db->pace.window;
}

void zc_dynamodb_pace_stored(zc_dynamodb *db, uint32_t attempt) {
  zc_dynamodb_pace *pace = &db->pace;
  pace->probing = false;
  pace->window += 1 / pace->window;
  if (pace->window > db->max_parallel) pace->window = db->max_parallel;
  pace->quota += attempt > 1 ? COST : 1;
  if (pace->quota > QUOTA) pace->quota = QUOTA;
}

void zc_dynamodb_pace_throttled(zc_dynamodb *db) {
  db->pace.window /= 2;
  if (db->pace.window < 1) db->pace.window = 1;
}

static bool timed_out(const zc_aws_answer *answer) {
  return answer->kind == ZC_AWS_TRANSIENT && answer->status == 0 && answer->sent;
}

bool zc_dynamodb_pace_may_repeat(zc_dynamodb *db, const zc_aws_answer *answer, uint32_t attempt) {
  int32_t cost = timed_out(answer) ? COST_TIMEOUT : COST;
  if (db->pace.probing || attempt >= ATTEMPTS_MAX || db->pace.quota < cost) return false;
  db->pace.quota -= cost;
  return true;
}

int64_t zc_dynamodb_pause(const zc_dynamodb *db, const zc_aws_answer *answer, uint32_t attempt) {
  bool slow_down = answer->kind == ZC_AWS_THROTTLED || answer->kind == ZC_AWS_FINE;
  int64_t limit = slow_down ? PAUSE_THROTTLED : PAUSE_MS;
  for (uint32_t i = 1; i < attempt && limit < PAUSE_MAX_MS; i++)
    limit *= 2;
  if (limit > PAUSE_MAX_MS) limit = PAUSE_MAX_MS;
  int64_t pause = (int64_t)(db->host->random(db->self) * (double)limit);
  int64_t asked = answer->retry_after_ms < PAUSE_MAX_MS ? answer->retry_after_ms : PAUSE_MAX_MS;
  if (pause < asked) return asked;
  return asked > 0 && pause > asked + ASKED_SLACK_MS ? asked + ASKED_SLACK_MS : pause;
}
