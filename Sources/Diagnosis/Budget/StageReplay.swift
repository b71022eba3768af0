import EncoderModel
import TensorCore

/// Walks one stage in Float64 along the candidate's values, attention as one operation.
struct StageReplay {
  var program: EncoderProgram
  var evaluator: any OperationEvaluator & OperationDerivative

  /// An operation on the way: a node, or the context with the maps before it.
  struct Step {
    var node: ProgramNode
    var inputs: [String]
    /// Scores and softmax where the node is a context.
    var maps: (scores: ProgramNode, softmax: ProgramNode)?
  }

  /// The stage's operations in order; attention maps are within their context.
  func steps(of stage: EncoderStage) -> [Step] {
    let nodes = program.nodes(in: stage)
    func node(_ name: String?) -> ProgramNode? { nodes.first { $0.name == name } }
    return nodes.compactMap { current in
      switch current.operation {
      case .input, .attentionScores, .softmax: return nil
      case .attentionContext:
        guard let softmax = node(current.inputs.first), let scores = node(softmax.inputs.first)
        else { return nil }
        return Step(
          node: current, inputs: scores.inputs + current.inputs.dropFirst(),
          maps: (scores, softmax))
      default: return Step(node: current, inputs: current.inputs)
      }
    }
  }

  /// The Float64 operation on `inputs`.
  func evaluate(_ step: Step, _ inputs: [Tensor]) throws -> Tensor {
    guard let maps = step.maps, inputs.count == 3 else {
      return try evaluator.evaluate(step.node, inputs: inputs)
    }
    return try evaluator.evaluateAttention(
      scores: maps.scores, softmax: maps.softmax, context: step.node, query: inputs[0],
      key: inputs[1], value: inputs[2])
  }

  /// Cotangents of the step's inputs.
  func pullback(_ step: Step, _ inputs: [Tensor], _ cotangent: Tensor) throws -> [Tensor] {
    guard let maps = step.maps, inputs.count == 3 else {
      return try evaluator.pullback(step.node, inputs: inputs, cotangent: cotangent)
    }
    return try evaluator.pullbackAttention(
      scores: maps.scores, context: step.node, query: inputs[0], key: inputs[1],
      value: inputs[2], cotangent: cotangent)
  }

  /// Every value of the stage: the candidate's where `shown`, else the exact operation's; and what
  /// each shown value is off by from the exact operation on the values before it.
  func values(of stage: EncoderStage, shown: [String: Tensor]) throws
    -> (values: [String: Tensor], errors: [String: (error: Tensor, relativeL2: Double)])
  {
    var values = shown
    var errors: [String: (error: Tensor, relativeL2: Double)] = [:]
    for step in steps(of: stage) {
      let inputs = step.inputs.compactMap { values[$0] }
      guard inputs.count == step.inputs.count else { continue }
      let exact = try evaluate(step, inputs)
      guard let own = shown[step.node.name] else {
        values[step.node.name] = exact
        continue
      }
      let error = difference(own, exact)
      let norm = inner(exact, exact)
      let size = norm > 0 ? (inner(error, error) / norm).squareRoot() : 0
      errors[step.node.name] = (error, size)
    }
    return (values, errors)
  }
}

/// Shares of one stage's operations, and the cotangent that leaves the stage at its input.
struct BackwardPass {
  var shares: [(tap: String, share: Double, relativeL2: Double)] = []
  var inputCotangent: Tensor

  init(
    walk: StageReplay, stage: EncoderStage, shown: [String: Tensor], cotangent: Tensor
  ) throws {
    let (values, errors) = try walk.values(of: stage, shown: shown)
    var cotangents = [stage.outputTap: cotangent]
    for step in walk.steps(of: stage).reversed() {
      guard let own = cotangents[step.node.name] else { continue }
      if let (error, size) = errors[step.node.name] {
        shares.append((step.node.name, inner(own, error), size))
      }
      let inputs = step.inputs.compactMap { values[$0] }
      guard inputs.count == step.inputs.count else { continue }
      for (name, part) in zip(step.inputs, try walk.pullback(step, inputs, own)) {
        cotangents[name] = cotangents[name].map { sum($0, part) } ?? part
      }
    }
    shares.reverse()
    inputCotangent = cotangents[walk.program.inputTap(of: stage)] ?? cotangent
  }
}

private func sum(_ a: Tensor, _ b: Tensor) -> Tensor {
  a.withFloat64 { x in
    b.withFloat64 { y in
      Tensor.float64(a.shape) { out in for i in out.indices { out[i] = x[i] + y[i] } }
    }
  }
}
