#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The only place that prints: results to standard output, everything else to standard error.
enum Console {
  /// Writes `text` and a line break to standard output.
  /// - Note: A closed pipe ends the program quietly, as with other tools in a pipeline.
  static func print(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }

  /// Writes `text` as it is to standard output.
  static func printRaw(_ text: String) { write(text, to: STDOUT_FILENO) }

  /// One clear line on standard error.
  static func complain(_ text: String) { write("encoder-diff: \(text)\n", to: STDERR_FILENO) }

  /// Writes `text` as it is to standard error.
  static func note(_ text: String) { write(text, to: STDERR_FILENO) }

  static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

  static var outputIsTerminal: Bool { isTerminal(STDOUT_FILENO) }
  static var errorIsTerminal: Bool { isTerminal(STDERR_FILENO) }

  /// Columns of the terminal that standard output is; `nil` where it is none.
  static var outputWidth: Int? {
    guard outputIsTerminal else { return nil }
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

  private static func write(_ text: String, to descriptor: Int32) {
    let bytes = Array(text.utf8)
    var done = 0
    while done < bytes.count {
      let count = bytes[done...].withUnsafeBytes {
        #if canImport(Glibc)
          Glibc.write(descriptor, $0.baseAddress, $0.count)
        #else
          Darwin.write(descriptor, $0.baseAddress, $0.count)
        #endif
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else {
        // A result that nobody can read is trouble; of standard error nothing can be said.
        if descriptor == STDOUT_FILENO {
          complain("standard output: \(String(cString: strerror(errno)))")
          endProgram(Outcome.trouble.rawValue)
        }
        return
      }
      done += count
    }
  }
}
