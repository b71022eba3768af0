/// One trained model in every format, made by the tools that own them; skipped where not at hand.
import EncoderModel
import Foundation
import TensorCore
import Testing

/// Beside the package, or beside the folder of its working trees.
private let dataFolder: String = {
  let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  let candidates = ["../../../shared/data/models", "../../../../shared/data/models"].map {
    tests.appendingPathComponent($0).standardizedFileURL.path
  }
  return candidates.first { FileManager.default.fileExists(atPath: $0) } ?? candidates[0]
}()

private let isAtHand = FileManager.default.fileExists(
  atPath: dataFolder + "/spoken-digits-openai.safetensors")

private let files: [(String, String, Double)] = [
  ("spoken-digits-f32.pt", "openai-pt", 0), ("spoken-digits-f16.pt", "openai-pt", 0x1p-11),
  ("spoken-digits-hf", "huggingface", 0), ("spoken-digits-hf-sharded", "huggingface", 0),
  ("spoken-digits-hf-bf16", "huggingface", 0x1p-8), ("spoken-digits-ggml-f32.bin", "ggml", 0),
  ("spoken-digits-ggml-f16.bin", "ggml", 0x1p-11), ("spoken-digits-ggml-q8_0.bin", "ggml", 0.008),
  ("spoken-digits-ggml-q5_0.bin", "ggml", 0.067), ("spoken-digits-ggml-q5_1.bin", "ggml", 0.067),
  ("spoken-digits-ggml-q4_0.bin", "ggml", 0.143), ("spoken-digits-encoder.onnx", "onnx", 0),
]

@Suite(.enabled(if: isAtHand)) struct RealCheckpointTests {
  /// Largest deviation from the f32 weights, relative to the largest weight of the tensor.
  ///
  /// f16 and bf16 round to 2⁻¹¹ and 2⁻⁸ of each value; a block quantisation with b bits to half a
  /// step of 2/(2ᵇ − 2) of its block's largest value, to a whole step at the clamped end.
  @Test("every format holds the same weights", arguments: files)
  func sameWeights(file: String, format: String, tolerance: Double) throws {
    let truth = try ModelLoader.load(dataFolder + "/spoken-digits-openai.safetensors")
    let model = try ModelLoader.load("\(dataFolder)/\(file)")
    #expect(model.format == format)
    var dimensions = truth.dimensions
    if format == "onnx" { dimensions.text = nil }
    #expect(model.dimensions == dimensions)
    #expect((model.embeddedVocabulary != nil) == (format == "ggml"))
    if tolerance == 0 { #expect(model.encoderWeightsHash == truth.encoderWeightsHash) }
    for (name, shape) in dimensions.encoderWeightShapes + dimensions.decoderWeightShapes {
      let expected = try truth.weights.weight(name)
      let found = try model.weights.weight(name)
      #expect(found.shape == shape, "\(name)")
      let left = expected.float32Array
      let right = found.float32Array
      let largest = left.reduce(0) { max($0, abs($1)) }
      let deviation = zip(left, right).reduce(0) { max($0, abs($1.0 - $1.1)) }
      #expect(Double(deviation) <= tolerance * Double(largest), "\(name): \(deviation)")
    }
    #expect(ModelSummary(model).unknownTensors.isEmpty)
  }

  @Test("a file with header and vocabulary but no tensors names the first weight that is missing")
  func headerOnly() throws {
    let error = #expect(throws: ModelError.self) {
      try ModelLoader.load(dataFolder + "/whispercpp-for-tests-tiny.bin")
    }
    #expect(error.map { "\($0)".contains("missing") } == true)
  }
}
