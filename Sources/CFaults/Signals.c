#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "CFaults.h"
#include "Ending.h"

/// Reads the next line of a file without its newline, truncated to fit; false at the end of the file.
static bool read_line(int file, char *line, size_t room) {
  size_t count = 0;
  char character;
  while (read(file, &character, 1) == 1) {
    if (character == '\n') {
      line[count] = 0;
      return true;
    }
    if (count < room - 1) line[count++] = character;
  }
  return false;
}

/// Finds the file mapped at an address in /proc/self/maps.
static bool find_mapped_file(uintptr_t address, char path[PATH_MAX]) {
  int maps = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  if (maps < 0) return false;
  bool is_found = false;
  // first-last permissions offset device inode path
  char line[PATH_MAX + 128];
  while (!is_found && read_line(maps, line, sizeof line)) {
    char *rest;
    uintptr_t first = strtoull(line, &rest, 16);
    uintptr_t end = *rest == '-' ? strtoull(rest + 1, &rest, 16) : 0;
    const char *name = strchr(line, '/');
    if (address < first || address >= end || name == NULL) continue;
    is_found = true;
    snprintf(path, PATH_MAX, "%s", name);
    // A name must not control the terminal: neither with control characters of ASCII, nor with those of Unicode and
    // bidirectional ones, which begin with these bytes.
    bool is_replaced = false;
    for (char *c = path; *c != '\0'; c++) {
      bool is_first = strncmp(c, "\xC2", 1) == 0 || strncmp(c, "\xD8\x9C", 2) == 0 || strncmp(c, "\xE2\x80", 2) == 0 ||
                      strncmp(c, "\xE2\x81", 2) == 0;
      is_replaced = is_first || (is_replaced && ((unsigned char)*c & 0xC0) == 0x80);
      if ((unsigned char)*c < 0x20 || *c == 0x7f || is_replaced) *c = '?';
    }
  }
  close(maps);
  return is_found;
}

static void on_signal(int number, siginfo_t *info, void *context) {
  (void)context;
  char path[PATH_MAX];
  if (number == SIGBUS && find_mapped_file((uintptr_t)info->si_addr, path)) {
    say("%s: cannot be read to the end: it was truncated while in use, or its disk is failing; "
        "run again once it is whole", path);
    end_failed();
  }
  say("internal error (signal %d); please report it with the command line", number);
  faults_remove_temporaries();
  // Delivered again when the handler returns, now with the default action, such as a core dump.
  raise(number);
}

void watch_signals(void) {
  // After a stack overflow the handler needs a stack of its own.
  static char stack[64 << 10];
  stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
  sigaltstack(&alternate, NULL);
  const int numbers[] = {SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    struct sigaction old;
    // Leave Swift's own handlers in place if SWIFT_BACKTRACE has installed them: they know more.
    if (sigaction(numbers[i], NULL, &old) != 0 || old.sa_handler != SIG_DFL) continue;
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK | (int)SA_RESETHAND};
    sigaction(numbers[i], &action, NULL);
  }
}
