/* session.h - what commands stand on: clock, loop, registry, config, HTTP client, journal, engine,
 * made in this order and ended in reverse.
 *
 * Functions that can fail say why on stderr and give the command's exit status, ZC_EXIT_FINE to go
 * on. finish() is fine at any point. */
#ifndef ZC_CLI_SESSION_H
#define ZC_CLI_SESSION_H

#include "core/cli/cli.h"
#include "core/engine/engine.h"
#include "core/plugin/registry.h"

typedef struct {
  zc_clock clock;
  zc_loop *loop;
  zc_registry *registry;
  const char *path; /* of the config */
  zc_settings *settings;
  char *state_dir; /* of zc_session_load_state_dir() */
  zc_findings findings;
  zc_http *http;
  zc_journal *journal;
  zc_engine *engine;
  uint64_t seed;
  bool is_service; /* what ends it is logged, in the log's format */
} zc_session;

/* From here on there are no core dumps. The clock is real, or virtual from `at` where it is not 0.
 * Logs warnings and errors until told otherwise. */
int zc_session_init(zc_session *session, zc_time at);
void zc_session_finish(zc_session *session);

/* The config's path: -c, $ZEROCARB_CONFIG, ./zerocarb.yaml, /etc/zerocarb/zerocarb.yaml. */
const char *zc_session_config_path(const zc_arguments *arguments);
/* Reads and checks it, and logs as its engine.log says from then on. The findings are kept; with
 * `print`, errors are printed to stderr. Where there is no file at all, that is said, and there are
 * no findings. */
int zc_session_load(zc_session *session, const zc_arguments *arguments, bool print);
/* Only session->state_dir: what else the file refers to (secrets, plugins) need not be there. */
int zc_session_load_state_dir(zc_session *session, const zc_arguments *arguments);
int zc_session_open_http(zc_session *session);
/* Keeps a damaged journal aside, and says so; one that is sound stays. */
int zc_session_keep_journal_aside(zc_session *session);
/* Takes the journal's lock; one engine a state dir. What is made from now on is the user's alone.
 */
int zc_session_open_journal(zc_session *session);
/* Makes the engine, does not start it. */
int zc_session_create_engine(zc_session *session, const zc_engine_options *options);
/* Starts it. */
int zc_session_start_engine(zc_session *session);
/* Starts it and asks the sources, no longer than 60 s; where not every one has answered by then,
 * that is said. Under a virtual clock the limit is not waited for. */
int zc_session_collect(zc_session *session);
/* Ends what runs and journals it; returns when that is done. */
void zc_session_stop_engine(zc_session *session);

/* Whether the config has that pipeline; if not, says so with the nearest name or some of those that
 * are there: usage. */
int zc_session_check_pipeline(const zc_session *session, const char *name);

#endif
