/// Every file of Fixtures/malformed goes through its reader: hostile bytes give one clear line.
import Foundation
import TensorCore
import Testing

@testable import TensorIO

/// Files of Fixtures/malformed by reader; `good-…` are sound, `found-…` came from fuzzing.
private func files(_ reader: String) -> [String] {
  let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../Fixtures/malformed/\(reader)").standardizedFileURL.path
  let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
  return names.sorted().map { "\(folder)/\($0)" }
}

private func name(of path: String) -> String {
  path.split(separator: "/").last.map(String.init) ?? path
}

/// `read` must succeed on sound files, and throw one line on others; found ones may do either.
private func expectOneLine(_ path: String, _ read: (String) throws -> Void) {
  let file = name(of: path)
  do {
    try read(path)
    let mayPass = file.hasPrefix("good-") || file.hasPrefix("found-") || file == "good.json"
    #expect(mayPass, "\(file) was accepted")
  } catch {
    let message = "\(error)"
    #expect(error is TensorIOError, "\(file): \(message)")
    #expect(!file.hasPrefix("good"), "\(message)")
    #expect(!message.contains("\n") && !message.isEmpty && message.count < 600, "\(message)")
  }
}

/// Reads headers and elements of everything.
private func readAll(_ source: some TensorSource) throws {
  for name in source.names {
    let info = try source.info(name)
    #expect(info.name == name)
    _ = try source.tensor(name).converted(to: .float64).float64Array.count
  }
}

@Suite struct MalformedFileTests {
  @Test("safetensors", arguments: files("safetensors"))
  func safetensors(path: String) {
    expectOneLine(path) { try readAll(SafetensorsFile($0)) }
  }

  @Test("npy", arguments: files("npy"))
  func npy(path: String) { expectOneLine(path) { try readAll(NpyFile($0)) } }

  @Test("npz", arguments: files("npz"))
  func npz(path: String) { expectOneLine(path) { try readAll(NpzFile($0)) } }

  @Test("PyTorch checkpoints", arguments: files("torch"))
  func torch(path: String) { expectOneLine(path) { try readAll(TorchCheckpoint($0)) } }

  @Test("ggml", arguments: files("ggml"))
  func ggml(path: String) { expectOneLine(path) { try readAll(GGMLFile($0)) } }

  @Test("ONNX", arguments: files("onnx"))
  func onnx(path: String) { expectOneLine(path) { try readAll(ONNXFile($0)) } }

  @Test("pickles", arguments: files("pickle"))
  func pickles(path: String) {
    expectOneLine(path) { path in
      var machine = PickleMachine(path: path, bytes: try fileBytes(path))
      let root = try machine.run()
      var builder = TorchTreeBuilder(path: path, arena: machine.arena)
      _ = try builder.build(root)
    }
  }

  @Test("JSON", arguments: files("json"))
  func json(path: String) { expectOneLine(path) { _ = try parseJSONFile($0) } }

  @Test("metadata.json", arguments: files("metadata"))
  func metadata(path: String) {
    expectOneLine(path) { _ = try DumpMetadata(try MappedFile($0).view).encoded }
  }

  @Test("whatever it is, opening it by its content ends in tensors or one line")
  func byContent() {
    for reader in ["safetensors", "npy", "npz", "torch", "ggml", "onnx", "json", "audio"] {
      for path in files(reader) {
        do { _ = try openTensorSource(path).names } catch {
          #expect(!"\(error)".contains("\n"), "\(path)")
        }
      }
    }
  }
}
