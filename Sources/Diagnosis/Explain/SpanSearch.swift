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
  /// Whether the bounds of reduced precisions count: they hold what merely resembles the right values.
  private(set) var allowsPrecisions = false
  /// Whether a hypothesis of precision has to take something of an error away to explain it.
  private(set) var demandsNearer = true
  private var exactTrials: [[String: Int]: Trial] = [:]
  /// ‖f32 − f64‖/‖f64‖ of the sound output, where whole encoders are run in Float32: what two
  /// engines that compute the same differ by, give or take a factor.
  private(set) var floor = 0.0
  /// What hypotheses do to the thinned encoder, by what they predict.
  var effects: [[String: Int]: CoarseTrials.Effect] = [:]
  /// Hypotheses that were tried on the thinned encoder.
  var screened: [Trial] = []
  /// Whether parameters are fitted on the thinned encoder for the time being.
  var fitsCoarsely = false
  private let began = ContinuousClock.now
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
    for index in judges.indices { judges[index].hidesMel = shelf.hidesMel }
    whole =
      span.isWide
      ? try WholeEncoderTrials(context, span, candidate: shelf) : nil
    deadline = .now + .seconds(context.budgetSeconds)
    sound = graph.predictions(of: span.nodes, shown: shelf.shown, mel: Self.soundMel)
    for tap in span.divergent {
      guard let id = sound[tap], let own = shelf.tensor(tap) else { continue }
      let value = try graph.value(id)
      soundResiduals[tap] = relativeDistance(own, value)
      if let whole {
        floor = WholeEncoderTrials.distance(
          whole.soundSketch.map(Double.init), whole.sample(value))
      }
    }
    for node in span.nodes where !node.isAttentionMap && whole == nil {
      if let id = sound[node.name], !span.shown.contains(node.name) { try graph.keep(id) }
    }
  }

  static let soundMel = "sound"

  /// When a part of the search has to end that takes it up to a share of the budget.
  func end(of share: Double) -> ContinuousClock.Instant {
    began + .seconds(share * context.budgetSeconds)
  }

  /// The hypothesis as a trial, or `nil` where it changes nothing that the candidate shows.
  func trial(_ hypothesis: Hypothesis) -> Trial? {
    let program = hypothesis.applied(to: context.program)
    let nodes = program.nodes.filter { members.contains($0.stage) }
    let mel = Self.melName(hypothesis)
    if !hypothesis.frontEnd.isEmpty, graph.mel(named: mel) == nil {
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
      if fitsCoarsely {
        trial.residuals[tap] = (effect(of: trial)?.left ?? .infinity) * (soundResiduals[tap] ?? 1)
      } else if let whole {
        trial.residuals[tap] = (try? whole.residual(trial, mel: mel(of: trial))) ?? .infinity
      } else {
        trial.residuals[tap] =
          (try? graph.value(id)).map { relativeDistance(own, $0) } ?? .infinity
      }
    }
  }

  func mel(of trial: Trial) -> Tensor? {
    trial.hypothesis.frontEnd.isEmpty ? nil : graph.mel(named: Self.melName(trial.hypothesis))
  }

  private static func melName(_ hypothesis: Hypothesis) -> String {
    hypothesis.frontEnd.isEmpty
      ? soundMel : hypothesis.frontEnd.map(\.name).joined(separator: "+")
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

  /// Lets a trial have the fit and the residuals of one whose prediction is the same.
  func adopt(_ fit: Fit, _ known: Trial, for trial: Trial) -> Trial {
    fits[trial.predicted] = fit
    var copy = trial
    for tap in trial.residuals.keys { copy.residuals[tap] = known.residuals[tap] }
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
    guard whole != nil, span.divergent.contains(where: isOfSizeOfAPrecision(at:)),
      let judged = try? judgeAgain()
    else { return false }
    var isFound = false
    for tap in span.divergent {
      guard let error = judged[tap], case .reducedPrecision(let format) = error.verdict,
        error.reproductionL2 != nil || roundingEverywhereIsOfThisSize(format, at: tap)
      else { continue }
      introduced[tap] = error
      var judge = context.makeJudge(PrecisionClaim(operandUnit: format.unitRoundoff))
      judge.hidesMel = shelf.hidesMel
      judges.append(judge)
      isFound = true
    }
    if isFound {
      allowsPrecisions = true
      fits = [:]
    }
    return isFound
  }

  /// From now on what lies within the bound of a precision found elsewhere is explained too.
  func allowPrecisions() -> Bool {
    guard !allowsPrecisions, judges.count > 1 else { return false }
    allowsPrecisions = true
    fits = [:]
    return true
  }

  /// From now on a wide bound is enough: nothing else explains what is left.
  func acceptWideBounds() {
    demandsNearer = false
    fits = [:]
  }
}
