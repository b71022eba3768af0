// What Swift has no words for: which instructions the processor has, and how to wait politely.
#pragma once

#if defined(__x86_64__)
#include <cpuid.h>

/// One register of a CPUID leaf (0 eax, 1 ebx, 2 ecx, 3 edx); zero where the leaf does not exist.
static inline unsigned int encoder_diff_cpuid(unsigned int leaf, unsigned int sub, int reg) {
  unsigned int r[4] = {0, 0, 0, 0};
  if (!__get_cpuid_count(leaf, sub, &r[0], &r[1], &r[2], &r[3])) return 0;
  return r[reg & 3];
}

/// XCR0: which register files the operating system saves. Call only where CPUID says OSXSAVE.
static inline unsigned long long encoder_diff_xcr0(void) {
  unsigned int low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return ((unsigned long long)high << 32) | low;
}

/// Tells the core that this is a spin loop.
static inline void encoder_diff_pause(void) { __asm__ volatile("pause"); }
#elif defined(__aarch64__)
static inline void encoder_diff_pause(void) { __asm__ volatile("yield"); }
#else
static inline void encoder_diff_pause(void) {}
#endif

/// Asks for the cache line at an address, to be read or written soon. Never faults.
static inline void encoder_diff_prefetch(const void *address) {
  __builtin_prefetch(address, 0, 3);
}
static inline void encoder_diff_prefetch_to_second(const void *address) {
  __builtin_prefetch(address, 0, 2);
}
static inline void encoder_diff_prefetch_to_write(const void *address) {
  __builtin_prefetch(address, 1, 3);
}

// The larger of two vectors, lane by lane, in one instruction; the second where one is NaN. Swift's
// compare and select become two, on the ports that multiply.
#if defined(__AVX512F__)
typedef float encoder_diff_f32x16 __attribute__((__vector_size__(64)));
static inline encoder_diff_f32x16 encoder_diff_max16(encoder_diff_f32x16 a, encoder_diff_f32x16 b) {
  return __builtin_ia32_maxps512(a, b, 4);
}

/// One bit a lane: whether a is larger than b.
typedef int encoder_diff_i32x16 __attribute__((__vector_size__(64)));
static inline unsigned int encoder_diff_larger16(encoder_diff_i32x16 a, encoder_diff_i32x16 b) {
  return __builtin_ia32_cmpd512_mask(a, b, 6, (unsigned short)-1);
}
#endif
#if defined(__AVX__)
typedef float encoder_diff_f32x8 __attribute__((__vector_size__(32)));
static inline encoder_diff_f32x8 encoder_diff_max8(encoder_diff_f32x8 a, encoder_diff_f32x8 b) {
  return __builtin_ia32_maxps256(a, b);
}
#endif

// Eight lanes between Float32 and Float64, and their difference, in the instructions that exist for them:
// what Swift makes of them is lanes, which the compiler does not always put together again.
typedef float encoder_diff_f32x8_lanes __attribute__((__vector_size__(32)));
typedef double encoder_diff_f64x8_lanes __attribute__((__vector_size__(64)));
static inline __attribute__((always_inline)) encoder_diff_f64x8_lanes encoder_diff_widen(
    encoder_diff_f32x8_lanes x) {
  return __builtin_convertvector(x, encoder_diff_f64x8_lanes);
}
static inline __attribute__((always_inline)) encoder_diff_f32x8_lanes encoder_diff_narrow(
    encoder_diff_f64x8_lanes x) {
  return __builtin_convertvector(x, encoder_diff_f32x8_lanes);
}
static inline __attribute__((always_inline)) encoder_diff_f64x8_lanes encoder_diff_subtract(
    encoder_diff_f64x8_lanes a, encoder_diff_f64x8_lanes b) {
  return a - b;
}

#if defined(__linux__)
#if defined(__x86_64__)
#define ENCODER_DIFF_SCHED_GETAFFINITY 204
#else
#define ENCODER_DIFF_SCHED_GETAFFINITY 123
#endif
long syscall(long number, ...);

/// How many processors this thread may run on; 0 where the kernel does not say.
static inline int encoder_diff_processor_count(void) {
  unsigned long mask[128] = {0};
  long bytes = syscall(ENCODER_DIFF_SCHED_GETAFFINITY, 0L, sizeof mask, mask);
  int count = 0;
  for (long i = 0; i < bytes / (long)sizeof mask[0]; i++) count += __builtin_popcountl(mask[i]);
  return count;
}
#endif
