/* arguments.h - reading a command's arguments against its table of switches.
 *
 * "--name VALUE", "--name=VALUE", "-n VALUE", "-nVALUE"; switches and operands in any order; "--"
 * ends the switches. No abbreviations: scripts would break when a new switch comes. */
#ifndef ZC_CLI_ARGUMENTS_H
#define ZC_CLI_ARGUMENTS_H

#include <stdbool.h>

#include "core/base/error.h"

#define ZC_ARGUMENTS_MAX 64 /* switches given, and operands given */

typedef struct {
  const char *name;  /* long name without dashes */
  char letter;       /* 0: none */
  const char *value; /* what help calls its value; NULL: it takes none */
  const char *help;
} zc_switch;

typedef struct {
  const zc_switch *switches;
  size_t n_switches;
  struct {
    const zc_switch *which;
    const char *value;
  } given[ZC_ARGUMENTS_MAX];
  size_t n_given;
  const char *operands[ZC_ARGUMENTS_MAX];
  size_t n_operands;
} zc_arguments;

/* argv without the program and the command; borrowed. ZC_EINVAL with a sentence. */
int zc_arguments_parse(const zc_switch *switches, size_t n_switches, int argc, char *const *argv,
                       zc_arguments *ret, zc_error *error);

bool zc_arguments_has(const zc_arguments *arguments, const char *name);
/* The last value given, or NULL. */
const char *zc_arguments_text(const zc_arguments *arguments, const char *name);
/* The i-th value given of a switch that may be repeated, or NULL. */
const char *zc_arguments_nth(const zc_arguments *arguments, const char *name, size_t i);

/* Where the switch was given, its value as RFC 3339 time, or as a whole number from low to high;
 * else *ret stays. ZC_EINVAL with a sentence. */
int zc_arguments_time(const zc_arguments *arguments, const char *name, zc_time *ret,
                      zc_error *error);
int zc_arguments_number(const zc_arguments *arguments, const char *name, long long low,
                        long long high, long long *ret, zc_error *error);

#endif
