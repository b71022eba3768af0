/// One operation of an encoder program, with everything that a port may get wrong as a parameter.
///
/// Defaults are Whisper's. Activations are `[frames, channels]`, attention maps `[heads, q, k]`.
package enum Operation: Sendable, Hashable {
  /// The mel `[frames, mels]`; no inputs.
  case input
  /// Input `[T, in]` → `[T′, out]`.
  case conv1d(Conv1D)
  /// Elementwise.
  case gelu(GELUVariant)
  /// Input `[T, C]`, and a table `[T, C]` from the checkpoint.
  case addPosition(WeightReference)
  /// Row by row over `[T, C]`.
  case layerNorm(LayerNorm)
  /// `[T, in]` → `[T, out]`: x·Wᵀ + b.
  case linear(Linear)
  /// Inputs q, k `[T, C]` → `[heads, T, T]`, scaled.
  case attentionScores(AttentionScores)
  /// `[heads, T, T]` → probabilities.
  case softmax(Softmax)
  /// Inputs probabilities `[heads, T, T]` and v `[T, C]` → `[T, C]`.
  case attentionContext(AttentionContext)
  /// Two inputs of one shape.
  case add
  /// One input; what no sound encoder has: the building blocks of faults.
  case transform(TensorTransform)
  /// Inputs x, other: x with rows `from…` taken from `other`.
  case replaceRows(from: Int)
}

/// A convolution over time with kernel `[out, in, 3]`.
package struct Conv1D: Sendable, Hashable {
  package var weight: WeightReference
  package var bias: WeightReference?
  package var stride: Int
  /// Zero frames before and after the input.
  package var paddingLeft: Int
  package var paddingRight: Int
  package var precision: ProductPrecision

  package init(
    weight: WeightReference, bias: WeightReference?, stride: Int, paddingLeft: Int = 1,
    paddingRight: Int = 1, precision: ProductPrecision = .exact
  ) {
    self.weight = weight
    self.bias = bias
    self.stride = stride
    self.paddingLeft = paddingLeft
    self.paddingRight = paddingRight
    self.precision = precision
  }

  /// Frames of the output for `inputFrames`.
  package func outputFrames(_ inputFrames: Int) -> Int {
    (inputFrames + paddingLeft + paddingRight - 3) / stride + 1
  }
}

/// A dense layer with weight `[out, in]`.
package struct Linear: Sendable, Hashable {
  package var weight: WeightReference
  package var bias: WeightReference?
  package var precision: ProductPrecision

  package init(
    weight: WeightReference, bias: WeightReference?, precision: ProductPrecision = .exact
  ) {
    self.weight = weight
    self.bias = bias
    self.precision = precision
  }
}

/// scale·q·kᵀ per head; head h owns channels h·headDim ..< (h + 1)·headDim.
package struct AttentionScores: Sendable, Hashable {
  package var numHeads: Int
  package var scale: Double
  package var precision: ProductPrecision

  package init(numHeads: Int, scale: Double, precision: ProductPrecision = .exact) {
    self.numHeads = numHeads
    self.scale = scale
    self.precision = precision
  }
}

/// exp(s − max)/Σ along an axis.
package struct Softmax: Sendable, Hashable {
  package enum Axis: String, Sendable, Hashable, Codable { case keys, queries, heads }
  package var axis: Axis
  package var mask: AttentionMask
  /// Keys of score zero and value zero that take part in the sum: padding left unmasked.
  package var numUnmaskedPaddingKeys: Int

  package init(axis: Axis = .keys, mask: AttentionMask = .none, numUnmaskedPaddingKeys: Int = 0) {
    self.axis = axis
    self.mask = mask
    self.numUnmaskedPaddingKeys = numUnmaskedPaddingKeys
  }
}

/// probabilities·v per head, and how the heads are laid side by side.
package struct AttentionContext: Sendable, Hashable {
  package enum HeadOrder: String, Sendable, Hashable, CaseIterable, Codable {
    /// Channel h·headDim + d.
    case headMajor = "head-major"
    /// Channel d·numHeads + h.
    case channelMajor = "channel-major"
    /// Heads from last to first.
    case reversed
    /// `[heads, T, headDim]` reshaped to `[T, C]` without the transposition.
    case unpermuted
  }
  package var numHeads: Int
  package var headOrder: HeadOrder
  package var precision: ProductPrecision

  package init(
    numHeads: Int, headOrder: HeadOrder = .headMajor, precision: ProductPrecision = .exact
  ) {
    self.numHeads = numHeads
    self.headOrder = headOrder
    self.precision = precision
  }
}

/// What a product's activations (both, where there are two) and its result are rounded to; weights
/// are rounded by their reference. Accumulation stays in the executor's own precision.
package struct ProductPrecision: Sendable, Hashable, Codable {
  package var operands: NumberFormat
  package var result: NumberFormat

  package init(operands: NumberFormat = .float32, result: NumberFormat = .float32) {
    self.operands = operands
    self.result = result
  }

  /// No rounding beyond the executor's own.
  package static let exact = ProductPrecision()
}
