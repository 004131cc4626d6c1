import CDiffusionFaults
import DiffusionPlatform

/// Turns crashes that would be silent, or too verbose, into one-line messages.
public enum Faults {
  /// From now on, running out of memory, truncation of a mapped file and internal errors print one line each, and
  /// writing to a closed pipe or past the file size limit is an error of the write call.
  ///
  /// - Parameters:
  ///   - program: the start of the line.
  ///   - advice: what to do when memory runs out.
  public static func watch(program: StaticString, advice: StaticString) {
    occupyStandardFiles()
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    program.withUTF8Buffer { program in
      advice.withUTF8Buffer { advice in
        // These are constants: zero-terminated and never freed.
        faults_watch(program.baseAddress, advice.baseAddress)
      }
    }
  }

  /// Occupies any of standard input, output and error that the program was started without. Otherwise a file opened
  /// later could get that descriptor, and messages would end up in images. Writing to them fails.
  private static func occupyStandardFiles() {
    for (file, mode) in [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_RDONLY)]
    where fcntl(file, F_GETFD) < 0 {
      // Takes the lowest free descriptor, which is this one.
      _ = open("/dev/null", mode)
    }
  }
}
