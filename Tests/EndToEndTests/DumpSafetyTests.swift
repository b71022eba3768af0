import Foundation
import TensorIO
import Testing

/// Whatever ends a dump early, the old file stays, or there is none.
@Suite struct DumpSafetyTests {
  @Test("killed in the middle", arguments: ["safetensors", "npz"])
  func killed(container: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("out.\(container)", "old")
    // From before the first byte to after the last.
    for milliseconds in [0, 5, 10, 20, 40, 80, 160, 320] {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: Program.path)
      process.arguments = ["dump", digits, "--model", smallModel, "-o", path]
      process.currentDirectoryURL = URL(fileURLWithPath: Program.root)
      try process.run()
      Thread.sleep(forTimeInterval: Double(milliseconds) / 1000)
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      if try Data(contentsOf: URL(fileURLWithPath: path)) == Data("old".utf8) { continue }
      let source = try openTensorSource(path)
      #expect(source.names.contains("encoder.ln_post"), "after \(milliseconds) ms")
    }
  }

  @Test("interrupted while a folder is being written", arguments: [SIGINT, SIGTERM, SIGHUP])
  func interrupted(signal: Int32) throws {
    let folder = try TemporaryFolder()
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Program.path)
    process.arguments = [
      "dump", digits, "--model", "synthetic:tiny", "--taps", "all", "-o", folder.file("out/"),
    ]
    process.currentDirectoryURL = URL(fileURLWithPath: Program.root)
    process.standardError = Pipe()
    try process.run()
    // Once the folder under construction holds a file.
    var hasStarted = false
    while process.isRunning && !hasStarted {
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      hasStarted = try names.contains {
        try $0.hasSuffix(".partial")
          && !FileManager.default.contentsOfDirectory(atPath: folder.file($0)).isEmpty
      }
    }
    kill(process.processIdentifier, signal)
    process.waitUntilExit()
    #expect(hasStarted)
    #expect(process.terminationReason == .uncaughtSignal && process.terminationStatus == signal)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }

  @Test("a run that fails leaves no empty folder of dumps", .enabled(if: canMount))
  func folderOfDumps() throws {
    let folder = try TemporaryFolder()
    let run = try shell(
      """
      mount -t tmpfs -o size=4k tmpfs '\(folder.path)' || exit 77
      '\(Program.path)' \(digits) --model \(smallModel) --dump '\(folder.path)/new/dumps' --quiet
      status=$?
      ls -A '\(folder.path)'
      exit $status
      """)
    #expect(run.status == 2 && run.output.isEmpty, "\(run.output) \(run.errors)")
    #expect(run.errors.contains("disk is full"), "\(run.errors)")
  }

  @Test("a sweep that finds the disk full leaves the part as it was", .enabled(if: canMount))
  func partOfSweep() throws {
    let folder = try TemporaryFolder()
    let corpus = try folder.write("corpus.txt", "\(Program.root)/\(digits)\n")
    let mount = folder.file("disk")
    let part = "\(mount)/part.jsonl"
    let sweep = "'\(Program.path)' sweep '\(corpus)' --model \(smallModel) --out '\(part)'"
    let run = try shell(
      """
      mkdir '\(mount)' && mount -t tmpfs -o size=8k tmpfs '\(mount)' || exit 77
      yes | head -c 8192 >'\(mount)/ballast'
      \(sweep) --quiet
      echo "$?" $(ls '\(mount)')
      truncate -s 4096 '\(mount)/ballast'
      \(sweep) --quiet
      echo "$?" $(tail -c 1 '\(part)' | wc -l) $(wc -l <'\(part)')
      """)
    #expect(run.output == "2 ballast\n2 1 1\n", "\(run.output) \(run.errors)")
    #expect(run.errors.components(separatedBy: "disk is full").count == 3, "\(run.errors)")
  }

  @Test(
    "a full disk and a read-only one", .enabled(if: canMount),
    arguments: ["safetensors", "npz", "npy"])
  func disks(container: String) throws {
    let name = container == "npy" ? "out" : "out.\(container)"
    for (mount, words) in [("size=4k", "disk is full"), ("size=4k,ro", "Read-only")] {
      let folder = try TemporaryFolder()
      // In a mount namespace of its own: nothing is left mounted.
      let script = """
        mount -t tmpfs -o \(mount) tmpfs '\(folder.path)' || exit 77
        '\(Program.path)' dump \(digits) --model \(smallModel) --taps all -o '\(folder.path)/\(name)'
        status=$?
        ls -A '\(folder.path)'
        exit $status
        """
      let run = try shell(script)
      #expect(run.status == 2, "\(run.output) \(run.errors)")
      #expect(run.output.isEmpty, "left behind: \(run.output)")
      #expect(run.errors.contains(words), "\(run.errors)")
      #expect(run.errors.split(separator: "\n").count == 1, "\(run.errors)")
    }
  }
}

/// Whether this system lets us mount a file system in a namespace of our own.
private let canMount =
  (try? shell("mount -t tmpfs -o size=4k tmpfs /mnt").status) == 0

/// Runs a script as root of a new namespace.
private func shell(_ script: String) throws -> (status: Int32, output: String, errors: String) {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script]
  process.currentDirectoryURL = URL(fileURLWithPath: Program.root)
  let (output, errors) = (Pipe(), Pipe())
  process.standardOutput = output
  process.standardError = errors
  try process.run()
  let text = output.fileHandleForReading.readDataToEndOfFile()
  let complaint = errors.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  return (
    process.terminationStatus, String(decoding: text, as: UTF8.self),
    String(decoding: complaint, as: UTF8.self)
  )
}
