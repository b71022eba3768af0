import EncoderModel

/// Which ways of computing with fewer bits are tried, and how much each may err.
extension PrecisionVariant {
  /// Formats that products' operands are rounded to, the usual ones first.
  static let operandFormats: [NumberFormat] = [.bfloat16, .float16, .tf32, .int8]
  /// ggml's formats for weights, with activations as they are or in `q8_0`.
  private static let blockFormats: [NumberFormat] = [.q8_0, .q5_1, .q5_0, .q4_1, .q4_0]

  /// Every variant, those first that engines run most; of schemes over whole encoders, each of which
  /// takes as long as an encode in Float64, those alone.
  static func all(
    hasWeights: Bool, hasMaps: Bool = false, isOverEncoder: Bool = false, result: NumberFormat
  ) -> [PrecisionVariant] {
    func variant(_ weights: OperandCoding, _ activations: OperandCoding) -> PrecisionVariant {
      PrecisionVariant(weights: weights, activations: activations, result: result)
    }
    let floats = operandFormats.flatMap { format -> [PrecisionVariant] in
      let coding = OperandCoding.format(format)
      let both = variant(coding, coding)
      var fused = both
      fused.roundsExponentials = true
      return [both] + (hasMaps && NarrowGrid(format) != nil ? [fused] : [])
        + (hasWeights ? [variant(coding, .exact), variant(.exact, coding)] : [])
    }
    guard hasWeights else { return floats }
    let blocks = blockFormats.flatMap { format in
      [.exact, .format(.q8_0)].map { variant(.format(format), $0) }
    }
    let schemes = isOverEncoder ? usual : integers + smallFloats
    return floats + blocks + schemes.map { variant($0.weights, $0.activations) }
  }

  private typealias Operands = (weights: OperandCoding, activations: OperandCoding)

  private static func scheme(
    _ bits: Int, _ span: UniformQuantization.Span, _ granularity: UniformQuantization.Granularity
  ) -> OperandCoding {
    .uniform(UniformQuantization(bits: bits, span: span, granularity: granularity))
  }

  /// What ONNX Runtime, PyTorch and torchao do while running where nothing else is asked of them.
  private static let usual: [Operands] = [
    (scheme(8, .symmetric, .tensor), scheme(8, .affine, .tensor)),
    (scheme(8, .affine, .tensor), scheme(8, .affine, .tensor)),
    (.format(.int8), scheme(8, .affine, .tensor)),
    (scheme(8, .whole, .tensor), .uniform(.pytorchActivations)),
    (scheme(8, .whole, .channel), .uniform(.pytorchActivations)),
    (scheme(8, .whole, .channel), scheme(8, .whole, .channel)),
  ]

  /// Weights with a scale for a tensor, a channel or a group; activations as they are, or in integers
  /// whose scale is found while running: 0…255 for a tensor in ONNX Runtime, 0…127 in PyTorch where
  /// products of two bytes could overflow, −127…127 or −128…127 for a frame.
  private static let integers: [Operands] = {
    let activations = [
      OperandCoding.exact, scheme(8, .affine, .tensor), .uniform(.pytorchActivations),
      scheme(8, .symmetric, .tensor), .format(.int8), scheme(8, .whole, .channel),
      scheme(8, .affine, .channel),
    ]
    let bytes = [
      scheme(8, .symmetric, .tensor), scheme(8, .affine, .tensor), scheme(8, .whole, .tensor),
      .format(.int8), scheme(8, .affine, .channel), scheme(8, .whole, .channel),
    ].flatMap { weights in activations.map { (weights, $0) } }
    let besideGroups = [
      OperandCoding.exact, .format(.int8), scheme(8, .affine, .channel),
    ]
    let groups = (UniformQuantization.all + UniformQuantization.pytorchGroups).filter {
      if case .group = $0.granularity { true } else { $0.bits == 4 }
    }.flatMap { weights in besideGroups.map { (OperandCoding.uniform(weights), $0) } }
    return bytes + groups
  }()

  /// Weights in 8-bit floating point, and activations so too: as they are, or with a scale found
  /// while running for a tensor or a frame.
  private static let smallFloats: [Operands] =
    EightBitFloat.all.map { (.eightBitFloat($0), .exact) }
    + EightBitFloat.all.map { (.eightBitFloat($0), .eightBitFloat($0)) }

  /// Effective unit roundoffs √(Σe²/Σa²b²) that the variant may give. Rounding both operands of a
  /// product to a floating-point format gives 0.58u, one 0.41u, a result on the grid adds its own.
  /// Integers err by a uniform step of the largest value, which is 1.7 to 5 times the root mean
  /// square of a block of 32, and up to 20 times that of a row with outliers, more of a tensor.
  /// Eight-bit floats without a scale may lie where the format has few numbers.
  var plausibleRoundoff: ClosedRange<Double> {
    let unit = format.unitRoundoff
    switch coding {
    case .exact: return 0...0
    case .uniform(let scheme):
      return (0.1 * unit)...((scheme.granularity == .tensor ? 64 : 16) * unit)
    case .eightBitFloat(let format):
      return (0.1 * unit)...((format.scaling == .none ? 64 : 8) * unit)
    case .format(let format):
      switch format {
      case .float32, .tf32, .float16, .bfloat16: return (0.1 * unit)...(8 * unit)
      case .int8, .int4, .fp8e4m3, .fp8e5m2: return (0.2 * unit)...(16 * unit)
      case .q4_0, .q4_1, .q5_0, .q5_1, .q8_0: return (0.2 * unit)...(4 * unit)
      }
    }
  }
}

extension PrecisionVariant {
  /// The same with the format that rounds many values alike.
  var twin: PrecisionVariant? {
    guard case .format(let format) = coding, let other = format.twin else { return nil }
    var copy = self
    if weights == coding { copy.weights = .format(other) }
    if activations == coding { copy.activations = .format(other) }
    return copy
  }
}

extension NumberFormat {
  /// The format that rounds many values alike.
  fileprivate var twin: NumberFormat? {
    switch self {
    case .float16: .tf32
    case .tf32: .float16
    case .int8: .q8_0
    case .q8_0: .int8
    default: nil
    }
  }
}
