#pragma once

// Queries of the processor and the operating system that need C.

/// Whether this CPU and operating system support x86-64-v3 (AVX2, FMA, F16C, BMI, …).
int cpu_runs_x86_64_v3(void);

/// Whether they support x86-64-v4 (also AVX-512 F, BW, CD, DQ, VL).
int cpu_runs_x86_64_v4(void);

/// Fills `processors` with the numbers of the processors that this process may run on. Returns their count, at most
/// `capacity`, or -1 if the system does not tell.
int cpu_allowed(int *processors, int capacity);

/// Prefetches a cache line that will soon be read into the L2 cache; any address is allowed.
static inline void prefetch(const float *line) { __builtin_prefetch(line, 0, 2); }

/// The same, into the L1 cache.
static inline void prefetchNear(const float *line) { __builtin_prefetch(line, 0, 3); }

/// Four floats, `SIMD4<Float>` in Swift.
typedef float FourFloats __attribute__((ext_vector_type(4)));

/// Their square roots, in one instruction of NEON or SSE: `SIMD4.squareRoot()` calls the C library for each.
static inline FourFloats squareRoots(FourFloats a) { return __builtin_elementwise_sqrt(a); }

/// Tells the core that the thread is spinning, to save power and leave execution units to a hyperthread.
static inline void cpu_relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}
