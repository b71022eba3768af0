/// Runs every command that the documentation shows.
import Foundation
import Testing

/// The commands of one document, in order: lines `$ encoder-diff …` of its `console` blocks, and
/// indented lines that call the program.
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
    var fence: String?
    var found: [String] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
      if line.hasPrefix("```") {
        fence = fence == nil ? line : nil
      } else if fence == "```console", line.hasPrefix("$ ") {
        found.append(String(line.dropFirst(2)))
      } else if fence == nil, line.hasPrefix("    ") {
        found.append(String(line.dropFirst(4)))
      }
    }
    commands = found.filter(Self.callsTheProgram).map {
      $0.replacingOccurrences(of: "Scripts/encoder-diff", with: "encoder-diff")
    }
  }

  /// Whether a line runs the program, at its beginning or after another command, or prepares for
  /// that.
  private static func callsTheProgram(_ line: String) -> Bool {
    let starts = ["encoder-diff ", "Scripts/encoder-diff ", "parallel encoder-diff ", "find "]
    return line.split { "|;".contains($0) }.contains { part in
      starts.contains { part.drop { $0 == " " }.hasPrefix($0) }
    }
  }
}

/// A folder as the documentation's reader has it: the fixtures, where whatever a command writes
/// stays in the folder, a corpus, a port in Python and the tools of a cluster.
struct ReaderFolder {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    let manager = FileManager.default
    try manager.createSymbolicLink(
      atPath: folder.file("Scripts"), withDestinationPath: "\(Program.root)/Scripts")
    for name in ["audio", "goldens", "models"] {
      try manager.createDirectory(
        atPath: folder.file("Fixtures"), withIntermediateDirectories: true)
      try manager.createSymbolicLink(
        atPath: folder.file("Fixtures/\(name)"),
        withDestinationPath: "\(Program.root)/Fixtures/\(name)")
    }
    try manager.copyItem(
      atPath: "\(Program.root)/Fixtures/cases", toPath: folder.file("Fixtures/cases"))
    for copy in ["speech.flac", "corpus/a.flac", "corpus/b/c.flac"] {
      try folder.write(copy, "")
      try manager.removeItem(atPath: folder.file(copy))
      try manager.copyItem(
        atPath: "\(Program.root)/Fixtures/audio/digits-44100-stereo.flac",
        toPath: folder.file(copy))
    }
    // Whatever the port is, the program asks it for taps of a mel; here it is a backend of ours.
    try tool(
      "python",
      """
      [ "$1" = port.py ] && shift
      exec encoder-diff dump "$1" "$2" -o "$4" --taps "$6" --backend graph
      """)
    try folder.write(
      "port.py",
      """
      import os, subprocess, tempfile
      import numpy
      def encode(mel, taps):
          with tempfile.TemporaryDirectory() as folder:
              source, out = os.path.join(folder, "mel.npy"), os.path.join(folder, "out.npz")
              numpy.save(source, mel)
              subprocess.run(
                  ["encoder-diff", "dump", "--mel", source, "--taps", ",".join(taps), "-o", out,
                   "--backend", "graph"], check=True)
              return {tap: value for tap, value in numpy.load(out).items() if tap in taps}
      """)
    try tool(
      "parallel",
      """
      while read -r n; do
        arguments=(); for a in "$@"; do arguments+=("${a//\\{\\}/$n}"); done
        "${arguments[@]}"
      done
      """)
    try tool("sbatch", "mkdir parts; encoder-diff sweep corpus.txt --out parts/1.jsonl")
  }

  /// A program that stands in for one that a test's machine need not have.
  private func tool(_ name: String, _ script: String) throws {
    let path = try folder.write("bin/\(name)", "#!/bin/bash\n\(script)\n")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
  }

  /// Runs one line in a shell.
  func run(_ command: String) throws -> (status: Int32, errors: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = ["-o", "pipefail", "-c", command]
    process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
    var environment = ProcessInfo.processInfo.environment
    let programs = (Program.path as NSString).deletingLastPathComponent
    environment["PATH"] =
      "\(folder.file("bin")):\(programs):\(environment["PATH"] ?? "/usr/bin:/bin")"
    process.environment = environment
    let errors = Pipe()
    process.standardOutput = FileHandle.nullDevice
    process.standardError = errors
    try process.run()
    let said = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, said)
  }
}

@Suite("The documentation's commands", .serialized)
struct DocumentationTests {
  @Test(
    "run, and end with parity or divergence, never with trouble", arguments: DocumentedCommands.all)
  func commandsRun(_ documented: DocumentedCommands) throws {
    let folder = try ReaderFolder()
    for command in documented.commands where hasNumPy || !command.contains("--python") {
      let (status, errors) = try folder.run(command)
      #expect([0, 1].contains(status), "\(command): \(errors)")
    }
  }

  @Test("there is something to run")
  func documented() {
    let all = DocumentedCommands.all.flatMap(\.commands)
    #expect(DocumentedCommands.all.contains { $0.document == "README.md" })
    for part in ["bisect speech.flac --command", "check Fixtures/cases --update", "parallel"] {
      #expect(all.contains { $0.contains(part) }, "\(part)")
    }
  }
}
