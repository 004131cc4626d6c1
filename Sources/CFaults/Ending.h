#pragma once

#include <stdnoreturn.h>

// How a program ends in the middle of anything: nothing here allocates memory or takes a lock.

/// Writes the program's name and what printf would make of the rest to standard error, as a line of its own.
[[gnu::format(printf, 1, 2)]] void say(const char *format, ...);

/// Says that there is no memory, and what could be done, and ends the program.
noreturn void end_out_of_memory(const char *wanted);

/// Removes what is half-written, and ends the program.
noreturn void end_failed(void);

/// Catches signals that tell of a fault.
void watch_signals(void);

/// Catches failures of C++'s `new`.
void watch_new(void);
