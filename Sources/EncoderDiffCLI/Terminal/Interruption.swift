#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Written by the signal handler, read by whoever can stop; nothing else may touch it.
nonisolated(unsafe) private var signalThatCame: sig_atomic_t = 0

/// Lets a command with temporary files and children end in order when it is interrupted. The second
/// signal ends it at once.
struct Interruption {
  private static let signals = [SIGINT, SIGTERM, SIGHUP]

  /// Starts to listen. Signals that are ignored, as under `nohup`, stay so; a mask that was
  /// inherited from a thread which left its signals to others does not.
  init() {
    signalThatCame = 0
    var mask = sigset_t()
    sigemptyset(&mask)
    for number in Self.signals { sigaddset(&mask, number) }
    pthread_sigmask(SIG_UNBLOCK, &mask, nil)
    for number in Self.signals {
      let old = signal(number) { number in
        signalThatCame = number
        signal(number, SIG_DFL)
      }
      if unsafeBitCast(old, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) {
        signal(number, SIG_IGN)
      }
    }
  }

  /// Whether a signal came.
  var isAsked: Bool { signalThatCame != 0 }

  /// Gives the signals back to the system.
  func end() {
    for number in Self.signals {
      let old = signal(number, SIG_DFL)
      if unsafeBitCast(old, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) {
        signal(number, SIG_IGN)
      }
    }
  }
}
