/* noise.h - errors for a forecast that are the same however often it is asked for. */
#ifndef ZC_TRACE_NOISE_H
#define ZC_TRACE_NOISE_H

#include <stdint.h>
#include <zerocarb/plugin.h>

/* A number that stands for a region under a seed. */
uint64_t zc_noise_key(int64_t seed, const char *region);

/* Standard normal, by key and time alone. */
double zc_noise_at(uint64_t key, zc_time time);

#endif
