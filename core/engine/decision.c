/* Decide: from a run and the snapshot to where and when it starts, with the record of why. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/base/time_text.h"
#include "core/engine/stages.h"

#define RECORD_MAX ((size_t)256 * 1024)

int zc_decision_create(zc_engine *engine, zc_error *error) {
  const zc_settings *settings = engine->settings;
  for (size_t i = 0; i < settings->n_policies; i++) {
    const zc_plugin_settings *s = &settings->policies[i];
    int status = zc_instance_create(engine->context, s->plugin, s->name, s->options,
                                    &engine->policy_instances[i], error);
    if (status != ZC_OK) {
      engine->refused = (zc_place){s->line, s->column};
      return status;
    }
    engine->policies[i] = (zc_policy){
        .name = s->name, .ops = &zc_instance_policy, .state = engine->policy_instances[i]};
  }
  return ZC_OK;
}

/* Policies are pure and hold nothing: they are made anew, whether they changed or not. */
void zc_decision_exchange(zc_engine *engine, zc_engine *fresh) {
  for (size_t i = 0; i < ZC_POLICIES_MAX; i++) {
    zc_policy policy = engine->policies[i];
    zc_instance *instance = engine->policy_instances[i];
    engine->policies[i] = fresh->policies[i];
    engine->policy_instances[i] = fresh->policy_instances[i];
    fresh->policies[i] = policy;
    fresh->policy_instances[i] = instance;
  }
}

void zc_decision_destroy(zc_engine *engine) {
  for (size_t i = engine->settings->n_policies; i-- > 0;) {
    zc_instance_destroy(engine->policy_instances[i]);
  }
}

/* A run taken up at once is decided as of its request, and one whose planned start has just come as
 * of that start, so that a few milliseconds make no DEFER of the one and move the other nowhere. A
 * deadline that has passed (the engine was away) leaves one start: now. */
static zc_decide_request request_of(const zc_live *live, zc_time now) {
  const zc_pipeline_settings *p = live->pipeline;
  const zc_execution *x = &live->execution;
  zc_time due = x->decided_at ? x->planned_start : x->requested_at;
  if (now < x->requested_at) now = x->requested_at;
  if (now >= due && now - due < ZC_PROMPT) now = due;
  return (zc_decide_request){.requested_at = x->requested_at,
                             .now = now,
                             .deadline = x->deadline > now ? x->deadline : now,
                             .regions = p->regions,
                             .n_regions = p->n_regions,
                             .workload = p->workload,
                             .energy = p->energy,
                             .min_savings_percent = p->min_savings_defer,
                             .has_baseline = x->has_baseline,
                             .baseline_intensity = x->baseline_intensity};
}

static int write_record(zc_engine *engine, const zc_live *live, const zc_decide_request *request,
                        const zc_decision *decision, zc_buffer *record) {
  zc_source_report reports[ZC_SOURCES_MAX];
  const zc_pipeline_settings *p = live->pipeline;
  zc_collect_reports(engine, reports);
  zc_execution_facts facts = {.request = request,
                              .snapshot = engine->snapshot,
                              .decision = decision,
                              .reason = live->execution.reason,
                              .sources = reports,
                              .n_sources = engine->settings->n_sources,
                              .auto_trigger = p->auto_trigger,
                              .min_savings_defer = p->min_savings_defer,
                              .max_defer_hours = p->max_defer_hours,
                              .pipeline_timeout_minutes = p->pipeline_timeout_minutes};
  return zc_execution_record_write(&facts, record);
}

static int replace(char **text, const char *with) {
  char *copy = zc_duplicate(with);
  if (with && !copy) return ZC_ENOMEM;
  free(*text);
  *text = copy;
  return ZC_OK;
}

static int take_over(zc_engine *engine, zc_live *live, const zc_decide_request *request,
                     const zc_decision *decision) {
  zc_execution *x = &live->execution;
  char reason[ZC_REASON_SIZE];
  zc_decide_reason(request, engine->snapshot, engine->policies, decision, reason, sizeof reason);
  uint32_t region = live->pipeline->regions[decision->region];
  if (replace(&x->reason, reason) != ZC_OK) return ZC_ENOMEM;
  if (replace(&x->region, engine->settings->regions[region]) != ZC_OK) return ZC_ENOMEM;
  zc_buffer record;
  zc_buffer_init(&record, RECORD_MAX);
  int status = write_record(engine, live, request, decision, &record);
  char *text = status == ZC_OK ? zc_buffer_take(&record) : NULL;
  zc_buffer_finish(&record);
  if (!text) return status == ZC_OK ? ZC_ENOMEM : status;
  free(x->record);
  x->record = text;
  x->has_workload = true;
  x->workload = request->workload;
  x->energy = request->energy;
  x->action = decision->action;
  x->planned_start = decision->start;
  x->has_intensity = decision->has_intensity && !decision->intensity_static;
  x->intensity = decision->intensity;
  x->has_baseline = decision->has_baseline && !decision->baseline_static;
  x->baseline_intensity = decision->baseline_intensity;
  x->decided_at = zc_loop_now(engine->loop);
  return ZC_OK;
}

bool zc_decision_stands(const zc_live *live) {
  const zc_pipeline_settings *p = live->pipeline;
  for (uint32_t i = 0; i < p->n_regions; i++) {
    if (strcmp(live->settings->regions[p->regions[i]], live->execution.region) == 0) return true;
  }
  return false;
}

/* Whether a waiting run's plan is worth changing: a policy asks for it, or the data are there to
 * see that none does. Without data it keeps the plan that it has, also where that is due. */
static bool keeps_plan(const zc_live *live, const zc_decision *decision) {
  const zc_execution *x = &live->execution;
  bool known = decision->has_intensity && !decision->intensity_static;
  bool waits = x->status == ZC_DEFERRED && x->decided_at != 0;
  return waits && decision->policy < 0 && !known && zc_decision_stands(live);
}

/* Whether the record was made for the workload that the pipeline has now. */
static bool same_work(const zc_live *live) {
  const zc_execution *x = &live->execution;
  return !x->has_workload || (zc_workload_equal(&x->workload, &live->pipeline->workload) &&
                              zc_energy_model_equal(&x->energy, &live->pipeline->energy));
}

static bool same_plan(const zc_live *live, const zc_decision *decision,
                      const zc_settings *settings) {
  const zc_execution *x = &live->execution;
  const char *region = settings->regions[live->pipeline->regions[decision->region]];
  /* Of a run that is due and waits for its turn every start until now is the same. */
  bool turn = live->held && decision->start <= zc_loop_now(live->engine->loop);
  return x->decided_at != 0 && same_work(live) && (turn || x->planned_start == decision->start) &&
         x->region && strcmp(x->region, region) == 0;
}

int zc_decision_make(zc_engine *engine, zc_live *live, bool *ret_changed, zc_error *error) {
  zc_time now = zc_loop_now(engine->loop);
  if (!zc_collect_snapshot(engine)) return zc_error_set(error, ZC_ENOMEM, "no memory to decide");
  zc_decide_request request = request_of(live, now);
  zc_decision decision;
  int status = zc_decide(&request, engine->snapshot, engine->policies, engine->settings->n_policies,
                         engine->settings->combine, &decision);
  if (status != ZC_OK) return zc_error_set(error, status, "cannot decide: malformed request");
  engine->decisions++;
  live->decided_version = engine->snapshot->version;
  *ret_changed = false;
  if (keeps_plan(live, &decision) || same_plan(live, &decision, engine->settings)) return ZC_OK;
  status = take_over(engine, live, &request, &decision);
  if (status != ZC_OK) return zc_error_set(error, status, "no memory for the decision's record");
  *ret_changed = true;
  return ZC_OK;
}

/* ---- why ---- */

static void write_number_member(zc_buffer *to, const char *name, double value, int decimals) {
  zc_buffer_printf(to, ",\"%s\":", name);
  zc_json_write_number(to, zc_round(value, decimals));
}

static void write_time_member(zc_buffer *to, const char *name, zc_time time) {
  char text[ZC_TIME_TEXT_SIZE];
  if (zc_time_format(time, text, sizeof text) != ZC_OK) return;
  zc_buffer_printf(to, ",\"%s\":\"%s\"", name, text);
}

/* What a reader needs to check the decision by hand: each region's figures. */
static void write_candidate(const zc_decide_request *request, const zc_region_view *region,
                            zc_buffer *to) {
  int64_t duration = (int64_t)(request->workload.duration_minutes * (double)ZC_MINUTE);
  double value;
  zc_time start;
  zc_buffer_text(to, "{\"region\":");
  zc_json_write_text(to, region->name);
  if (zc_region_at(region, request->now, &value) == ZC_OK) {
    write_number_member(to, "intensity_now", value, 1);
  }
  if (zc_region_mean(region, request->now, request->now + duration, &value) == ZC_OK) {
    write_number_member(to, "window_now", value, 4);
  }
  if (zc_series_best_window(&region->grid, request->now, request->deadline, duration, &start,
                            &value) == ZC_OK) {
    write_number_member(to, "best_window", value * region->factor, 4);
    write_time_member(to, "best_start", start);
  }
  if (region->has_static) {
    write_number_member(to, "yearly_average", region->static_grid * region->factor, 1);
  }
  write_number_member(to, "factor", region->factor, 6);
  zc_buffer_char(to, '}');
}

static const char *answer_text(int result) {
  return result == ZC_PROPOSED ? "proposed" : result == ZC_ABSTAINED ? "abstained" : "failed";
}

static void write_answer(zc_engine *engine, const zc_decide_request *request,
                         const zc_decision *decision, size_t i, zc_buffer *to) {
  const zc_policy_answer *answer = &decision->answers[i];
  char text[ZC_REASON_SIZE];
  zc_decide_explain(request, engine->snapshot, engine->policies, decision, i, text, sizeof text);
  zc_buffer_text(to, "{\"policy\":");
  zc_json_write_text(to, engine->policies[i].name);
  zc_buffer_printf(to, ",\"answer\":\"%s\",\"chosen\":%s", answer_text(answer->result),
                   decision->policy == (int)i ? "true" : "false");
  if (answer->result == ZC_PROPOSED) {
    uint32_t region = request->regions[answer->proposal.region];
    zc_buffer_text(to, ",\"region\":");
    zc_json_write_text(to, engine->snapshot->regions[region].name);
    write_time_member(to, "start", answer->proposal.start);
    if (isfinite(answer->emissions_g)) { /* else not known */
      write_number_member(to, "intensity", answer->proposal.intensity, 4);
      write_number_member(to, "emissions_g", answer->emissions_g, 4);
    }
  }
  zc_buffer_text(to, ",\"why\":");
  zc_json_write_text(to, text);
  zc_buffer_char(to, '}');
}

int zc_decision_why(zc_engine *engine, const zc_decide_request *request,
                    const zc_decision *decision, zc_buffer *to) {
  zc_buffer_printf(to, "{\"combine\":\"%s\",\"candidates\":[",
                   engine->settings->combine == ZC_COMBINE_BEST ? "best" : "first");
  for (uint32_t i = 0; i < request->n_regions; i++) {
    if (i) zc_buffer_char(to, ',');
    write_candidate(request, &engine->snapshot->regions[request->regions[i]], to);
  }
  zc_buffer_text(to, "],\"policies\":[");
  for (size_t i = 0; i < decision->n_answers; i++) {
    if (i) zc_buffer_char(to, ',');
    write_answer(engine, request, decision, i, to);
  }
  return zc_buffer_text(to, "]}");
}

const zc_pipeline_settings *zc_decision_pipeline(const zc_engine *engine, const char *name,
                                                 zc_error *error) {
  const zc_settings *settings = engine->settings;
  const zc_pipeline_settings *found = zc_settings_pipeline(settings, name);
  if (found) return found;
  const char **names = calloc(settings->n_pipelines + 1, sizeof *names);
  for (size_t i = 0; names && i < settings->n_pipelines; i++)
    names[i] = settings->pipelines[i].name;
  const char *near = names ? zc_nearest(name, names, settings->n_pipelines) : NULL;
  free(names);
  zc_error_set(error, ZC_ENOTFOUND,
               near ? "no pipeline '%s': did you mean '%s'?" : "no pipeline '%s'", name, near);
  return NULL;
}

static int decide_and_write(zc_engine *engine, zc_live *live, bool why, zc_buffer *to) {
  zc_decide_request request = request_of(live, zc_loop_now(engine->loop));
  zc_decision decision;
  int status = zc_decide(&request, engine->snapshot, engine->policies, engine->settings->n_policies,
                         engine->settings->combine, &decision);
  if (status == ZC_OK) status = take_over(engine, live, &request, &decision);
  if (status != ZC_OK) return status;
  if (!live->pipeline->auto_trigger)
    status = zc_execution_apply(&live->execution, ZC_EVENT_ONLY_RECORD);
  else if (decision.start > request.now)
    status = zc_execution_apply(&live->execution, ZC_EVENT_WAIT);
  if (status == ZC_OK) status = zc_execution_item_write(&live->execution, to);
  if (status != ZC_OK || !why) return status;
  if (to->length == 0 || to->data[to->length - 1] != '}') return ZC_ESYSTEM;
  to->data[--to->length] = '\0';
  zc_buffer_text(to, ",\"why\":");
  zc_decision_why(engine, &request, &decision, to);
  return zc_buffer_char(to, '}');
}

int zc_engine_decide(zc_engine *engine, const char *pipeline, bool why, zc_buffer *to,
                     zc_error *error) {
  zc_live live = {.engine = engine};
  live.pipeline = zc_decision_pipeline(engine, pipeline, error);
  if (!live.pipeline) return ZC_ENOTFOUND;
  zc_execution_init(&live.execution);
  int status = zc_execute_fill(engine, live.pipeline, "zerocarb_manual", zc_loop_now(engine->loop),
                               0, &live.execution);
  if (status == ZC_OK && !zc_collect_snapshot(engine)) status = ZC_ENOMEM;
  if (status == ZC_OK) status = decide_and_write(engine, &live, why, to);
  zc_execution_finish(&live.execution);
  return status == ZC_OK ? ZC_OK
                         : zc_error_set(error, status, "cannot decide: %s", zc_status_text(status));
}
