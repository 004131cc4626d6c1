#include "CFuzz.h"

#include <stdio.h>
#include <stdlib.h>

// Of libFuzzer and AddressSanitizer, which come with the compiler and without headers.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*target)(const uint8_t *data, size_t size));
int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *, size_t),
                                              void (*on_free)(const volatile void *));

static size_t limit;
static size_t input_size;

static void on_malloc(const volatile void *address, size_t size) {
  (void)address;
  if (limit == 0 || size <= limit) return;
  size_t allowed = limit;
  // What reports the crash allocates too.
  limit = 0;
  fprintf(stderr, "an allocation of %zu bytes for an input of %zu, of which %zu are allowed\n", size, input_size, allowed);
  abort();
}

static void on_free(const volatile void *address) { (void)address; }

int fuzz_run(int argc, char **argv, int (*target)(const uint8_t *data, size_t size)) {
  if (__sanitizer_install_malloc_and_free_hooks(on_malloc, on_free) == 0) {
    fputs("allocations cannot be watched\n", stderr);
    return 1;
  }
  return LLVMFuzzerRunDriver(&argc, &argv, target);
}

void fuzz_limit_allocations(size_t bytes, size_t input) {
  input_size = input;
  limit = bytes;
}
