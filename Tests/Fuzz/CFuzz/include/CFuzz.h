#ifndef CFUZZ_H
#define CFUZZ_H

#include <stddef.h>
#include <stdint.h>

/// Runs libFuzzer over `target`, with a program's arguments as libFuzzer takes them. Returns the program's exit status.
int fuzz_run(int argc, char **argv, int (*target)(const uint8_t *data, size_t size));

/// Makes any allocation of more than `bytes` a crash from now on; 0 allows all. An input of `input` bytes is blamed.
void fuzz_limit_allocations(size_t bytes, size_t input);

#endif
