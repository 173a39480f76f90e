/* store_probe - a store's two sides, for tests: fills the outbox that a sink is written from, and
 * reads a sink back page by page.
 *
 *   store_probe -c FILE fill                 lines "TABLE<tab>ITEM" on stdin into the outbox
 *   store_probe -c FILE query SINK TABLE INDEX PARTITION LIMIT [asc|desc [COMPARE LOW HIGH [NOW]]]
 *
 * COMPARE: none equal between at_least at_most; INDEX "-": the table itself; NOW: RFC 3339. Prints
 * an item a line, and "--" at the end of a page. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"
#include "core/base/time_text.h"
#include "core/cli/session.h"
#include "core/plugin/instance.h"
#include "core/tables/schema.h"

#define DEADLINE      ZC_MINUTE
#define PER_CHANGE    500
#define ARGUMENTS_MAX 12

static int complain(const char *what, const char *message) {
  fprintf(stderr, "store_probe: %s: %s\n", what, message ? message : "");
  return EXIT_FAILURE;
}

/* ---- fill ---- */

typedef struct {
  zc_session *session;
  char *line;
  size_t size;
  int status;
} filling;

static void fill_more(filling *f);

static void on_committed(void *user, int status, const char *message) {
  filling *f = user;
  if (status == ZC_OK) {
    fill_more(f);
    return;
  }
  f->status = complain("commit", message);
  zc_loop_stop(f->session->loop);
}

static int add_line(zc_change *change, char *line, size_t length) {
  char *tab = strchr(line, '\t');
  if (line[length - 1] == '\n') line[--length] = '\0';
  if (tab) *tab = '\0';
  const zc_table *table = tab ? zc_table_find(line) : NULL;
  if (!table) return complain("no such table", line);
  zc_change_item(change, table, tab + 1, length - (size_t)(tab + 1 - line));
  return EXIT_SUCCESS;
}

static void fill_more(filling *f) {
  zc_change *change = zc_change_begin(f->session->journal);
  size_t n = 0;
  ssize_t length = 0;
  while (n < PER_CHANGE && f->status == EXIT_SUCCESS &&
         (length = getline(&f->line, &f->size, stdin)) > 0) {
    f->status = add_line(change, f->line, (size_t)length);
    n++;
  }
  if (n > 0 && f->status == EXIT_SUCCESS) {
    zc_journal_commit(f->session->journal, change, on_committed, f);
  } else {
    zc_change_drop(change);
    zc_loop_stop(f->session->loop);
  }
}

static int fill(zc_session *session) {
  filling f = {.session = session};
  const char *names[64];
  size_t n = session->settings->n_sinks;
  if (zc_session_open_journal(session) != ZC_EXIT_FINE || n > 64) return EXIT_FAILURE;
  for (size_t i = 0; i < n; i++)
    names[i] = session->settings->sinks[i].name;
  if (zc_journal_sinks(session->journal, names, n) != ZC_OK) return complain("sinks", "refused");
  fill_more(&f);
  zc_loop_run(session->loop, ZC_TIME_MAX);
  free(f.line);
  return f.status;
}

/* ---- query ---- */

typedef struct {
  zc_session *session;
  zc_instance *instance;
  zc_table_query query;
  char *page;
  bool more;
  int error;
} reading;

static int on_row(void *user, const char *text, size_t length) {
  (void)user;
  printf("%.*s\n", (int)length, text);
  return ZC_OK;
}

static void on_page(void *user, const char *page) {
  reading *r = user;
  free(r->page);
  r->page = zc_duplicate(page);
  r->more = true;
}

static void on_done(void *user, int error, const char *message) {
  reading *r = user;
  r->error = error;
  if (error != ZC_OK) complain("query", message);
  zc_loop_stop(r->session->loop);
}

static int wait_for(reading *r, int status) {
  if (status != ZC_OK) return complain("refused", zc_status_text(status));
  zc_loop_run(r->session->loop, ZC_TIME_MAX);
  return r->error == ZC_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int read_pages(reading *r) {
  zc_operation_events events = {.user = r, .row = on_row, .page = on_page, .done = on_done};
  zc_operation operation;
  const zc_sink_ops *ops = zc_instance_plugin(r->instance)->ops;
  int status = EXIT_SUCCESS;
  if (ops->init) {
    status = wait_for(r, zc_operation_start_sink_init(r->instance, zc_tables, ZC_TABLES, DEADLINE,
                                                      &events, &operation));
  }
  for (r->more = true; status == EXIT_SUCCESS && r->more; puts("--")) {
    r->more = false;
    r->query.page = r->page;
    status = wait_for(
        r, zc_operation_start_sink_query(r->instance, &r->query, DEADLINE, &events, &operation));
  }
  return status;
}

static const zc_table_index *find_index(const zc_table *table, const char *name) {
  if (strcmp(name, "-") == 0) return &table->primary;
  for (uint32_t i = 0; i < table->n_indexes; i++) {
    if (strcmp(table->indexes[i].name, name) == 0) return &table->indexes[i];
  }
  return NULL;
}

static uint32_t compare_of(const char *word) {
  static const char *const words[] = {"none", "equal", "between", "at_least", "at_most"};
  uint32_t i = 0;
  while (i < 4 && strcmp(words[i], word) != 0)
    i++;
  return i;
}

static int set_query(reading *r, char *const *words, size_t n) {
  zc_table_query *query = &r->query;
  *query = (zc_table_query){.size = sizeof *query, .table = zc_table_find(words[1])};
  query->index = query->table ? find_index(query->table, words[2]) : NULL;
  if (!query->index) return complain("no such table or index", words[2]);
  query->partition = words[3];
  query->limit = (uint32_t)atoi(words[4]);
  query->now = zc_loop_now(r->session->loop);
  if (n > 5) query->descending = strcmp(words[5], "desc") == 0;
  if (n > 8) {
    query->compare = compare_of(words[6]);
    query->low = words[7];
    query->high = words[8];
  }
  if (n > 9 && zc_time_parse(words[9], &query->now) != ZC_OK) return complain("time", words[9]);
  return EXIT_SUCCESS;
}

static const zc_plugin_settings *find_sink(const zc_settings *settings, const char *name) {
  for (size_t i = 0; i < settings->n_sinks; i++) {
    if (strcmp(settings->sinks[i].name, name) == 0) return &settings->sinks[i];
  }
  return NULL;
}

static int query(zc_session *session, char *const *words, size_t n) {
  reading r = {.session = session};
  zc_host_context *context = NULL;
  zc_error error = {0};
  const zc_plugin_settings *sink = n > 4 ? find_sink(session->settings, words[0]) : NULL;
  if (!sink) return complain("no such sink, or too few words", n ? words[0] : "");
  int status = zc_session_open_http(session);
  if (status == EXIT_SUCCESS) status = set_query(&r, words, n);
  if (status != EXIT_SUCCESS) return status;
  if (zc_host_context_create(session->loop, session->http, 1, &context) != ZC_OK)
    return EXIT_FAILURE;
  if (zc_instance_create(context, sink->plugin, sink->name, sink->options, &r.instance, &error) ==
      ZC_OK) {
    status = read_pages(&r);
    zc_instance_destroy(r.instance);
  } else {
    status = complain("instance", error.text);
  }
  zc_host_context_destroy(context);
  free(r.page);
  return status;
}

int main(int argc, char **argv) {
  zc_session session;
  zc_error error;
  zc_arguments arguments;
  static const zc_switch switches[] = {ZC_SWITCH_CONFIG};
  if (argc < 4 || argc > ARGUMENTS_MAX + 4) return complain("usage", "see its source");
  if (zc_arguments_parse(switches, 1, 2, argv + 1, &arguments, &error) != ZC_OK)
    return complain("arguments", error.text);
  int status = zc_session_init(&session, 0);
  if (status == EXIT_SUCCESS) status = zc_session_load(&session, &arguments, true);
  if (status == EXIT_SUCCESS) {
    status = strcmp(argv[3], "fill") == 0 ? fill(&session)
                                          : query(&session, argv + 4, (size_t)(argc - 4));
  }
  zc_session_finish(&session);
  return status;
}
