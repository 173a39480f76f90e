/* policy_host.h - the three policies behind the real host services, without the loader: for unit
 * tests and benchmarks. */
#ifndef ZC_TESTS_POLICY_HOST_H
#define ZC_TESTS_POLICY_HOST_H

#include <stdbool.h>

#include "core/model/decide.h"

/* Options of all three; each reads its own. */
typedef struct {
  double max_intensity;
  bool wait;
  const char *search;         /* default | permitted; NULL: default */
  double min_savings_percent; /* below 0: not given */
  bool allow_static;
} policy_options;

/* A policy by its plugin's name. The caller frees it with policy_destroy(). Aborts where it cannot
 * be made. */
zc_policy policy_create(const char *name, const policy_options *options);
void policy_destroy(const zc_policy *policy);

#endif
