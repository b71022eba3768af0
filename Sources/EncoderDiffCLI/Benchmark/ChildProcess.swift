import Report

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A program that answers lines with lines; it is ended when this goes.
final class ChildProcess {
  private var process: pid_t = 0
  private let input: Int32
  private let output: Int32
  private var buffer: [UInt8] = []

  /// Starts a program; what it writes to standard error comes out on ours.
  /// - Throws: `UsageError` where the system does not let it.
  init(_ arguments: [String]) throws {
    var toChild: [Int32] = [0, 0]
    var fromChild: [Int32] = [0, 0]
    guard pipe(&toChild) == 0 else { throw Self.failure(arguments, errno) }
    guard pipe(&fromChild) == 0 else {
      close(toChild[0])
      close(toChild[1])
      throw Self.failure(arguments, errno)
    }
    for descriptor in [toChild[1], fromChild[0]] { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_adddup2(&actions, toChild[0], STDIN_FILENO)
    posix_spawn_file_actions_adddup2(&actions, fromChild[1], STDOUT_FILENO)
    posix_spawn_file_actions_addclose(&actions, toChild[0])
    posix_spawn_file_actions_addclose(&actions, fromChild[1])
    var pointers = arguments.map { strdup($0) } + [nil]
    let status = posix_spawnp(&process, arguments[0], &actions, nil, &pointers, environ)
    for pointer in pointers { free(pointer) }
    posix_spawn_file_actions_destroy(&actions)
    close(toChild[0])
    close(fromChild[1])
    input = toChild[1]
    output = fromChild[0]
    guard status == 0 else {
      process = 0
      close(input)
      close(output)
      throw Self.failure(arguments, status)
    }
  }

  deinit {
    guard process != 0 else { return }
    close(input)
    close(output)
    kill(process, SIGTERM)
    var status: Int32 = 0
    waitpid(process, &status, 0)
  }

  /// Sends a line and waits for the answer.
  /// - Returns: `nil` where the program has ended, or has not answered for so long.
  func ask(_ line: String, patienceSeconds: Int) -> String? {
    let bytes = Array((line + "\n").utf8)
    signal(SIGPIPE, SIG_IGN)
    guard write(input, bytes, bytes.count) == bytes.count else { return nil }
    return readLine(patienceSeconds: patienceSeconds)
  }

  /// The next line that the program writes.
  func readLine(patienceSeconds: Int) -> String? {
    while true {
      if let end = buffer.firstIndex(of: 10) {
        let line = String(decoding: buffer[..<end], as: UTF8.self)
        buffer.removeSubrange(...end)
        return line
      }
      var request = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
      guard poll(&request, 1, Int32(patienceSeconds * 1000)) > 0 else { return nil }
      var part = [UInt8](repeating: 0, count: 4096)
      let count = read(output, &part, part.count)
      if count <= 0 { return nil }
      buffer += part[..<count]
    }
  }

  private static func failure(_ arguments: [String], _ status: Int32) -> UsageError {
    UsageError("\(arguments[0]): cannot be started: \(String(cString: strerror(status)))")
  }
}
