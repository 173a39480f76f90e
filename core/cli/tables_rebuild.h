/* tables_rebuild.h - `tables rebuild`: the derived tables made anew. */
#ifndef ZC_CLI_TABLES_REBUILD_H
#define ZC_CLI_TABLES_REBUILD_H

#include "core/cli/arguments.h"

/* Asks the engine that runs on the state dir, or does it here. The command's exit status. */
int zc_tables_rebuild(const zc_arguments *arguments);

#endif
