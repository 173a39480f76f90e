/* Any bytes as a configuration file: an error with findings, or settings, and nothing left behind.
 */
#include <stdlib.h>

#include "tests/unit/config/sample_plugins.h"

#define PRINTED_CAP ((size_t)4 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  zc_findings findings = {0};
  zc_settings *settings = NULL;
  zc_buffer printed;
  zc_buffer_init(&printed, PRINTED_CAP);
  int status = zc_config_load_text((const char *)data, size, "-", &sample_load_options, &settings,
                                   &findings);
  bool good = status == ZC_OK && settings && findings.errors == 0;
  bool refused = status == ZC_EINVAL && !settings && findings.errors > 0;
  if ((!good && !refused) || findings.n > ZC_FINDINGS_MAX) abort();
  zc_findings_print(&findings, "-", &printed);
  if (printed.status != ZC_OK) abort();
  zc_buffer_finish(&printed);
  zc_findings_finish(&findings);
  zc_settings_free(settings);
  return 0;
}
