#pragma once
#include <stddef.h>

/// The model that `sample` draws with when no `--model` is given, as the bytes of a safetensors file: class-conditional
/// handwritten digits, 28×28, whose configuration and licence are in the file's metadata. Aligned to 64 bytes, read-only.
extern const unsigned char embedded_model[];
extern const size_t embedded_model_size;
