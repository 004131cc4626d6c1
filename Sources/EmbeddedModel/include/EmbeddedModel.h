#pragma once
#include <stddef.h>

/// The model that `sample` draws with when no `--model` is given, as the bytes of a safetensors file: class-conditional
/// handwritten digits, 28×28, whose configuration and licence are in the file's metadata. Read-only, aligned to 64 bytes.
const void *_Nonnull embedded_model(void);

/// Its size in bytes.
size_t embedded_model_size(void);
