import CDiffusionFaults
import DiffusionPlatform
import Synchronization

/// Handles Ctrl-C (SIGINT), SIGTERM and SIGHUP, which comes when a terminal is closed: the first stops the work after
/// the current step, a second one immediately.
public enum Interruption {
  /// The signal received, or 0.
  private static let received = Atomic<Int32>(0)

  /// The address of what the first signal writes to standard error, or 0.
  private static let words = Atomic<Int>(0)
  /// How many bytes that is.
  private static let length = Atomic<Int>(0)

  /// Installs the handlers.
  ///
  /// - Parameter notice: a line that the first signal writes to standard error at once; nil for none.
  public static func watch(saying notice: StaticString? = nil) {
    // Initialises the statics here, as a signal handler must not.
    received.store(0, ordering: .relaxed)
    words.store(notice.map { Int(bitPattern: $0.utf8Start) } ?? 0, ordering: .relaxed)
    length.store(notice?.utf8CodeUnitCount ?? 0, ordering: .relaxed)
    for number in [SIGINT, SIGTERM, SIGHUP] {
      let before = signal(number) { number in
        if Interruption.received.exchange(number, ordering: .relaxed) == 0 {
          let error = errno
          if let words = UnsafeRawPointer(bitPattern: Interruption.words.load(ordering: .relaxed)) {
            // Below the bar, which the terminal has just written ^C into.
            var newline = UInt8(ascii: "\n")
            if isatty(STDERR_FILENO) == 1 { _ = write(STDERR_FILENO, &newline, 1) }
            _ = write(STDERR_FILENO, words, Interruption.length.load(ordering: .relaxed))
          }
          errno = error
          return
        }
        faults_remove_temporaries()
        _exit(128 + number)
      }
      // nohup lets programs outlive their terminal.
      if number == SIGHUP, unsafeBitCast(before, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) {
        signal(number, SIG_IGN)
        continue
      }
      // The parent process may have blocked them.
      var signals = sigset_t()
      sigemptyset(&signals)
      sigaddset(&signals, number)
      pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    }
  }

  /// Whether a signal has been received.
  public static var hasCome: Bool { received.load(ordering: .relaxed) != 0 }

  /// Ends the program if a signal has been received: for work that cannot throw, and leaves nothing half-written.
  public static func exitIfCome() {
    let number = received.load(ordering: .relaxed)
    if number != 0 { exit(128 + number) }
  }

  /// - Throws: `Interrupted` if a signal has been received.
  public static func check() throws(Interrupted) {
    let number = received.load(ordering: .relaxed)
    if number != 0 { throw Interrupted(signal: number) }
  }
}

/// The work was stopped by a signal.
public struct Interrupted: Error {
  /// The signal number.
  public let signal: Int32
}
