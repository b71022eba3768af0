import Foundation
import Testing

/// How `bisect --command` ends programs that hang, and itself when it is interrupted.
@Suite struct EndingLiveBisectTests {
  @Test func aHangingPortIsEndedWithItsChildren() throws {
    let folder = try TemporaryFolder()
    let pids = folder.file("pids")
    let child = "sh -c 'echo $$ >> \"\(pids)\"; exec sleep 600'"
    let run = try bisectLive(
      "\(child) & setsid \(child) & \(child); : {dump} {taps}",
      ["--timeout", "2", "--retries", "0"])
    expectTrouble(run, naming: "longer than 2 s")
    let processes = try folder.read("pids").split(separator: "\n").compactMap { pid_t($0) }
    #expect(processes.count == 3)
    for process in processes { #expect(isGone(process), "\(process) still runs") }
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func interruptedItLeavesNothing(signal: Int32) throws {
    let (folder, temporary) = (try TemporaryFolder(), try TemporaryFolder())
    let pids = folder.file("pids")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Program.path)
    process.arguments = [
      "bisect", digits, "--model", smallModel, "--command",
      "echo $$ > '\(pids)'; sleep 600; : {dump} {taps}",
    ]
    process.currentDirectoryURL = URL(fileURLWithPath: Program.root)
    process.environment = ProcessInfo.processInfo.environment.merging(["TMPDIR": temporary.path]) {
      $1
    }
    process.standardError = FileHandle.nullDevice
    try process.run()
    let end = Date(timeIntervalSinceNow: 60)
    while ((try? folder.read("pids")) ?? "").isEmpty, Date() < end { usleep(20_000) }
    kill(process.processIdentifier, signal)
    let patience = Date(timeIntervalSinceNow: 60)
    while process.isRunning, Date() < patience { usleep(20_000) }
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
    #expect(process.terminationReason == .exit && process.terminationStatus == 2)
    #expect(temporary.entries.isEmpty, "left behind: \(temporary.entries)")
    let shell = try #require(pid_t(try folder.read("pids").prefix { $0 != "\n" }))
    #expect(isGone(shell))
  }

  /// Whether no such process runs any more; one that nobody has waited for does not.
  private func isGone(_ process: pid_t) -> Bool {
    for _ in 0..<100 {
      guard let stat = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
        let end = stat.lastIndex(of: ")")
      else { return true }
      if stat[end...].dropFirst(2).first == "Z" { return true }
      usleep(20_000)
    }
    return false
  }
}
