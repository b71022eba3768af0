/// How an external command can fail; the first payload is the command as it was given.
package enum ExternalCommandError: Error, Equatable, CustomStringConvertible {
  case cannotStart(String, reason: String)
  case notRunnable(String, status: Int32)
  case failed(String, status: Int32)
  case killed(String, signal: Int32)
  case timedOut(String, seconds: Double)
  case interrupted(String)

  /// Whether another attempt can end differently.
  var mayPass: Bool {
    switch self {
    case .cannotStart, .notRunnable, .interrupted: false
    case .failed, .killed, .timedOut: true
    }
  }

  package var description: String {
    switch self {
    case .cannotStart(let command, let reason): "the command '\(command)' cannot be run: \(reason)"
    case .notRunnable(let command, let status):
      "the command '\(command)' ended with status \(status): a program of it cannot be found or "
        + "started; check its path"
    case .failed(let command, let status):
      "the command '\(command)' ended with status \(status); what it wrote stands above"
    case .killed(let command, let signal):
      "the command '\(command)' was ended by signal \(signal)"
    case .timedOut(let command, let seconds):
      "the command '\(command)' took longer than \(shortest(seconds)) s and was ended; "
        + "--timeout gives it more"
    case .interrupted(let command): "interrupted; the command '\(command)' was ended"
    }
  }

  private func shortest(_ seconds: Double) -> String {
    seconds == seconds.rounded() && seconds < 1e15 ? "\(Int(seconds))" : "\(seconds)"
  }
}
