/// Runs a reference and its candidates over one mel, stage by stage, and judges every tap.

package import EncoderModel
package import Parity
package import TensorCore

/// One comparison: the sound program, the reference, the judge and the candidates.
///
/// One stage of each side is in memory at a time, never a model's worth.
package struct EncoderComparison: Sendable {
  package let reference: any Candidate
  package let judge: Judge
  package let candidates: [any Candidate]
  /// Taps that are looked at, in program order, the mel first.
  package let taps: [String]

  /// - Parameters:
  ///   - reference: a sound encoder; cumulative figures are against it.
  ///   - judge: what introduced errors are measured with.
  ///   - candidates: who is judged.
  ///   - selection: which taps are looked at.
  package init(
    reference: any Candidate, judge: Judge, candidates: [any Candidate],
    selection: TapSelection
  ) {
    self.reference = reference
    self.judge = judge
    self.candidates = candidates
    taps = selection.names(in: judge.program)
  }

  /// Called with each tap of each side as it is computed: `nil` names the reference.
  package typealias Sink = (_ candidate: Int?, _ tap: String, _ value: Tensor) throws -> Void

  /// Called with each judged tap of each candidate.
  package typealias IntroducedSink = (_ candidate: Int, IntroducedDifference) throws -> Void

  /// Compares over one mel.
  /// - `mel`: `[frames, mels]`, Float32: what every live encoder is given; `nil` where all are dumps.
  /// - `progress`: called before each stage of each side with what is done so far, from 0 to 1.
  /// - `introduced`: sees every judged tap beside what its operation should have given.
  /// - `sink`: sees every observed tap, e.g. to dump it.
  package func run(
    mel: Tensor?, progress: (_ activity: String, _ done: Double) -> Void = { _, _ in },
    introduced: IntroducedSink = { _, _ in }, sink: Sink = { _, _, _ in }
  ) throws -> ComparisonResult {
    let wanted = Set(taps)
    let stages = judge.program.stages
    var timings = [StageTiming]()
    var judges = candidates.map { candidate in
      var own = judge
      own.hidesMel = candidate.hidesMel
      return CandidateJudge(judge: own, backend: candidate.name, faults: candidate.faults)
    }
    var inputs = candidates.map { _ in mel }
    var outputs = [Tensor?](repeating: nil, count: candidates.count)
    var referenceInput = mel
    var leading = LeadingOutputs(
      stages: Array(stages.prefix(2)), candidates: outputs)
    for (index, stage) in stages.enumerated() {
      let done = Double(index) / Double(stages.count)
      progress("\(reference.name): \(stage)", done)
      var known = try runReference(stage, &referenceInput, wanted, &timings)
      for tap in taps where known.values[tap] != nil && isTap(tap, of: stage) {
        if let value = known.values[tap] { try sink(nil, tap, value) }
      }
      known.values[judge.program.inputTap(of: stage)] = known.input
      for side in candidates.indices {
        progress("\(candidates[side].name): \(stage)", done)
        outputs[side] = try judgeStage(
          stage, side, wanted, known.values, &inputs[side], &judges[side], &timings, introduced,
          sink)
      }
      if stage == leading.stages.last {
        leading.reference = referenceInput
        leading.candidates = outputs
      }
    }
    return ComparisonResult(
      reference: reference.name, candidates: judges.map { $0.result() }, taps: taps,
      referenceOutput: referenceInput, outputs: outputs, leading: leading, timings: timings)
  }

  private func isTap(_ tap: String, of stage: EncoderStage) -> Bool {
    judge.program.node(named: tap)?.stage == stage
  }

  private func runReference(
    _ stage: EncoderStage, _ input: inout Tensor?, _ wanted: Set<String>,
    _ timings: inout [StageTiming]
  ) throws -> (values: [String: Tensor], input: Tensor?) {
    let given = input
    let start = ContinuousClock.now
    let shown = try reference.taps(of: stage, input: given, observing: wanted)
    timings.append(
      StageTiming(side: reference.name, stage: stage, activity: .encode, seconds: start.elapsed))
    input = shown.output
    var values = shown.values
    values[stage.outputTap] = shown.output
    let stageInput = stage == .stem ? given ?? shown.values["mel"] : given
    return (values, stageInput)
  }

  /// Runs and judges one stage of one candidate; answers its output.
  private func judgeStage(
    _ stage: EncoderStage, _ side: Int, _ wanted: Set<String>, _ known: [String: Tensor],
    _ input: inout Tensor?, _ judge: inout CandidateJudge, _ timings: inout [StageTiming],
    _ introduced: IntroducedSink, _ sink: Sink
  ) throws -> Tensor? {
    let candidate = candidates[side]
    var start = ContinuousClock.now
    let shown = try candidate.taps(of: stage, input: input, observing: wanted)
    timings.append(
      StageTiming(side: candidate.name, stage: stage, activity: .encode, seconds: start.elapsed))
    for tap in taps {
      if let value = shown.values[tap] { try sink(side, tap, value) }
    }
    let inputTap = self.judge.program.inputTap(of: stage)
    let shownInput = stage == .stem || !isShown(inputTap, by: candidate) ? nil : input
    // Ports seldom dump their input; without it the reference's is theirs.
    let expected = shown.values["mel"] == nil ? wanted.subtracting(["mel"]) : wanted
    start = ContinuousClock.now
    try judge.judgeStage(
      stage, expected: expected,
      candidate: { shown.values[$0] ?? ($0 == inputTap ? shownInput : nil) },
      reference: { known[$0] }, introduced: { try introduced(side, $0) })
    timings.append(
      StageTiming(side: candidate.name, stage: stage, activity: .judge, seconds: start.elapsed))
    input = shown.output
    return shown.output
  }

  /// Whether a candidate holds the value itself: a live one always does.
  private func isShown(_ tap: String, by candidate: any Candidate) -> Bool {
    candidate.availableTaps?.contains(tap) ?? true
  }
}

extension ContinuousClock.Instant {
  /// Seconds since this instant.
  fileprivate var elapsed: Double { (ContinuousClock.now - self) / .seconds(1) }
}
