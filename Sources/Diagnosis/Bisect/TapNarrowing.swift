import EncoderModel
package import Parity
package import TensorCore

/// Finds the operations that introduce errors in an implementation whose taps are expensive.
///
/// Few taps are asked for at first. Where the segment between two of them diverges — the Float64
/// operations applied to the candidate's own values — a value in its middle is asked for next, in
/// every such segment at once: log₂ of the number of operations is how often it takes.
package struct TapNarrowing {
  /// One run of the implementation.
  package struct Step: Sendable {
    /// Taps asked for, in program order.
    package var asked: [String]
    /// Those that it did not give.
    package var missing: [String]
    /// Ends of segments that diverge, and how many operations each has.
    package var divergent: [(tap: String, operations: Int)]
    /// What this run gave otherwise than an earlier one; `nil` where all that was given twice agrees.
    package var disagreement: Disagreement?
  }

  /// A value that two runs on the same mel gave with different bits.
  package struct Disagreement: Sendable, Hashable {
    package var tap: String
    /// ‖later − earlier‖/‖earlier‖; `nil` where that is zero or not finite.
    package var relativeL2: Double?
  }

  /// Runs the implementation and reads these taps of it, and any others that it gave; canonical
  /// shapes.
  package typealias Ask = (_ taps: [String]) throws -> [String: Tensor]

  private let judge: Judge
  private let name: String
  private let ask: Ask
  /// More runs than any program of our sizes takes.
  private static let maxSteps = 16

  package init(judge: Judge, name: String, ask: @escaping Ask) {
    self.judge = judge
    self.name = name
    self.ask = ask
  }

  /// Narrows until every divergent segment is one operation, or has no inner tap to ask for.
  ///
  /// The second run is asked for the output again, to see whether the implementation repeats itself.
  /// Where it does not, values of different runs do not fit together: all are then taken from one
  /// more run.
  /// - Parameters:
  ///   - mel: what the implementation encodes, `[frames, mels]`.
  ///   - reference: reference taps that are at hand, for cumulative figures.
  ///   - report: called after each run.
  /// - Returns: the verdicts over all taps seen.
  /// - Throws: what the implementation's runs throw.
  package func run(
    mel: Tensor, reference: (String) -> Tensor? = { _ in nil }, report: (Step) -> Void = { _ in }
  ) throws -> CandidateResult {
    let program = judge.program
    var known = ["mel": mel]
    var unavailable = Set<String>()
    var wanted = initialTaps
    var result = try judged(known, reference)
    for index in 0..<Self.maxSteps where !wanted.isEmpty {
      let asked = program.tapNames.filter(wanted.contains)
      let output = EncoderStage.lnPost.outputTap
      let given = try ask(asked + (index == 1 && known[output] != nil ? [output] : []))
      var step = Step(
        asked: asked, missing: asked.filter { given[$0] == nil }, divergent: [],
        disagreement: disagreement(known, given))
      if step.disagreement != nil {
        report(step)
        return try fromOneRun(mel, reference, report)
      }
      unavailable.formUnion(step.missing)
      known.merge(given.filter { $0.key != "mel" }) { $1 }
      result = try judged(known, reference)
      let segments = divergentSegments(result)
      step.divergent = segments.map { ($0.tap, $0.segment.count) }
      report(step)
      wanted = Set(segments.flatMap { next($0.segment, unavailable: unavailable) })
    }
    return result
  }

  /// Verdicts over every tap of one more run.
  private func fromOneRun(
    _ mel: Tensor, _ reference: (String) -> Tensor?, _ report: (Step) -> Void
  ) throws -> CandidateResult {
    let asked = TapSelection.operations.names(in: judge.program).filter { $0 != "mel" }
    let given = try ask(asked)
    let result = try judged(given.merging(["mel": mel]) { $1 }, reference)
    report(
      Step(
        asked: asked, missing: asked.filter { given[$0] == nil },
        divergent: divergentSegments(result).map { ($0.tap, $0.segment.count) }))
    return result
  }

  /// The first value in program order that `given` holds with other bits than `known`.
  private func disagreement(
    _ known: [String: Tensor], _ given: [String: Tensor]
  ) -> Disagreement? {
    for tap in judge.program.tapNames where tap != "mel" {
      guard let earlier = known[tap], let later = given[tap], earlier.shape == later.shape,
        earlier.scalarType != later.scalarType || !areBitEqual(reference: earlier, candidate: later)
      else { continue }
      let norm = inner(earlier, earlier)
      let change = difference(later, earlier)
      let size = (inner(change, change) / norm).squareRoot()
      return Disagreement(tap: tap, relativeL2: size.isFinite ? size : nil)
    }
    return nil
  }

  /// The output, and the value half-way to it.
  private var initialTaps: Set<String> {
    let stages = judge.program.stages
    return [stages[(stages.count - 1) / 2].outputTap, EncoderStage.lnPost.outputTap]
  }

  private func judged(
    _ known: [String: Tensor], _ reference: (String) -> Tensor?
  ) throws -> CandidateResult {
    var candidate = CandidateJudge(judge: judge, backend: name)
    try withoutActuallyEscaping(reference) { reference in
      for stage in judge.program.stages {
        try candidate.judgeStage(
          stage, expected: Set(known.keys), candidate: { known[$0] }, reference: reference)
      }
    }
    return candidate.result()
  }

  private func divergentSegments(_ result: CandidateResult) -> [(tap: String, segment: [String])] {
    result.taps.compactMap { tap in
      guard let introduced = tap.introduced, introduced.verdict.isDivergence else { return nil }
      return (tap.tap, introduced.segment)
    }
  }

  /// What to ask for within a segment: the operation in its middle that can be asked for. Attention
  /// maps cannot; their context is judged with them. A kind of operation that one block did not
  /// give is asked of another only when nothing else is left, then all of them at once.
  private func next(_ segment: [String], unavailable: Set<String>) -> [String] {
    let inner = segment.dropLast().filter { name in
      guard let node = judge.program.node(named: name) else { return false }
      return !node.isAttentionMap && !unavailable.contains(name)
    }
    let kinds = Set(unavailable.map(kind))
    let likely = inner.filter { !kinds.contains(kind($0)) }
    return likely.isEmpty ? Array(inner) : [likely[likely.count / 2]]
  }

  /// A tap's name without the number of its block.
  private func kind(_ tap: String) -> String {
    var parts = tap.split(separator: ".")
    if parts.count > 2, parts[1] == "blocks" { parts.remove(at: 2) }
    return parts.joined(separator: ".")
  }
}
