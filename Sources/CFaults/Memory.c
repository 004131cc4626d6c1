// Swift's runtime ends a program that gets no memory with a trap, or with many lines about its stack. The linker's --wrap
// (Package.swift) leads the calls that get memory, where they are linked in statically, through the functions here, which say it in
// one line instead. Where the runtime is a library of its own, as in tests, they see the program's own calls only.
#include <stddef.h>
#include <stdio.h>

#include "Ending.h"

#if defined(__linux__)

// Absent, and not called, where a binary is linked without --wrap.
[[gnu::weak]] void *__real_malloc(size_t size);
[[gnu::weak]] void *__real_calloc(size_t count, size_t size);
[[gnu::weak]] void *__real_realloc(void *memory, size_t size);

static noreturn void end_without(size_t size) {
  char wanted[64];
  snprintf(wanted, sizeof wanted, "%zu bytes more", size);
  end_out_of_memory(wanted);
}

static void *got(void *memory, size_t size) {
  if (memory == NULL && size > 0) end_without(size);
  return memory;
}

void *__wrap_malloc(size_t size) { return got(__real_malloc(size), size); }

void *__wrap_calloc(size_t count, size_t size) {
  size_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes)) bytes = (size_t)-1;
  return got(__real_calloc(count, size), bytes);
}

void *__wrap_realloc(void *memory, size_t size) { return got(__real_realloc(memory, size), size); }

// swift::swift_abortAllocationFailure(unsigned long, unsigned long), where the runtime ends up for want of aligned memory.
noreturn void __wrap__ZN5swift28swift_abortAllocationFailureEmm(size_t size, size_t alignment) {
  (void)alignment;
  end_without(size);
}

// std::set_new_handler(void (*)()), for the parts of the runtime that are written in C++.
[[gnu::weak]] void (*_ZSt15set_new_handlerPFvvE(void (*handler)(void)))(void);

static void on_new_failed(void) { end_out_of_memory("what is needed next"); }

void watch_new(void) {
  if (_ZSt15set_new_handlerPFvvE != NULL) _ZSt15set_new_handlerPFvvE(on_new_failed);
}

#else

void watch_new(void) {}

#endif
