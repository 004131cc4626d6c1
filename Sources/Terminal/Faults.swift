import CDiffusionFaults
import DiffusionPlatform

/// What would else end a program without a word, or with too many.
public enum Faults {
  /// From now on, want of memory, a mapped file that loses its end and a program's own mistakes are told in one line each, and what a
  /// pipe or a file does not take is an error of the call that writes.
  ///
  /// - Parameters:
  ///   - program: what the line begins with.
  ///   - advice: what to do if there is too little memory.
  public static func watch(program: StaticString, advice: StaticString) {
    occupyStandardFiles()
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    program.withUTF8Buffer { program in
      advice.withUTF8Buffer { advice in
        // Constants, which end with a zero and stay where they are.
        faults_watch(program.baseAddress, advice.baseAddress)
      }
    }
  }

  /// Sees to it that no file that is opened later is taken for standard input, output or error, if the program was started without one:
  /// words would be written into images. What is written to such a one is refused.
  private static func occupyStandardFiles() {
    for (file, mode) in [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_RDONLY)]
    where fcntl(file, F_GETFD) < 0 {
      // The lowest number that is free: this one.
      _ = open("/dev/null", mode)
    }
  }
}
