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
  /// Seconds that one attempt may take.
  package let timeoutSeconds: Double
  /// Attempts after the first that fails.
  package let retries: Int

  package init(_ template: String, timeoutSeconds: Double = 600, retries: Int = 2) {
    self.template = template
    self.timeoutSeconds = timeoutSeconds
    self.retries = retries
  }

  /// Placeholders `{name}` of `names` that the template lacks.
  package func missingPlaceholders(_ names: [String]) -> [String] {
    names.filter { !template.contains("{\($0)}") }
  }

  /// The command line with its placeholders filled in, quoted for the shell.
  package func line(_ values: [String: String]) -> String {
    values.reduce(template) { text, value in
      text.split(separator: "{\(value.key)}", omittingEmptySubsequences: false)
        .joined(separator: quoted(value.value))
    }
  }

  /// Runs until an attempt succeeds; `failed` is called after each that is followed by another.
  /// - Throws: `ExternalCommandError`.
  package func run(
    _ values: [String: String], failed: (ExternalCommandError) -> Void = { _ in }
  ) throws(ExternalCommandError) {
    let line = line(values)
    for attempt in 0...retries {
      do throws(ExternalCommandError) {
        return try runOnce(line)
      } catch {
        if attempt == retries { throw error }
        failed(error)
      }
    }
  }

  private func runOnce(_ line: String) throws(ExternalCommandError) {
    let process = try spawn(line)
    let end = ContinuousClock.now + .seconds(timeoutSeconds)
    var status: Int32 = 0
    while true {
      let done = waitpid(process, &status, WNOHANG)
      if done == process { break }
      if done < 0 && errno != EINTR { throw .cannotStart(line, reason: message(errno)) }
      if ContinuousClock.now > end {
        kill(-process, SIGKILL)
        waitpid(process, &status, 0)
        throw .timedOut(line, seconds: timeoutSeconds)
      }
      usleep(10_000)
    }
    let signal = status & 0x7F
    if signal != 0 { throw .killed(line, signal: signal) }
    let code = (status >> 8) & 0xFF
    if code != 0 { throw .failed(line, status: code) }
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
    posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
    posix_spawnattr_setpgroup(&attributes, 0)
    let words: [String] = ["/bin/sh", "-c", line]
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
    arguments.append(nil)
    defer { for argument in arguments { free(argument) } }
    var process: pid_t = 0
    let status = posix_spawn(&process, "/bin/sh", &actions, &attributes, arguments, environ)
    guard status == 0 else { throw .cannotStart(line, reason: message(status)) }
    return process
  }

  private func message(_ code: Int32) -> String { String(cString: strerror(code)) }

  private func quoted(_ text: String) -> String {
    "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''")
      + "'"
  }
}

/// How an external command can fail.
package enum ExternalCommandError: Error, CustomStringConvertible {
  case cannotStart(String, reason: String)
  case failed(String, status: Int32)
  case killed(String, signal: Int32)
  case timedOut(String, seconds: Double)

  package var description: String {
    switch self {
    case .cannotStart(let line, let reason): "cannot run '\(line)': \(reason)"
    case .failed(let line, let status):
      "'\(line)' ended with status \(status); its own messages stand above"
    case .killed(let line, let signal): "'\(line)' was ended by signal \(signal)"
    case .timedOut(let line, let seconds):
      "'\(line)' took longer than \(Int(seconds)) s and was ended; --timeout gives it more"
    }
  }
}
