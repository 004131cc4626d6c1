#pragma once
#include <stddef.h>
#include <stdint.h>

// The only place that speaks libpng. libpng reports errors by longjmp, which must not cross Swift frames: these functions
// keep setjmp to themselves and return a status.

enum { CPNG_MESSAGE_SIZE = 128 };

/// A text chunk: a keyword of 1 to 79 Latin-1 characters, and UTF-8 text. Both end in a NUL.
typedef struct {
  const char *_Nonnull key;
  const char *_Nonnull text;
} cpng_text;

/// What `cpng_encode` and `cpng_decode` hand out; `bytes` is to be freed with `free`.
typedef struct {
  uint8_t *_Nullable bytes;
  size_t size;
  uint32_t width;
  uint32_t height;
  /// 1 (grey) or 3 (RGB); one more with alpha.
  int channels;
  /// The bits of each value: 8 or 16.
  int bits;
  /// The bits of each value in the file; 0 from `cpng_encode`.
  int depth;
} cpng_result;

/// Encodes pixels of 8 or 16 bits, rows from top to bottom, `channels` interleaved values each (16 bits with the higher byte first), as a
/// PNG of `result->size` bytes. Returns 0, or -1 with a message.
int cpng_encode(const uint8_t *_Nonnull pixels, uint32_t width, uint32_t height, int channels, int bits,
                const cpng_text *_Nullable texts, int text_count, cpng_result *_Nonnull result,
                char message[_Nonnull CPNG_MESSAGE_SIZE]);

/// Decodes a PNG of any kind to 8-bit grey or, if it has colours or a palette, RGB pixels. Values are taken as they stand, whatever a gamma
/// or colour profile says. What is transparent lies over black, or keeps its alpha with `keeps_alpha`; 16 bits are rounded to 8, or stay,
/// the higher byte first, with `keeps_depth`. A picture of more than `pixel_limit` pixels is refused before anything of it is unpacked.
/// Returns 0, or -1 with a message.
int cpng_decode(const uint8_t *_Nonnull png, size_t size, uint64_t pixel_limit, int keeps_alpha, int keeps_depth,
                cpng_result *_Nonnull result, char message[_Nonnull CPNG_MESSAGE_SIZE]);

/// Called for each text chunk, with its keyword and its text, both ended by a zero and valid during the call only.
typedef void (*cpng_text_function)(void *_Nullable context, const char *_Nonnull key, const char *_Nonnull text);

/// Reads a PNG to its end, checking every chunk, and calls `function` for each of its text chunks, packed ones too, if they are of 4 MB
/// at most. A picture of more than `pixel_limit` pixels is refused, as its time would be. Returns 0, or -1 with a message.
int cpng_read_text(const uint8_t *_Nonnull png, size_t size, uint64_t pixel_limit, cpng_text_function _Nonnull function,
                   void *_Nullable context, char message[_Nonnull CPNG_MESSAGE_SIZE]);
