import EncoderModel
import Parity
import TensorCore

/// Names the causes in one candidate: judges it, searches span after span, and sums up.
package struct Explainer: Sendable {
  package let context: SearchContext

  package init(_ context: SearchContext) { self.context = context }

  /// Explains everything that a candidate shows.
  /// - Throws: `ExplainError.nothingShown`; what the oracle and backends throw.
  package func explain(_ shelf: CandidateShelf, notes: [String] = []) throws -> Explanation {
    guard !shelf.taps.isEmpty || !shelf.misshapen.isEmpty else {
      throw ExplainError.nothingShown(shelf.name)
    }
    let taps = shelf.taps
    var notes = notes
    let shelf = try withRecoveredMel(shelf, &notes)
    if shelf.hidesMel {
      notes.append("the candidate shows no mel: the rounding of a Float32 front-end is allowed for")
    }
    var explanation = Explanation(
      candidate: shelf.name, findings: [], unexplained: [], taps: taps, notes: notes,
      repair: nil)
    explainMel(shelf, &explanation)
    let judged = try judge(shelf, infersPrecisionOfEncoders: false)
    let divergent = judged.filter { $0.value.verdict.isDivergence }
    let precisions = Set(
      judged.values.compactMap { error -> NumberFormat? in
        if case .reducedPrecision(let format) = error.verdict { format } else { nil }
      }
    ).sorted { $0.unitRoundoff < $1.unitRoundoff }
    let spans = Span.all(
      of: context.program, shown: shelf.shown, divergent: Set(divergent.keys))
    var outcomes = try spans.map { span in
      try SpanSearch(
        context, shelf, span, introduced: divergent, precisions: precisions
      ) { try judge(shelf, infersPrecisionOfEncoders: true) }.run()
    }
    outcomes.agree()
    for outcome in outcomes { add(outcome, to: &explanation) }
    for (tap, shape) in shelf.misshapen.sorted(by: { $0.key < $1.key }) where tap != "mel" {
      let due = context.program.node(named: tap)?.shape ?? []
      explanation.unexplained.append(
        Unexplained(
          tap: tap, verdict: "structural", error: nil,
          clues: ["its shape is \(shape), where \(due) is due"]))
    }
    try HarmCheck(context: context, shelf: shelf).run(&explanation)
    return explanation
  }

  /// Introduced errors of every shown tap but the mel.
  private func judge(_ shelf: CandidateShelf, infersPrecisionOfEncoders: Bool) throws
    -> [String: IntroducedError]
  {
    var held = context.judge
    held.infersPrecisionOfEncoders = infersPrecisionOfEncoders
    held.hidesMel = shelf.hidesMel
    var judge = CandidateJudge(judge: held, backend: shelf.name)
    let mel = context.mel
    var errors: [String: IntroducedError] = [:]
    for (index, stage) in context.program.stages.enumerated() {
      context.progress(
        "judging \(stage)", Double(index) / Double(context.program.stages.count))
      let results = try judge.judgeStage(
        stage, expected: [], candidate: { shelf.tensor($0) },
        reference: { $0 == "mel" ? mel : nil })
      for result in results { errors[result.tap] = result.introduced }
    }
    return errors
  }

  /// The shelf with the mel that the candidate had, where it shows none of its own and its first
  /// convolution is not of ours, but to rounding of one that follows from it.
  private func withRecoveredMel(_ shelf: CandidateShelf, _ notes: inout [String]) throws
    -> CandidateShelf
  {
    guard shelf.tensor("mel") == nil, shelf.misshapen["mel"] == nil,
      let recovery = MelRecovery(context.program, oracle: context.oracle),
      let output = shelf.tensor(recovery.node.name),
      (output.scalarType.unitRoundoff ?? 1) <= 0x1p-24,
      try verdict(recovery.node, on: context.mel, output) == .structural,
      let mel = try recovery.mel(from: output, numMels: context.mel.innerExtent),
      try verdict(recovery.node, on: mel, output)?.isDivergence == false
    else { return shelf }
    notes.append(
      "the candidate shows no mel: the one that \(recovery.node.name) was computed from was recovered "
        + "from it by least squares")
    return shelf.showing(mel: mel, program: context.program)
  }

  private func verdict(_ node: ProgramNode, on mel: Tensor, _ output: Tensor) throws
    -> TapVerdict?
  {
    try context.judge.introducedError(at: node.name, inputs: ["mel": mel], candidate: output)?
      .verdict
  }

  private func explainMel(_ shelf: CandidateShelf, _ explanation: inout Explanation) {
    let foreign = shelf.tensor("mel")
    if let foreign, relativeDistance(foreign, context.mel) == 0 { return }
    guard foreign != nil || shelf.misshapenMel != nil else { return }
    guard let runner = context.frontEnd else {
      if let foreign { explainMelWithoutAudio(foreign, &explanation) }
      return
    }
    guard let own = foreign ?? shelf.misshapenMel else { return }
    let search = MelSearch(
      runner: runner, own: own, deadline: .now + .seconds(context.budgetSeconds),
      progress: context.progress)
    var outcome = search.run()
    if outcome.best == nil, !outcome.isSound, let clue = SoundLikeness.clue(own, context.mel) {
      outcome.clue = [outcome.clue, clue].compactMap { $0 }.joined(separator: "; ")
    }
    add(outcome, to: &explanation)
  }

  /// Without the audio, only what the sound mel itself tells.
  private func explainMelWithoutAudio(_ foreign: Tensor, _ explanation: inout Explanation) {
    let residual = relativeDistance(foreign, context.mel)
    if MelBound.isRounding(foreign, context.mel, relative: residual) { return }
    let rounding = MelRounding(foreign)
    guard let left = rounding.residual(foreign, context.mel) else {
      explanation.unexplained.append(
        Unexplained(
          tap: "mel", verdict: "structural", error: residual,
          clues: ["the causes in a mel are searched for on the audio: give the audio file"]))
      return
    }
    let trial = MelSearch.Trial(
      hypothesis: Hypothesis(frontEnd: rounding.faults), residual: left, isRounding: true)
    add(MelSearch.Outcome(best: trial, soundResidual: residual, isSound: false), to: &explanation)
  }
}
