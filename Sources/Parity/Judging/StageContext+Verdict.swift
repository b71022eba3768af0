import EncoderModel
import TensorCore

extension StageContext {
  /// The introduced error of a candidate's value against the exact operation.
  mutating func introducedError(_ outcome: Outcome, node: ProgramNode, candidate: Tensor) throws
    -> IntroducedError
  {
    let model = outcome.model
    let unit = model.unit
    var scan = model.scan(candidate: candidate, exact: outcome.exact)
    var rms = scan.rmsRatio(unit: unit) / model.rmsLimit(of: scan)
    if rms > 1 {
      rms = model.confirmedRMS(scan, candidate: candidate, exact: outcome.exact)
    }
    if rms <= 1 && scan.worst.squareRoot() > model.deviations * unit {
      scan = model.confirming(
        scan, candidate: candidate, exact: outcome.exact, replicas: outcome.replicas)
    }
    let peak = scan.worst.squareRoot() / (model.deviations * unit)
    var introduced = IntroducedError(
      segment: outcome.segment,
      relativeL2: scan.exactSquared > 0
        ? (scan.errorSquared / scan.exactSquared).squareRoot() : nil,
      maxAbs: scan.maxAbs, bound: model.deviations * unit * scan.worstVariance.squareRoot(),
      worstRatio: max(peak, rms), rmsRatio: rms,
      effectiveUnitRoundoff: model.productEnergy.flatMap { energy in
        energy > 0 ? (scan.errorSquared / energy).squareRoot() : nil
      }, verdict: .rounding)
    if let tolerance = judge.tolerance(for: node.name) {
      introduced.worstRatio = tolerance.worstRatio(
        candidate: candidate, exact: outcome.exact.tensor)
    }
    try judgeSize(&introduced, outcome, node: node, candidate: candidate, scan: scan)
    return introduced
  }

  private mutating func judgeSize(
    _ introduced: inout IntroducedError, _ outcome: Outcome, node: ProgramNode,
    candidate: Tensor, scan: ErrorScan
  ) throws {
    if scan.nonFinite > 0 {
      introduced.verdict = .nonFinite
    } else if scan.errorSquared == 0 || isBitEqual(candidate, outcome.exact, scan: scan) {
      introduced.verdict = .identical
    } else if introduced.worstRatio > 1 {
      let finding =
        infersPrecision
        ? try precision(outcome, node: node, candidate: candidate, scan: scan)
          ?? declaredPrecision(node, candidate: candidate) : nil
      introduced.verdict = finding.map { .reducedPrecision($0.format) } ?? .structural
      introduced.evidence = finding?.evidence
      if let residual = finding?.residual, let error = introduced.relativeL2 {
        introduced.reproductionL2 = residual * error
      }
      hint = finding?.variant ?? hint
      if finding == nil {
        introduced.spectrum = DeltaSpectrum.measure(
          candidate: candidate, exact: outcome.exact.tensor, numHeads: node.numHeads ?? 1,
          rounding: outcome.model.unit * scan.variance.squareRoot())
      }
    } else if judge.tolerance(for: node.name) == nil,
      let epsilon = try otherEpsilon(outcome, node: node, candidate: candidate),
      epsilon.isBeyondRounding(unit: outcome.model.unit)
    {
      introduced.verdict = .structural
      introduced.evidence = epsilon.text
    }
  }

  /// The declared precision, where its bound holds although its rounding could not be reproduced.
  private func declaredPrecision(_ node: ProgramNode, candidate: Tensor) throws
    -> PrecisionFinding?
  {
    guard let declared = judge.declared, let format = judge.builder.claim.expected else {
      return nil
    }
    var context = StageContext(judge: declared, nodes: nodes, reference: reference)
    context.values = values
    guard var outcome = try context.evaluate(node, candidate: candidate) else { return nil }
    if !outcome.replicas.isEmpty {
      outcome.model.addSpread(of: outcome.replicas, around: outcome.exact.tensor)
    }
    let scan = outcome.model.scan(candidate: candidate, exact: outcome.exact)
    guard outcome.model.accepts(scan) else { return nil }
    return PrecisionFinding(
      format: format, evidence: "within the bound of the declared \(format.rawValue)",
      variant: nil)
  }

  /// A layer norm's ε as its rows' scales show it; `nil` for other operations, for inputs that are
  /// replayed and for values that were stored in fewer bits.
  private func otherEpsilon(_ outcome: Outcome, node: ProgramNode, candidate: Tensor) throws
    -> LayerNormEpsilon?
  {
    guard case .layerNorm(let norm) = node.operation, outcome.segment.count == 1,
      let x = node.inputs.first.flatMap({ outcome.roots[$0] }),
      (x.scalarType.unitRoundoff ?? 1) <= 0x1p-24,
      (candidate.scalarType.unitRoundoff ?? 1) <= 0x1p-24
    else { return nil }
    let statistics = judge.builder.statistics
    let gain = try statistics.vector(norm.weight) ?? [Double](repeating: 1, count: x.innerExtent)
    let bias = try statistics.vector(norm.bias)
    let (exact, unit) = (outcome.exact.tensor, outcome.model.unit)
    func fit(_ rows: [Int]) -> LayerNormEpsilon? {
      LayerNormEpsilon(
        norm, gain: gain, bias: bias, x: x, candidate: candidate, exact: exact, rows: rows,
        unit: unit)
    }
    guard let all = fit(Array(0..<x.rowCount)), all.isBeyondRounding(unit: unit) else {
      return nil
    }
    // Equal rows are one sample of their error.
    let equal = firstEqualRows(x)
    return fit(equal.indices.filter { equal[$0] == $0 })
  }

  private func isBitEqual(_ candidate: Tensor, _ exact: ExactValue, scan: ErrorScan) -> Bool {
    let unit = candidate.scalarType.unitRoundoff ?? 0
    guard scan.maxAbs <= unit * scan.exactSquared.squareRoot() else { return false }
    // Most values differ in their first rows; the rest need not be added up then.
    let rows = min(exact.base.shape.first ?? 0, exact.base.shape.count > 2 ? 1 : 4)
    let first = ExactValue(
      base: exact.base.slicedRows(0..<rows),
      difference: exact.difference?.slicedRows(0..<rows))
    return areBitEqual(reference: first.tensor, candidate: candidate.slicedRows(0..<rows))
      && areBitEqual(reference: exact.tensor, candidate: candidate)
  }
}

extension ErrorModel {
  /// Whether neither the elementwise nor the rms test fails.
  func accepts(_ scan: ErrorScan) -> Bool {
    scan.nonFinite == 0 && scan.worst.squareRoot() <= deviations * unit
      && scan.rmsRatio(unit: unit) <= rmsLimit(of: scan)
  }

  /// Limit of the rms test for what a scan found. The mean square of N independent errors has a
  /// relative standard deviation of √(2/N) at most; six of them are allowed. Elements of a row may
  /// share an error, as may those of a column where rows resemble each other: N is the number of
  /// rows or columns that V is spread over, whichever is less.
  func rmsLimit(of scan: ErrorScan) -> Double {
    guard scan.rowVarianceSquared > 0, scan.variance.isFinite else { return rmsLimit }
    let rows = scan.variance * scan.variance / scan.rowVarianceSquared
    let columns = panels.reduce(0) { $0 + $1.columnParticipation }
    let independent = max(min(rows, columns), 1)
    return rmsLimit * (1 + 6 * (2 / independent).squareRoot()).squareRoot()
  }
}

extension ErrorPanel {
  /// Over how many columns V is spread: (Σc)²/Σc² of the first factor.
  fileprivate var columnParticipation: Double {
    guard let factor = separable.first?.column else { return Double(columns) }
    let sum = factor.reduce(0) { $1.isFinite ? $0 + $1 : $0 }
    let squares = factor.reduce(0) { $1.isFinite ? $0 + $1 * $1 : $0 }
    return squares > 0 ? sum * sum / squares : Double(columns)
  }
}

extension ErrorScan {
  /// Root mean square of the error over that of u√V.
  func rmsRatio(unit: Double) -> Double {
    variance > 0 ? (errorSquared / variance).squareRoot() / unit : 0
  }
}
