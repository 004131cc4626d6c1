#define _GNU_SOURCE
#include "CProcessor.h"

#if defined(__x86_64__)

// The compiler's runtime checks CPUID, and with XGETBV that the operating system saves the wide registers.
int cpu_runs_x86_64_v3(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c") &&
         __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("lzcnt") &&
         __builtin_cpu_supports("movbe") && __builtin_cpu_supports("popcnt");
}

int cpu_runs_x86_64_v4(void) {
  return cpu_runs_x86_64_v3() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl");
}

#else

int cpu_runs_x86_64_v3(void) { return 0; }
int cpu_runs_x86_64_v4(void) { return 0; }

#endif

#if defined(__linux__)

#include <sched.h>

int cpu_allowed(int *processors, int capacity) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return -1;
  int count = 0;
  for (int i = 0; i < CPU_SETSIZE && count < capacity; i++) {
    if (CPU_ISSET(i, &set)) processors[count++] = i;
  }
  return count;
}

#else

int cpu_allowed(int *processors, int capacity) { return -1; }

#endif
