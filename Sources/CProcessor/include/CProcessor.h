#pragma once

// What only C can ask of the processor and the operating system.

/// Whether this CPU, under this operating system, runs all that x86-64-v3 code may hold (AVX2, FMA, F16C, BMI, …).
int cpu_runs_x86_64_v3(void);

/// Whether it runs all that x86-64-v4 code may hold (AVX-512 F, BW, CD, DQ, VL besides).
int cpu_runs_x86_64_v4(void);

/// Fills `processors` with the numbers of those that this process may run on; returns how many, at most `capacity`, or -1
/// where the system does not tell.
int cpu_allowed(int *processors, int capacity);

/// Fetches a cache line that will soon be read, to the second level, if it can be had; any address is allowed.
static inline void prefetch(const float *line) { __builtin_prefetch(line, 0, 2); }

/// The same to the first level.
static inline void prefetchNear(const float *line) { __builtin_prefetch(line, 0, 3); }

/// Tells the core that the thread is only waiting, so that it saves power and leaves room for a sibling.
static inline void cpu_relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}
