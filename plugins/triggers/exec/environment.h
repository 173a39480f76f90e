/* environment.h - what a command is told about its run, as NAME=value texts. */
#ifndef ZC_EXEC_ENVIRONMENT_H
#define ZC_EXEC_ENVIRONMENT_H

#include <zerocarb/plugin.h>

#define ZC_EXEC_VARIABLES_MAX 256 /* of the option */

typedef struct {
  char **entries; /* NULL-terminated */
  size_t n;
} zc_exec_environment;

/* Looks at the option's variables. ZC_EINVAL with the bad one named in `message`. */
int zc_exec_environment_check(const zc_host *host, const zc_config *config, char *message,
                              size_t size);
/* The option's variables and ours; as zc_exec_environment_check(), and ZC_ENOMEM. */
int zc_exec_environment_init(zc_exec_environment *environment, const zc_host *host,
                             const zc_run *run, char *message, size_t size);
void zc_exec_environment_finish(zc_exec_environment *environment);

#endif
