#include "core/model/transition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Rows: from, columns: to, in the order of the enumeration. */
static const char *const table[ZC_EXECUTION_STATUSES] = {
    /* P D T R S F O C U N ? */
    ".xx....x.x.", /* PENDING */
    ".xx....x.x.", /* DEFERRED */
    "..xxxxxxx.x", /* TRIGGERING */
    "....xxxxx.x", /* RUNNING */
    "...........", /* SUCCESS */
    "...........", /* FAILED */
    "...........", /* TIMED_OUT */
    "...........", /* CANCELLED */
    "...........", /* SUPERSEDED */
    "...........", /* NOT_TRIGGERED */
    "x...xxxxx..", /* UNKNOWN */
};

static bool some_event_leads(zc_execution_status from, zc_execution_status to) {
  for (int event = 0; event < ZC_EXECUTION_EVENTS; event++) {
    zc_execution_status next;
    if (zc_transition_next(from, (zc_execution_event)event, &next) && next == to) return true;
  }
  return false;
}

static void statuses_follow_each_other_as_the_table_says(void **state) {
  (void)state;
  for (int from = 0; from < ZC_EXECUTION_STATUSES; from++) {
    for (int to = 0; to < ZC_EXECUTION_STATUSES; to++) {
      bool leads = some_event_leads((zc_execution_status)from, (zc_execution_status)to);
      if (leads != (table[from][to] == 'x')) fail_msg("from %d to %d: %d", from, to, leads);
    }
  }
}

static void only_what_a_person_says_leads_out_of_an_end(void **state) {
  (void)state;
  for (int from = 0; from < ZC_EXECUTION_STATUSES; from++) {
    bool ended = !strchr(table[from], 'x') || from == ZC_UNKNOWN;
    assert_int_equal(zc_execution_ended((zc_execution_status)from), ended);
    for (int event = ZC_EVENT_RESOLVE_SUCCESS; event < ZC_EXECUTION_EVENTS; event++) {
      bool may = zc_transition_next((zc_execution_status)from, (zc_execution_event)event, NULL);
      assert_int_equal(may, from == ZC_UNKNOWN);
    }
  }
}

static void an_event_that_may_not_come_changes_nothing(void **state) {
  (void)state;
  for (int from = 0; from < ZC_EXECUTION_STATUSES; from++) {
    for (int event = 0; event < ZC_EXECUTION_EVENTS; event++) {
      zc_execution e = {.status = (zc_execution_status)from, .attempt = 7};
      int status = zc_execution_apply(&e, (zc_execution_event)event);
      bool may = zc_transition_of((zc_execution_event)event)->from >> from & 1;
      assert_int_equal(status, may ? ZC_OK : ZC_ECONFLICT);
      assert_int_equal(e.status, may ? (int)zc_transition_of((zc_execution_event)event)->to : from);
      assert_int_equal(e.attempt, 7);
    }
  }
}

static void a_resolution_is_found_by_its_status(void **state) {
  (void)state;
  for (int to = 0; to < ZC_EXECUTION_STATUSES; to++) {
    zc_execution_event event = ZC_EVENT_RUN;
    bool found = zc_transition_resolution((zc_execution_status)to, &event);
    assert_int_equal(found, table[ZC_UNKNOWN][to] == 'x');
    if (found) assert_int_equal(zc_transition_of(event)->to, to);
  }
}

/* ---- docs/TABLES.md has the table, word for word ---- */

static char *read_file(const char *path) {
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  fseek(file, 0, SEEK_END);
  size_t size = (size_t)ftell(file);
  rewind(file);
  char *text = malloc(size + 1);
  assert_non_null(text);
  assert_int_equal(fread(text, 1, size, file), size);
  text[size] = '\0';
  fclose(file);
  return text;
}

static void write_row(const zc_transition *row, zc_buffer *to) {
  const char *comma = "| ";
  for (int from = 0; from < ZC_EXECUTION_STATUSES; from++) {
    if (!(row->from >> from & 1)) continue;
    zc_buffer_printf(to, "%s`%s`", comma, zc_execution_status_text((zc_execution_status)from));
    comma = ", ";
  }
  zc_buffer_printf(to, " | %s | `%s` |\n", row->meaning, zc_execution_status_text(row->to));
}

static void the_documentation_prints_this_table(void **state) {
  (void)state;
  static const char heading[] = "| in | what happens | becomes |\n| --- | --- | --- |\n";
  char *text = read_file(ZC_TEST_SOURCE_DIR "/docs/TABLES.md");
  const char *row = strstr(text, heading);
  assert_non_null(row);
  row += sizeof heading - 1;
  for (int event = 0; event < ZC_EXECUTION_EVENTS; event++) {
    zc_buffer wanted;
    zc_buffer_init(&wanted, 1024);
    write_row(zc_transition_of((zc_execution_event)event), &wanted);
    if (strncmp(row, wanted.data, wanted.length) != 0) {
      fail_msg("row %d of docs/TABLES.md must be: %s", event + 1, wanted.data);
    }
    row += wanted.length;
    zc_buffer_finish(&wanted);
  }
  assert_true(*row != '|');
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(statuses_follow_each_other_as_the_table_says),
      cmocka_unit_test(only_what_a_person_says_leads_out_of_an_end),
      cmocka_unit_test(an_event_that_may_not_come_changes_nothing),
      cmocka_unit_test(a_resolution_is_found_by_its_status),
      cmocka_unit_test(the_documentation_prints_this_table),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
