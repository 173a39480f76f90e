/* Buffers and questions about strings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/buffer.h"
#include "core/base/error.h"
#include "core/base/text.h"

#include <stdio.h>

static void nearest_name_is_what_was_meant(void **state) {
  (void)state;
  static const char *const keys[] = {"regions", "sources", "policies", "engine", "pipelines"};
  assert_string_equal(zc_nearest("regoins", keys, 5), "regions");
  assert_string_equal(zc_nearest("source", keys, 5), "sources");
  assert_string_equal(zc_nearest("piplines", keys, 5), "pipelines");
  assert_null(zc_nearest("colour", keys, 5));
  assert_null(zc_nearest("x", keys, 5));
  char longest[200];
  memset(longest, 'a', sizeof longest - 1);
  longest[sizeof longest - 1] = '\0';
  assert_null(zc_nearest(longest, keys, 5));
}

static void utf8_is_told_from_bytes(void **state) {
  (void)state;
  static const char *const good[] = {"", "a", "Zürich", "€", "\xf0\x9f\x8c\xb1"};
  static const char *const bad[] = {"\xff", "\xc0\x80", "\xed\xa0\x80", "\xe2\x82",
                                    "\xf4\x90\x80\x80"};
  for (size_t i = 0; i < 5; i++) {
    assert_true(zc_is_utf8(good[i], strlen(good[i])));
    assert_false(zc_is_utf8(bad[i], strlen(bad[i])));
  }
  char cut[3];
  zc_copy_text(cut, sizeof cut, "€x");
  assert_string_equal(cut, "");
}

static void numbers_fill_the_whole_text(void **state) {
  (void)state;
  double number;
  long long integer;
  assert_true(zc_parse_number("-1.5e3", &number) && number == -1500);
  static const char *const bad[] = {"",   "nan",   "inf", "0x10", "1.",   ".5",
                                    "1e", "12abc", " 1",  "1 ",   "1e400"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_false(zc_parse_number(bad[i], &number));
  assert_true(zc_parse_integer("08", &integer) && integer == 8);
  assert_false(zc_parse_integer("99999999999999999999", &integer));
  assert_false(zc_parse_integer("1.0", &integer));
}

static void a_buffer_never_passes_its_cap(void **state) {
  (void)state;
  zc_buffer buffer;
  zc_buffer_init(&buffer, 10);
  assert_int_equal(zc_buffer_text(&buffer, "12345"), ZC_OK);
  assert_int_equal(zc_buffer_printf(&buffer, "%s", "67890"), ZC_OK);
  assert_string_equal(buffer.data, "1234567890");
  assert_int_equal(zc_buffer_char(&buffer, 'x'), ZC_EDATA);
  assert_null(buffer.data);
  assert_int_equal(zc_buffer_text(&buffer, "a"), ZC_EDATA);
  assert_null(zc_buffer_take(&buffer));
  zc_buffer_init(&buffer, 10);
  char *empty = zc_buffer_take(&buffer);
  assert_string_equal(empty, "");
  free(empty);
}

static void an_error_is_cut_not_overrun(void **state) {
  (void)state;
  zc_error error;
  char longest[2000];
  memset(longest, 'e', sizeof longest - 1);
  longest[sizeof longest - 1] = '\0';
  assert_int_equal(zc_error_set(&error, ZC_EDATA, "%s", longest), ZC_EDATA);
  assert_int_equal(strlen(error.text), sizeof error.text - 1);
  assert_int_equal(zc_error_set(NULL, ZC_EIO, "x"), ZC_EIO);
  for (int status = -14; status <= 0; status++)
    assert_non_null(zc_status_text(status));
}

static void what_steers_a_terminal_is_not_shown(void **state) {
  (void)state;
  static const char *const texts[][2] = {
      {"", ""},
      {"plain, Zürich, 16 €, \xf0\x9f\x8c\x8d", "plain, Zürich, 16 €, \xf0\x9f\x8c\x8d"},
      {"a\nb\033[2Jc\x7f", "a b [2Jc "},
      {"\xc2\x80|\xc2\x9b|\xc2\x9f|\xc2\xa0", " | | |\xc2\xa0"},
      {"\xe2\x80\xa7|\xe2\x80\xa8|\xe2\x80\xa9|\xe2\x80\xaa|\xe2\x80\xae|\xe2\x80\xaf",
       "\xe2\x80\xa7| | | | |\xe2\x80\xaf"},
      {"\xe2\x81\xa5|\xe2\x81\xa6|\xe2\x81\xa9|\xe2\x81\xaa", "\xe2\x81\xa5| | |\xe2\x81\xaa"},
      {"cut \xe2\x80", "cut ??"},
      {"raw \x9b byte", "raw ? byte"},
  };
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    char text[64];
    snprintf(text, sizeof text, "%s", texts[i][0]);
    zc_make_printable(text, ' ');
    assert_string_equal(text, texts[i][1]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nearest_name_is_what_was_meant),
      cmocka_unit_test(utf8_is_told_from_bytes),
      cmocka_unit_test(what_steers_a_terminal_is_not_shown),
      cmocka_unit_test(numbers_fill_the_whole_text),
      cmocka_unit_test(a_buffer_never_passes_its_cap),
      cmocka_unit_test(an_error_is_cut_not_overrun),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
