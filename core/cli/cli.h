/* cli.h - the program's commands: one file each, found by the table in cli.c.
 *
 * Data goes to stdout, messages to stderr. Exit statuses are the ZC_EXIT_… below. */
#ifndef ZC_CLI_CLI_H
#define ZC_CLI_CLI_H

#include "core/cli/arguments.h"

enum {
  ZC_EXIT_FINE = 0,
  ZC_EXIT_NOT_FINE = 1, /* the thing asked about is not fine */
  ZC_EXIT_USAGE = 2,
  ZC_EXIT_UNAVAILABLE = 69, /* a remote, or the engine */
  ZC_EXIT_INTERNAL = 70,
  ZC_EXIT_CONFIG = 78
};

typedef struct {
  const char *name, *operands; /* operands: as in the usage line, "" for none */
  const char *summary;         /* one line, no full stop */
  const char *details;         /* paragraphs of help, "" for none */
  size_t min_operands, max_operands;
  const zc_switch *switches;
  size_t n_switches;
  int (*run)(const zc_arguments *arguments); /* gives the exit status */
} zc_command;

extern const zc_command zc_command_run, zc_command_check, zc_command_decide, zc_command_trigger,
    zc_command_plugins, zc_command_source, zc_command_executions, zc_command_tables,
    zc_command_report, zc_command_reload, zc_command_pipelines, zc_command_status;

/* Switches that commands share; every command has the last one. */
#define ZC_SWITCH_CONFIG                                                                           \
  {                                                                                                \
    "config", 'c', "FILE",                                                                         \
        "the configuration (default: $ZEROCARB_CONFIG, ./zerocarb.yaml, "                          \
        "/etc/zerocarb/zerocarb.yaml)"                                                             \
  }
#define ZC_SWITCH_JSON                                                                             \
  { "json", 0, NULL, "print JSON" }
#define ZC_SWITCH_HELP                                                                             \
  { "help", 'h', NULL, "print this help" }

int zc_cli_main(int argc, char **argv);

/* Lines that are not all ours, on stderr: without what steers terminals. */
void zc_cli_lines(const char *text);

/* "zerocarb: …" on stderr. */
void zc_cli_message(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same for a mistake in the arguments; gives ZC_EXIT_USAGE. */
int zc_cli_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The exit status that a failure of the program itself stands for. */
int zc_cli_exit_of(int status);

#endif
