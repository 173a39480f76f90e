/* registry.h - finding and loading plugins, with the checks that keep strangers out.
 *
 * A name ([a-z0-9_]+) is looked up among the built-in plugins (ZC_STATIC_PLUGIN builds), then as
 * DIR/NAME.so in the configured directories, then in the installed one; the first one found counts,
 * also where it is refused. Explicit paths are absolute. The file and every folder above it must be
 * owned by root or the running user and be writable by nobody else; symbolic links are followed
 * under the same rule. A sticky folder such as /tmp may lie on the way, where what follows is owned
 * by root or the running user, since others cannot replace that; it may not hold the file itself.
 * RTLD_NOW | RTLD_LOCAL; one entry symbol; ABI major, struct sizes, kind, names and every option's
 * default are checked before anything runs. Each refusal says its reason and the file. */
#ifndef ZC_PLUGIN_REGISTRY_H
#define ZC_PLUGIN_REGISTRY_H

#include <stdbool.h>

#include "core/base/error.h"
#include "core/config/config.h"

#define ZC_PLUGINS_MAX        256 /* loaded or refused, all kinds together */
#define ZC_PLUGIN_DIRS_MAX    64
#define ZC_PLUGIN_ENTRIES_MAX 1000 /* of one directory; what lies beyond is not looked at */

typedef struct zc_registry zc_registry;

/* The installed directory is PREFIX/lib/zerocarb/plugins beside the running program
 * (/proc/self/exe/../../lib/zerocarb/plugins), which is also the build tree's layout. */
int zc_registry_create(zc_registry **ret);
/* Closes what was loaded (not in sanitizer builds: leak stacks would lose their names). After every
 * instance and the loop: a plugin's code must be there as long as any of its work. */
void zc_registry_destroy(zc_registry *registry);

/* ZC_EINVAL where it is not absolute, ZC_ECONFLICT beyond ZC_PLUGIN_DIRS_MAX, ZC_ENOMEM. One that
 * is there already is fine. */
int zc_registry_add_directory(zc_registry *registry, const char *absolute);

/* Before a configuration is read again: forgets the directories, which it names anew, and what was
 * refused, so that a file that was put right is tried again. What is loaded stays. */
void zc_registry_refresh(zc_registry *registry);
/* Calls `each` for every plugin whose file is not the one that was loaded any more: until a restart
 * the code that runs is the old one. */
void zc_registry_replaced(const zc_registry *registry,
                          void (*each)(void *user, const char *name, const char *path), void *user);

/* Calls `each` for every plugin whose file was overwritten in place since it was loaded (`cp` onto
 * it, where `mv` or `install` put another file there): nothing of it may be used until a restart,
 * not even the texts of its tables. True: there is one. */
bool zc_registry_overwritten(const zc_registry *registry,
                             void (*each)(void *user, const char *name, const char *path),
                             void *user);

/* Loads where needed. kind 0: any. `name` is a name or an absolute path. The descriptor is the
 * host's own copy, zero-filled to its size. A file that was refused stays refused until
 * zc_registry_refresh(). */
const zc_plugin *zc_registry_find(zc_registry *registry, uint32_t kind, const char *name,
                                  zc_error *error);

/* Every plugin that is there, broken ones too, in order of names: `plugin` NULL and the reason in
 * `error` for those. Directories that cannot be read, or not wholly, come first, as broken ones. */
typedef struct {
  const char *name, *path; /* path: "(built in)" or the file */
  const zc_plugin *plugin;
  const zc_error *error;
} zc_registry_entry;
int zc_registry_scan(zc_registry *registry,
                     void (*each)(void *user, const zc_registry_entry *entry), void *user);

/* For zc_config_load(). */
zc_plugin_finder zc_registry_finder(zc_registry *registry);

#endif
