#include "noise.h"

#include <math.h>

#define TWO_PI 6.283185307179586

/* The finaliser of splitmix64 (Steele, Lea, Flood, OOPSLA 2014). */
static uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

uint64_t zc_noise_key(int64_t seed, const char *region) {
  uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
  for (; *region; region++) {
    hash = (hash ^ (unsigned char)*region) * 0x100000001b3u;
  }
  return mix(hash ^ mix((uint64_t)seed + 0x9e3779b97f4a7c15u));
}

double zc_noise_at(uint64_t key, zc_time time) {
  uint64_t first = mix(key ^ mix((uint64_t)time + 0x9e3779b97f4a7c15u)), second = mix(~first);
  double u = (double)((first >> 11) + 1) * 0x1p-53; /* (0, 1] */
  double v = (double)(second >> 11) * 0x1p-53;
  return sqrt(-2 * log(u)) * cos(TWO_PI * v); /* Box and Muller */
}
