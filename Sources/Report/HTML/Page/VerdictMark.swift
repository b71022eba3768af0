import Parity

/// How a verdict looks on a page: a colour class, a sign and words, so that none is told by colour alone.
enum VerdictMark: String, CaseIterable, Sendable {
  case identical, rounding, reduced, structural, inherited, missing, nonfinite

  init(_ verdict: TapVerdict) {
    self =
      switch verdict {
      case .identical: .identical
      case .rounding: .rounding
      case .reducedPrecision: .reduced
      case .structural: .structural
      case .inherited: .inherited
      case .missing: .missing
      case .nonFinite: .nonfinite
      }
  }

  init(_ verdict: CandidateVerdict) {
    self =
      switch verdict {
      case .parity: .rounding
      case .reducedPrecision: .reduced
      case .divergent: .structural
      }
  }

  /// From a verdict's words, such as `reduced precision: bf16` or `structural: Δ has rank 1`; what is
  /// unknown counts as structural.
  init(words: String) {
    self =
      Self.allCases.first { words == $0.name || words.hasPrefix("\($0.name):") } ?? .structural
  }

  /// How bad it is: of several verdicts the one with the highest severity stands for all.
  var severity: Int {
    switch self {
    case .identical: 0
    case .rounding: 1
    case .inherited: 2
    case .missing: 3
    case .reduced: 4
    case .structural: 5
    case .nonfinite: 6
    }
  }

  var sign: String {
    switch self {
    case .identical: "="
    case .rounding: "≈"
    case .reduced: "½"
    case .structural: "✕"
    case .inherited: "↧"
    case .missing: "?"
    case .nonfinite: "∞"
    }
  }

  var name: String {
    switch self {
    case .reduced: "reduced precision"
    case .nonfinite: "non-finite"
    case .identical, .rounding, .structural, .inherited, .missing: rawValue
    }
  }

  var meaning: String {
    switch self {
    case .identical: "bit-equal to the reference."
    case .rounding: "within the bound that rounding analysis gives for this operation."
    case .reduced: "random-like error of the size that products in that format give."
    case .structural: "more than any rounding explains: the error comes in here."
    case .inherited: "the operation is sound; the error came in through its inputs."
    case .missing: "the candidate shows no such value."
    case .nonfinite: "NaN or ∞ that the reference does not have."
    }
  }

  /// A small label in the verdict's colour, with `sign` instead of the verdict's where given.
  static func badge(_ mark: VerdictMark, _ text: String, sign: String? = nil) -> String {
    element(
      "span", ["class": "badge v-\(mark.rawValue)"],
      "<b>\(sign ?? mark.sign)</b> " + escaped(text))
  }
}
