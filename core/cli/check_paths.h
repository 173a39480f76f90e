/* check_paths.h - what a configuration names on this machine and is not there: warnings, as it may
 * be there where the engine runs, or once a run is due. Nothing is made or started. */
#ifndef ZC_CLI_CHECK_PATHS_H
#define ZC_CLI_CHECK_PATHS_H

#include "core/config/config.h"

void zc_check_paths(const zc_settings *settings, zc_findings *findings);

#endif
