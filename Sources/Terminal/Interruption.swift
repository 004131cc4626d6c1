import CDiffusionFaults
import DiffusionPlatform
import Synchronization

/// Ctrl-C (SIGINT) and SIGTERM: the first asks the work to stop, which it does behind the next step; a second stops at once.
public enum Interruption {
  /// The signal that has come, or 0.
  private static let received = Atomic<Int32>(0)

  /// From now on.
  public static func watch() {
    // Made here rather than in the handler, where little is allowed.
    received.store(0, ordering: .relaxed)
    for number in [SIGINT, SIGTERM] {
      signal(number) { number in
        if Interruption.received.exchange(number, ordering: .relaxed) == 0 { return }
        faults_remove_temporaries()
        _exit(128 + number)
      }
      // A program that starts this one may have blocked them.
      var signals = sigset_t()
      sigemptyset(&signals)
      sigaddset(&signals, number)
      pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    }
  }

  /// Whether a signal has come.
  public static var hasCome: Bool { received.load(ordering: .relaxed) != 0 }

  /// - Throws: `Interrupted` if a signal has come.
  public static func check() throws(Interrupted) {
    let number = received.load(ordering: .relaxed)
    if number != 0 { throw Interrupted(signal: number) }
  }
}

/// A signal has asked for the end.
public struct Interrupted: Error {
  /// Its number.
  public let signal: Int32
}
