import AudioFrontEnd
import EncoderModel
import Faults
import Parity
import TensorCore

/// Tries hypotheses on one span of a candidate, in Float64 on the candidate's own values.
///
/// Not thread-safe: one thread searches, operations run in parallel.
final class SpanSearch {
  let context: SearchContext
  let shelf: CandidateShelf
  let span: Span
  let source: HypothesisSource
  let graph: ValueGraph
  /// What is computed where several blocks lie hidden, instead of Float64.
  let whole: WholeEncoderTrials?
  /// What judges within rounding: of Float32, and of the reduced precision found elsewhere.
  private(set) var judges: [Judge]
  /// What the judge says of each divergent tap.
  private(set) var introduced: [String: IntroducedError]
  private let judgeAgain: () throws -> [String: IntroducedError]
  private(set) var sound: [String: Int] = [:]
  /// Error of the sound program at each divergent tap.
  private(set) var soundResiduals: [String: Double] = [:]
  private let members: Set<EncoderStage>
  private var fits: [[String: Int]: Fit] = [:]
  /// Whether a hypothesis of precision has to take something of an error away to explain it.
  private(set) var demandsNearer = true
  private var exactTrials: [[String: Int]: Trial] = [:]
  /// When the present part of the search ends.
  var deadline: ContinuousClock.Instant

  init(
    _ context: SearchContext, _ shelf: CandidateShelf, _ span: Span,
    introduced: [String: IntroducedError], precisions: [NumberFormat],
    judgeAgain: @escaping () throws -> [String: IntroducedError]
  ) throws {
    self.judgeAgain = judgeAgain
    self.context = context
    self.shelf = shelf
    self.span = span
    self.introduced = introduced
    source = HypothesisSource(program: context.program)
    members = Set(span.stages)
    graph = ValueGraph(oracle: context.oracle, shown: shelf.tensor)
    graph.add(mel: context.mel, named: Self.soundMel)
    judges =
      [context.judge]
      + precisions.map { context.makeJudge(PrecisionClaim(operandUnit: $0.unitRoundoff)) }
    whole =
      span.isWide
      ? try WholeEncoderTrials(context, span, candidate: shelf) : nil
    deadline = .now + .seconds(max(2 * context.budgetSeconds, Self.singlesSeconds))
    sound = graph.predictions(of: span.nodes, shown: shelf.shown, mel: Self.soundMel)
    for tap in span.divergent {
      guard let id = sound[tap], let own = shelf.tensor(tap) else { continue }
      soundResiduals[tap] = relativeDistance(own, try graph.value(id))
    }
    for node in span.nodes where !node.isAttentionMap && whole == nil {
      if let id = sound[node.name], !span.shown.contains(node.name) { try graph.keep(id) }
    }
  }

  static let soundMel = "sound"
  /// Single faults are to be tried all; whole encoders of large models may take too long for that.
  private static let singlesSeconds = 60.0

  /// The hypothesis as a trial, or `nil` where it changes nothing that the candidate shows.
  func trial(_ hypothesis: Hypothesis) -> Trial? {
    let program = hypothesis.applied(to: context.program)
    let nodes = program.nodes.filter { members.contains($0.stage) }
    let mel =
      hypothesis.frontEnd.isEmpty
      ? Self.soundMel : hypothesis.frontEnd.map(\.name).joined(separator: "+")
    if !hypothesis.frontEnd.isEmpty {
      guard !shelf.shown.contains("mel"), let runner = context.frontEnd,
        let tensor = try? runner.mel(hypothesis.frontEndOptions).converted(to: .float32),
        tensor.shape == context.mel.shape
      else { return nil }
      graph.add(mel: tensor, named: mel)
    }
    let ids = graph.predictions(of: nodes, shown: shelf.shown, mel: mel)
    let changed = span.shown.filter { $0 != "mel" && ids[$0] != sound[$0] }
    guard !changed.isEmpty else { return nil }
    return Trial(
      hypothesis: hypothesis, program: program,
      predicted: Dictionary(uniqueKeysWithValues: changed.map { ($0, ids[$0] ?? -1) }))
  }

  /// Measures a trial at those of `taps` that it changes.
  func measure(_ trial: inout Trial, at taps: some Sequence<String>) {
    for tap in taps where trial.residuals[tap] == nil {
      guard let id = trial.predicted[tap], let own = shelf.tensor(tap) else { continue }
      if let whole {
        trial.residuals[tap] = (try? whole.residual(trial, mel: mel(of: trial))) ?? .infinity
      } else {
        trial.residuals[tap] =
          (try? graph.value(id)).map { relativeDistance(own, $0) } ?? .infinity
      }
    }
  }

  func mel(of trial: Trial) -> Tensor? {
    guard !trial.hypothesis.frontEnd.isEmpty else { return nil }
    return try? context.frontEnd?.mel(trial.hypothesis.frontEndOptions).converted(to: .float32)
  }

  /// The value that a trial predicts at a tap.
  func prediction(_ trial: Trial, at tap: String) throws -> Tensor {
    guard let id = trial.predicted[tap] ?? sound[tap] else { throw ExplainError.missingValue(tap) }
    return try graph.value(id)
  }

  /// The trial with residuals in Float64, where the search itself was fast.
  func exact(_ trial: Trial) -> Trial {
    guard whole != nil else { return trial }
    if let known = exactTrials[trial.predicted] {
      var copy = trial
      copy.residuals = known.residuals
      return copy
    }
    var copy = trial
    for (tap, id) in trial.predicted {
      guard let own = shelf.tensor(tap), let value = try? graph.value(id) else { continue }
      copy.residuals[tap] = relativeDistance(own, value)
    }
    exactTrials[trial.predicted] = copy
    return copy
  }

  /// Whether a trial is within rounding at every tap that it changes.
  func fit(_ trial: Trial) -> Fit {
    if let known = fits[trial.predicted] { return known }
    let result = judgedFit(trial)
    fits[trial.predicted] = result
    return result
  }

  /// Looks for the precision of a whole encoder, and allows for it from now on where one is found whose
  /// roundings have the size of the error.
  /// - Returns: whether there is one.
  func inferPrecision() -> Bool {
    guard whole != nil, let judged = try? judgeAgain() else { return false }
    var isFound = false
    for tap in span.divergent {
      guard let error = judged[tap], case .reducedPrecision(let format) = error.verdict,
        roundingEverywhereIsOfThisSize(format, at: tap)
      else { continue }
      introduced[tap] = error
      judges.append(context.makeJudge(PrecisionClaim(operandUnit: format.unitRoundoff)))
      isFound = true
    }
    if isFound { fits = [:] }
    return isFound
  }

  /// A residual below this part of the error leaves nothing but roundings that fell on the other
  /// side: two roundings drawn independently leave 1.4 of it, one of two formats 0.7.
  static let reproduced = 0.35

  /// The least error that is left where one fault of a hypothesis is taken out of it: what each of
  /// them has to take most of away.
  private func errorWithoutOne(of trial: Trial, at tap: String) -> Double {
    let error = soundResiduals[tap] ?? 0
    let hypothesis = trial.hypothesis
    guard !hypothesis.isSystematic, hypothesis.faults.count > 1 else { return error }
    return hypothesis.faults.indices.reduce(error) { least, index in
      var smaller = hypothesis
      smaller.faults.remove(at: index)
      guard var part = self.trial(smaller) else { return least }
      measure(&part, at: [tap])
      return min(least, part.residuals[tap] ?? least)
    }
  }

  /// Whether taps that are sound as they stand stay within Float32's rounding with the hypothesis in
  /// force: one that moves them is refuted, however loose the bound of the precision it claims.
  private func leavesSoundTaps(
    _ taps: Set<String>, _ trial: Trial, _ candidate: (String) -> Tensor?
  ) -> Bool {
    guard !taps.isEmpty else { return true }
    let errors =
      (try? context.judge.introducedErrors(at: taps, of: trial.program, candidate: candidate))
      ?? [:]
    return taps.allSatisfy { tap in
      guard let error = errors[tap], error.worstRatio <= 1, !error.verdict.isDivergence,
        let own = shelf.tensor(tap), let sound = sound[tap].flatMap({ try? graph.value($0) }),
        let id = trial.predicted[tap], let moved = try? graph.value(id)
      else { return false }
      // A hypothesis that rounds brings a wide bound of its own: what counts is how near it comes.
      return relativeDistance(own, moved) <= max(2 * relativeDistance(own, sound), 0x1p-23)
    }
  }

  /// From now on a wide bound is enough: nothing else explains what is left.
  func acceptWideBounds() {
    demandsNearer = false
    fits = [:]
  }

  /// Whether a hypothesis of precision alone takes something of the error away wherever it claims to
  /// explain one. It brings a bound of its own, which may be wide enough for an error of another kind;
  /// one that leaves all of the error, having rounded, has explained none of it.
  ///
  /// Whole encoders are not asked: behind many operations other roundings fall on other sides.
  private func comesNearer(_ trial: Trial, at taps: [String]) -> Bool {
    guard whole == nil, trial.hypothesis.isOfPrecision else { return true }
    return taps.allSatisfy { tap in
      guard let residual = trial.residuals[tap], let error = soundResiduals[tap] else {
        return true
      }
      return residual <= Self.nearer * error
    }
  }

  /// The part of an error that a hypothesis of precision may leave: two formats' roundings leave 0.7.
  private static let nearer = 0.9

  private func judgedFit(_ trial: Trial) -> Fit {
    let divergent = span.divergent.filter { trial.predicted[$0] != nil }
    guard trial.worst(divergent).isFinite else { return .none }
    let mel = mel(of: trial)
    let candidate: (String) -> Tensor? = { [shelf, context] tap in
      shelf.tensor(tap) ?? (tap == "mel" ? mel ?? context.mel : nil)
    }
    let taps = Set(trial.predicted.keys)
    guard leavesSoundTaps(taps.subtracting(divergent), trial, candidate) else { return .none }
    for judge in judges {
      let errors =
        (try? judge.introducedErrors(at: taps, of: trial.program, candidate: candidate)) ?? [:]
      let isRounding = taps.allSatisfy { tap in
        guard let error = errors[tap] else { return false }
        return error.worstRatio <= 1 && !error.verdict.isDivergence
      }
      if isRounding {
        return !demandsNearer || comesNearer(trial, at: divergent) ? .rounding : .none
      }
    }
    guard trial.hypothesis.faults.contains(where: \.fault.roundsActivations) else { return .none }
    let isReproduced = divergent.allSatisfy { tap in
      (trial.residuals[tap] ?? .infinity) <= Self.reproduced * errorWithoutOne(of: trial, at: tap)
    }
    return isReproduced ? .reproduced : .none
  }
}
