/// Models, goldens and files for the tests of this module.
import EncoderModel
import Foundation
import TensorCore
import TensorIO
import Transcription

/// A folder that goes away with the value's last reference.
final class TemporaryFolder: Sendable {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "transcription-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  @discardableResult
  func write(_ name: String, _ text: String) throws -> String {
    try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
    return "\(path)/\(name)"
  }
}

/// Folders that are found from this file.
enum Folders {
  private static let package = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  static let fixtures = package.appending(path: "Fixtures").path
  static let goldens = package.appending(path: "Fixtures/goldens/decoder").path
  /// Checkpoints and goldens made elsewhere, beside the package; absent on most machines.
  static let shared: String = {
    let candidates = ["../shared/data", "../../shared/data"].map {
      package.appending(path: $0).standardizedFileURL.path
    }
    return candidates.first { FileManager.default.fileExists(atPath: $0) } ?? candidates[0]
  }()
  static var sharedIsThere: Bool { FileManager.default.fileExists(atPath: shared + "/goldens") }
}

/// Weights held in memory.
struct FixedWeights: WeightSource {
  var tensors: [String: Tensor]
  var weightNames: [String] { tensors.keys.sorted() }

  func weight(_ name: String) throws -> Tensor {
    guard let tensor = tensors[name] else {
      throw ModelError.missingWeight(name: name, source: "test")
    }
    return tensor
  }
}

/// A random decoder with what OpenAI's own code makes of it (Scripts/decoder_goldens.py).
struct DecoderGolden {
  let source: any TensorSource
  let model: WhisperModel
  let audio: Tensor
  private let folder: TemporaryFolder

  static let sizes = TextDimensions(
    numVocabulary: 37, numTextContext: 20, textWidth: 24, numTextHeads: 3, numTextLayers: 2)

  init(_ name: String) throws {
    source = try openTensorSource("\(Folders.goldens)/\(name).safetensors")
    var tensors: [String: Tensor] = [:]
    for name in source.names { tensors[name] = try source.tensor(name) }
    audio = try source.tensor("audio")
    folder = try TemporaryFolder()
    let specials = ["<|endoftext|>", "<|startoftranscript|>", "<|en|>", "<|transcribe|>"]
    let words = (specials + (4..<37).map { "w\($0)" }).enumerated()
    try folder.write(
      "vocab.json", "{" + words.map { "\"\($1)\": \($0)" }.joined(separator: ",") + "}")
    model = Self.model(FixedWeights(tensors: tensors), tokenizerPath: folder.path)
  }

  /// The golden's `timed` case: text 0…25, then start, language, task, end, no timestamps, and
  /// points in time that have no names of their own.
  func timedModel() throws -> (model: WhisperModel, folder: TemporaryFolder) {
    let folder = try TemporaryFolder()
    let specials = ["startoftranscript", "en", "transcribe", "endoftext", "notimestamps"]
    let words = (0..<26).map { "w\($0)" } + specials.map { "<|\($0)|>" }
    let entries = words.enumerated().map { "\"\($1)\": \($0)" }
    try folder.write("vocab.json", "{" + entries.joined(separator: ",") + "}")
    try folder.write("generation_config.json", "{\"max_initial_timestamp_index\": 3}")
    return (Self.model(model.weights, tokenizerPath: folder.path), folder)
  }

  static func model(_ weights: any WeightSource, tokenizerPath: String?) -> WhisperModel {
    WhisperModel(
      name: "golden", format: "safetensors",
      dimensions: WhisperDimensions(
        numMels: 80, numAudioContext: 11, audioWidth: 24, numAudioHeads: 3, numAudioLayers: 0,
        text: sizes),
      weights: weights, tokenizerPath: tokenizerPath, encoderWeightsHash: "")
  }

  func tokens(_ key: String) -> [Int] { numbers(source.metadata[key] ?? "") }
  func sum(_ key: String) -> Double { Double(source.metadata["\(key)-sum"] ?? "") ?? .nan }
}

/// `[1, 2, 3]` as a list.
func numbers(_ text: String) -> [Int] {
  text.split { !$0.isNumber && $0 != "-" }.compactMap { Int($0) }
}

/// The largest difference between two lists of the same length; NaN where one has NaN.
func maximumDifference(_ a: [Double], _ b: [Double]) -> Double {
  guard a.count == b.count else { return .infinity }
  var worst = 0.0
  for (x, y) in zip(a, b) where !(abs(x - y) <= worst) { worst = abs(x - y) }
  return worst
}
