package import EncoderModel
package import TensorCore

/// Traces the output's error back through the Float64 network, along the candidate's own values.
///
/// One backward pass gives the gradient of ⟨output, Δ⟩/‖Δ‖² at every value; its inner product with
/// an operation's introduced error is that operation's share, to first order. Errors too large for
/// that are measured instead by two runs of the rest of the network, with and without them. One
/// stage is in memory at a time, beside the stages' inputs.
package struct BudgetMeasurement {
  package typealias Evaluator = OperationEvaluator & OperationDerivative

  private let program: EncoderProgram
  private let evaluator: any Evaluator
  private let candidate: any Candidate
  private let walk: StageReplay
  /// Taps of operations whose error is told apart: all that are no attention maps.
  private let observed: Set<String>

  /// Relative error above which an operation is measured by runs.
  private static let largestLinear = 1e-3
  /// Linear share above which it is worth the runs.
  private static let smallestMeasured = 0.01
  /// Most operations that are measured by runs.
  private static let maxMeasured = 8

  package init(program: EncoderProgram, evaluator: any Evaluator, candidate: any Candidate) {
    self.program = program
    self.evaluator = evaluator
    self.candidate = candidate
    walk = StageReplay(program: program, evaluator: evaluator)
    observed = Set(TapSelection.operations.names(in: program))
  }

  /// The budget of the candidate's output against `reference`, the sound encoder's.
  /// - Returns: `nil` where there is no error, or one that is not finite.
  /// - Throws: what candidate and evaluator throw.
  package func measure(mel: Tensor, reference: Tensor) throws -> ErrorBudget? {
    var inputs: [Tensor] = []
    var value = mel
    for stage in program.stages {
      inputs.append(value)
      value = try output(of: stage, input: value)
    }
    let delta = difference(value, reference)
    let energy = delta.withFloat64 { $0.reduce(0) { $0 + $1 * $1 } }
    guard energy > 0, energy.isFinite else { return nil }
    let norm = reference.withFloat64 { $0.reduce(0) { $0 + $1 * $1 } }
    let direction = scaled(delta, by: 1 / energy)
    var cotangent = direction
    var entries: [ErrorBudget.Entry] = []
    var large: [(tap: String, size: Double)] = []
    for (stage, input) in zip(program.stages, inputs).reversed() {
      let pass = try BackwardPass(
        walk: walk, stage: stage, shown: shown(stage, input), cotangent: cotangent)
      entries += pass.shares.map { ErrorBudget.Entry(tap: $0.tap, share: $0.share, isExact: false) }
      large += pass.shares.filter {
        $0.relativeL2 > Self.largestLinear && abs($0.share) > Self.smallestMeasured
      }.map { ($0.tap, abs($0.share)) }
      cotangent = pass.inputCotangent
    }
    if let own = try candidate.taps(of: .stem, input: mel, observing: ["mel"]).values["mel"] {
      let share = inner(cotangent, difference(own, mel))
      if share != 0 { entries.append(.init(tap: "mel", share: share, isExact: false)) }
    }
    let chosen = large.sorted { $0.size > $1.size }.prefix(Self.maxMeasured).map(\.tap)
    for tap in chosen {
      let share = try measuredShare(of: tap, inputs: inputs, direction: direction)
      for index in entries.indices where entries[index].tap == tap {
        entries[index].share = share
        entries[index].isExact = true
      }
    }
    return ErrorBudget(
      entries: entries, relativeL2: norm > 0 ? (energy / norm).squareRoot() : nil)
  }

  /// What the candidate hands on from a stage, replayed where it does not show it.
  private func output(of stage: EncoderStage, input: Tensor) throws -> Tensor {
    let taps = try candidate.taps(of: stage, input: input, observing: [stage.outputTap])
    if let output = taps.output { return output }
    let values = try walk.values(of: stage, shown: shown(stage, input)).values
    return values[stage.outputTap] ?? input
  }

  /// The candidate's values of a stage, its input among them.
  private func shown(_ stage: EncoderStage, _ input: Tensor) throws -> [String: Tensor] {
    var values = try candidate.taps(of: stage, input: input, observing: observed).values
    values = values.filter { observed.contains($0.key) }
    let inputTap = program.inputTap(of: stage)
    values[inputTap] = values[inputTap] ?? input
    return values
  }

  /// ⟨rest of the network on the candidate's value − the same on the exact one, direction⟩.
  private func measuredShare(of tap: String, inputs: [Tensor], direction: Tensor) throws -> Double {
    guard let node = program.node(named: tap),
      let start = program.stages.firstIndex(of: node.stage)
    else { return 0 }
    let shown = try shown(node.stage, inputs[start])
    let stageNodes = program.nodes(in: node.stage)
    guard let position = stageNodes.firstIndex(where: { $0.name == tap }) else { return 0 }
    let before = Set(stageNodes[..<position].map(\.name) + [program.inputTap(of: node.stage)])
    var known = shown.filter { before.contains($0.key) }
    let without = try rest(from: start, known: known)
    known[tap] = shown[tap]
    let with = try rest(from: start, known: known)
    return inner(difference(with, without), direction)
  }

  /// The output in Float64 from some values of one stage on.
  private func rest(from start: Int, known: [String: Tensor]) throws -> Tensor {
    let inputTap = program.inputTap(of: program.stages[start])
    guard var value = known[inputTap] else {
      throw ComparisonError.noInput(name: candidate.name, stage: program.stages[start])
    }
    for (offset, stage) in program.stages[start...].enumerated() {
      let shown = offset == 0 ? known : [program.inputTap(of: stage): value]
      let values = try walk.values(of: stage, shown: shown).values
      if let output = values[stage.outputTap] { value = output }
    }
    return value
  }
}

/// a − b in Float64.
func difference(_ a: Tensor, _ b: Tensor) -> Tensor {
  a.withFloat64 { x in
    b.withFloat64 { y in
      Tensor.float64(a.shape) { out in for i in out.indices { out[i] = x[i] - y[i] } }
    }
  }
}

/// ⟨a, b⟩ in Float64.
func inner(_ a: Tensor, _ b: Tensor) -> Double {
  a.withFloat64 { x in
    b.withFloat64 { y in
      var sum = 0.0
      for i in x.indices { sum += x[i] * y[i] }
      return sum
    }
  }
}

private func scaled(_ x: Tensor, by factor: Double) -> Tensor {
  x.withFloat64 { values in
    Tensor.float64(x.shape) { out in for i in out.indices { out[i] = values[i] * factor } }
  }
}
