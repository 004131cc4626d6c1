#pragma once

/// From now on, running out of memory, truncation of a mapped file and internal errors print one line to standard
/// error: "PROGRAM: out of memory: …; ADVICE". The program then ends with status 1, or after an internal error with the
/// signal it got. Unfinished files are removed.
void faults_watch(const char *program, const char *advice);

/// Removes this process's open temporary files. Safe to call in a signal handler.
void faults_remove_temporaries(void);
