import EncoderModel
package import Parity
package import TensorCore

/// Two dumps compared without a model: cumulative figures alone, as no operation can be replayed.
///
/// A tensor whose values all lie on the grid of a narrower format is held to that format's rounding.
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
      verdict: verdict(figures, candidate, unit: unit(reference, candidate)))
    if result.verdict.isDivergence { isBeyond = true }
    taps.append(result)
  }

  private func unit(_ reference: Tensor, _ candidate: Tensor) -> Double {
    max(reference.scalarType.unitRoundoff ?? 0, candidate.scalarType.unitRoundoff ?? 0, 0x1p-24)
  }

  private func verdict(_ figures: TapFigures, _ candidate: Tensor, unit: Double) -> TapVerdict {
    if figures.isBitEqual { return .identical }
    if figures.nonFinite > figures.nonFiniteReference { return isBeyond ? .inherited : .nonFinite }
    let relative = figures.relativeL2 ?? .infinity
    let allowance = Self.allowance * Double(taps.count + 1).squareRoot() * 2
    if relative <= allowance * unit { return .rounding }
    if let grid = resultGrid(candidate), relative <= allowance * grid.unitRoundoff {
      return .reducedPrecision(grid)
    }
    return isBeyond ? .inherited : .structural
  }

  /// Everything compared so far.
  package func result() -> CandidateResult {
    let divergent = taps.filter(\.verdict.isDivergence)
    let isReduced = divergent.allSatisfy { $0.verdict.roundedFormat != nil }
    return CandidateResult(
      backend: backend, faults: [], taps: taps,
      verdict: divergent.isEmpty ? .parity : isReduced ? .reducedPrecision : .divergent,
      firstDivergence: divergent.first?.tap)
  }
}
