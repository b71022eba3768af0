/// Everything measured at one tap of one candidate.
package struct TapResult: Sendable {
  package var tap: String
  package var shape: [Int]
  /// Candidate against reference from the same mel; `nil` where the candidate lacks the tap.
  package var cumulative: TapFigures?
  /// Candidate against the Float64 operation on the candidate's own inputs; `nil` for the mel, for
  /// missing taps and where the inputs are not to be had.
  package var introduced: IntroducedError?
  /// What the table's verdict column says.
  package var verdict: TapVerdict
  /// Growth of a rounding-size perturbation through the operation, where it was measured.
  package var amplification: Double?
  /// A benign profile or remark that explains the figures, e.g. `q carries 1/√headDim`.
  package var note: String?

  package init(
    tap: String, shape: [Int], cumulative: TapFigures?, introduced: IntroducedError?,
    verdict: TapVerdict, amplification: Double? = nil, note: String? = nil
  ) {
    self.tap = tap
    self.shape = shape
    self.cumulative = cumulative
    self.introduced = introduced
    self.verdict = verdict
    self.amplification = amplification
    self.note = note
  }
}

/// Figures of candidate x against reference r, accumulated in Float64 over pairs that are both finite.
package struct TapFigures: Sendable, Hashable {
  package var count: Int
  /// mean(x − r).
  package var bias: Double
  package var meanReference: Double
  package var meanCandidate: Double
  /// Biased standard deviations.
  package var stdReference: Double
  package var stdCandidate: Double
  /// ⟨x, r⟩/(‖x‖‖r‖); `nil` where a norm is zero.
  package var cosine: Double?
  /// 1 − cosine without cancellation: ‖x/‖x‖ − r/‖r‖‖²/2; `nil` where a norm is zero.
  package var cosineDistance: Double?
  /// ‖x − r‖/‖r‖; `nil` where ‖r‖ = 0.
  package var relativeL2: Double?
  package var maxAbs: Double
  /// Flat index of the largest difference.
  package var maxIndex: Int
  /// Elements of the candidate, and of the reference, that are NaN or ∞.
  package var nonFinite: Int
  package var nonFiniteReference: Int
  package var isBitEqual: Bool

  package init(
    count: Int, bias: Double, meanReference: Double, meanCandidate: Double, stdReference: Double,
    stdCandidate: Double, cosine: Double?, cosineDistance: Double?, relativeL2: Double?,
    maxAbs: Double, maxIndex: Int, nonFinite: Int, nonFiniteReference: Int, isBitEqual: Bool
  ) {
    self.count = count
    self.bias = bias
    self.meanReference = meanReference
    self.meanCandidate = meanCandidate
    self.stdReference = stdReference
    self.stdCandidate = stdCandidate
    self.cosine = cosine
    self.cosineDistance = cosineDistance
    self.relativeL2 = relativeL2
    self.maxAbs = maxAbs
    self.maxIndex = maxIndex
    self.nonFinite = nonFinite
    self.nonFiniteReference = nonFiniteReference
    self.isBitEqual = isBitEqual
  }
}

/// The error that an operation, or a segment of them, adds by itself.
package struct IntroducedError: Sendable, Hashable {
  /// Nodes judged together: the tap itself, and operations before it whose values are not tapped.
  package var segment: [String]
  package var relativeL2: Double?
  package var maxAbs: Double
  /// The error that rounding analysis allows at the element of the largest ratio.
  package var bound: Double
  /// Largest |error|/bound over all elements; at most 1 is rounding.
  package var worstRatio: Double
  /// Root mean square of the error over the bound's, of which rounding has at most 1.
  package var rmsRatio: Double
  /// What the error's structure says beyond the verdict, e.g. `operands rounded to bf16`.
  package var evidence: String?
  /// What a reduced precision leaves that reproduces the values, as relative L2; `nil` where none does.
  package var reproductionL2: Double?
  /// Unit roundoff that a product's error points to, 2^−p; `nil` for operations without a product.
  package var effectiveUnitRoundoff: Double?
  package var verdict: TapVerdict
  /// The shape of a structural error; `nil` for others.
  package var spectrum: DeltaSpectrum?

  package init(
    segment: [String], relativeL2: Double?, maxAbs: Double, bound: Double, worstRatio: Double,
    rmsRatio: Double = 0, effectiveUnitRoundoff: Double?, verdict: TapVerdict,
    evidence: String? = nil
  ) {
    self.segment = segment
    self.relativeL2 = relativeL2
    self.maxAbs = maxAbs
    self.bound = bound
    self.worstRatio = worstRatio
    self.rmsRatio = rmsRatio
    self.evidence = evidence
    self.effectiveUnitRoundoff = effectiveUnitRoundoff
    self.verdict = verdict
  }
}

/// One candidate's results over the whole encoder.
package struct CandidateResult: Sendable {
  package var backend: String
  /// Faults injected into it, as `slug@tap`.
  package var faults: [String]
  package var taps: [TapResult]
  package var verdict: CandidateVerdict
  /// The first tap whose introduced verdict is a divergence.
  package var firstDivergence: String?

  package init(
    backend: String, faults: [String], taps: [TapResult], verdict: CandidateVerdict,
    firstDivergence: String?
  ) {
    self.backend = backend
    self.faults = faults
    self.taps = taps
    self.verdict = verdict
    self.firstDivergence = firstDivergence
  }
}
