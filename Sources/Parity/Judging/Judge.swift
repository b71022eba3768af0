package import EncoderModel
import TensorCore

/// What is needed to judge any candidate of one model: the sound program, its weights, and the
/// Float64 operations. Shared by all candidates; each has its own `CandidateJudge`.
package struct Judge: Sendable {
  /// The sound program; its nodes are the operations that candidates are held to.
  package let program: EncoderProgram
  let oracle: any OperationEvaluator
  let differences: (any OperationEvaluator)?
  let builder: ErrorModelBuilder
  let tolerances: [TapTolerance]
  /// Whether precisions are looked for over segments of several blocks, which are computed once in
  /// Float64 for each way of rounding: a search that tries whole encoders anyway does so later.
  package var infersPrecisionOfEncoders = true
  /// Whether candidates compute their mel themselves and do not show it: the one that is known then
  /// stands for theirs only to the rounding of a Float32 front-end.
  package var hidesMel = false

  /// - Parameters:
  ///   - program: the sound program.
  ///   - weights: the weights that candidates claim to use.
  ///   - oracle: single operations in Float64. Shapes must be taken from inputs, as attention is
  ///     evaluated by blocks of queries.
  ///   - differences: single operations in Float32, fast. Where given, a linear operation on
  ///     inputs close to the reference's is evaluated as Op(reference inputs) + W·(difference): the
  ///     Float32 error of W·δ is ‖δ‖/‖x‖ of what rounding allows, at most 1/16, and 10⁻⁶ where the
  ///     candidate is sound.
  ///   - claim: the arithmetic that candidates claim.
  ///   - tolerances: user's tolerances; the last that matches a tap replaces its bound.
  package init(
    program: EncoderProgram, weights: any WeightSource, oracle: any OperationEvaluator,
    differences: (any OperationEvaluator)? = nil, claim: PrecisionClaim = .float32,
    tolerances: [TapTolerance] = []
  ) {
    self.program = program
    self.oracle = oracle
    self.differences = differences
    self.tolerances = tolerances
    builder = ErrorModelBuilder(statistics: WeightStatistics(weights), claim: claim)
  }

  private init(_ judge: Judge, claim: PrecisionClaim) {
    program = judge.program
    oracle = judge.oracle
    differences = judge.differences
    tolerances = judge.tolerances
    builder = ErrorModelBuilder(statistics: judge.builder.statistics, claim: claim)
    infersPrecisionOfEncoders = judge.infersPrecisionOfEncoders
    hidesMel = judge.hidesMel
  }

  /// The judge that takes the declared precision for granted; `nil` where none is declared.
  var declared: Judge? { builder.claim.declared.map { Judge(self, claim: $0) } }

  func tolerance(for tap: String) -> TapTolerance? {
    tolerances.last { globMatches($0.glob, tap) }
  }
}
