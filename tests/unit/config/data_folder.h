/* data_folder.h - where the data of these tests lies: beside this header, or under the repository
 * that ZC_SOURCE_DIR names. */
#ifndef ZC_TESTS_CONFIG_DATA_FOLDER_H
#define ZC_TESTS_CONFIG_DATA_FOLDER_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Makes it the working directory, so that messages do not depend on where the repository is. */
static int enter_data_folder(void) {
  char path[4096];
  const char *source = getenv("ZC_SOURCE_DIR"), *slash = strrchr(__FILE__, '/');
  if (source) {
    snprintf(path, sizeof path, "%s/tests/unit/config", source);
  } else {
    snprintf(path, sizeof path, "%.*s", slash ? (int)(slash - __FILE__) : 1,
             slash ? __FILE__ : ".");
  }
  return chdir(path);
}

#endif
