package import EncoderModel

/// What is said of one tap of a candidate.
package enum TapVerdict: Sendable, Hashable {
  /// Bit-equal in the candidate's own element type.
  case identical
  /// Within the bound that rounding analysis gives for the claimed precision.
  case rounding
  /// Random-like and of the size that products in this format give.
  case reducedPrecision(NumberFormat)
  /// Beyond anything that rounding explains.
  case structural
  /// Error that came in through the inputs; the operation itself is sound.
  case inherited
  /// The candidate has no such tap.
  case missing
  /// NaN or ∞ that the reference does not have.
  case nonFinite

  /// The text of reports and JSON: `rounding`, `reduced precision: bf16`, `non-finite`, …
  package var text: String {
    switch self {
    case .identical: "identical"
    case .rounding: "rounding"
    case .reducedPrecision(let format): "reduced precision: \(format.rawValue)"
    case .structural: "structural"
    case .inherited: "inherited"
    case .missing: "missing"
    case .nonFinite: "non-finite"
    }
  }

  /// The format of a reduced precision.
  package var roundedFormat: NumberFormat? {
    if case .reducedPrecision(let format) = self { format } else { nil }
  }

  /// Whether a tap with this introduced verdict is where an error comes in.
  package var isDivergence: Bool {
    switch self {
    case .structural, .nonFinite, .reducedPrecision: true
    case .identical, .rounding, .inherited, .missing: false
    }
  }
}

/// What is said of a whole candidate; the strings of the JSON contract.
package enum CandidateVerdict: String, Sendable, Hashable, Codable {
  case parity
  case reducedPrecision = "reduced-precision"
  case divergent
}
