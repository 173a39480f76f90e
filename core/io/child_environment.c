#include "core/io/child_environment.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zerocarb/plugin.h>

#include "core/base/text.h"

static struct {
  char names[ZC_WITHHELD_MAX][ZC_WITHHELD_NAME_SIZE];
  size_t n;
} withheld;

static int is_withheld(const char *name, size_t length) {
  for (size_t i = 0; i < withheld.n; i++) {
    if (strncmp(withheld.names[i], name, length) == 0 && !withheld.names[i][length]) return 1;
  }
  return 0;
}

int zc_child_environment_withhold(const char *name) {
  size_t length = strlen(name);
  if (length == 0 || length >= ZC_WITHHELD_NAME_SIZE) return ZC_EINVAL;
  if (is_withheld(name, length)) return ZC_OK;
  if (withheld.n == ZC_WITHHELD_MAX) return ZC_ECONFLICT;
  zc_copy_text(withheld.names[withheld.n++], ZC_WITHHELD_NAME_SIZE, name);
  return ZC_OK;
}

static size_t count(const char *const *texts) {
  size_t n = 0;
  while (texts && texts[n])
    n++;
  return n;
}

/* Whether one of the n additions sets the variable that `entry` sets. */
static int is_set_by(const char *entry, const char *const *additions, size_t n) {
  size_t name = strcspn(entry, "=");
  for (size_t i = 0; i < n; i++) {
    if (strncmp(additions[i], entry, name) == 0 && additions[i][name] == '=') return 1;
  }
  return 0;
}

int zc_child_environment(const char *const *additions, char ***ret) {
  const char *const *ours = (const char *const *)environ;
  size_t n_ours = count(ours), n_additions = count(additions), n = 0;
  for (size_t i = 0; i < n_additions; i++) {
    const char *equals = strchr(additions[i], '=');
    if (!equals || equals == additions[i]) return ZC_EINVAL;
  }
  const char **all = calloc(n_ours + n_additions + 1, sizeof *all);
  if (!all) return ZC_ENOMEM;
  for (size_t i = 0; i < n_ours; i++) {
    if (is_withheld(ours[i], strcspn(ours[i], "="))) continue;
    if (!is_set_by(ours[i], additions, n_additions)) all[n++] = ours[i];
  }
  for (size_t i = 0; i < n_additions; i++) {
    if (!is_set_by(additions[i], additions + i + 1, n_additions - i - 1)) all[n++] = additions[i];
  }
  *ret = (char **)all;
  return ZC_OK;
}
