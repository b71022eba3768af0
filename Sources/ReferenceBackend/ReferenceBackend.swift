/// The oracle: every operation of a program in Float64, to be read beside OpenAI's model.py.
package import EncoderModel
import ReferenceArithmetic
package import TensorCore

/// `reference` computes and stores in Float64. `reference:f32` computes the same and rounds every
/// operation's result to Float32: the best that an engine with Float32 activations can do.
///
/// The same bits for every thread count, and whether or not taps are observed. It shares no
/// arithmetic with the other backends.
package struct ReferenceBackend: EncoderBackend, OperationEvaluator {
  package enum Precision: Sendable { case float64, float32 }

  package let program: EncoderProgram
  package let precision: Precision
  private let calculator: Calculator
  /// The same operations without any rounding of results: what errors are measured against.
  private let exact: Calculator

  /// The operations without rounding, for derivatives.
  var exactCalculator: Calculator { exact }

  package var name: String { precision == .float64 ? "reference" : "reference:f32" }
  package var scalarType: ScalarType { precision == .float64 ? .float64 : .float32 }
  /// Which loops run: `avx512`, `avx2` or `portable`.
  package var arithmeticName: String { calculator.multiplier.arithmetic.name }

  /// - `program`: what to compute; faulty programs are computed as they stand.
  /// - `threads`: as many as there are processors to run on where `nil`.
  package init(
    program: EncoderProgram, weights: any WeightSource, precision: Precision = .float64,
    threads: Int? = nil
  ) {
    self.program = program
    self.precision = precision
    exact = Calculator(weights: weights, threads: threads, roundsResults: false)
    calculator =
      precision == .float64
      ? exact : Calculator(weights: weights, threads: threads, roundsResults: true)
  }

  package func run(
    _ stage: EncoderStage, input: Tensor, observing taps: Set<String>,
    sink: (String, Tensor) throws -> Void
  ) throws -> Tensor {
    let walk = StageWalk(program, stage, observing: taps)
    var values = [program.inputTap(of: stage): calculator.stored(input)]
    for (index, step) in walk.steps.enumerated() {
      let inputs = try step.inputs.map { name in
        guard let value = values[name] else {
          throw ReferenceError.missingValue(node: step.name, input: name)
        }
        return value
      }
      let value = try compute(step, inputs)
      values[step.name] = value
      if step.isTap && taps.contains(step.name) { try sink(step.name, value) }
      for name in walk.lastUses[index] { values[name] = nil }
    }
    guard let output = values[stage.outputTap] else {
      throw ReferenceError.missingValue(node: "\(stage)", input: stage.outputTap)
    }
    return output
  }

  private func compute(_ step: StageWalk.Step, _ inputs: [Tensor]) throws -> Tensor {
    switch step.work {
    case .node(let node): try calculator.compute(node, inputs)
    case .attention(let operations):
      calculator.stored(
        try calculator.attention(operations, inputs[0], inputs[1], inputs[2], step.name))
    }
  }

  /// - Note: The mel's node, which computes nothing, takes the mel as its input.
  package func evaluate(_ node: ProgramNode, inputs: [Tensor]) throws -> Tensor {
    try exact.compute(node, inputs)
  }

  package func evaluateAttention(
    scores: ProgramNode, softmax: ProgramNode, context: ProgramNode, query: Tensor, key: Tensor,
    value: Tensor, observing observe: ((AttentionRow) -> Void)?
  ) throws -> Tensor {
    guard case .attentionScores(let scoring) = scores.operation,
      case .softmax(let normalising) = softmax.operation,
      case .attentionContext(let mixing) = context.operation
    else {
      let map = try evaluate(scores, inputs: [query, key])
      let probabilities = try evaluate(softmax, inputs: [map])
      if let observe { AttentionRow.forEach(scores: map, probabilities: probabilities, observe) }
      return try evaluate(context, inputs: [probabilities, value])
    }
    let operations = AttentionOperations(scores: scoring, softmax: normalising, context: mixing)
    return try exact.attention(
      operations, query, key, value, context.name, observing: observe)
  }
}
