/// A loaded checkpoint: sizes, weights, and what else came with it.
package struct WhisperModel: Sendable {
  /// How reports call it: the folder's or file's name, or `synthetic:tiny`.
  package var name: String
  /// The format it was read from: `huggingface`, `safetensors`, `openai-pt`, `ggml`, `onnx`, `synthetic`.
  package var format: String
  package var dimensions: WhisperDimensions
  package var weights: any WeightSource
  /// Where tokenizer files lie, if anywhere: a folder or the checkpoint itself.
  package var tokenizerPath: String?
  /// Token strings that came inside the checkpoint (ggml), by id.
  package var embeddedVocabulary: [[UInt8]]?
  private let deferredHash: DeferredHash

  /// A hash of the encoder's weights as Float32, hexadecimal; equal weights have equal hashes.
  /// Computed on first use: it reads every weight.
  package var encoderWeightsHash: String { deferredHash.get() }

  package init(
    name: String, format: String, dimensions: WhisperDimensions, weights: any WeightSource,
    tokenizerPath: String? = nil, embeddedVocabulary: [[UInt8]]? = nil,
    encoderWeightsHash: @autoclosure @escaping @Sendable () -> String
  ) {
    self.name = name
    self.format = format
    self.dimensions = dimensions
    self.weights = weights
    self.tokenizerPath = tokenizerPath
    self.embeddedVocabulary = embeddedVocabulary
    deferredHash = DeferredHash(encoderWeightsHash)
  }

  /// The sound encoder of these sizes.
  package var program: EncoderProgram { .whisper(dimensions) }
}
