/* random.h - small seeded generator (splitmix64) for jitter and tests; never for secrets. */
#ifndef ZC_BASE_RANDOM_H
#define ZC_BASE_RANDOM_H

#include <stdint.h>

typedef struct {
  uint64_t state;
} zc_random;

void zc_random_init(zc_random *random, uint64_t seed);
uint64_t zc_random_next(zc_random *random);
double zc_random_unit(zc_random *random);                    /* [0, 1) */
uint64_t zc_random_below(zc_random *random, uint64_t bound); /* [0, bound), bound > 0 */
uint64_t zc_random_seed(void);                               /* from the kernel */

#endif
