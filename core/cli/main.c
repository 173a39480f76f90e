/* The program: everything is in cli.c, so that tests can link it. */
#include "core/cli/cli.h"

int main(int argc, char **argv) {
  return zc_cli_main(argc, argv);
}
