#include "core/cli/cli.h"

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/text.h"
#include "core/cli/output.h"

enum { N_COMMANDS = 12 };
static const zc_command *const commands[N_COMMANDS] = {
    &zc_command_run,     &zc_command_check,  &zc_command_decide,     &zc_command_trigger,
    &zc_command_plugins, &zc_command_source, &zc_command_executions, &zc_command_tables,
    &zc_command_report,  &zc_command_reload, &zc_command_pipelines,  &zc_command_status,
};

/* The command that is running: what messages about usage refer to. */
static const zc_command *current;

/* Names of files, arguments, an engine's words: of what they hold nothing steers the terminal. */
void zc_cli_message(const char *format, ...) {
  va_list arguments;
  char *text = NULL;
  va_start(arguments, format);
  if (vasprintf(&text, format, arguments) < 0) text = NULL;
  va_end(arguments);
  if (text) {
    zc_log_redact(text);
    zc_make_printable(text, '?');
  }
  fprintf(stderr, "zerocarb: %s\n", text ? text : "no memory for the message");
  free(text);
}

void zc_cli_lines(const char *text) {
  while (*text) {
    size_t n = strcspn(text, "\n");
    char *line = strndup(text, n);
    if (line) zc_make_printable(line, '?');
    fprintf(stderr, "%s\n", line ? line : "no memory for the line");
    free(line);
    text += n + (text[n] == '\n');
  }
}

int zc_cli_usage(const char *format, ...) {
  char text[1024];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  zc_cli_message("%s", text);
  if (current) {
    fprintf(stderr, "usage: zerocarb %s [OPTION…]%s%s\nTry: zerocarb help %s\n", current->name,
            current->operands[0] ? " " : "", current->operands, current->name);
  } else {
    fputs("usage: zerocarb COMMAND [ARGUMENT…]\nTry: zerocarb help\n", stderr);
  }
  return ZC_EXIT_USAGE;
}

int zc_cli_exit_of(int status) {
  switch (status) {
  case ZC_OK:
    return ZC_EXIT_FINE;
  case ZC_EINVAL:
    return ZC_EXIT_CONFIG;
  case ZC_ECONFLICT:
    return ZC_EXIT_NOT_FINE;
  case ZC_EREMOTE:
  case ZC_ETIMEDOUT:
    return ZC_EXIT_UNAVAILABLE;
  default:
    return ZC_EXIT_INTERNAL;
  }
}

/* ---- help ---- */

static void help(void) {
  zc_output_printf("ZeroCarb %s, a carbon-aware scheduler for CI/CD pipelines\n\n"
                   "usage: zerocarb COMMAND [ARGUMENT…]\n\ncommands:\n",
                   ZC_VERSION);
  for (size_t i = 0; i < N_COMMANDS; i++) {
    zc_output_printf("  %-12s %s\n", commands[i]->name, commands[i]->summary);
  }
  zc_output_printf(
      "  %-12s %s\n\n%s", "help", "explain a command: zerocarb help COMMAND",
      "options:\n  -h, --help     print this help\n      --version  print the version\n\n"
      "Exit status: 0 fine, 1 the thing asked about is not fine, 2 usage, 69 a remote or the\n"
      "engine is unavailable, 70 internal, 78 config.\n");
}

static void help_switch(const zc_switch *s) {
  char names[48];
  snprintf(names, sizeof names, "%c%c%s --%s%s%s", s->letter ? '-' : ' ',
           s->letter ? s->letter : ' ', s->letter ? "," : " ", s->name, s->value ? " " : "",
           s->value ? s->value : "");
  zc_output_printf("  %-18s %s\n", names, s->help);
}

static void help_command(const zc_command *command) {
  zc_output_printf("zerocarb %s - %s\n\nusage: zerocarb %s [OPTION…]%s%s\n", command->name,
                   command->summary, command->name, command->operands[0] ? " " : "",
                   command->operands);
  if (command->details[0]) zc_output_printf("\n%s", command->details);
  zc_output_printf("\noptions:\n");
  for (size_t i = 0; i < command->n_switches; i++)
    help_switch(&command->switches[i]);
}

/* ---- commands ---- */

static const zc_command *find_command(const char *name) {
  for (size_t i = 0; i < N_COMMANDS; i++) {
    if (strcmp(commands[i]->name, name) == 0) return commands[i];
  }
  return NULL;
}

static int unknown_command(const char *name) {
  const char *names[N_COMMANDS + 1] = {"help"};
  for (size_t i = 0; i < N_COMMANDS; i++)
    names[i + 1] = commands[i]->name;
  const char *near = zc_nearest(name, names, N_COMMANDS + 1);
  return near ? zc_cli_usage("unknown command '%s': did you mean '%s'?", name, near)
              : zc_cli_usage("unknown command '%s'", name);
}

static int run_help(int argc, char **argv) {
  if (argc == 0) {
    help();
    return ZC_EXIT_FINE;
  }
  const zc_command *command = find_command(argv[0]);
  if (argc > 1) return zc_cli_usage("help takes one command");
  if (!command && strcmp(argv[0], "help") != 0) return unknown_command(argv[0]);
  if (command)
    help_command(command);
  else
    help();
  return ZC_EXIT_FINE;
}

static int run_command(const zc_command *command, int argc, char **argv) {
  zc_arguments arguments;
  zc_error error;
  current = command;
  int status =
      zc_arguments_parse(command->switches, command->n_switches, argc, argv, &arguments, &error);
  if (status != ZC_OK) return zc_cli_usage("%s: %s", command->name, error.text);
  if (zc_arguments_has(&arguments, "help")) {
    help_command(command);
    return ZC_EXIT_FINE;
  }
  if (arguments.n_operands < command->min_operands) {
    return zc_cli_usage("%s wants %s", command->name, command->operands);
  }
  if (arguments.n_operands > command->max_operands) {
    return zc_cli_usage("%s: '%s' is one argument too many", command->name,
                        arguments.operands[command->max_operands]);
  }
  /* What it makes, and the commands that it starts, is the user's own; a page is for others too. */
  if (command != &zc_command_report) umask(077);
  return command->run(&arguments);
}

static int dispatch(int argc, char **argv) {
  if (argc < 2) return zc_cli_usage("no command");
  const char *name = argv[1];
  if (strcmp(name, "help") == 0) return run_help(argc - 2, argv + 2);
  if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) return run_help(0, NULL);
  if (strcmp(name, "--version") == 0) {
    zc_output_printf("zerocarb %s\n", ZC_VERSION);
    return ZC_EXIT_FINE;
  }
  if (name[0] == '-') return zc_cli_usage("unknown option %s", name);
  const zc_command *command = find_command(name);
  return command ? run_command(command, argc - 2, argv + 2) : unknown_command(name);
}

/* Secrets will be in memory: no core dumps, no other reader. */
static void harden(void) {
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
#ifndef ZC_SANITIZED /* the leak checker looks at its own process from outside */
  prctl(PR_SET_DUMPABLE, 0);
#endif
}

/* 0, 1 and 2 where they are closed: the next file or socket would take their place, and what is
 * logged would go into it. Write-only for input and read-only for output: that goes nowhere shows.
 */
static bool hold_standard_streams(void) {
  for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++) {
    int way = stream == STDIN_FILENO ? O_WRONLY : O_RDONLY;
    if (fcntl(stream, F_GETFD) == -1 && open("/dev/null", way) != stream) return false;
  }
  return true;
}

int zc_cli_main(int argc, char **argv) {
  if (!hold_standard_streams()) return ZC_EXIT_INTERNAL;
  signal(SIGPIPE, SIG_IGN);
  zc_keep_c_locale();
  harden();
  current = NULL;
  return zc_output_finish(dispatch(argc, argv));
}
