/// Damaged config.json files and checkpoints end in one clear line.
import Foundation
import TensorIO
import Testing

@testable import EncoderModel

private let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  .appendingPathComponent("../../Fixtures/malformed").standardizedFileURL.path

private func files(_ reader: String) -> [String] {
  let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(root)/\(reader)")) ?? []
  return names.sorted().map { "\(root)/\(reader)/\($0)" }
}

@Suite struct MalformedCheckpointTests {
  @Test("config.json", arguments: files("config"))
  func config(path: String) {
    let file = path.split(separator: "/").last.map(String.init) ?? path
    do {
      _ = try HuggingFaceConfig(path: path, hasDecoder: true)
      #expect(file.hasPrefix("good") || file.hasPrefix("found-"), "\(file) was accepted")
    } catch {
      #expect(!file.hasPrefix("good"), "\(error)")
      #expect(!"\(error)".contains("\n"))
    }
  }

  /// None of them is a whole checkpoint.
  @Test(
    "as models",
    arguments: ["safetensors", "torch", "ggml", "onnx", "npz", "npy", "audio"].flatMap(files))
  func models(path: String) {
    #expect(throws: ModelError.self) { try ModelLoader.load(path) }
  }
}
