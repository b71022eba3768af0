/// Runs every command that the documentation shows.
import Foundation
import Testing

/// The commands of one document, in order: lines `$ encoder-diff …` of its `console` blocks.
struct DocumentedCommands: CustomTestStringConvertible, Sendable {
  let document: String
  let commands: [String]

  var testDescription: String { document }

  /// README.md and the articles beside the program's sources.
  static let all: [DocumentedCommands] = {
    let articles = "Sources/EncoderDiffCLI/Documentation.docc"
    let names =
      (try? FileManager.default.contentsOfDirectory(atPath: "\(Program.root)/\(articles)")) ?? []
    let paths =
      ["README.md"] + names.filter { $0.hasSuffix(".md") }.sorted().map { "\(articles)/\($0)" }
    return paths.map { DocumentedCommands(path: $0) }.filter { !$0.commands.isEmpty }
  }()

  private init(path: String) {
    document = path
    let text = (try? String(contentsOfFile: "\(Program.root)/\(path)", encoding: .utf8)) ?? ""
    var isInside = false
    var found: [String] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("```") {
        isInside = line == "```console"
      } else if isInside,
        line.hasPrefix("$ encoder-diff ") || line.hasPrefix("$ Scripts/encoder-diff ")
      {
        found.append(
          String(line.dropFirst(2)).replacingOccurrences(
            of: "Scripts/encoder-diff", with: "encoder-diff"))
      }
    }
    commands = found
  }
}

@Suite("The documentation's commands", .serialized)
struct DocumentationTests {
  @Test(
    "run, and end with parity or divergence, never with trouble", arguments: DocumentedCommands.all)
  func commandsRun(_ documented: DocumentedCommands) throws {
    let folder = try TemporaryFolder()
    for name in ["Fixtures", "Scripts"] {
      try FileManager.default.createSymbolicLink(
        atPath: folder.file(name), withDestinationPath: "\(Program.root)/\(name)")
    }
    for command in documented.commands {
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/bin/bash")
      process.arguments = ["-o", "pipefail", "-c", command]
      process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
      var environment = ProcessInfo.processInfo.environment
      let programs = (Program.path as NSString).deletingLastPathComponent
      environment["PATH"] = "\(programs):\(environment["PATH"] ?? "/usr/bin:/bin")"
      process.environment = environment
      let errors = Pipe()
      process.standardOutput = FileHandle.nullDevice
      process.standardError = errors
      try process.run()
      let said = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      #expect([0, 1].contains(process.terminationStatus), "\(command): \(said)")
    }
  }

  @Test("there is something to run")
  func documented() {
    #expect(DocumentedCommands.all.contains { $0.document == "README.md" })
  }
}
