#include "core/plugin/registry.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/text.h"
#include "core/plugin/descriptor.h"
#include "core/plugin/plugin_file.h"

#define INSTALLED "lib/zerocarb/plugins"
#define BUILT_IN  "(built in)"
#define SUFFIX    ".so"

typedef struct {
  char *name, *path;
  zc_plugin_file file;
  zc_descriptor descriptor;
  zc_error error; /* status ZC_OK: usable */
} candidate;

struct zc_registry {
  candidate *candidates[ZC_PLUGINS_MAX]; /* never moves: descriptors point into themselves */
  size_t n_candidates;
  char *directories[ZC_PLUGIN_DIRS_MAX];
  size_t n_directories;
  char *installed;
};

/* ---- making ---- */

static char *installed_directory(void) {
  char path[PATH_MAX];
  ssize_t n = readlink("/proc/self/exe", path, sizeof path - sizeof INSTALLED - 1);
  if (n <= 0) return zc_duplicate("/usr/" INSTALLED);
  path[n] = '\0';
  for (int i = 0; i < 2; i++) {
    char *slash = strrchr(path, '/');
    if (slash) *slash = '\0';
  }
  memcpy(path + strlen(path), "/" INSTALLED, sizeof "/" INSTALLED);
  return zc_duplicate(path);
}

int zc_registry_create(zc_registry **ret) {
  zc_registry *registry = calloc(1, sizeof *registry);
  if (!registry) return ZC_ENOMEM;
  registry->installed = installed_directory();
  if (!registry->installed) {
    free(registry);
    return ZC_ENOMEM;
  }
  *ret = registry;
  return ZC_OK;
}

static void candidate_destroy(candidate *one) {
  zc_descriptor_finish(&one->descriptor);
  zc_plugin_file_close(&one->file);
  free(one->name);
  free(one->path);
  free(one);
}

static void forget_directories(zc_registry *registry) {
  while (registry->n_directories > 0)
    free(registry->directories[--registry->n_directories]);
}

void zc_registry_destroy(zc_registry *registry) {
  if (!registry) return;
  while (registry->n_candidates > 0) {
    candidate_destroy(registry->candidates[--registry->n_candidates]);
  }
  forget_directories(registry);
  free(registry->installed);
  free(registry);
}

int zc_registry_add_directory(zc_registry *registry, const char *absolute) {
  if (absolute[0] != '/' || strlen(absolute) >= PATH_MAX) return ZC_EINVAL;
  for (size_t i = 0; i < registry->n_directories; i++) {
    if (strcmp(registry->directories[i], absolute) == 0) return ZC_OK;
  }
  if (registry->n_directories == ZC_PLUGIN_DIRS_MAX) return ZC_ECONFLICT;
  char *copy = zc_duplicate(absolute);
  if (!copy) return ZC_ENOMEM;
  registry->directories[registry->n_directories++] = copy;
  return ZC_OK;
}

void zc_registry_refresh(zc_registry *registry) {
  size_t kept = 0;
  for (size_t i = 0; i < registry->n_candidates; i++) {
    candidate *one = registry->candidates[i];
    if (one->error.status == ZC_OK)
      registry->candidates[kept++] = one;
    else
      candidate_destroy(one);
  }
  registry->n_candidates = kept;
  forget_directories(registry);
}

void zc_registry_replaced(const zc_registry *registry,
                          void (*each)(void *user, const char *name, const char *path),
                          void *user) {
  for (size_t i = 0; i < registry->n_candidates; i++) {
    const candidate *one = registry->candidates[i];
    if (one->file.handle && !zc_plugin_file_is_same(&one->file, one->path))
      each(user, one->name, one->path);
  }
}

bool zc_registry_overwritten(const zc_registry *registry,
                             void (*each)(void *user, const char *name, const char *path),
                             void *user) {
  bool found = false;
  for (size_t i = 0; i < registry->n_candidates; i++) {
    const candidate *one = registry->candidates[i];
    if (!one->file.handle || !zc_plugin_file_is_overwritten(&one->file, one->path)) continue;
    each(user, one->name, one->path);
    found = true;
  }
  return found;
}

/* ---- loading one ---- */

static candidate *known_by_name(const zc_registry *registry, const char *name) {
  for (size_t i = 0; i < registry->n_candidates; i++) {
    if (strcmp(registry->candidates[i]->name, name) == 0) return registry->candidates[i];
  }
  return NULL;
}

static candidate *add_candidate(zc_registry *registry, const char *name, const char *path,
                                zc_error *error) {
  if (registry->n_candidates == ZC_PLUGINS_MAX) {
    zc_error_set(error, ZC_ECONFLICT, "%s: more than %d plugins", path, ZC_PLUGINS_MAX);
    return NULL;
  }
  candidate *new = calloc(1, sizeof *new);
  if (new) {
    new->name = zc_duplicate(name);
    new->path = zc_duplicate(path);
    if (new->name &&new->path) {
      registry->candidates[registry->n_candidates++] = new;
      return new;
    }
    candidate_destroy(new);
  }
  zc_error_set(error, ZC_ENOMEM, "%s: no memory", path);
  return NULL;
}

/* What goes wrong is kept with the candidate, so that asking again gives the same answer. */
static candidate *load(zc_registry *registry, const char *name, const char *path,
                       zc_builtin_entry entry, zc_error *error) {
  candidate *new = add_candidate(registry, name, path, error);
  if (!new) return NULL;
  zc_error reason = {0};
  int status = ZC_OK;
  if (!entry) {
    status = zc_plugin_file_open(path, &new->file, &reason);
    entry = new->file.entry;
  }
  if (status == ZC_OK) status = zc_descriptor_init(&new->descriptor, entry(), name, &reason);
  if (status != ZC_OK) {
    zc_error_set(&new->error, status, "%s: %s", path, reason.text);
    zc_plugin_file_close(&new->file);
  }
  return new;
}

static candidate *load_builtin(zc_registry *registry, const char *name, zc_error *error) {
  for (const zc_builtin_entry *entry = zc_builtin_entries; *entry; entry++) {
    const zc_plugin *plugin = (*entry)();
    if (plugin && plugin->name && strcmp(plugin->name, name) == 0) {
      return load(registry, name, BUILT_IN, *entry, error);
    }
  }
  return NULL;
}

static candidate *load_from(zc_registry *registry, const char *directory, const char *name,
                            zc_error *error) {
  char path[PATH_MAX];
  struct stat status;
  int n = snprintf(path, sizeof path, "%s/%s" SUFFIX, directory, name);
  if (n < 0 || n >= (int)sizeof path || lstat(path, &status) < 0) return NULL;
  return load(registry, name, path, NULL, error);
}

static void not_found(const zc_registry *registry, const char *name, zc_error *error) {
  char folders[400] = "";
  size_t length = 0;
  for (size_t i = 0; i < registry->n_directories && length < sizeof folders; i++) {
    length += (size_t)snprintf(folders + length, sizeof folders - length, "%s, ",
                               registry->directories[i]);
  }
  zc_error_set(error, ZC_ENOTFOUND, "there is no plugin \"%s\" in %s%s", name, folders,
               registry->installed);
}

static candidate *find_name(zc_registry *registry, const char *name, zc_error *error) {
  zc_error trouble = {0};
  candidate *found = known_by_name(registry, name);
  if (!found) found = load_builtin(registry, name, &trouble);
  for (size_t i = 0; !found && i < registry->n_directories && trouble.status == ZC_OK; i++) {
    found = load_from(registry, registry->directories[i], name, &trouble);
  }
  if (!found && trouble.status == ZC_OK) {
    found = load_from(registry, registry->installed, name, &trouble);
  }
  if (found) return found;
  if (trouble.status == ZC_OK) {
    not_found(registry, name, error);
  } else if (error) {
    *error = trouble;
  }
  return NULL;
}

/* The name that a file stands for, "" where it is not [a-z0-9_]+.so. */
static void name_of_file(const char *file, char name[NAME_MAX + 1]) {
  size_t n = strlen(file), suffix = strlen(SUFFIX);
  name[0] = '\0';
  if (n <= suffix || n > NAME_MAX || strcmp(file + n - suffix, SUFFIX) != 0) return;
  memcpy(name, file, n - suffix);
  name[n - suffix] = '\0';
  if (!zc_is_name(name)) name[0] = '\0';
}

static candidate *find_path(zc_registry *registry, const char *path, zc_error *error) {
  char name[NAME_MAX + 1];
  if (path[0] != '/') {
    zc_error_set(error, ZC_EINVAL,
                 "plugin \"%s\": neither a name (a-z, 0-9, _) nor an absolute path", path);
    return NULL;
  }
  name_of_file(strrchr(path, '/') + 1, name);
  if (!name[0]) {
    zc_error_set(error, ZC_EINVAL, "%s: a plugin's file is called NAME.so, of a-z, 0-9 and _",
                 path);
    return NULL;
  }
  candidate *known = known_by_name(registry, name);
  if (!known) return load(registry, name, path, NULL, error);
  if (strcmp(known->path, path) == 0) return known;
  zc_error_set(error, ZC_ECONFLICT, "%s: a plugin of that name came from %s", path, known->path);
  return NULL;
}

const zc_plugin *zc_registry_find(zc_registry *registry, uint32_t kind, const char *name,
                                  zc_error *error) {
  candidate *found =
      zc_is_name(name) ? find_name(registry, name, error) : find_path(registry, name, error);
  if (!found) return NULL;
  if (found->error.status != ZC_OK) {
    if (error) *error = found->error;
    return NULL;
  }
  const zc_plugin *plugin = &found->descriptor.plugin;
  if (kind == 0 || plugin->kind == kind) return plugin;
  zc_error_set(error, ZC_EINVAL, "\"%s\" is a %s, not a %s", plugin->name,
               zc_kind_text(plugin->kind), zc_kind_text(kind));
  return NULL;
}

/* ---- all of them ---- */

typedef struct {
  zc_registry *registry;
  void (*each)(void *user, const zc_registry_entry *entry);
  void *user;
} scanning;

static void report_trouble(const scanning *scan, const char *name, const char *path, int status,
                           const char *reason) {
  zc_error error;
  zc_error_set(&error, status, "%s: %s", path, reason);
  zc_registry_entry entry = {.name = name, .path = path, .error = &error};
  scan->each(scan->user, &entry);
}

static int scan_file(const scanning *scan, const char *directory, const char *file) {
  char name[NAME_MAX + 1], path[PATH_MAX];
  size_t n = strlen(file);
  if (n <= strlen(SUFFIX) || strcmp(file + n - strlen(SUFFIX), SUFFIX) != 0) return ZC_OK;
  if (snprintf(path, sizeof path, "%s/%s", directory, file) >= (int)sizeof path) return ZC_OK;
  name_of_file(file, name);
  if (!name[0]) {
    report_trouble(scan, file, path, ZC_EINVAL,
                   "a plugin's file is called NAME.so, of a-z, 0-9, _");
    return ZC_OK;
  }
  if (known_by_name(scan->registry, name)) return ZC_OK;
  zc_error error = {0};
  return load(scan->registry, name, path, NULL, &error) ? ZC_OK : error.status;
}

static int scan_directory(const scanning *scan, const char *directory, bool must_exist) {
  DIR *stream = opendir(directory);
  if (!stream) {
    if (errno != ENOENT || must_exist) {
      report_trouble(scan, directory, directory, ZC_EIO, strerror(errno));
    }
    return ZC_OK;
  }
  int status = ZC_OK;
  const struct dirent *entry;
  for (int n = 0; status == ZC_OK && (entry = readdir(stream)); n++) {
    if (n == ZC_PLUGIN_ENTRIES_MAX + 2) { /* "." and ".." */
      report_trouble(scan, directory, directory, ZC_EINVAL,
                     "holds too many files: those beyond the first 1,000 are not looked at");
      break;
    }
    status = scan_file(scan, directory, entry->d_name);
  }
  closedir(stream);
  return status;
}

static int scan_builtins(zc_registry *registry) {
  for (const zc_builtin_entry *entry = zc_builtin_entries; *entry; entry++) {
    const zc_plugin *plugin = (*entry)();
    zc_error error = {0};
    if (!plugin || !plugin->name || known_by_name(registry, plugin->name)) continue;
    if (!load(registry, plugin->name, BUILT_IN, *entry, &error)) return error.status;
  }
  return ZC_OK;
}

static int by_name(const void *left, const void *right) {
  return strcmp((*(candidate *const *)left)->name, (*(candidate *const *)right)->name);
}

static int load_all(const scanning *scan) {
  zc_registry *registry = scan->registry;
  int status = scan_builtins(registry);
  for (size_t i = 0; status == ZC_OK && i < registry->n_directories; i++) {
    status = scan_directory(scan, registry->directories[i], true);
  }
  if (status == ZC_OK) status = scan_directory(scan, registry->installed, false);
  return status;
}

int zc_registry_scan(zc_registry *registry,
                     void (*each)(void *user, const zc_registry_entry *entry), void *user) {
  const scanning scan = {registry, each, user};
  int status = load_all(&scan);
  qsort(registry->candidates, registry->n_candidates, sizeof(candidate *), by_name);
  for (size_t i = 0; i < registry->n_candidates; i++) {
    const candidate *one = registry->candidates[i];
    bool usable = one->error.status == ZC_OK;
    zc_registry_entry entry = {.name = one->name,
                               .path = one->path,
                               .plugin = usable ? &one->descriptor.plugin : NULL,
                               .error = usable ? NULL : &one->error};
    each(user, &entry);
  }
  return status;
}

/* ---- for the configuration ---- */

static const zc_plugin *finder_find(void *user, uint32_t kind, const char *name, zc_error *error) {
  return zc_registry_find(user, kind, name, error);
}

typedef struct {
  uint32_t kind;
  const char **names;
  size_t n, max;
} name_list;

static void collect_name(void *user, const zc_registry_entry *entry) {
  name_list *list = user;
  if (!entry->plugin || (list->kind != 0 && entry->plugin->kind != list->kind)) return;
  if (list->n < list->max) list->names[list->n++] = entry->name;
}

static size_t finder_names(void *user, uint32_t kind, const char **ret, size_t max) {
  name_list list = {.kind = kind, .names = ret, .max = max};
  /* What cannot be loaded has no kind and so is no suggestion. */
  (void)zc_registry_scan(user, collect_name, &list);
  return list.n;
}

zc_plugin_finder zc_registry_finder(zc_registry *registry) {
  return (zc_plugin_finder){.user = registry, .find = finder_find, .names = finder_names};
}
