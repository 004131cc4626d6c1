#pragma once

#include <stdnoreturn.h>

// Ends a program at any point: nothing here allocates memory or takes a lock.

/// Prints the program's name and a printf-style message to standard error, as a line of its own.
[[gnu::format(printf, 1, 2)]] void say(const char *format, ...);

/// Reports that memory has run out and what to do, and ends the program.
noreturn void end_out_of_memory(const char *wanted);

/// Removes unfinished files and ends the program.
noreturn void end_failed(void);

/// Handles signals that indicate a fault.
void watch_signals(void);

/// Handles failures of C++'s `new`.
void watch_new(void);
