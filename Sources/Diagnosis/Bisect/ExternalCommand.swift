#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A shell command with placeholders, run with a time-out and a number of attempts.
///
/// What it prints on either stream goes to standard error, as it comes: standard output is kept for
/// results.
package struct ExternalCommand: Sendable {
  package let template: String
  /// What messages call it; its first line where `nil`.
  private let title: String?
  /// Seconds that one attempt may take.
  package let timeoutSeconds: Double
  /// Attempts after the first that fails.
  package let retries: Int

  package init(
    _ template: String, title: String? = nil, timeoutSeconds: Double = 600, retries: Int = 2
  ) {
    self.template = template
    self.title = title
    self.timeoutSeconds = timeoutSeconds
    self.retries = retries
  }

  /// Placeholders `{name}` of `names` that the template lacks.
  package func missingPlaceholders(_ names: [String]) -> [String] {
    names.filter { !template.contains("{\($0)}") }
  }

  /// The command line with its placeholders filled in, quoted for the shell. What is filled in is
  /// not searched for placeholders again.
  package func line(_ values: [String: String]) -> String {
    var line = ""
    var rest = template[...]
    while let brace = rest.firstIndex(of: "{") {
      line += rest[..<brace]
      rest = rest[brace...]
      if let end = rest.firstIndex(of: "}"),
        let value = values[String(rest[rest.index(after: brace)..<end])]
      {
        line += quoted(value)
        rest = rest[rest.index(after: end)...]
      } else {
        line.append(rest.removeFirst())
      }
    }
    return line + rest
  }

  /// Runs until an attempt succeeds.
  /// - Parameters:
  ///   - values: what stands in the place of each placeholder.
  ///   - isInterrupted: asked a hundred times a second; `true` ends the command and all attempts.
  ///   - failed: called after each attempt that is followed by another.
  /// - Throws: `ExternalCommandError`. What the shell cannot find or start is not tried again.
  package func run(
    _ values: [String: String], isInterrupted: () -> Bool = { false },
    failed: (ExternalCommandError) -> Void = { _ in }
  ) throws(ExternalCommandError) {
    let line = line(values)
    for attempt in 0...retries {
      do throws(ExternalCommandError) {
        return try runOnce(line, isInterrupted)
      } catch {
        if attempt == retries || !error.mayPass { throw error }
        failed(error)
      }
    }
  }

  private func runOnce(
    _ line: String, _ isInterrupted: () -> Bool
  ) throws(ExternalCommandError) {
    let process = try spawn(line)
    let end = ContinuousClock.now + .seconds(timeoutSeconds)
    var status: Int32 = 0
    while true {
      let done = waitpid(process, &status, WNOHANG)
      if done == process { break }
      if done < 0 && errno != EINTR { throw .cannotStart(summary, reason: message(errno)) }
      let isLate = ContinuousClock.now > end
      if isLate || isInterrupted() {
        endProcessTree(process)
        throw isLate ? .timedOut(summary, seconds: timeoutSeconds) : .interrupted(summary)
      }
      usleep(10_000)
    }
    let signal = status & 0x7F
    if signal != 0 { throw .killed(summary, signal: signal) }
    switch (status >> 8) & 0xFF {
    case 0: return
    case 126, 127: throw .notRunnable(summary, status: (status >> 8) & 0xFF)
    case let code: throw .failed(summary, status: code)
    }
  }

  /// Asks the shell for the program that the line starts, where that is a plain word.
  /// - Returns: its name where the shell does not know it, else `nil`.
  package func findUnknownProgram() -> String? {
    let word = template.drop { $0.isWhitespace }.prefix { !$0.isWhitespace }
    let isPlain = word.allSatisfy { $0.isLetter || $0.isNumber || "/._+-".contains($0) }
    guard isPlain, !word.isEmpty else { return nil }
    let check = ExternalCommand(
      "command -v {word} > /dev/null 2>&1", timeoutSeconds: timeoutSeconds, retries: 0)
    do {
      try check.run(["word": String(word)])
      return nil
    } catch {
      return String(word)
    }
  }

  /// The title, or the template's first line, shortened.
  private var summary: String {
    if let title { return title }
    let line = template.split(separator: "\n").first ?? ""
    return line.count > 60 ? line.prefix(59) + "…" : String(line)
  }

  /// Starts `sh -c line` in a process group of its own, so that a time-out ends all of it.
  private func spawn(_ line: String) throws(ExternalCommandError) -> pid_t {
    #if canImport(Darwin)
      var actions: posix_spawn_file_actions_t?
      var attributes: posix_spawnattr_t?
    #else
      var actions = posix_spawn_file_actions_t()
      var attributes = posix_spawnattr_t()
    #endif
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    // A group of its own has no terminal to read from.
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
    posix_spawnattr_setpgroup(&attributes, 0)
    let words: [String] = ["/bin/sh", "-c", line]
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
    arguments.append(nil)
    defer { for argument in arguments { free(argument) } }
    var process: pid_t = 0
    let status = posix_spawn(&process, "/bin/sh", &actions, &attributes, arguments, environ)
    guard status == 0 else { throw .cannotStart(summary, reason: message(status)) }
    return process
  }

  private func message(_ code: Int32) -> String { String(cString: strerror(code)) }

  private func quoted(_ text: String) -> String {
    "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''")
      + "'"
  }
}
