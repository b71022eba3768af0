import EncoderModel
import TensorCore
import TensorIO

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What other engines are given: our weights and our mel as files, and a Python that has the engines.
final class PeerExport {
  let dimensions: WhisperDimensions
  /// A folder of its own; removed when this goes.
  let folder: String
  let python: String
  let script: String

  var weightsPath: String { "\(folder)/encoder.safetensors" }
  var melPath: String { "\(folder)/mel.safetensors" }

  /// - Throws: `UsageError` where script, Python or space is missing; `TensorIOError`.
  init(_ model: WhisperModel, mel: Tensor) throws {
    dimensions = model.dimensions
    script = try Self.findScript()
    python = try Self.preparedPython(script: script)
    let base = Console.environment("TMPDIR") ?? "/tmp"
    var template = Array("\(base)/encoder-diff-bench-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      throw UsageError("\(base): no folder can be made there for exported weights; set TMPDIR")
    }
    folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let weights = try makeDumpWriter(weightsPath)
    for name in model.weights.weightNames where name.hasPrefix("encoder.") {
      try weights.write(model.weights.weight(name), named: name)
    }
    try weights.finish()
    let input = try makeDumpWriter(melPath)
    try input.write(mel, named: "mel")
    try input.finish()
  }

  deinit {
    for name in PeerSide.engines.map({ "\($0).f32" }) + ["encoder.safetensors", "mel.safetensors"] {
      unlink("\(folder)/\(name)")
    }
    rmdir(folder)
  }

  /// Scripts/bench_peers.py up the tree from the program.
  private static func findScript() throws -> String {
    #if os(Linux)
      let program = realpath("/proc/self/exe", nil)
    #else
      let program = CommandLine.arguments.first.flatMap { realpath($0, nil) }
    #endif
    defer { free(program) }
    var folder = program.map { String(cString: $0) } ?? "."
    while let slash = folder.lastIndex(of: "/") {
      folder = String(folder[..<slash])
      let candidate = "\(folder)/Scripts/bench_peers.py"
      if access(candidate, R_OK) == 0 { return candidate }
    }
    throw UsageError(
      "Scripts/bench_peers.py is missing; --peers needs the source tree that the program was built in"
    )
  }

  /// `ENCODER_DIFF_PEERS_PYTHON`, or a virtual environment in the user's cache, made where missing.
  private static func preparedPython(script: String) throws -> String {
    if let named = Console.environment("ENCODER_DIFF_PEERS_PYTHON") { return named }
    guard
      let cache = Console.environment("XDG_CACHE_HOME")
        ?? Console.environment("HOME").map({ "\($0)/.cache" })
    else {
      throw UsageError(
        "neither XDG_CACHE_HOME nor HOME is set; name a Python that has the "
          + "engines with ENCODER_DIFF_PEERS_PYTHON")
    }
    let environment = "\(cache)/encoder-diff/peers"
    let child = try ChildProcess(["python3", script, "--prepare", environment])
    guard let python = child.readLine(patienceSeconds: 3600), python.hasPrefix("/") else {
      throw UsageError(
        "the engines could not be installed in \(environment); see above, or name a Python that "
          + "has them with ENCODER_DIFF_PEERS_PYTHON")
    }
    return python
  }
}
