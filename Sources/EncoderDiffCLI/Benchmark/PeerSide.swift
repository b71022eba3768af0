import EncoderModel
import Report
import TensorCore
import TensorIO

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Another engine with the same weights, in a process of Scripts/bench_peers.py.
final class PeerSide: BenchSide {
  let name: String
  let note: String?
  let isDouble = false
  private let child: ChildProcess
  /// Its files must last as long as the process that reads and writes them.
  private let export: PeerExport
  private let outputPath: String
  private let shape: [Int]
  private(set) var peakRSSBytes: Int?

  static let engines = ["openvino", "onnxruntime", "pytorch", "ctranslate2"]
  /// Engines load and compile models at their leisure.
  private static let startSeconds = 600
  private static let runSeconds = 300

  /// Starts an engine over exported weights.
  /// - Throws: `PeerError` with the engine's own words where it cannot be measured.
  init(_ engine: String, export: PeerExport, threads: Int) throws {
    name = engine
    self.export = export
    shape = [export.dimensions.numAudioContext, export.dimensions.audioWidth]
    outputPath = "\(export.folder)/\(engine).f32"
    child = try ChildProcess([
      export.python, export.script, "--engine", engine, "--weights", export.weightsPath, "--mel",
      export.melPath, "--heads", "\(export.dimensions.numAudioHeads)", "--threads", "\(threads)",
    ])
    let greeting = Self.answer(child.readLine(patienceSeconds: Self.startSeconds))
    guard let version = greeting["version"]?.stringValue else {
      throw PeerError(engine, greeting["error"]?.stringValue ?? "ended without a word")
    }
    note = version
  }

  func encode() throws -> EncodeTime {
    let reply = Self.answer(child.ask("run", patienceSeconds: Self.runSeconds))
    guard let seconds = reply["seconds"]?.doubleValue else {
      throw PeerError(name, reply["error"]?.stringValue ?? "ended while it ran")
    }
    peakRSSBytes = reply["peakRSSBytes"]?.intValue
    return EncodeTime(
      seconds: seconds, processorSeconds: reply["processorSeconds"]?.doubleValue)
  }

  func output() throws -> Tensor {
    let reply = Self.answer(
      child.ask("output \(outputPath)", patienceSeconds: Self.runSeconds))
    guard reply["written"] != nil, let file = try? MappedFile(outputPath) else {
      throw PeerError(name, reply["error"]?.stringValue ?? "wrote no output")
    }
    let count = shape.reduce(1, *)
    guard file.byteCount == count * 4 else {
      throw PeerError(name, "its output has \(file.byteCount / 4) elements, not \(count)")
    }
    return Tensor(shape: shape, scalarType: .float32, storage: file.storage)
  }

  private static func answer(_ line: String?) -> [String: JSONValue] {
    guard let line, let value = try? parseJSON(Array(line.utf8), path: "the engine"),
      let object = value.objectValue
    else {
      return [:]
    }
    return Dictionary(
      object.keys.compactMap { key in object[key].map { (key, $0) } },
      uniquingKeysWith: { first, _ in first })
  }
}

/// Why an engine is not in the table.
struct PeerError: Error, CustomStringConvertible {
  let description: String

  init(_ engine: String, _ reason: String) { description = "\(engine) not measured: \(reason)" }
}
