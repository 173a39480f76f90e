#include "core/cli/check_paths.h"

#include <errno.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "core/serve/control.h"
#include "core/state/journal.h"

/* ---- commands ---- */

/* 0, or why it cannot be started, as errno. */
static int program_fault(const char *path) {
  struct stat about;
  if (stat(path, &about) != 0) return errno;
  if (!S_ISREG(about.st_mode)) return EACCES;
  return access(path, X_OK) == 0 ? 0 : errno;
}

static int file_fault(const char *directory, const char *program) {
  char path[PATH_MAX];
  if (program[0] == '/' || !directory) return program_fault(program);
  int length = snprintf(path, sizeof path, "%s/%s", directory, program);
  return length < (int)sizeof path ? program_fault(path) : ENAMETOOLONG;
}

static int search_fault(const char *program) {
  const char *from = getenv("PATH");
  char path[PATH_MAX];
  while (from && *from) {
    size_t length = strcspn(from, ":");
    int n = snprintf(path, sizeof path, "%.*s/%s", (int)length, from, program);
    if (n < (int)sizeof path && program_fault(path) == 0) return 0;
    from += length + (from[length] == ':');
  }
  return ENOENT;
}

/* The command may have a PATH of its own. */
static bool has_path(const zc_config *options) {
  for (size_t i = 0; i < zc_config_count(options, "environment"); i++) {
    if (strncmp(zc_config_item(options, "environment", i), "PATH=", 5) == 0) return true;
  }
  return false;
}

static void check_command(const zc_pipeline_settings *pipeline, zc_findings *findings) {
  const zc_config *options = pipeline->trigger.options;
  const char *program = zc_config_item(options, "command", 0);
  const char *directory = zc_config_text(options, "directory");
  if (directory && access(directory, X_OK) != 0) {
    zc_findings_add(findings, true, pipeline->trigger.line, pipeline->trigger.column,
                    "pipelines.%s.trigger.directory: %s cannot be entered here: %s", pipeline->name,
                    directory, strerror(errno));
    return;
  }
  bool searched = !strchr(program, '/');
  if (searched && has_path(options)) return;
  int fault = searched ? search_fault(program) : file_fault(directory, program);
  if (!fault) return;
  zc_findings_add(findings, true, pipeline->trigger.line, pipeline->trigger.column,
                  "pipelines.%s.trigger.command: %s cannot be started here: %s", pipeline->name,
                  program, searched ? "it is in no folder of PATH" : strerror(fault));
}

/* ---- state_dir ---- */

/* Folders that are missing are made by `run`, below the last one that is there. */
static void cut_to_what_is_there(char *path) {
  struct stat about;
  while (stat(path, &about) != 0 && errno == ENOENT) {
    char *slash = strrchr(path, '/');
    if (!slash || slash == path) slash = path + 1;
    if (*slash == '\0') return;
    *slash = '\0';
  }
}

static const char *folder_fault(const char *path) {
  struct stat about;
  struct statfs system;
  if (stat(path, &about) != 0 || statfs(path, &system) != 0) return strerror(errno);
  if (!S_ISDIR(about.st_mode)) return strerror(ENOTDIR);
  if (access(path, W_OK | X_OK) != 0) return strerror(errno);
  bool kept = system.f_type != PROC_SUPER_MAGIC && system.f_type != SYSFS_MAGIC;
  return kept ? NULL : "the kernel's, which keeps no files";
}

static void check_state_dir(const zc_settings *settings, zc_findings *findings) {
  char path[PATH_MAX];
  size_t length = settings->state_dir ? strlen(settings->state_dir) : sizeof path;
  if (length >= sizeof path) return;
  memcpy(path, settings->state_dir, length + 1);
  cut_to_what_is_there(path);
  const char *fault = folder_fault(path);
  zc_error error;
  if (fault) {
    zc_findings_add(findings, true, 0, 0,
                    "engine.state_dir: %s cannot be made or written here: %s: %s",
                    settings->state_dir, path, fault);
  } else if (zc_state_dir_trusted(settings->state_dir, &error) != ZC_OK ||
             zc_control_path(settings->state_dir, path, sizeof path, &error) != ZC_OK) {
    zc_findings_add(findings, true, 0, 0, "engine.state_dir: `run` will not start here: %s",
                    error.text);
  }
}

void zc_check_paths(const zc_settings *settings, zc_findings *findings) {
  check_state_dir(settings, findings);
  for (size_t i = 0; i < settings->n_pipelines; i++) {
    const zc_pipeline_settings *pipeline = &settings->pipelines[i];
    bool starts = pipeline->has_trigger && pipeline->auto_trigger;
    if (starts && zc_config_count(pipeline->trigger.options, "command") > 0)
      check_command(pipeline, findings);
  }
}
