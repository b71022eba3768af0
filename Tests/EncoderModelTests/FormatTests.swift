/// One small model in every format, written by the tools that own them (Scripts/checkpoint_fixtures.py).
import EncoderModel
import Foundation
import TensorCore
import TensorIO
import Testing

private let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  .appendingPathComponent("../../Fixtures/models/small").standardizedFileURL.path

@Suite struct FormatTests {
  /// All values are exact in f16 and bf16, so every file must hold them bit for bit.
  @Test(
    "the same weights, sizes and hash from every format",
    arguments: [
      ("openai.pt", "openai-pt"), ("ggml-f16.bin", "ggml"), ("encoder.onnx", "onnx"),
      ("huggingface-bf16-sharded", "huggingface"),
    ])
  func formats(file: String, format: String) throws {
    let truth = try ModelLoader.load(folder + "/openai.safetensors")
    let model = try ModelLoader.load("\(folder)/\(file)")
    #expect(model.format == format)
    var dimensions = truth.dimensions
    if format == "onnx" { dimensions.text = nil }
    #expect(model.dimensions == dimensions)
    #expect(dimensions.numAudioHeads == 2)
    #expect(model.encoderWeightsHash == truth.encoderWeightsHash)
    for (name, _) in dimensions.encoderWeightShapes + dimensions.decoderWeightShapes {
      let expected = try truth.weights.weight(name)
      let found = try model.weights.weight(name)
      #expect(areEqual(found, expected), "\(name)")
    }
    #expect(ModelSummary(model).unknownTensors.isEmpty)
  }

  @Test("ggml's vocabulary comes along, bytes that are no UTF-8 too")
  func vocabulary() throws {
    let model = try ModelLoader.load(folder + "/ggml-f16.bin")
    #expect(model.embeddedVocabulary?.count == 7)
    #expect(model.embeddedVocabulary?[2] == [0xC3, 0xA4])
    #expect(model.embeddedVocabulary?[5] == [0xFF])
  }

  @Test("the summary counts elements by stored type")
  func summary() throws {
    let summary = ModelSummary(try ModelLoader.load(folder + "/ggml-f16.bin"))
    #expect(Set(summary.storedTypes.map(\.type)) == ["f16", "f32"])
    let total = summary.numEncoderParameters + summary.numDecoderParameters
    #expect(summary.storedTypes.reduce(0) { $0 + $1.numElements } == total)
    // Counted by PyTorch: sum(p.numel() for p in model.state_dict().values()).
    #expect(total == 3368)
    #expect(summary.float32ByteCount == 4 * 3368)
    #expect(summary.rows.contains { $0.value.contains("7 tokens inside") })
    #expect(summary.json["encoder"]?["heads"] == .integer(2))
  }

  @Test(
    "a file cut anywhere is refused or whole, never half a model",
    arguments: ["openai.pt", "ggml-f16.bin", "encoder.onnx", "openai.safetensors"])
  func truncated(file: String) throws {
    let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(file)"))
    let temporary = try TemporaryFolder()
    for count in stride(from: 0, to: bytes.count, by: max(bytes.count / 37, 1)) {
      let path = temporary.file(file)
      try bytes.prefix(count).write(to: URL(fileURLWithPath: path))
      let error = #expect(throws: ModelError.self) { try ModelLoader.load(path) }
      #expect(error.map { !"\($0)".contains("\n") } == true)
    }
  }
}
