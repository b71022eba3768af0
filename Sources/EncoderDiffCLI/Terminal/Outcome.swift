#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// How a command ends; the exit status of diff. Thrown to leave a command whose output is complete.
enum Outcome: Int32, Error {
  case parity = 0
  case divergence = 1
  case trouble = 2

  /// Ends the command with this status, after everything was printed.
  func leave() throws {
    if self != .parity { throw self }
  }
}

/// What is wrong with arguments or their combination: one line that says what to do.
struct UsageError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

func endProgram(_ status: Int32) -> Never { exit(status) }
