/* source - asks one source once and shows what it gives. */
#include <stdio.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/text.h"
#include "core/base/time_text.h"
#include "core/cli/output.h"
#include "core/cli/source_answers.h"
#include "core/model/intensity_index.h"

#define TEXT_MAX ((size_t)64 * 1024 * 1024)

static const char *basis_word(uint32_t basis) {
  static const char *const words[] = {"unknown", "operational", "lifecycle", "marginal"};
  return words[basis < 4 ? basis : 0];
}

static const char *origin_word(uint32_t flags) {
  if (flags & ZC_POINT_OBSERVED) return "observed";
  if (flags & ZC_POINT_ESTIMATED) return "estimated";
  if (flags & ZC_POINT_FORECAST) return "forecast";
  return flags & ZC_POINT_STATIC ? "yearly average" : "unknown";
}

/* ---- JSON ---- */

static void write_time(zc_buffer *to, const char *name, zc_time time) {
  char text[ZC_TIME_TEXT_SIZE];
  if (zc_time_format(time, text, sizeof text) != ZC_OK) return;
  zc_buffer_printf(to, "\"%s\":\"%s\",", name, text);
}

static void write_point(zc_buffer *to, const zc_source_point *p) {
  const char *index = zc_index_text(p->point.index);
  zc_buffer_char(to, '{');
  write_time(to, "from", p->point.from);
  write_time(to, "to", p->point.to);
  if (p->issued_at) write_time(to, "issued_at", p->issued_at);
  zc_buffer_text(to, "\"value\":");
  zc_json_write_number(to, p->point.value);
  zc_buffer_printf(to, ",\"origin\":\"%s\",\"basis\":\"%s\"", origin_word(p->point.flags),
                   basis_word(p->basis));
  if (index) zc_buffer_printf(to, ",\"index\":\"%s\"", index);
  zc_buffer_char(to, '}');
}

static void write_answer(zc_buffer *to, const char *name, const zc_source_answer *answer) {
  if (!answer->asked) return;
  zc_buffer_printf(to, ",\"%s\":{\"latency_ms\":%lld,\"points\":[", name,
                   (long long)answer->latency_ms);
  for (size_t i = 0; i < answer->n_points; i++) {
    if (i) zc_buffer_char(to, ',');
    write_point(to, &answer->points[i]);
  }
  zc_buffer_char(to, ']');
  char doubt[400];
  const char *message = zc_source_answer_doubt(answer, doubt, sizeof doubt) ? doubt : NULL;
  if (answer->refusal.n > 0) zc_buffer_printf(to, ",\"refused\":%zu", answer->refusal.n);
  if (answer->error != ZC_OK) {
    zc_buffer_printf(to, ",\"error\":\"%s\"", zc_status_text(answer->error));
    message = answer->message ? answer->message : "";
  }
  if (message) {
    zc_buffer_text(to, ",\"message\":");
    zc_json_write_text(to, message);
  }
  zc_buffer_char(to, '}');
}

static void write_number(zc_buffer *to, bool known, const char *name, double value) {
  if (!known) return;
  zc_buffer_printf(to, ",\"%s\":", name);
  zc_json_write_number(to, value);
}

static void write_region(zc_buffer *to, const zc_source_region *region) {
  zc_buffer_text(to, "{\"region\":");
  zc_json_write_text(to, region->name);
  write_answer(to, "observed", &region->observed);
  write_answer(to, "forecast", &region->forecast);
  write_number(to, region->has_pue, "pue", region->pue);
  write_number(to, region->has_renewable_share, "renewable_share", region->renewable_share);
  write_number(to, region->has_static, "static_intensity", region->static_intensity);
  if (region->has_static) {
    zc_buffer_printf(to, ",\"static_basis\":\"%s\"", basis_word(region->static_basis));
  }
  zc_buffer_char(to, '}');
}

/* Where its data is shown at all. */
static bool wants_attribution(const zc_plugin_settings *source, const zc_source_answers *answers) {
  bool gave = false;
  for (size_t i = 0; i < answers->n; i++)
    gave = gave || zc_source_region_gave(&answers->regions[i]);
  return gave && source->plugin->attribution;
}

static void print_json(const zc_plugin_settings *source, const zc_source_answers *answers) {
  zc_buffer text;
  zc_buffer_init(&text, TEXT_MAX);
  zc_buffer_text(&text, "{\"source\":");
  zc_json_write_text(&text, source->name);
  zc_buffer_text(&text, ",\"plugin\":");
  zc_json_write_text(&text, source->plugin->name);
  zc_buffer_text(&text, ",\"regions\":[");
  for (size_t i = 0; i < answers->n; i++) {
    if (i) zc_buffer_char(&text, ',');
    write_region(&text, &answers->regions[i]);
  }
  zc_buffer_char(&text, ']');
  if (wants_attribution(source, answers)) {
    zc_buffer_text(&text, ",\"attribution\":");
    zc_json_write_text(&text, source->plugin->attribution);
  }
  zc_buffer_char(&text, '}');
  zc_output_line(&text);
  zc_buffer_finish(&text);
}

/* ---- text ---- */

static void add_time(zc_listing *listing, zc_time time) {
  char text[ZC_TIME_TEXT_SIZE] = "-";
  zc_time_format(time, text, sizeof text);
  zc_listing_add(listing, ZC_PLAIN, "%s", text);
}

static void add_points(zc_listing *listing, const zc_source_answer *answer) {
  char value[40];
  if (answer->n_points == 0) {
    for (int i = 0; i < 5; i++)
      zc_listing_add(listing, ZC_PLAIN, "-");
    return;
  }
  const zc_source_point *p = answer->has_now ? &answer->now : NULL;
  add_time(listing, answer->points[0].point.from);
  add_time(listing, answer->points[answer->n_points - 1].point.to);
  bool known = p && zc_format_number(p->point.value, value, sizeof value) == ZC_OK;
  zc_listing_add(listing, ZC_PLAIN, "%s", known ? value : "-");
  if (!p) p = &answer->points[answer->n_points - 1];
  zc_listing_add(listing, ZC_PLAIN, "%s%s", origin_word(p->point.flags),
                 answer->held ? ", held" : "");
  zc_listing_add(listing, ZC_PLAIN, "%s", basis_word(p->basis));
}

static void add_answer(zc_listing *listing, const zc_source_region *region, const char *what,
                       const zc_source_answer *answer) {
  if (!answer->asked) return;
  bool failed = answer->error != ZC_OK;
  const char *nothing = zc_source_nothing(region, answer);
  zc_listing_add(listing, ZC_PLAIN, "%s", region->name);
  zc_listing_add(listing, ZC_PLAIN, "%s", what);
  zc_listing_add(listing, ZC_PLAIN, "%zu", answer->n_points);
  add_points(listing, answer);
  zc_listing_add(listing, ZC_PLAIN, "%lld ms", (long long)answer->latency_ms);
  zc_listing_add(listing, failed ? ZC_RED : ZC_PLAIN, "%s%s%s",
                 failed    ? zc_status_text(answer->error)
                 : nothing ? nothing
                           : "",
                 failed && answer->message ? ": " : "",
                 failed && answer->message ? answer->message : "");
}

static void print_constants(const zc_source_region *region) {
  if (!region->has_pue && !region->has_renewable_share && !region->has_static) return;
  zc_output_printf("%s:", region->name);
  if (region->has_pue) zc_output_printf(" PUE %g", region->pue);
  if (region->has_renewable_share) {
    zc_output_printf(" renewable share %g", region->renewable_share);
  }
  if (region->has_static) {
    zc_output_printf(" yearly average %g gCO2eq/kWh (%s)", region->static_intensity,
                     basis_word(region->static_basis));
  }
  zc_output_printf("\n");
}

/* A source of constants alone has no use for the table. */
static bool wants_table(const zc_source_answers *answers) {
  for (size_t i = 0; i < answers->n; i++) {
    const zc_source_region *r = &answers->regions[i];
    bool constants = r->has_pue || r->has_renewable_share || r->has_static;
    if (!constants || !zc_source_region_fine(r)) return true;
    if (r->observed.n_points || r->forecast.n_points) return true;
  }
  return false;
}

static void warn(const char *region, const char *what, const zc_source_answer *answer) {
  char doubt[400];
  if (zc_source_answer_doubt(answer, doubt, sizeof doubt))
    zc_cli_message("warning: %s of %s: %s", what, region, doubt);
}

static void print_text(const zc_plugin_settings *source, const zc_source_answers *answers) {
  static const char *const headings[] = {"REGION", "WHAT",   "POINTS", "FIRST",   "UNTIL",
                                         "NOW",    "ORIGIN", "BASIS",  "LATENCY", "ERROR"};
  zc_listing listing;
  zc_listing_init(&listing, 10);
  zc_listing_headings(&listing, headings);
  for (size_t i = 0; i < answers->n; i++) {
    const zc_source_region *region = &answers->regions[i];
    add_answer(&listing, region, "observed", &region->observed);
    add_answer(&listing, region, "forecast", &region->forecast);
    warn(region->name, "observations", &region->observed);
    warn(region->name, "forecast", &region->forecast);
  }
  if (wants_table(answers)) zc_listing_print(&listing, "");
  zc_listing_finish(&listing);
  for (size_t i = 0; i < answers->n; i++)
    print_constants(&answers->regions[i]);
  if (wants_attribution(source, answers)) zc_cli_message("data: %s", source->plugin->attribution);
}

/* ---- the command ---- */

static const zc_plugin_settings *find_source(const zc_settings *settings, const char *name) {
  for (size_t i = 0; i < settings->n_sources; i++) {
    if (strcmp(settings->sources[i].name, name) == 0) return &settings->sources[i];
  }
  for (size_t i = 0; i < settings->n_sources; i++) {
    if (strcmp(settings->sources[i].plugin->name, name) == 0) return &settings->sources[i];
  }
  return NULL;
}

static int unknown_source(const zc_session *session, const char *name) {
  const char *names[ZC_SOURCES_MAX];
  for (size_t i = 0; i < session->settings->n_sources; i++)
    names[i] = session->settings->sources[i].name;
  const char *near = zc_nearest(name, names, session->settings->n_sources);
  return near ? zc_cli_usage("%s has no source '%s': did you mean '%s'?", session->path, name, near)
              : zc_cli_usage("%s has no source '%s'", session->path, name);
}

static int judge(const zc_source_answers *answers) {
  size_t gave = 0, fine = 0;
  for (size_t i = 0; i < answers->n; i++) {
    gave += zc_source_region_gave(&answers->regions[i]);
    fine += zc_source_region_fine(&answers->regions[i]);
  }
  if (gave == 0) return ZC_EXIT_UNAVAILABLE;
  return fine == answers->n ? ZC_EXIT_FINE : ZC_EXIT_NOT_FINE;
}

static int ask_and_print(zc_session *session, const zc_arguments *arguments, bool past) {
  const zc_plugin_settings *source = find_source(session->settings, arguments->operands[0]);
  if (!source) return unknown_source(session, arguments->operands[0]);
  const zc_source_ops *ops = source->plugin->ops;
  if (past && !(ops->flags & (ZC_SOURCE_RECORDED | ZC_SOURCE_CONSTANT))) {
    return zc_cli_usage("source: %s knows only the present: --at is for recorded data",
                        source->name);
  }
  zc_error error = {0};
  zc_source_answers answers;
  int status =
      zc_source_ask(session, source, zc_arguments_text(arguments, "region"), &answers, &error);
  if (status == ZC_ENOTFOUND) return zc_cli_usage("source: %s", error.text);
  if (status != ZC_OK) {
    zc_cli_message("%s", error.text);
    return zc_cli_exit_of(status);
  }
  if (zc_arguments_has(arguments, "json"))
    print_json(source, &answers);
  else
    print_text(source, &answers);
  status = judge(&answers);
  zc_source_answers_finish(&answers);
  return status;
}

static int source(const zc_arguments *arguments) {
  zc_session session;
  zc_error error;
  zc_time at = 0;
  if (zc_arguments_time(arguments, "at", &at, &error) != ZC_OK) {
    return zc_cli_usage("source: %s", error.text);
  }
  int status = zc_session_init(&session, at);
  if (status == ZC_EXIT_FINE) zc_loop_expect_slow(session.loop, false); /* its author asks */
  if (status == ZC_EXIT_FINE) status = zc_session_load(&session, arguments, true);
  if (status == ZC_EXIT_FINE) status = zc_session_open_http(&session);
  if (status == ZC_EXIT_FINE) status = ask_and_print(&session, arguments, at != 0);
  zc_session_finish(&session);
  return status;
}

static const zc_switch switches[] = {
    ZC_SWITCH_CONFIG,
    {"region", 'r', "REGION", "ask for this region only"},
    {"at", 0, "TIME", "as of then, from a source of recorded data"},
    ZC_SWITCH_JSON,
    ZC_SWITCH_HELP,
};

const zc_command zc_command_source = {
    .name = "source",
    .operands = "NAME",
    .summary = "ask one source once and show what it gives",
    .details =
        "NAME is the source's name in the configuration, or its plugin's. Exit status 69 where\n"
        "nothing came, 1 where a region failed. --json prints every point.\n",
    .min_operands = 1,
    .max_operands = 1,
    .switches = switches,
    .n_switches = sizeof switches / sizeof *switches,
    .run = source,
};
