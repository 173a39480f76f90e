#include "core/cli/arguments.h"

#include <string.h>

#include "core/base/text.h"
#include "core/base/time_text.h"

/* Reading position: what is left of argv. */
typedef struct {
  int n;
  char *const *next;
} words;

static const zc_switch *find_name(const zc_arguments *a, const char *name, size_t length) {
  for (size_t i = 0; i < a->n_switches; i++) {
    const char *candidate = a->switches[i].name;
    if (strlen(candidate) == length && memcmp(candidate, name, length) == 0) {
      return &a->switches[i];
    }
  }
  return NULL;
}

static const zc_switch *find_letter(const zc_arguments *a, char letter) {
  for (size_t i = 0; i < a->n_switches; i++) {
    if (a->switches[i].letter == letter) return &a->switches[i];
  }
  return NULL;
}

static int unknown_name(const zc_arguments *a, const char *name, size_t length, zc_error *error) {
  const char *names[ZC_ARGUMENTS_MAX];
  char word[64];
  size_t n = a->n_switches < ZC_ARGUMENTS_MAX ? a->n_switches : ZC_ARGUMENTS_MAX;
  for (size_t i = 0; i < n; i++)
    names[i] = a->switches[i].name;
  zc_copy_text(word, length + 1 < sizeof word ? length + 1 : sizeof word, name);
  const char *near = zc_nearest(word, names, n);
  return near
             ? zc_error_set(error, ZC_EINVAL, "unknown option --%s: did you mean --%s?", word, near)
             : zc_error_set(error, ZC_EINVAL, "unknown option --%s", word);
}

static int give(zc_arguments *a, const zc_switch *which, const char *value, zc_error *error) {
  if (a->n_given == ZC_ARGUMENTS_MAX) return zc_error_set(error, ZC_EINVAL, "too many options");
  a->given[a->n_given].which = which;
  a->given[a->n_given++].value = value;
  return ZC_OK;
}

/* Takes the switch's value: the rest of its own word, or the next word. */
static int take_value(zc_arguments *a, const zc_switch *which, const char *rest, words *left,
                      zc_error *error) {
  if (!rest && left->n > 0) {
    rest = *left->next++;
    left->n--;
  }
  if (!rest) return zc_error_set(error, ZC_EINVAL, "--%s wants a %s", which->name, which->value);
  return give(a, which, rest, error);
}

static int take_long(zc_arguments *a, const char *word, words *left, zc_error *error) {
  size_t length = strcspn(word, "=");
  const char *value = word[length] ? word + length + 1 : NULL;
  const zc_switch *which = find_name(a, word, length);
  if (!which) return unknown_name(a, word, length, error);
  if (which->value) return take_value(a, which, value, left, error);
  if (value) return zc_error_set(error, ZC_EINVAL, "--%s takes no value", which->name);
  return give(a, which, NULL, error);
}

static int take_letters(zc_arguments *a, const char *letters, words *left, zc_error *error) {
  for (; *letters; letters++) {
    const zc_switch *which = find_letter(a, *letters);
    if (!which) return zc_error_set(error, ZC_EINVAL, "unknown option -%c", *letters);
    if (which->value) {
      return take_value(a, which, letters[1] ? letters + 1 : NULL, left, error);
    }
    int status = give(a, which, NULL, error);
    if (status != ZC_OK) return status;
  }
  return ZC_OK;
}

static int take_operand(zc_arguments *a, const char *word, zc_error *error) {
  if (a->n_operands == ZC_ARGUMENTS_MAX)
    return zc_error_set(error, ZC_EINVAL, "too many arguments");
  a->operands[a->n_operands++] = word;
  return ZC_OK;
}

int zc_arguments_parse(const zc_switch *switches, size_t n_switches, int argc, char *const *argv,
                       zc_arguments *ret, zc_error *error) {
  zc_arguments a = {.switches = switches, .n_switches = n_switches};
  words left = {.n = argc, .next = argv};
  bool only_operands = false;
  while (left.n > 0) {
    const char *word = *left.next++;
    left.n--;
    int status;
    if (only_operands || word[0] != '-' || word[1] == '\0') {
      status = take_operand(&a, word, error);
    } else if (word[1] != '-') {
      status = take_letters(&a, word + 1, &left, error);
    } else if (word[2] == '\0') {
      only_operands = true;
      status = ZC_OK;
    } else {
      status = take_long(&a, word + 2, &left, error);
    }
    if (status != ZC_OK) return status;
  }
  *ret = a;
  return ZC_OK;
}

bool zc_arguments_has(const zc_arguments *arguments, const char *name) {
  for (size_t i = 0; i < arguments->n_given; i++) {
    if (strcmp(arguments->given[i].which->name, name) == 0) return true;
  }
  return false;
}

const char *zc_arguments_nth(const zc_arguments *arguments, const char *name, size_t i) {
  for (size_t j = 0; j < arguments->n_given; j++) {
    if (strcmp(arguments->given[j].which->name, name) == 0 && i-- == 0) {
      return arguments->given[j].value;
    }
  }
  return NULL;
}

const char *zc_arguments_text(const zc_arguments *arguments, const char *name) {
  for (size_t j = arguments->n_given; j-- > 0;) {
    if (strcmp(arguments->given[j].which->name, name) == 0) return arguments->given[j].value;
  }
  return NULL;
}

int zc_arguments_time(const zc_arguments *arguments, const char *name, zc_time *ret,
                      zc_error *error) {
  const char *text = zc_arguments_text(arguments, name);
  zc_time time;
  if (!text) return ZC_OK;
  if (zc_time_parse(text, &time) == ZC_OK) {
    if (time > 0) return *ret = time, ZC_OK; /* 0 says none, all through the program */
    return zc_error_set(error, ZC_EINVAL, "--%s: %s does not lie after 1970-01-01T00:00:00Z", name,
                        text);
  }
  return zc_error_set(error, ZC_EINVAL, "--%s: '%s' is no time such as 2026-01-02T03:04:05Z", name,
                      text);
}

int zc_arguments_number(const zc_arguments *arguments, const char *name, long long low,
                        long long high, long long *ret, zc_error *error) {
  const char *text = zc_arguments_text(arguments, name);
  long long value;
  if (!text) return ZC_OK;
  if (!zc_parse_integer(text, &value) || value < low || value > high) {
    return zc_error_set(error, ZC_EINVAL, "--%s: '%s' is no whole number from %lld to %lld", name,
                        text, low, high);
  }
  *ret = value;
  return ZC_OK;
}
