#include "core/base/random.h"

#include <sys/random.h>

#include "core/base/clock.h"

void zc_random_init(zc_random *random, uint64_t seed) {
  random->state = seed;
}

/* Steele, Lea, Flood: Fast splittable pseudorandom number generators (OOPSLA 2014). */
uint64_t zc_random_next(zc_random *random) {
  uint64_t z = (random->state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

double zc_random_unit(zc_random *random) {
  return (double)(zc_random_next(random) >> 11) * 0x1p-53;
}

uint64_t zc_random_below(zc_random *random, uint64_t bound) {
  return (uint64_t)(zc_random_unit(random) * (double)bound);
}

uint64_t zc_random_seed(void) {
  uint64_t seed = 0;
  if (getrandom(&seed, sizeof seed, GRND_NONBLOCK) != (ssize_t)sizeof seed) {
    seed = (uint64_t)zc_clock_real_ns();
  }
  return seed;
}
