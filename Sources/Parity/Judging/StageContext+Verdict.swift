import EncoderModel
import TensorCore

extension StageContext {
  /// The introduced error of a candidate's value against the exact operation.
  mutating func introducedError(_ outcome: Outcome, node: ProgramNode, candidate: Tensor) throws
    -> IntroducedError
  {
    let scan = outcome.model.scan(candidate: candidate, exact: outcome.exact)
    let unit = outcome.model.unit
    let rms = scan.rmsRatio(unit: unit) / outcome.model.rmsLimit
    let peak = scan.worst.squareRoot() / (outcome.model.deviations * unit)
    let effective = outcome.model.productEnergy.flatMap { energy in
      energy > 0 ? (scan.errorSquared / energy).squareRoot() : nil
    }
    var introduced = IntroducedError(
      segment: outcome.segment,
      relativeL2: scan.exactSquared > 0
        ? (scan.errorSquared / scan.exactSquared).squareRoot() : nil,
      maxAbs: scan.maxAbs, bound: outcome.model.deviations * unit * scan.worstVariance.squareRoot(),
      worstRatio: max(peak, rms), rmsRatio: rms, effectiveUnitRoundoff: effective, verdict: .rounding)
    if let tolerance = judge.tolerance(for: node.name) {
      introduced.worstRatio = tolerance.worstRatio(
        candidate: candidate, exact: outcome.exact.tensor)
    }
    if scan.nonFinite > 0 {
      introduced.verdict = .nonFinite
    } else if scan.errorSquared == 0
      || isBitEqual(candidate, outcome.exact, scan: scan)
    {
      introduced.verdict = .identical
    } else if introduced.worstRatio > 1 {
      let finding = try precision(outcome, node: node, candidate: candidate, scan: scan)
      introduced.verdict = finding.map { .reducedPrecision($0.format) } ?? .structural
      introduced.evidence = finding?.evidence
      hint = finding?.variant ?? hint
    }
    return introduced
  }

  private func isBitEqual(_ candidate: Tensor, _ exact: ExactValue, scan: ErrorScan) -> Bool {
    let unit = candidate.scalarType.unitRoundoff ?? 0
    guard scan.maxAbs <= unit * scan.exactSquared.squareRoot() else { return false }
    return areBitEqual(reference: exact.tensor, candidate: candidate)
  }
}

extension ErrorScan {
  /// Root mean square of the error over that of u√V.
  func rmsRatio(unit: Double) -> Double {
    variance > 0 ? (errorSquared / variance).squareRoot() / unit : 0
  }
}
