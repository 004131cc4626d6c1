#include "CPNG.h"

#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void copy_message(char *to, const char *from) {
  strncpy(to, from, CPNG_MESSAGE_SIZE - 1);
  to[CPNG_MESSAGE_SIZE - 1] = 0;
}

static void on_error(png_structp png, png_const_charp message) {
  copy_message(png_get_error_ptr(png), message);
  longjmp(png_jmpbuf(png), 1);
}

// What libpng would put right with a warning (a keyword cut short, say) is not what was asked for.
static void on_warning(png_structp png, png_const_charp message) { png_error(png, message); }

static void ignore_warning(png_structp png, png_const_charp message) {
  (void)png;
  (void)message;
}

// libpng's own would pass over a text for which there is no memory; a program may lead this malloc elsewhere, and does.
static png_voidp take_memory(png_structp png, png_alloc_size_t size) {
  (void)png;
  return malloc(size);
}

static void give_memory(png_structp png, png_voidp memory) {
  (void)png;
  free(memory);
}

/// Memory that grows as the encoder writes.
typedef struct {
  uint8_t *bytes;
  size_t size;
  size_t capacity;
} growing;

static void on_write(png_structp png, png_bytep data, png_size_t count) {
  growing *memory = png_get_io_ptr(png);
  if (count > SIZE_MAX / 2 - memory->size) png_error(png, "the picture is too large");
  size_t needed = memory->size + count;
  if (needed > memory->capacity) {
    size_t capacity = needed * 2;
    uint8_t *bytes = realloc(memory->bytes, capacity);
    if (bytes == NULL) png_error(png, "out of memory");
    memory->bytes = bytes;
    memory->capacity = capacity;
  }
  memcpy(memory->bytes + memory->size, data, count);
  memory->size = needed;
}

static void on_flush(png_structp png) { (void)png; }

/// Whether UTF-8 text is plain ASCII, which any reader of tEXt chunks shows right.
static int is_ascii(const char *text) {
  for (; *text; text++) {
    if ((unsigned char)*text > 126) return 0;
  }
  return 1;
}

static void write_text(png_structp png, png_infop info, const cpng_text *text) {
  png_text chunk;
  memset(&chunk, 0, sizeof chunk);
  chunk.key = (png_charp)text->key;
  chunk.text = (png_charp)text->text;
  chunk.lang = (png_charp) "";
  chunk.lang_key = (png_charp) "";
  size_t length = strlen(text->text);
  if (is_ascii(text->text)) {
    chunk.compression = PNG_TEXT_COMPRESSION_NONE;
    chunk.text_length = length;
  } else {
    chunk.compression = PNG_ITXT_COMPRESSION_NONE;
    chunk.itxt_length = length;
  }
  png_set_text(png, info, &chunk, 1);
}

/// The PNG colour type of pixels of 1 to 4 channels.
static int colour_type(int channels) {
  const int types[] = {PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_RGB_ALPHA};
  return types[channels - 1];
}

int cpng_encode(const uint8_t *pixels, uint32_t width, uint32_t height, int channels, int bits, const cpng_text *texts,
                int text_count, cpng_result *result, char message[CPNG_MESSAGE_SIZE]) {
  memset(result, 0, sizeof *result);
  // Not locals: longjmp leaves changed locals undefined.
  growing *memory = calloc(1, sizeof *memory);
  if (memory == NULL) {
    copy_message(message, "out of memory");
    return -1;
  }
  png_structp png = png_create_write_struct_2(PNG_LIBPNG_VER_STRING, message, on_error, ignore_warning, NULL, take_memory,
                                              give_memory);
  png_infop info = png != NULL ? png_create_info_struct(png) : NULL;
  if (info == NULL) {
    copy_message(message, "out of memory");
    png_destroy_write_struct(&png, NULL);
    free(memory);
    return -1;
  }
  if (setjmp(png_jmpbuf(png))) {
    png_destroy_write_struct(&png, &info);
    free(memory->bytes);
    free(memory);
    return -1;
  }
  // Not before there is a place to jump to.
  png_set_error_fn(png, message, on_error, on_warning);
  png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
  png_set_write_fn(png, memory, on_write, on_flush);
  png_set_IHDR(png, info, width, height, bits, colour_type(channels), PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  for (int i = 0; i < text_count; i++) write_text(png, info, &texts[i]);
  png_write_info(png, info);
  for (uint32_t y = 0; y < height; y++) png_write_row(png, pixels + (size_t)y * width * (size_t)(channels * bits / 8));
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  result->bytes = memory->bytes;
  result->size = memory->size;
  result->width = width;
  result->height = height;
  result->channels = channels;
  result->bits = bits;
  free(memory);
  return 0;
}

/// Memory that is read from.
typedef struct {
  const uint8_t *bytes;
  size_t left;
} reading;

static void on_read(png_structp png, png_bytep data, png_size_t count) {
  reading *memory = png_get_io_ptr(png);
  if (count > memory->left) png_error(png, "it ends too early");
  memcpy(data, memory->bytes, count);
  memory->bytes += count;
  memory->left -= count;
}

static uint32_t big_endian(const uint8_t *bytes) {
  return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

// libpng takes memory for a chunk before it knows whether there is one of that length.
static void check_chunks(png_structp png, const uint8_t *bytes, size_t size) {
  size_t place = 8;
  // What is no PNG, libpng says better.
  if (size < place || png_sig_cmp(bytes, 0, place) != 0) return;
  while (size - place >= 8 && memcmp(bytes + place + 4, "IEND", 4) != 0) {
    uint32_t length = big_endian(bytes + place);
    // Behind the length and the type there are that many bytes and a checksum.
    if (size - place < 12 || length > size - place - 12) png_error(png, "it ends too early");
    place += 12 + (size_t)length;
  }
}

// A deflate stream's shortest code for its longest run makes 258 bytes of 2 bits: 1032 bytes of each.
static void check_size(png_structp png, png_infop info, size_t size) {
  uint64_t unpacked = (uint64_t)png_get_rowbytes(png, info) * png_get_image_height(png, info);
  if (unpacked / 1032 > size) png_error(png, "it is too short for the size that it claims");
}

/// Where a reader's words go.
typedef struct {
  char *message;
  /// What libpng has warned of last.
  char warning[CPNG_MESSAGE_SIZE];
} complaints;

static void keep_warning(png_structp png, png_const_charp message) {
  complaints *words = png_get_error_ptr(png);
  copy_message(words->warning, message);
}

static void on_read_error(png_structp png, png_const_charp message) {
  complaints *words = png_get_error_ptr(png);
  // What it is that is wrong with a header, libpng tells in warnings only.
  int is_header = strcmp(message, "Invalid IHDR data") == 0 && words->warning[0] != 0;
  copy_message(words->message, is_header ? words->warning : message);
  longjmp(png_jmpbuf(png), 1);
}

/// Begins to read up to the pixels, which may be `pixel_limit` at most. What stands in front of them is limited as well: a hostile chunk
/// may unpack to a thousand times its size, and there may be many.
static void begin_reading(png_structp png, png_infop info, reading *memory, uint64_t pixel_limit) {
  png_set_chunk_malloc_max(png, 1 << 22);
  png_set_chunk_cache_max(png, 32);
  // Sides that libpng would refuse are refused for their pixels, with words that say how many there are.
  png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
  check_chunks(png, memory->bytes, memory->left);
  size_t size = memory->left;
  png_set_read_fn(png, memory, on_read);
  png_read_info(png, info);
  png_uint_32 width = png_get_image_width(png, info), height = png_get_image_height(png, info);
  if ((uint64_t)width * height > pixel_limit) {
    char message[CPNG_MESSAGE_SIZE];
    snprintf(message, sizeof message, "it has %u×%u pixels, and more than %llu are too many", (unsigned)width, (unsigned)height,
             (unsigned long long)pixel_limit);
    png_error(png, message);
  }
  check_size(png, info, size);
}

/// What a decoder has taken from the heap.
typedef struct {
  uint8_t *pixels;
  png_bytep *rows;
} unpacked;

/// Whether a picture has an alpha channel, or a colour that stands for nothing.
static int has_transparency(png_structp png, png_infop info) {
  return (png_get_color_type(png, info) & PNG_COLOR_MASK_ALPHA) != 0 || png_get_valid(png, info, PNG_INFO_tRNS) != 0;
}

int cpng_decode(const uint8_t *bytes, size_t size, uint64_t pixel_limit, int keeps_alpha, int keeps_depth, cpng_result *result,
                char message[CPNG_MESSAGE_SIZE]) {
  memset(result, 0, sizeof *result);
  reading memory = {bytes, size};
  complaints words = {message, ""};
  png_structp png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, &words, on_read_error, keep_warning, NULL, take_memory,
                                             give_memory);
  png_infop info = png != NULL ? png_create_info_struct(png) : NULL;
  // Not locals: longjmp leaves changed locals undefined.
  unpacked *picture = info != NULL ? calloc(1, sizeof *picture) : NULL;
  if (picture == NULL) {
    copy_message(message, "out of memory");
    png_destroy_read_struct(&png, &info, NULL);
    return -1;
  }
  if (setjmp(png_jmpbuf(png))) {
    png_destroy_read_struct(&png, &info, NULL);
    free(picture->pixels);
    free(picture->rows);
    free(picture);
    return -1;
  }
  // Texts, which need not be unpacked.
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, (png_const_bytep) "tEXt\0zTXt\0iTXt", 3);
  begin_reading(png, info, &memory, pixel_limit);
  png_uint_32 width = png_get_image_width(png, info), height = png_get_image_height(png, info);
  int depth = png_get_bit_depth(png, info);
  // To 8 or 16 bits, RGB for a palette, an alpha channel for a transparent colour; then over black; then to 8 bits.
  png_set_expand(png);
  png_color_16 black = {0, 0, 0, 0, 0};
  // Values are mixed as they are, as Pillow and netpbm mix them: with a gAMA or sRGB chunk, libpng would mix amounts of light.
  png_set_gamma(png, 1, 1);
  if (has_transparency(png, info) && !keeps_alpha) png_set_background(png, &black, PNG_BACKGROUND_GAMMA_SCREEN, 0, 1.0);
  if (!keeps_depth) png_set_scale_16(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
  size_t row = png_get_rowbytes(png, info);
  int channels = png_get_channels(png, info), bits = png_get_bit_depth(png, info);
  int is_known = keeps_alpha || channels == 1 || channels == 3;
  if (!is_known || row != (size_t)width * (size_t)(channels * bits / 8)) png_error(png, "it is of no known kind");
  picture->pixels = malloc(row * height);
  picture->rows = malloc(height * sizeof *picture->rows);
  if (picture->pixels == NULL || picture->rows == NULL) png_error(png, "out of memory");
  for (png_uint_32 y = 0; y < height; y++) picture->rows[y] = picture->pixels + row * y;
  png_read_image(png, picture->rows);
  png_read_end(png, NULL);
  png_destroy_read_struct(&png, &info, NULL);
  result->bytes = picture->pixels;
  result->size = row * height;
  result->width = width;
  result->height = height;
  result->channels = channels;
  result->bits = bits;
  result->depth = depth;
  free(picture->rows);
  free(picture);
  return 0;
}

static void report_text(png_structp png, png_infop info, cpng_text_function function, void *context) {
  png_textp texts = NULL;
  int count = 0;
  png_get_text(png, info, &texts, &count);
  for (int i = 0; i < count; i++) {
    if (texts[i].key != NULL) function(context, texts[i].key, texts[i].text != NULL ? texts[i].text : "");
  }
}

int cpng_read_text(const uint8_t *bytes, size_t size, uint64_t pixel_limit, cpng_text_function function, void *context,
                   char message[CPNG_MESSAGE_SIZE]) {
  reading memory = {bytes, size};
  complaints words = {message, ""};
  png_structp png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, &words, on_read_error, keep_warning, NULL, take_memory,
                                             give_memory);
  png_infop info = png != NULL ? png_create_info_struct(png) : NULL;
  png_infop end = info != NULL ? png_create_info_struct(png) : NULL;
  if (end == NULL) {
    copy_message(message, "out of memory");
    png_destroy_read_struct(&png, &info, NULL);
    return -1;
  }
  // Not a local: longjmp leaves changed locals undefined.
  png_bytep *row = calloc(1, sizeof *row);
  if (row == NULL || setjmp(png_jmpbuf(png))) {
    if (row == NULL) copy_message(message, "out of memory");
    if (row != NULL) free(*row);
    free(row);
    png_destroy_read_struct(&png, &info, &end);
    return -1;
  }
  png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
  begin_reading(png, info, &memory, pixel_limit);
  int passes = png_set_interlace_handling(png);
  png_read_update_info(png, info);
  *row = malloc(png_get_rowbytes(png, info));
  if (*row == NULL) png_error(png, "out of memory");
  for (int pass = 0; pass < passes; pass++) {
    for (png_uint_32 y = 0; y < png_get_image_height(png, info); y++) png_read_row(png, *row, NULL);
  }
  png_read_end(png, end);
  report_text(png, info, function, context);
  report_text(png, end, function, context);
  free(*row);
  free(row);
  png_destroy_read_struct(&png, &info, &end);
  return 0;
}
