import EncoderModel
import TensorCore

/// A way in which an engine may compute the products of a segment with fewer bits.
struct PrecisionVariant: Sendable, Hashable {
  /// What weights are coded as; in attention's products, which have none, what both operands are.
  var weights: OperandCoding
  /// What a product's other operand is coded as.
  var activations: OperandCoding
  /// What results are rounded to: `.float32` for none.
  var result: NumberFormat
  /// Whether attention rounds exponentials and divides by their exact sum afterwards, as fused
  /// attention does, rather than the probabilities.
  var roundsExponentials = false

  /// What it is called by: the format of the weights, or of activations beside exact weights.
  var format: NumberFormat { (weights == .exact ? activations : weights).format }
  /// What errs most: variants that share it err by similar amounts.
  var coding: OperandCoding { weights == .exact ? activations : weights }
  /// The one coding there is; empty where operands differ in theirs, as either may err most.
  var singleCoding: Set<OperandCoding> {
    codesBoth && weights != activations ? [] : [coding]
  }
  /// Whether it has no coding but those.
  func isMade(of codings: Set<OperandCoding>) -> Bool {
    [weights, activations].allSatisfy { $0 == .exact || codings.contains($0) }
  }
  /// Whether both operands are coded.
  var codesBoth: Bool { weights != .exact && activations != .exact }

  var text: String {
    let read = activations.text.replacing("channel", with: "frame")
    let operands =
      if weights.text == read {
        "weights and activations of products rounded to \(read)"
      } else if weights == .exact {
        "activations of products rounded to \(read)"
      } else {
        "weights of products rounded to \(weights.text)"
          + (activations == .exact ? "" : ", activations to \(read)")
      }
    let stored = result == .float32 ? "" : ", results rounded to \(result.rawValue)"
    let before = roundsExponentials ? " (exponentials before they are normalised)" : ""
    return operands + stored + before
  }

  /// A value as it is handed on to the next operation: an engine whose results lie on a grid stores
  /// every value so, whatever computed it.
  func stored(_ value: Tensor) -> Tensor {
    switch result {
    case .bfloat16: value.converted(to: .bfloat16).converted(to: .float64)
    case .float16: value.converted(to: .float16).converted(to: .float64)
    default: value
    }
  }

  /// A product's input as it is read beside coded weights, where its coding is none that the
  /// operation itself applies.
  func read(_ input: Tensor, by node: ProgramNode) -> Tensor {
    if case .format = activations { return input }
    return node.hasWeightMatrix ? activations.roundTrip(input) : input
  }

  /// The node as this variant computes it; operations without a product stay as they are, and
  /// attention's where weights alone have a scheme.
  func altering(_ node: ProgramNode) -> ProgramNode {
    var copy = node
    var precision = ProductPrecision(operands: .float32, result: result)
    if case .format(let format) = activations { precision.operands = format }
    func altered(_ weight: WeightReference) -> WeightReference {
      weights.weightTransform.map { weight.applying($0) } ?? weight
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

extension ProgramNode {
  /// Heads that stand side by side in the value's rows; `nil` where there are none.
  package var numHeads: Int? {
    if case .attentionContext(let context) = operation { context.numHeads } else { nil }
  }

  /// Whether the operation multiplies matrices.
  package var isProduct: Bool {
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
