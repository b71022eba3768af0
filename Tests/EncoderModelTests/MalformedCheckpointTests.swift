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

  /// `1.safetensors` holds a tensor `a`, `2.safetensors` a tensor `b`.
  private func folderOfShards(_ index: String) throws -> String {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for (file, tensor) in [("1", "a"), ("2", "b")] {
      let header = "{\"\(tensor)\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}"
      let length = [UInt8(header.utf8.count)] + [UInt8](repeating: 0, count: 7)
      try Data(length + Array(header.utf8) + Array(1...8))
        .write(to: folder.appendingPathComponent("\(file).safetensors"))
    }
    try FileManager.default.copyItem(
      at: URL(fileURLWithPath: index),
      to: folder.appendingPathComponent("model.safetensors.index.json"))
    return folder.path
  }

  @Test("indices of shards", arguments: files("index"))
  func index(path: String) throws {
    let folder = try folderOfShards(path)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    if path.contains("/good-") {
      #expect(try CheckpointFolder(folder).sources().map(\.names) == [["a"], ["b"]])
      return
    }
    do {
      _ = try CheckpointFolder(folder).sources()
      #expect(path.contains("/found-"), "\(path) was accepted")
    } catch {
      #expect(!"\(error)".contains("\n") && "\(error)".hasPrefix(folder), "\(error)")
    }
  }
}
