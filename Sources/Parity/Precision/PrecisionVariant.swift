import EncoderModel

/// A way in which an engine may compute the products of a segment with fewer bits.
struct PrecisionVariant: Sendable, Hashable {
  enum Rounded: String, Sendable, CaseIterable {
    case operands = "weights and activations"
    case weights
    case activations
  }
  var format: NumberFormat
  var rounded: Rounded
  /// What results are rounded to: `.float32` for none.
  var result: NumberFormat

  var text: String {
    let stored = result == .float32 ? "" : ", results rounded to \(result.rawValue)"
    return "\(rounded.rawValue) of products rounded to \(format.rawValue)\(stored)"
  }

  /// The node as this variant computes it; operations without a product stay as they are.
  func altering(_ node: ProgramNode) -> ProgramNode {
    var copy = node
    let precision = ProductPrecision(
      operands: rounded == .weights ? .float32 : format, result: result)
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

extension ProgramNode {
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
