import EncoderModel
import TensorCore

/// Gain and shift of a layer norm.
struct NormWeights: Sendable {
  let weight: [Double]
  let bias: [Double]
}

/// The four projections of one attention layer.
struct AttentionWeights: Sendable {
  let query: LinearWeights
  let key: LinearWeights
  let value: LinearWeights
  let out: LinearWeights
}

/// The weights of one residual block of the decoder.
struct DecoderBlockWeights: Sendable {
  let attentionNorm: NormWeights
  let attention: AttentionWeights
  let crossNorm: NormWeights
  let cross: AttentionWeights
  let feedForwardNorm: NormWeights
  let expand: LinearWeights
  let contract: LinearWeights
}

/// All weights of Whisper's text decoder, by their OpenAI names.
struct DecoderWeights: Sendable {
  /// `[vocabulary, width]`.
  let tokenEmbedding: Tensor
  /// `[context, width]`.
  let positionalEmbedding: Tensor
  let blocks: [DecoderBlockWeights]
  let finalNorm: NormWeights
  /// To the vocabulary: the token embedding, unless the checkpoint has a `proj_out` of its own.
  let projection: LinearWeights

  init(_ sizes: TextDimensions, _ source: any WeightSource) throws(TranscriptionError) {
    let reader = DecoderWeightReader(source: source, width: sizes.textWidth)
    let width = sizes.textWidth
    tokenEmbedding = try reader.tensor(
      "decoder.token_embedding.weight", [sizes.numVocabulary, width])
    positionalEmbedding = try reader.tensor(
      "decoder.positional_embedding", [sizes.numTextContext, width])
    var blocks: [DecoderBlockWeights] = []
    for index in 0..<sizes.numTextLayers {
      blocks.append(try reader.block("decoder.blocks.\(index)"))
    }
    self.blocks = blocks
    finalNorm = try reader.norm("decoder.ln")
    let ownProjection = source.weightNames.contains("proj_out.weight")
    projection = LinearWeights(
      weight: ownProjection
        ? try reader.tensor("proj_out.weight", [sizes.numVocabulary, width]) : tokenEmbedding,
      bias: nil)
  }
}

/// Reads weights and checks their shapes.
private struct DecoderWeightReader {
  let source: any WeightSource
  let width: Int

  func tensor(_ name: String, _ shape: [Int]) throws(TranscriptionError) -> Tensor {
    let tensor: Tensor
    do {
      tensor = try source.weight(name)
    } catch let error as ModelError {
      throw .model(error)
    } catch {
      throw .model(.unreadable(path: name, reason: "\(error)"))
    }
    guard tensor.shape == shape else {
      throw .model(
        .wrongShape(name: name, expected: shape, found: tensor.shape, source: "text decoder"))
    }
    // Aligns what a file holds at an odd byte, once instead of at each use.
    return tensor.converted(to: .float32)
  }

  func vector(_ name: String, _ count: Int) throws(TranscriptionError) -> [Double] {
    try tensor(name, [count]).float64Array
  }

  func norm(_ path: String) throws(TranscriptionError) -> NormWeights {
    NormWeights(
      weight: try vector("\(path).weight", width), bias: try vector("\(path).bias", width))
  }

  func linear(
    _ path: String, _ outputs: Int, _ inputs: Int, hasBias: Bool = true
  ) throws(TranscriptionError) -> LinearWeights {
    LinearWeights(
      weight: try tensor("\(path).weight", [outputs, inputs]),
      bias: hasBias ? try vector("\(path).bias", outputs) : nil)
  }

  func attention(_ path: String) throws(TranscriptionError) -> AttentionWeights {
    AttentionWeights(
      query: try linear("\(path).query", width, width),
      key: try linear("\(path).key", width, width, hasBias: false),
      value: try linear("\(path).value", width, width),
      out: try linear("\(path).out", width, width))
  }

  func block(_ path: String) throws(TranscriptionError) -> DecoderBlockWeights {
    DecoderBlockWeights(
      attentionNorm: try norm("\(path).attn_ln"), attention: try attention("\(path).attn"),
      crossNorm: try norm("\(path).cross_attn_ln"), cross: try attention("\(path).cross_attn"),
      feedForwardNorm: try norm("\(path).mlp_ln"),
      expand: try linear("\(path).mlp.0", 4 * width, width),
      contract: try linear("\(path).mlp.2", width, 4 * width))
  }
}
