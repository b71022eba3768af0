package import EncoderModel
package import TensorCore

/// Judges one candidate, stage after stage; holds what passes from one stage to the next.
package struct CandidateJudge {
  let judge: Judge
  let backend: String
  let faults: [String]
  private var taps: [TapResult] = []
  /// Output of the last stage as replayed in Float64, where the candidate lacks it.
  private var carried: [String: NodeValue] = [:]
  private var hint: PrecisionVariant?
  /// How upstream errors reach a tap.
  var lineage = ErrorLineage()

  package init(judge: Judge, backend: String, faults: [String] = []) {
    self.judge = judge
    self.backend = backend
    self.faults = faults
  }

  /// Judges the taps of one stage.
  /// - Parameters:
  ///   - stage: stages must come in program order.
  ///   - expected: taps that the candidate should have; others are judged only where present.
  ///   - candidate: the candidate's tap of that name, from this stage or the output of the one
  ///     before; `nil` where it has none. A missing mel is taken from the reference.
  ///   - reference: the reference's tap, Float64 from a sound encoder, or `nil`.
  ///   - introduced: sees every judged tap beside what its operation should have made of the
  ///     candidate's own inputs.
  /// - Returns: results in program order, the mel's first in the stem.
  /// - Throws: what the judge's oracle and weights throw.
  @discardableResult
  package mutating func judgeStage(
    _ stage: EncoderStage, expected: Set<String>, candidate: (String) -> Tensor?,
    reference: @escaping (String) -> Tensor?,
    introduced: (IntroducedDifference) throws -> Void = { _ in }
  ) throws -> [TapResult] {
    let nodes = judge.program.nodes(in: stage)
    var context = StageContext(judge: judge, nodes: nodes, reference: reference)
    context.hint = hint
    let inputTap = judge.program.inputTap(of: stage)
    if stage != .stem {
      if let known = candidate(inputTap) {
        context.values[inputTap] = .known(known)
      } else if let value = carried[inputTap] {
        context.values[inputTap] = value
      }
    }
    var results: [TapResult] = []
    for node in nodes {
      let tap = candidate(node.name)
      if let tap, tap.shape != node.shape {
        results.append(misshapen(node, tap))
        continue
      }
      let error = try context.advance(node, candidate: tap, seed: UInt64(taps.count))
      if let tap, let exact = context.judged {
        try introduced(IntroducedDifference(tap: node.name, candidate: tap, exact: exact))
      }
      guard expected.contains(node.name) || tap != nil else {
        lineage.pass(node)
        continue
      }
      let result = try assemble(node, tap, error, reference: reference(node.name)) {
        try context.amplification(of: node)
      }
      results.append(result)
    }
    carried = context.values.filter { $0.key == stage.outputTap && !$0.value.isKnown }
    hint = context.hint
    taps += results
    return results
  }

  /// Everything judged so far. Reduced precision that was declared fails nobody, unless strictly
  /// judged.
  package func result() -> CandidateResult {
    let claim = judge.builder.claim
    let divergent = taps.filter { tap in
      let verdict = tap.introduced?.verdict ?? tap.verdict
      if case .reducedPrecision(let format) = verdict { return !claim.forgives(format) }
      return verdict.isDivergence
    }
    let isReduced = divergent.allSatisfy {
      if case .reducedPrecision = $0.introduced?.verdict ?? $0.verdict { true } else { false }
    }
    return CandidateResult(
      backend: backend, faults: faults, taps: taps,
      verdict: divergent.isEmpty ? .parity : isReduced ? .reducedPrecision : .divergent,
      firstDivergence: divergent.first?.tap)
  }

  private mutating func misshapen(_ node: ProgramNode, _ tap: Tensor) -> TapResult {
    lineage.record(node, relativeL2: nil, isDivergent: true)
    return TapResult(
      tap: node.name, shape: tap.shape, cumulative: nil, introduced: nil, verdict: .structural,
      note: "shape \(tap.shape) where \(node.shape) is due")
  }

  private mutating func assemble(
    _ node: ProgramNode, _ tap: Tensor?, _ introduced: IntroducedError?, reference: Tensor?,
    amplification: () throws -> Double?
  ) rethrows -> TapResult {
    guard let tap else {
      lineage.pass(node)
      return TapResult(
        tap: node.name, shape: node.shape, cumulative: nil, introduced: nil, verdict: .missing)
    }
    let comparable = reference.flatMap { $0.elementCount == tap.elementCount ? $0 : nil }
    let cumulative = comparable.map { TapFigures.compare(reference: $0, candidate: tap) }
    if case .input = node.operation {
      let verdict = melVerdict(cumulative, tap, comparable)
      lineage.record(
        node, relativeL2: cumulative?.relativeL2, isDivergent: verdict.isDivergence)
      return TapResult(
        tap: node.name, shape: node.shape, cumulative: cumulative, introduced: nil,
        verdict: verdict, note: verdict.roundedFormat.map { "values rounded to \($0.rawValue)" })
    }
    let statement = try lineage.verdict(
      node, introduced: introduced, cumulative: cumulative, amplification: amplification)
    return TapResult(
      tap: node.name, shape: node.shape, cumulative: cumulative, introduced: introduced,
      verdict: statement.verdict, amplification: statement.amplification,
      note: introduced?.evidence ?? introduced?.spectrum?.reading ?? statement.note)
  }
}

/// What is said of a mel: within what Float32 front-ends differ by, such a mel rounded to the grid of
/// a narrower format (which is no more than rounding where the dump is of that type), or another.
private func melVerdict(_ figures: TapFigures?, _ mel: Tensor, _ reference: Tensor?) -> TapVerdict {
  guard let figures, let reference else { return .rounding }
  if figures.isBitEqual { return .identical }
  if figures.nonFinite > figures.nonFiniteReference { return .nonFinite }
  if figures.maxAbs <= MelBound.absolute && (figures.relativeL2 ?? 0) <= MelBound.relative {
    return .rounding
  }
  guard let grid = MelBound.grid(of: mel), MelBound.isRounding(mel, reference, to: grid) else {
    return .structural
  }
  return [.float16, .bfloat16].contains(mel.scalarType) ? .rounding : .reducedPrecision(grid.format)
}
