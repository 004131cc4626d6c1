#pragma once

/// From now on a program that runs out of memory, whose mapped files lose their ends, or that makes a mistake says so in one line on
/// standard error: "PROGRAM: out of memory: …; ADVICE". It ends with status 1, or, after a mistake of its own, as it would have ended.
/// Files that were not finished are removed.
void faults_watch(const char *program, const char *advice);

/// Removes the temporary files that this process has open. May be called in a signal's handler.
void faults_remove_temporaries(void);
