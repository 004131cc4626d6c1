#pragma once
#include <stddef.h>
#include <stdint.h>

// The only place that speaks TurboJPEG, the simple interface of libjpeg-turbo. The library is looked up when it is first needed: there
// is nothing to install where no JPEG is read.

enum { CJPEG_MESSAGE_SIZE = 256 };

/// What becomes of a call.
enum { CJPEG_READ = 0, CJPEG_REFUSED = -1, CJPEG_NO_LIBRARY = -2 };

/// What `cjpeg_decode` hands out; `bytes` is to be freed with `free`.
typedef struct {
  uint8_t *_Nullable bytes;
  size_t size;
  uint32_t width;
  uint32_t height;
  /// 1 (grey), 3 (RGB) or 4 (CMYK, as stored).
  int channels;
} cjpeg_result;

/// The functions of TurboJPEG, once they are found.
typedef struct cjpeg_library cjpeg_library;

/// Opens the first of `names` that is a TurboJPEG; the library stays open for good. To be called by one thread at a time. Returns
/// `CJPEG_READ`, `CJPEG_NO_LIBRARY` if none is there, or `CJPEG_REFUSED` with a message if one is there and cannot be loaded.
int cjpeg_open(const char *_Nonnull const *_Nonnull names, int count, const cjpeg_library *_Nullable *_Nonnull opened,
               char message[_Nonnull CJPEG_MESSAGE_SIZE]);

/// Decodes a JPEG as libjpeg does by default: with the exact transform, and chroma interpolated. A picture of more than `pixel_limit`
/// pixels, or of more than a file of its size can hold, is refused before memory is taken for it; what the library only warns of (data
/// that are missing or damaged) is refused as well. Returns `CJPEG_READ`, or `CJPEG_REFUSED` with a message.
int cjpeg_decode(const cjpeg_library *_Nonnull library, const uint8_t *_Nonnull jpeg, size_t size, uint64_t pixel_limit,
                 cjpeg_result *_Nonnull result, char message[_Nonnull CJPEG_MESSAGE_SIZE]);
