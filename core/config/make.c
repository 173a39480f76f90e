/* A zc_config without a file: from pairs of texts. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/config/options.h"

#define NAMES_MAX 64 /* candidates for "did you mean" */

static const char *find_pair(const char *const (*pairs)[2], size_t n, const char *name) {
  for (size_t i = 0; i < n; i++) {
    if (strcmp(pairs[i][0], name) == 0) return pairs[i][1];
  }
  return NULL;
}

static void check_rows(zc_check *check, const zc_option *rows, size_t n) {
  zc_range range;
  for (size_t i = 0; i < n; i++) {
    if (zc_range_parse(&rows[i], &range) == ZC_OK) continue;
    zc_findings_add(check->findings, false, 0, 0, "%s: the range \"%s\" is malformed", rows[i].name,
                    rows[i].range);
  }
}

static void report_unknown(zc_check *check, const zc_option *rows, size_t n, const char *name) {
  const char *names[NAMES_MAX];
  size_t n_names = n < NAMES_MAX ? n : NAMES_MAX;
  for (size_t i = 0; i < n_names; i++)
    names[i] = rows[i].name;
  const char *near = zc_check_nearest(check, name, names, n_names);
  zc_findings_add(check->findings, false, 0, 0, "unknown option '%s'%s%s%s", name,
                  near ? ": did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static void check_pairs(zc_check *check, const zc_option *rows, size_t n,
                        const char *const (*pairs)[2], size_t n_pairs) {
  for (size_t i = 0; i < n_pairs; i++) {
    size_t row = 0;
    while (row < n && strcmp(rows[row].name, pairs[i][0]) != 0)
      row++;
    if (row == n) report_unknown(check, rows, n, pairs[i][0]);
  }
}

static void fill(zc_check *check, zc_config *config, const zc_option *rows,
                 const char *const (*pairs)[2], size_t n_pairs) {
  for (size_t i = 0; i < config->n; i++) {
    const char *given = find_pair(pairs, n_pairs, rows[i].name), *def = rows[i].def;
    if (given) {
      zc_value_from_text(check, &rows[i], given, false, &config->values[i]);
    } else if (def) {
      zc_value_default(check, &rows[i], &config->values[i]);
    } else if (rows[i].flags & ZC_REQUIRED) {
      zc_findings_add(check->findings, false, 0, 0, "%s: required, but missing", rows[i].name);
    }
  }
}

int zc_config_make(const zc_option *options, size_t n, const char *const (*pairs)[2],
                   size_t n_pairs, zc_config **ret, zc_error *error) {
  zc_findings findings = {0};
  char *directory = getcwd(NULL, 0);
  zc_check check = {.findings = &findings, .directory = directory ? directory : "/"};
  check_rows(&check, options, n);
  check_pairs(&check, options, n, pairs, n_pairs);
  zc_config *config = zc_config_create(&check, options, n);
  if (config) fill(&check, config, options, pairs, n_pairs);
  int status = check.status;
  if (status == ZC_OK && findings.errors) {
    const char *text = findings.n ? findings.items[0].text : "invalid";
    status = zc_error_set(error, ZC_EINVAL, "%s", text);
  }
  if (status == ZC_OK) {
    *ret = config;
  } else {
    zc_config_free(config);
  }
  free(directory);
  zc_findings_finish(&findings);
  return status;
}
