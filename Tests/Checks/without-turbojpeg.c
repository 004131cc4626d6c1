// Loaded in front of a program (LD_PRELOAD), hides TurboJPEG from it, as on a machine that does not have it.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>

void *dlopen(const char *name, int flags) {
  static void *(*real)(const char *, int);
  if (name != NULL && strstr(name, "turbojpeg") != NULL) return NULL;
  if (real == NULL) *(void **)&real = dlsym(RTLD_NEXT, "dlopen");
  return real(name, flags);
}
