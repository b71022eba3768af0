/// Runs the built program as its users do, in the package's folder.
import Foundation
import TensorIO
import Testing

/// The binary under test.
enum Program {
  /// What a finished run left behind.
  struct Finished {
    let status: Int32
    let output: String
    let errors: String

    /// Standard output as a JSON document.
    var json: JSONValue {
      get throws { try parseJSON(Array(output.utf8), path: "standard output") }
    }
  }

  /// The package's folder; relative paths of arguments start here.
  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

  /// `ENCODER_DIFF_PROGRAM`, or the program that was built with these tests.
  static let path: String = {
    if let named = ProcessInfo.processInfo.environment["ENCODER_DIFF_PROGRAM"] { return named }
    let own = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    let beside = own.deletingLastPathComponent().appendingPathComponent("encoder-diff").path
    if FileManager.default.isExecutableFile(atPath: beside) { return beside }
    return root + "/.build/debug/encoder-diff"
  }()

  /// Runs to the end, with `input` on standard input and `environment` added to the tests' own.
  static func run(
    _ arguments: [String], input: Data = Data(), environment: [String: String] = [:]
  ) throws -> Finished {
    let folder = try TemporaryFolder()
    let files = ["input", "output", "errors"].map { URL(fileURLWithPath: folder.file($0)) }
    for (file, content) in zip(files, [input, Data(), Data()]) { try content.write(to: file) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: root)
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = try FileHandle(forReadingFrom: files[0])
    process.standardOutput = try FileHandle(forWritingTo: files[1])
    process.standardError = try FileHandle(forWritingTo: files[2])
    try process.run()
    process.waitUntilExit()
    return Finished(
      status: process.terminationReason == .exit ? process.terminationStatus : -1,
      output: try String(contentsOf: files[1], encoding: .utf8),
      errors: try String(contentsOf: files[2], encoding: .utf8))
  }

  /// Runs a command line without quoting: `run("compare a b")`.
  static func run(_ line: String) throws -> Finished {
    try run(line.split(separator: " ").map(String.init))
  }
}

/// A folder that goes away with the value's last reference.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "encoder-diff-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { path + "/" + name }

  /// Writes `text` and answers the file's path.
  @discardableResult
  func write(_ name: String, _ text: String) throws -> String {
    let file = file(name)
    try FileManager.default.createDirectory(
      atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try Data(text.utf8).write(to: URL(fileURLWithPath: file))
    return file
  }

  func read(_ name: String) throws -> String {
    try String(contentsOfFile: file(name), encoding: .utf8)
  }

  var entries: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
  }
}

/// A model of two narrow layers, which runs in no time.
let smallModel = "Fixtures/models/small/openai.safetensors"
/// Somebody saying digits.
let digits = "Fixtures/audio/digits.wav"
