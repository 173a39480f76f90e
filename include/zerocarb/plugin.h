/* zerocarb/plugin.h - the one header that a ZeroCarb plugin includes: the rules and the descriptor.
 * kinds.h has what each kind of plugin is asked for, host.h what the host offers; it brings both.
 *
 * A plugin is one shared object (or, with ZC_STATIC_PLUGIN, one set of objects linked into the
 * program) that exports one symbol, the entry. The entry returns a descriptor: what the plugin is,
 * which options it takes, and its operations. The host (the program) hands every instance a table
 * of services. Nothing else crosses: no libuv, curl or SQLite type.
 *
 * Rules, for both sides
 *   - Every struct that may grow begins with its size; members are appended at the tail only.
 *     A minor version appends, a major version breaks and changes the entry symbol's name.
 *   - What one side allocates, that side frees. Pointers handed to a callback are valid only
 *     until it returns, unless said otherwise.
 *   - All calls come on the loop thread, one at a time; only zc_work's `run` runs elsewhere. A
 *     callback must return within 50 ms: the host names in its log whoever does not.
 *   - An operation (zc_op) is finished by exactly one done(). It has a deadline. A late or second
 *     done() is dropped, counted and logged with the plugin's name.
 *   - Times are milliseconds since 1970-01-01T00:00:00Z and come from host->now() only: under
 *     `simulate`, `decide --at` and in tests the clock is virtual.
 *
 * C99 and C++11 clean. PLUGIN_GUIDE.md (docs/, installed in share/doc/zerocarb) is the tutorial. */
#ifndef ZEROCARB_PLUGIN_H
#define ZEROCARB_PLUGIN_H

#include <zerocarb/host.h>
#include <zerocarb/kinds.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the descriptor ------------------------------------------------------------------------ */

typedef struct {
  uint32_t size;
  uint16_t abi_major, abi_minor;
  uint32_t kind;        /* ZC_SOURCE … */
  uint32_t option_size; /* sizeof(zc_option) */
  const char *name;     /* [a-z0-9_]+, the file's name without .so */
  const char *version, *summary;
  const zc_option *options;        /* of the instance; a trigger's: of a pipeline's `trigger:` */
  const zc_option *region_options; /* sources: of a row under regions: (see below) */
  uint32_t n_options, n_region_options;
  /* Makes an instance. `config` lives as long as the instance; it is NULL for a trigger, of which
   * there is one instance for all pipelines: each run brings its pipeline's options with it. On
   * success *ret_state is set, to NULL where there is no state (left alone it is a refusal). On
   * failure: a negative result and nothing left behind; say why with host->log first. Must not
   * block and must not do I/O that can. */
  int (*create)(const zc_host *host, zc_self *self, const zc_config *config, void **ret_state);
  void (*destroy)(void *state); /* never while an operation is live */
  const void *ops;              /* zc_source_ops, zc_policy_ops, … by kind */
  /* Sources: what the data's licence asks to be told, or NULL. It is shown after "data: ". */
  const char *attribution;
  /* Since 1.2: the environment variables that credentials are taken from, ended by NULL; or NULL.
   * Programs that the host starts do not inherit them. (Nor those that a ZC_SECRET option refers
   * to; these are known already.) */
  const char *const *secret_variables;
} zc_plugin;

/* A source's `regions:` is a list of names or a mapping. A row that is a mapping is checked against
 * region_options; a row that is a plain value is the value of the first of them. */

#ifdef ZC_STATIC_PLUGIN /* the same source built in: sanitizers, fuzzers, one-file images */
#define ZC_ENTRY(n) zc_entry_v1_##n
#define ZC_EXPORT
#else
#define ZC_ENTRY(n) zc_entry_v1
#define ZC_EXPORT   __attribute__((visibility("default")))
#endif

/* Ends a plugin's main file: ZC_DEFINE_PLUGIN(my_source, descriptor) */
#ifdef __cplusplus
#define ZC_LINKAGE extern "C"
#else
#define ZC_LINKAGE
#endif
#define ZC_DEFINE_PLUGIN(n, descriptor)                                                            \
  ZC_LINKAGE ZC_EXPORT const zc_plugin *ZC_ENTRY(n)(void);                                         \
  ZC_LINKAGE const zc_plugin *ZC_ENTRY(n)(void) {                                                  \
    return &(descriptor);                                                                          \
  }

#ifdef __cplusplus
}
#endif
#endif
