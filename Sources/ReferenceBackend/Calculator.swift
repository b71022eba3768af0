/// What the operations share: weights, threads, and the format in which results are stored.
import EncoderModel
import ReferenceArithmetic
import TensorCore

/// Computes single operations; each lies in a file of its own under Operations.
struct Calculator: Sendable {
  let weights: any WeightSource
  let multiplier: Multiplier
  /// Whether each result is rounded to Float32 before anybody reads it.
  let roundsResults: Bool

  init(
    weights: any WeightSource, threads: Int?, roundsResults: Bool,
    arithmetic: ReferenceArithmetic = .best
  ) {
    self.weights = weights
    self.roundsResults = roundsResults
    multiplier = Multiplier(arithmetic: arithmetic, workers: Workers(threads: threads))
  }

  /// The value of `node`.
  /// `inputs`: in any floating-point type; none where the node is the mel.
  func compute(_ node: ProgramNode, _ inputs: [Tensor]) throws -> Tensor {
    guard inputs.count == node.operation.inputCount else {
      throw ReferenceError.wrongInputCount(
        node: node.name, expected: node.operation.inputCount, found: inputs.count)
    }
    return stored(try value(of: node, inputs))
  }

  private func value(of node: ProgramNode, _ inputs: [Tensor]) throws -> Tensor {
    let name = node.name
    return switch node.operation {
    case .input: inputs[0]
    case .conv1d(let convolution): try conv1d(convolution, inputs[0], name)
    case .gelu(let variant): gelu(variant, inputs[0])
    case .addPosition(let table): try addPosition(table, inputs[0], name)
    case .layerNorm(let norm): try layerNorm(norm, inputs[0], name)
    case .linear(let layer): try linear(layer, inputs[0], name)
    case .attentionScores(let scores): try attentionScores(scores, inputs[0], inputs[1], name)
    case .softmax(let variant): try softmax(variant, map(inputs[0], name))
    case .attentionContext(let context): try attentionContext(context, inputs[0], inputs[1], name)
    case .add: try add(inputs[0], inputs[1], name)
    case .transform(let change): transform(change, inputs[0])
    case .replaceRows(let first): try replaceRows(from: first, inputs[0], inputs[1], name)
    }
  }

  /// `x` as others will read it.
  func stored(_ x: Tensor) -> Tensor { x.converted(to: roundsResults ? .float32 : .float64) }

  /// The same for values in memory.
  func store(_ values: UnsafeMutablePointer<Double>, _ count: Int) {
    guard roundsResults else { return }
    for i in 0..<count { values[i] = Double(Float(values[i])) }
  }

  /// A weight vector of `count` elements.
  func vector(_ reference: WeightReference, _ count: Int, _ node: String) throws -> Tensor {
    let vector = try weights.resolve(reference)
    guard vector.elementCount == count else {
      throw ReferenceError.wrongShape(
        node: node, expected: "'\(reference.name)' of \(count) elements", found: vector.shape)
    }
    return vector
  }

  private func map(_ x: Tensor, _ node: String) throws -> Tensor {
    guard x.shape.count == 3 else {
      throw ReferenceError.wrongShape(node: node, expected: "[heads, T, T]", found: x.shape)
    }
    return x
  }
}

extension Operation {
  /// How many values it reads; the mel is handed to its node.
  fileprivate var inputCount: Int {
    switch self {
    case .input, .conv1d, .gelu, .addPosition, .layerNorm, .linear, .softmax, .transform: 1
    case .attentionScores, .attentionContext, .add, .replaceRows: 2
    }
  }
}
