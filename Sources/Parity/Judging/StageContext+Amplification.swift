import EncoderModel
import TensorCore

extension StageContext {
  /// Directions in which an operation's inputs are perturbed.
  private static let numDirections = 2

  /// How many times an operation makes rounding-size relative noise on its inputs larger: the
  /// largest ‖δy‖/‖y‖ over ‖δx‖/‖x‖ of seeded perturbations x(1 ± 2⁻²⁴), in Float64.
  /// - Returns: `nil` where an input is not to be had.
  func amplification(of node: ProgramNode) throws -> Double? {
    guard let (inputs, evaluate) = try operation(node) else { return nil }
    let exact = try evaluate(inputs)
    let norm = exact.withFloat64 { $0.reduce(0) { $1.isFinite ? $0 + $1 * $1 : $0 } }
    guard norm > 0 else { return nil }
    var largest = 0.0
    for direction in 0..<Self.numDirections {
      let noisy = inputs.enumerated().map {
        perturbed($1, seed: UInt64(direction), stream: UInt64($0))
      }
      let error = squaredDistance(try evaluate(noisy), exact)
      largest = max(largest, (error / norm).squareRoot() / 0x1p-24)
    }
    return largest
  }

  /// The operation as a function of the values that are known: for a context without maps, of
  /// q, k and v.
  private func operation(_ node: ProgramNode) throws
    -> (inputs: [Tensor], evaluate: ([Tensor]) throws -> Tensor)?
  {
    let oracle = judge.oracle
    if case .attentionContext = node.operation, let probs = node.inputs.first,
      case .deferred? = values[probs], let softmax = nodes.first(where: { $0.name == probs }),
      let scores = nodes.first(where: { $0.name == softmax.inputs.first })
    {
      let inputs = (scores.inputs + node.inputs.dropFirst()).compactMap { values[$0]?.tensor }
      guard inputs.count == 3 else { return nil }
      return (
        inputs,
        {
          try oracle.evaluateAttention(
            scores: scores, softmax: softmax, context: node, query: $0[0], key: $0[1],
            value: $0[2])
        }
      )
    }
    let inputs = node.inputs.compactMap { values[$0]?.tensor }
    guard inputs.count == node.inputs.count, !inputs.isEmpty else { return nil }
    return (inputs, { try oracle.evaluate(node, inputs: $0) })
  }
}

/// x(1 ± 2⁻²⁴), the signs drawn.
private func perturbed(_ x: Tensor, seed: UInt64, stream: UInt64) -> Tensor {
  x.withFloat64 { values in
    Tensor.float64(x.shape) { out in
      for i in out.indices {
        let draw = CounterHash.uniform(seed: seed, stream: stream, counter: UInt64(i))
        out[i] = values[i] * (draw < 0.5 ? 1 + 0x1p-24 : 1 - 0x1p-24)
      }
    }
  }
}

extension NodeValue {
  /// The value, known or replayed.
  fileprivate var tensor: Tensor? {
    switch self {
    case .known(let tensor): tensor
    case .replayed(let replay): replay.value
    case .deferred: nil
    }
  }
}
