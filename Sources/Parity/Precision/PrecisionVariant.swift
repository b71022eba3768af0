import EncoderModel
import TensorCore

/// A way in which an engine may compute the products of a segment with fewer bits.
struct PrecisionVariant: Sendable, Hashable {
  /// Formats that products' operands are rounded to, the usual ones first.
  static let operandFormats: [NumberFormat] = [.bfloat16, .float16, .tf32, .int8]
  /// Formats that weights alone are stored in, with activations as they are or in `q8_0`.
  private static let blockFormats: [NumberFormat] = [.q8_0, .q5_1, .q5_0, .q4_1, .q4_0]

  /// Every variant, those first that engines run most.
  static func all(
    hasWeights: Bool, hasMaps: Bool = false, result: NumberFormat
  ) -> [PrecisionVariant] {
    let floats = operandFormats.flatMap { format in
      let variants = Rounded.allCases.filter { hasWeights || $0 == .operands }
        .map { PrecisionVariant(format: format, rounded: $0, result: result) }
      guard hasMaps, NarrowGrid(format) != nil, let first = variants.first else { return variants }
      var fused = first
      fused.roundsExponentials = true
      return [first, fused] + variants.dropFirst()
    }
    guard hasWeights else { return floats }
    let blocks = blockFormats.flatMap { format in
      [Rounded.weights, .operands].map {
        PrecisionVariant(format: format, rounded: $0, result: result)
      }
    }
    return floats + blocks
  }

  /// Effective unit roundoffs √(Σe²/Σa²b²) that the variant may give. Rounding both operands of a
  /// product to a floating-point format gives 0.58u, one 0.41u, a result on the grid adds its own.
  /// Integers err by a uniform step of the largest value, which is 1.7 to 5 times the root mean
  /// square of a block of 32, and up to 20 times that of a row with outliers.
  var plausibleRoundoff: ClosedRange<Double> {
    let unit = format.unitRoundoff
    switch format {
    case .float32, .tf32, .float16, .bfloat16: return (0.1 * unit)...(8 * unit)
    case .int8: return (0.2 * unit)...(16 * unit)
    case .q4_0, .q4_1, .q5_0, .q5_1, .q8_0: return (0.2 * unit)...(4 * unit)
    }
  }

  /// What activations are rounded to: ggml multiplies block-quantised weights with `q8_0`.
  private var activationFormat: NumberFormat {
    if rounded == .weights { return .float32 }
    return Self.blockFormats.contains(format) ? .q8_0 : format
  }

  enum Rounded: String, Sendable, CaseIterable {
    case operands = "weights and activations"
    case weights
    case activations
  }
  var format: NumberFormat
  var rounded: Rounded
  /// What results are rounded to: `.float32` for none.
  var result: NumberFormat
  /// Whether attention rounds exponentials and divides by their exact sum afterwards, as fused
  /// attention does, rather than the probabilities.
  var roundsExponentials = false

  var text: String {
    let stored = result == .float32 ? "" : ", results rounded to \(result.rawValue)"
    let beside =
      rounded == .operands && format != activationFormat
      ? ", activations to \(activationFormat.rawValue)" : ""
    let what = beside.isEmpty ? rounded.rawValue : Rounded.weights.rawValue
    let before = roundsExponentials ? " (exponentials before they are normalised)" : ""
    return "\(what) of products rounded to \(format.rawValue)\(beside)\(stored)\(before)"
  }

  /// A value as it is handed on to the next operation: an engine whose results lie on a grid stores
  /// every value so, whatever computed it.
  func stored(_ value: Tensor) -> Tensor {
    switch result {
    case .bfloat16: value.converted(to: .bfloat16).converted(to: .float64)
    case .float16: value.converted(to: .float16).converted(to: .float64)
    case .float32, .tf32, .int8, .q8_0, .q5_1, .q5_0, .q4_1, .q4_0: value
    }
  }

  /// The node as this variant computes it; operations without a product stay as they are.
  func altering(_ node: ProgramNode) -> ProgramNode {
    var copy = node
    let precision = ProductPrecision(operands: activationFormat, result: result)
    func altered(_ weight: WeightReference) -> WeightReference {
      rounded == .activations ? weight : weight.applying(.rounded(format))
    }
    switch node.operation {
    case .linear(var linear):
      linear.weight = altered(linear.weight)
      linear.precision = precision
      copy.operation = .linear(linear)
    case .conv1d(var conv):
      conv.weight = altered(conv.weight)
      conv.precision = precision
      copy.operation = .conv1d(conv)
    case .attentionScores(var scores):
      scores.precision = precision
      copy.operation = .attentionScores(scores)
    case .attentionContext(var context):
      context.precision = precision
      copy.operation = .attentionContext(context)
    case .input, .gelu, .addPosition, .layerNorm, .softmax, .add, .transform, .replaceRows: break
    }
    return copy
  }
}

extension NumberFormat {
  /// The format that rounds many values alike.
  var twin: NumberFormat? {
    switch self {
    case .float16: .tf32
    case .tf32: .float16
    case .int8: .q8_0
    case .q8_0: .int8
    case .float32, .bfloat16, .q4_0, .q4_1, .q5_0, .q5_1: nil
    }
  }
}

extension ProgramNode {
  /// Heads that stand side by side in the value's rows; `nil` where there are none.
  var numHeads: Int? {
    if case .attentionContext(let context) = operation { context.numHeads } else { nil }
  }

  /// Whether the operation multiplies matrices.
  var isProduct: Bool {
    switch operation {
    case .linear, .conv1d, .attentionScores, .attentionContext: true
    case .input, .gelu, .addPosition, .layerNorm, .softmax, .add, .transform, .replaceRows: false
    }
  }

  /// Whether one of the product's factors is a weight.
  var hasWeightMatrix: Bool {
    switch operation {
    case .linear, .conv1d: true
    default: false
    }
  }
}
