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

/// Which function stands where GELU should.
package enum GELUVariant: String, Sendable, Hashable, CaseIterable, Codable {
  /// x·Φ(x), exact.
  case erf
  /// x/2·(1 + tanh(√(2/π)(x + 0.044715x³))).
  case tanh
  /// x·σ(1.702x).
  case quick
  case relu
  /// x·σ(x).
  case silu
  /// ggml's table: tanh's form of x rounded to f16, its value rounded to f16; 0 up to −10, x from 10 on.
  case tanhTable = "tanh-table"
  /// No activation at all.
  case identity
}

/// y = (x − μ)/√(σ² + ε)·weight + bias over the last axis.
package struct LayerNorm: Sendable, Hashable {
  package var weight: WeightReference?
  package var bias: WeightReference?
  package var epsilon: Double
  /// False for RMSNorm: neither mean nor its square is taken off.
  package var isCentred: Bool
  /// Variance over n − 1 instead of n.
  package var usesSampleVariance: Bool
  /// Variance accumulated and stored in f16: beyond 65504 it is ∞.
  package var usesFloat16Variance: Bool

  package init(
    weight: WeightReference?, bias: WeightReference?, epsilon: Double = 1e-5,
    isCentred: Bool = true, usesSampleVariance: Bool = false, usesFloat16Variance: Bool = false
  ) {
    self.weight = weight
    self.bias = bias
    self.epsilon = epsilon
    self.isCentred = isCentred
    self.usesSampleVariance = usesSampleVariance
    self.usesFloat16Variance = usesFloat16Variance
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
  package enum Mask: Sendable, Hashable {
    case none
    /// Key j is hidden from query i where j > i.
    case causal
    /// Keys from this one on are hidden from every query: a mask by the length of the audio.
    case keysFrom(Int)
    /// Key j is hidden from query i where |i − j| exceeds the radius: local attention.
    case window(Int)

    /// Whether `key` is hidden from `query`.
    package func hides(key: Int, from query: Int) -> Bool {
      switch self {
      case .none: false
      case .causal: key > query
      case .keysFrom(let first): key >= first
      case .window(let radius): abs(key - query) > radius
      }
    }

    /// `causal`, `keys-from-700`, `window-100`.
    package var text: String {
      switch self {
      case .none: "none"
      case .causal: "causal"
      case .keysFrom(let first): "keys-from-\(first)"
      case .window(let radius): "window-\(radius)"
      }
    }

    /// Writes −∞ over those of a row of scores that are hidden from `query`.
    package func apply<Scalar: BinaryFloatingPoint>(
      to row: UnsafeMutablePointer<Scalar>, count: Int, query: Int
    ) {
      if self == .none { return }
      for key in 0..<count where hides(key: key, from: query) { row[key] = -.infinity }
    }
  }
  package var axis: Axis
  package var mask: Mask
  /// Keys of score zero and value zero that take part in the sum: padding left unmasked.
  package var numUnmaskedPaddingKeys: Int

  package init(axis: Axis = .keys, mask: Mask = .none, numUnmaskedPaddingKeys: Int = 0) {
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
