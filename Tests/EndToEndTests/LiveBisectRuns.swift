import Foundation
import Testing

/// Runs `bisect --command`, with temporary files in a folder that must be empty afterwards.
func bisectLive(
  _ command: String, _ options: [String] = [], location: SourceLocation = #_sourceLocation
) throws -> Program.Finished {
  let folder = try TemporaryFolder()
  let run = try Program.run(
    ["bisect", digits, "--model", smallModel, "--command", command] + options,
    environment: ["TMPDIR": folder.path])
  #expect(folder.entries.isEmpty, "left behind: \(folder.entries)", sourceLocation: location)
  return run
}

func expectTrouble(
  _ finished: Program.Finished, naming word: String, location: SourceLocation = #_sourceLocation
) {
  #expect(finished.status == 2, sourceLocation: location)
  #expect(finished.output.isEmpty, sourceLocation: location)
  let lines = finished.errors.split(separator: "\n")
  #expect(lines.count == 1, "\(finished.errors)", sourceLocation: location)
  #expect(finished.errors.hasPrefix("encoder-diff: "), sourceLocation: location)
  #expect(finished.errors.contains(word), "\(finished.errors)", sourceLocation: location)
}

/// Whether the Python of the PATH has NumPy, which `--python` needs.
let hasNumPy: Bool = {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = ["python3", "-c", "import numpy"]
  process.standardError = FileHandle.nullDevice
  guard (try? process.run()) != nil else { return false }
  process.waitUntilExit()
  return process.terminationStatus == 0
}()
