/* match/ways.h - one function, written once and made for each set of processor instructions that the sieve has a way
 * for (enum masks_way): an always inlined body, and one small function a way around it. Who calls asks
 * masks_best_way() first. */
#pragma once

#define WAYS_INLINE static inline __attribute__((always_inline))

#ifdef __x86_64__
#define WAY_32 __attribute__((target("avx2,bmi,bmi2,lzcnt,popcnt")))
#define WAY_64 __attribute__((target("avx512f,avx512bw,avx512vl,avx2,bmi,bmi2,lzcnt,popcnt")))
#else
#define WAY_32
#define WAY_64
#endif
