package import EncoderModel
package import TensorCore

/// Whisper's text decoder in Float64: one decoder for every encoder, so that whatever differs
/// between two transcripts came from the encoders.
///
/// Weights are used as Float32, everything else is Float64; the same bits for every thread count,
/// whether tokens are read one by one or together.
/// - Note: Source openai/whisper model.py `TextDecoder`.
package struct TextDecoder: Sendable {
  package let sizes: TextDimensions
  private let weights: DecoderWeights
  private let attention: Attention

  /// - Throws: `unavailable` where the checkpoint has no decoder; `model` where a weight is missing
  ///   or has another shape.
  package init(_ model: WhisperModel) throws(TranscriptionError) {
    guard let sizes = model.dimensions.text else {
      throw .unavailable(TranscriptionUnavailable(model: model.name, reason: .noDecoder))
    }
    try self.init(sizes, weights: model.weights)
  }

  /// - Throws: `model` where a weight is missing or has another shape.
  package init(
    _ sizes: TextDimensions, weights source: any WeightSource
  ) throws(TranscriptionError) {
    guard sizes.numTextHeads > 0, sizes.textWidth > 0, sizes.textWidth % sizes.numTextHeads == 0,
      sizes.numVocabulary > 0, sizes.numTextContext > 0
    else {
      throw .model(
        .unreadable(
          path: "text decoder",
          reason: "width \(sizes.textWidth) should be a positive multiple of its "
            + "\(sizes.numTextHeads) heads, and vocabulary and context should not be empty"))
    }
    self.sizes = sizes
    weights = try DecoderWeights(sizes, source)
    attention = Attention(numHeads: sizes.numTextHeads, width: sizes.textWidth)
  }

  /// A sequence without tokens.
  package var emptyState: DecoderState { DecoderState(numLayers: sizes.numTextLayers) }

  /// Keys and values of the cross-attention for one encoder output.
  /// - Parameter encoderOutput: `[frames, width]`, any floating-point type; NaN propagates.
  /// - Returns: what `read` attends to.
  /// - Throws: `encoderOutputShape` where the width is not the decoder's, or there is no frame.
  package func attend(to encoderOutput: Tensor) throws(TranscriptionError) -> CrossAttentionCache {
    let shape = encoderOutput.shape
    guard shape.count == 2, shape[0] > 0, shape[1] == sizes.textWidth,
      encoderOutput.scalarType.isFloatingPoint
    else { throw .encoderOutputShape(expectedWidth: sizes.textWidth, found: shape) }
    let audio = encoderOutput.float64Array
    return CrossAttentionCache(
      keys: weights.blocks.map { $0.cross.key(audio) },
      values: weights.blocks.map { $0.cross.value(audio) })
  }

  /// Reads `tokens` after those that `state` holds.
  /// - Parameters:
  ///   - tokens: ids of the vocabulary, for which the context has room.
  ///   - state: the sequence so far; advanced by the tokens.
  ///   - audio: of the encoder output that is listened to.
  ///   - first: logits are computed for the tokens from this index on.
  /// - Returns: logits that follow the tokens `first...`; `[tokens.count − first, vocabulary]`.
  package func read(
    _ tokens: [Int], _ state: inout DecoderState, _ audio: CrossAttentionCache,
    logitsFrom first: Int = 0
  ) -> Logits {
    var states = [state]
    let rows = tokens.map { Row(state: 0, token: $0) }
    state = emptyState
    let logits = read(rows, &states, audio, logitsFrom: first)
    state = states[0]
    return logits
  }

  /// One token to read, and the sequence that it continues.
  struct Row {
    let state: Int
    let token: Int
  }

  /// Reads all rows, each at the end of its sequence.
  func read(
    _ rows: [Row], _ states: inout [DecoderState], _ audio: CrossAttentionCache,
    logitsFrom first: Int = 0
  ) -> Logits {
    var positions: [Int] = []
    for row in rows {
      positions.append(states[row.state].numTokens)
      states[row.state].advance()
    }
    var x = embed(rows, positions)
    for (layer, block) in weights.blocks.enumerated() {
      selfAttention(&x, block, layer, rows, positions, &states)
      crossAttention(&x, block, layer, rows.count, audio)
      var hidden = block.expand(DecoderMath.layerNorm(x, block.feedForwardNorm))
      DecoderMath.gelu(&hidden)
      DecoderMath.add(block.contract(hidden), to: &x)
    }
    let wanted = Array(x[(first * sizes.textWidth)...])
    return Logits(
      values: weights.projection(DecoderMath.layerNorm(wanted, weights.finalNorm)),
      numVocabulary: sizes.numVocabulary)
  }

  /// x = token embedding + positional embedding; `[rows, width]`.
  private func embed(_ rows: [Row], _ positions: [Int]) -> [Double] {
    let width = sizes.textWidth
    var x: [Double] = []
    x.reserveCapacity(rows.count * width)
    weights.tokenEmbedding.withFloat32 { tokens in
      weights.positionalEmbedding.withFloat32 { places in
        for (row, position) in zip(rows, positions) {
          precondition(row.token >= 0 && row.token < sizes.numVocabulary)
          precondition(position < sizes.numTextContext)
          for i in 0..<width {
            x.append(Double(tokens[row.token * width + i]) + Double(places[position * width + i]))
          }
        }
      }
    }
    return x
  }

  private func selfAttention(
    _ x: inout [Double], _ block: DecoderBlockWeights, _ layer: Int, _ rows: [Row],
    _ positions: [Int], _ states: inout [DecoderState]
  ) {
    let width = sizes.textWidth
    let normed = DecoderMath.layerNorm(x, block.attentionNorm)
    let (key, value) = (block.attention.key(normed), block.attention.value(normed))
    for (index, row) in rows.enumerated() {
      let range = (index * width)..<((index + 1) * width)
      states[row.state].keys[layer].append(contentsOf: key[range])
      states[row.state].values[layer].append(contentsOf: value[range])
    }
    let spans = zip(rows, positions).map { row, position in
      Attention.Span(
        keys: states[row.state].keys[layer], values: states[row.state].values[layer],
        count: position + 1)
    }
    let context = attention(block.attention.query(normed), spans)
    DecoderMath.add(block.attention.out(context), to: &x)
  }

  private func crossAttention(
    _ x: inout [Double], _ block: DecoderBlockWeights, _ layer: Int, _ numRows: Int,
    _ audio: CrossAttentionCache
  ) {
    let queries = block.cross.query(DecoderMath.layerNorm(x, block.crossNorm))
    let (keys, values) = (audio.keys[layer], audio.values[layer])
    let span = Attention.Span(
      keys: keys, values: values, count: keys.count / sizes.textWidth)
    let context = attention(queries, Array(repeating: span, count: numRows))
    DecoderMath.add(block.cross.out(context), to: &x)
  }
}
