#include "CJPEG.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// TurboJPEG's interface since libjpeg-turbo 2.0, of which these names and numbers are part.
enum { CS_GREY = 2, CS_CMYK = 3, CS_YCCK = 4 };
enum { PF_RGB = 0, PF_GREY = 6, PF_CMYK = 11 };
enum { FLAG_ACCURATEDCT = 4096, FLAG_STOPONWARNING = 8192, FLAG_LIMITSCANS = 32768 };

struct cjpeg_library {
  void *(*init)(void);
  int (*header)(void *, const unsigned char *, unsigned long, int *, int *, int *, int *);
  int (*decompress)(void *, const unsigned char *, unsigned long, unsigned char *, int, int, int, int, int);
  char *(*error)(void *);
  int (*destroy)(void *);
};

static int find(void *handle, const char *name, void *function) {
  void *found = dlsym(handle, name);
  // The standard's way from a pointer to data to one to a function.
  memcpy(function, &found, sizeof found);
  return found != NULL;
}

static int refuse(char *message, const char *words) {
  // However the libraries put it.
  int is_memory = strstr(words, "memory") != NULL || strstr(words, "Memory") != NULL;
  snprintf(message, CJPEG_MESSAGE_SIZE, "%s", is_memory ? "out of memory" : words);
  return CJPEG_REFUSED;
}

int cjpeg_open(const char *const *names, int count, const cjpeg_library **opened, char message[CJPEG_MESSAGE_SIZE]) {
  // There is one library in a process, and it stays.
  static cjpeg_library library;
  int status = CJPEG_NO_LIBRARY;
  for (int i = 0; i < count; i++) {
    void *handle = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL) {
      const char *words = dlerror();
      // A file that is not there is no reason; one that cannot be loaded is. Linux begins with a capital, macOS does not.
      if (words != NULL && strstr(words, "o such file") == NULL) status = refuse(message, words);
      continue;
    }
    if (find(handle, "tjInitDecompress", &library.init) && find(handle, "tjDecompressHeader3", &library.header) &&
        find(handle, "tjDecompress2", &library.decompress) && find(handle, "tjGetErrorStr2", &library.error) &&
        find(handle, "tjDestroy", &library.destroy)) {
      *opened = &library;
      return CJPEG_READ;
    }
    status = refuse(message, "it is older than libjpeg-turbo 2.0");
    dlclose(handle);
  }
  return status;
}

/// A block of 8×8 pixels takes a bit at least, and with subsampled colours a few blocks may stand for more pixels.
static const uint64_t pixels_per_byte = 1024;

static int decode(const cjpeg_library *library, void *handle, const uint8_t *jpeg, size_t size, uint64_t pixel_limit,
                  cjpeg_result *result, char *message) {
  int width = 0, height = 0, subsampling = -1, colours = -1;
  int status = library->header(handle, jpeg, (unsigned long)size, &width, &height, &subsampling, &colours);
  // Older versions call a header wrong whose subsampling has no name, and decode the picture all the same.
  if (status != 0 && (width < 1 || height < 1 || colours < 0)) return refuse(message, library->error(handle));
  uint64_t pixels = (uint64_t)width * (uint64_t)height;
  if (pixels > pixel_limit) {
    snprintf(message, CJPEG_MESSAGE_SIZE, "it has %d×%d pixels, and more than %llu are too many", width, height,
             (unsigned long long)pixel_limit);
    return CJPEG_REFUSED;
  }
  if (pixels / pixels_per_byte > size) return refuse(message, "it is too short for the size that it claims");
  int is_cmyk = colours == CS_CMYK || colours == CS_YCCK;
  int format = colours == CS_GREY ? PF_GREY : is_cmyk ? PF_CMYK : PF_RGB;
  int channels = colours == CS_GREY ? 1 : is_cmyk ? 4 : 3;
  uint8_t *bytes = malloc((size_t)pixels * (size_t)channels);
  if (bytes == NULL) return refuse(message, "out of memory");
  // The sizes are told again: whatever the second reading of the header finds, no more is written.
  if (library->decompress(handle, jpeg, (unsigned long)size, bytes, width, width * channels, height, format,
                          FLAG_ACCURATEDCT | FLAG_STOPONWARNING | FLAG_LIMITSCANS) != 0) {
    free(bytes);
    return refuse(message, library->error(handle));
  }
  result->bytes = bytes;
  result->size = (size_t)pixels * (size_t)channels;
  result->width = (uint32_t)width;
  result->height = (uint32_t)height;
  result->channels = channels;
  return CJPEG_READ;
}

int cjpeg_decode(const cjpeg_library *library, const uint8_t *jpeg, size_t size, uint64_t pixel_limit, cjpeg_result *result,
                 char message[CJPEG_MESSAGE_SIZE]) {
  memset(result, 0, sizeof *result);
  // Sizes and places are int in TurboJPEG.
  if (size == 0) return refuse(message, "it is empty");
  if (size > INT_MAX || pixel_limit > INT_MAX / 4) return refuse(message, "it is too large");
  void *handle = library->init();
  if (handle == NULL) return refuse(message, "out of memory");
  int status = decode(library, handle, jpeg, size, pixel_limit, result, message);
  library->destroy(handle);
  return status;
}
