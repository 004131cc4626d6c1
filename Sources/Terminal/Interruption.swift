import CDiffusionFaults
import DiffusionPlatform
import Synchronization

/// Handles Ctrl-C (SIGINT), SIGTERM and SIGHUP, which comes when a terminal is closed: the first stops the work after
/// the current step, a second one immediately.
public enum Interruption {
  /// The signal received, or 0.
  private static let received = Atomic<Int32>(0)

  /// Installs the handlers.
  public static func watch() {
    // Initialises the static here, as a signal handler must not.
    received.store(0, ordering: .relaxed)
    for number in [SIGINT, SIGTERM, SIGHUP] {
      let before = signal(number) { number in
        if Interruption.received.exchange(number, ordering: .relaxed) == 0 { return }
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
