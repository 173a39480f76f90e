/* A plugin of the next major version; its entry must not be called. */
#include <stdlib.h>

const void *zc_entry_v2(void);

__attribute__((visibility("default"))) const void *zc_entry_v2(void) {
  abort();
}
