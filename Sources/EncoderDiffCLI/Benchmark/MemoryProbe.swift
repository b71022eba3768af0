#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The memory that one encoder needs: that of a process which runs nothing else.
enum MemoryProbe {
  /// A large model's weights are drawn and packed first.
  private static let patienceSeconds = 900

  /// Peak memory of one encode; `nil` where the system does not tell.
  static func peakBytes(of backend: String, model: String, threads: Int) throws -> Int? {
    #if os(Linux)
      let program = "/proc/self/exe"
    #else
      let program = CommandLine.arguments[0]
    #endif
    let child = try ChildProcess([
      program, "bench", "--peak-memory-of", backend, "--model", model, "--threads", "\(threads)",
    ])
    return child.readLine(patienceSeconds: patienceSeconds).flatMap { Int($0) }
  }
}
