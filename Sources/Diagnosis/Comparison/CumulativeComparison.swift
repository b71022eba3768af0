package import Parity
package import TensorCore

/// Two dumps compared without a model: cumulative figures alone, as no operation can be replayed.
package struct CumulativeComparison {
  private let backend: String
  private var taps: [TapResult] = []
  private var isBeyond = false

  /// Rounding of `k` operations in a row is taken to stay within this many times √k·2u: what the
  /// layer norms and softmaxes of well-conditioned encoders make of it.
  private static let allowance = 16.0

  package init(candidate: String) { backend = candidate }

  /// Compares one tap; taps come in program order, `nil` where the candidate has none.
  package mutating func add(_ tap: String, reference: Tensor, candidate: Tensor?) {
    guard let candidate else {
      taps.append(
        TapResult(
          tap: tap, shape: reference.shape, cumulative: nil, introduced: nil, verdict: .missing))
      return
    }
    guard candidate.shape == reference.shape else {
      taps.append(
        TapResult(
          tap: tap, shape: candidate.shape, cumulative: nil, introduced: nil, verdict: .structural,
          note: "shape \(candidate.shape) where \(reference.shape) is due"))
      isBeyond = true
      return
    }
    let figures = TapFigures.compare(reference: reference, candidate: candidate)
    let result = TapResult(
      tap: tap, shape: reference.shape, cumulative: figures, introduced: nil,
      verdict: verdict(figures, unit: unit(reference, candidate)))
    if result.verdict.isDivergence { isBeyond = true }
    taps.append(result)
  }

  private func unit(_ reference: Tensor, _ candidate: Tensor) -> Double {
    max(reference.scalarType.unitRoundoff ?? 0, candidate.scalarType.unitRoundoff ?? 0, 0x1p-24)
  }

  private func verdict(_ figures: TapFigures, unit: Double) -> TapVerdict {
    if figures.isBitEqual { return .identical }
    if figures.nonFinite > figures.nonFiniteReference { return isBeyond ? .inherited : .nonFinite }
    let expected = Self.allowance * Double(taps.count + 1).squareRoot() * 2 * unit
    guard (figures.relativeL2 ?? .infinity) > expected else { return .rounding }
    return isBeyond ? .inherited : .structural
  }

  /// Everything compared so far.
  package func result() -> CandidateResult {
    let first = taps.first { $0.verdict.isDivergence }
    return CandidateResult(
      backend: backend, faults: [], taps: taps, verdict: first == nil ? .parity : .divergent,
      firstDivergence: first?.tap)
  }
}
