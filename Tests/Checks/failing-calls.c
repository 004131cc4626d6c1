// Makes one call of a program fail, once: a library to be loaded in front of it (LD_PRELOAD), for failure-check.sh.
//
// FAIL=CALL:NUMBER:ERRNO  makes that call of that function fail, the first having number 1, with that errno. With ERRNO 0 a
//                         read or write ends in the middle instead, as it may.
// FAIL_COUNTS=FILE        writes into FILE how often each function was called, one "CALL COUNT" in a line.
//
// Calls count from main on: what fails before is the dynamic linker's and the runtime's affair. The C library's calls of itself
// do not come by here, except those that allocate memory.
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define CALLS(X) \
  X(open) X(read) X(pread) X(write) X(pwrite) X(fsync) X(ftruncate) X(rename) X(close) X(unlink) X(mkdir) X(stat) X(fstat) \
  X(access) X(opendir) X(readdir) X(mmap) X(pthread_create) X(malloc) X(calloc) X(realloc) X(posix_memalign)

#define NUMBER(call) CALL_##call,
enum { CALLS(NUMBER) CALL_COUNT };
#define NAME(call) #call,
static const char *const names[] = {CALLS(NAME)};

static atomic_long counts[CALL_COUNT];
static atomic_bool counting;
static int failing_call = -1;
static long failing_number;
static int failing_errno;

/// Counts a call, and says whether it is the one that is to fail.
static bool fails(int call) {
  if (!atomic_load(&counting)) return false;
  return atomic_fetch_add(&counts[call], 1) + 1 == failing_number && call == failing_call;
}

/// For a call that fails: sets errno.
static int failure(void) {
  errno = failing_errno;
  return -1;
}

/// The function of that name that would be called if this library were not there.
#define REAL(call) ((typeof(&call))real(CALL_##call, #call))

static void *real(int call, const char *name) {
  static _Atomic(void *) found[CALL_COUNT];
  void *address = atomic_load(&found[call]);
  if (address == NULL) {
    address = dlsym(RTLD_NEXT, name);
    atomic_store(&found[call], address);
  }
  return address;
}

static void write_counts(void) {
  const char *path = getenv("FAIL_COUNTS");
  if (path == NULL) return;
  atomic_store(&counting, false);
  FILE *file = fopen(path, "w");
  if (file == NULL) return;
  for (int i = 0; i < CALL_COUNT; i++) fprintf(file, "%s %ld\n", names[i], atomic_load(&counts[i]));
  fclose(file);
}

static int (*program)(int, char **, char **);

static int counted_main(int count, char **arguments, char **environment) {
  const char *fail = getenv("FAIL");
  char name[32] = "";
  if (fail != NULL && sscanf(fail, "%31[a-z_]:%ld:%d", name, &failing_number, &failing_errno) != 3) {
    dprintf(STDERR_FILENO, "FAIL=%s is not CALL:NUMBER:ERRNO\n", fail);
    _exit(99);
  }
  for (int i = 0; i < CALL_COUNT; i++) {
    if (strcmp(name, names[i]) == 0) failing_call = i;
  }
  atexit(write_counts);
  atomic_store(&counting, true);
  return program(count, arguments, environment);
}

int __libc_start_main(int (*main)(int, char **, char **), int count, char **arguments, void (*init)(void), void (*fini)(void),
                      void (*linker_fini)(void), void *stack_end) {
  typeof(&__libc_start_main) start = (typeof(&__libc_start_main))dlsym(RTLD_NEXT, "__libc_start_main");
  program = main;
  return start(counted_main, count, arguments, init, fini, linker_fini, stack_end);
}

int open(const char *path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  mode_t mode = va_arg(arguments, mode_t);
  va_end(arguments);
  return fails(CALL_open) ? failure() : REAL(open)(path, flags, mode);
}

/// What a short read or write moves: half of it, but something.
static size_t half(size_t count) { return (count + 1) / 2; }

ssize_t read(int file, void *bytes, size_t count) {
  if (!fails(CALL_read)) return REAL(read)(file, bytes, count);
  return failing_errno != 0 ? failure() : REAL(read)(file, bytes, half(count));
}

ssize_t pread(int file, void *bytes, size_t count, off_t offset) {
  if (!fails(CALL_pread)) return REAL(pread)(file, bytes, count, offset);
  return failing_errno != 0 ? failure() : REAL(pread)(file, bytes, half(count), offset);
}

ssize_t write(int file, const void *bytes, size_t count) {
  if (!fails(CALL_write)) return REAL(write)(file, bytes, count);
  return failing_errno != 0 ? failure() : REAL(write)(file, bytes, half(count));
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
  if (!fails(CALL_pwrite)) return REAL(pwrite)(file, bytes, count, offset);
  return failing_errno != 0 ? failure() : REAL(pwrite)(file, bytes, half(count), offset);
}

int fsync(int file) { return fails(CALL_fsync) ? failure() : REAL(fsync)(file); }

int ftruncate(int file, off_t size) { return fails(CALL_ftruncate) ? failure() : REAL(ftruncate)(file, size); }

int rename(const char *from, const char *to) { return fails(CALL_rename) ? failure() : REAL(rename)(from, to); }

/// Closes the file even so, as the system does.
int close(int file) {
  bool is_failing = fails(CALL_close);
  int result = REAL(close)(file);
  return is_failing ? failure() : result;
}

int unlink(const char *path) { return fails(CALL_unlink) ? failure() : REAL(unlink)(path); }

int mkdir(const char *path, mode_t mode) { return fails(CALL_mkdir) ? failure() : REAL(mkdir)(path, mode); }

int stat(const char *path, struct stat *status) { return fails(CALL_stat) ? failure() : REAL(stat)(path, status); }

int fstat(int file, struct stat *status) { return fails(CALL_fstat) ? failure() : REAL(fstat)(file, status); }

int access(const char *path, int mode) { return fails(CALL_access) ? failure() : REAL(access)(path, mode); }

DIR *opendir(const char *path) {
  if (!fails(CALL_opendir)) return REAL(opendir)(path);
  failure();
  return NULL;
}

struct dirent *readdir(DIR *folder) {
  if (!fails(CALL_readdir)) return REAL(readdir)(folder);
  failure();
  return NULL;
}

void *mmap(void *address, size_t count, int protection, int flags, int file, off_t offset) {
  if (!fails(CALL_mmap)) return REAL(mmap)(address, count, protection, flags, file, offset);
  failure();
  return MAP_FAILED;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument) {
  return fails(CALL_pthread_create) ? failing_errno : REAL(pthread_create)(thread, attributes, start, argument);
}

// Under these names the C library has them too; looking them up by dlsym would itself allocate.
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size) {
  if (!fails(CALL_malloc)) return __libc_malloc(size);
  failure();
  return NULL;
}

void *calloc(size_t count, size_t size) {
  if (!fails(CALL_calloc)) return __libc_calloc(count, size);
  failure();
  return NULL;
}

void *realloc(void *old, size_t size) {
  if (!fails(CALL_realloc)) return __libc_realloc(old, size);
  failure();
  return NULL;
}

int posix_memalign(void **address, size_t alignment, size_t size) {
  if (fails(CALL_posix_memalign)) return failing_errno;
  void *memory = __libc_memalign(alignment, size);
  if (memory == NULL) return ENOMEM;
  *address = memory;
  return 0;
}
