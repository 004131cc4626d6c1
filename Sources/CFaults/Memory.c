// When Swift's runtime runs out of memory, it traps or prints a long backtrace. The linker's --wrap (Package.swift)
// redirects the allocation functions of statically linked code to those here, which print one line instead. With a
// shared runtime, as in tests, only the program's own calls are redirected.
#include <stddef.h>
#include <stdio.h>

#include "Ending.h"

#if defined(__linux__)

// Undefined, and never called, in a binary linked without --wrap.
[[gnu::weak]] void *__real_malloc(size_t size);
[[gnu::weak]] void *__real_calloc(size_t count, size_t size);
[[gnu::weak]] void *__real_realloc(void *memory, size_t size);

static noreturn void end_without(size_t size) {
  char wanted[64];
  snprintf(wanted, sizeof wanted, "%zu more bytes", size);
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

// swift::swift_abortAllocationFailure(unsigned long, unsigned long), which the runtime calls when it cannot allocate
// aligned memory.
noreturn void __wrap__ZN5swift28swift_abortAllocationFailureEmm(size_t size, size_t alignment) {
  (void)alignment;
  end_without(size);
}

// std::set_new_handler(void (*)()), for the parts of the runtime written in C++.
[[gnu::weak]] void (*_ZSt15set_new_handlerPFvvE(void (*handler)(void)))(void);

static void on_new_failed(void) { end_out_of_memory("an object"); }

void watch_new(void) {
  if (_ZSt15set_new_handlerPFvvE != NULL) _ZSt15set_new_handlerPFvvE(on_new_failed);
}

#else

void watch_new(void) {}

#endif
