#define _GNU_SOURCE
#include "Ending.h"

#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "CFaults.h"

static const char *program = "";
static const char *advice = "free memory";

void faults_watch(const char *name, const char *what_to_do) {
  program = name;
  advice = what_to_do;
  watch_signals();
  watch_new();
}

void say(const char *format, ...) {
  char line[PATH_MAX + 256];
  // On a terminal, erase a progress bar that may be there.
  int begin = snprintf(line, sizeof line, "%s%s: ", isatty(STDERR_FILENO) ? "\r\x1b[K" : "", program);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(line + begin, sizeof line - (size_t)begin - 1, format, arguments);
  va_end(arguments);
  strcat(line, "\n");
  if (write(STDERR_FILENO, line, strlen(line)) < 0) return;
}

void end_out_of_memory(const char *wanted) {
  say("out of memory: %s could not be allocated; %s", wanted, advice);
  end_failed();
}

void end_failed(void) {
  faults_remove_temporaries();
  _exit(EXIT_FAILURE);
}

void faults_remove_temporaries(void) {
  // AtomicFile writes to .NAME.HOST-PROCESS.tmp and keeps it open until the file is complete.
  char ending[32];
  snprintf(ending, sizeof ending, "-%d.tmp", (int)getpid());
  for (int file = 0; file < 1024; file++) {
    char link[32];
    char path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < (ssize_t)strlen(ending)) continue;
    path[length] = 0;
    if (strcmp(path + length - strlen(ending), ending) == 0) unlink(path);
  }
}
