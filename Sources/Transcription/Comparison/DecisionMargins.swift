#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// How close a candidate's encoder output came to another token at one step, after the same tokens.
package struct StepMargin: Sendable, Equatable {
  package let window: Int
  /// Place among the window's sampled tokens, from 0.
  package let index: Int
  /// The reference's token.
  package let token: String
  /// The reference's second best.
  package let runnerUp: String?
  /// The reference's best logit less its second best; `nil` where only one token is allowed.
  package let margin: Double?
  /// The reference's best logit less that of the end of text, or, where the text ends, less the best
  /// of what would go on; `nil` where the end is not allowed.
  package let endOfTextMargin: Double?
  /// KL(reference ‖ candidate) of the two distributions over the allowed tokens, in nats.
  package let divergence: Double
  /// max |Δ logit| over the allowed tokens.
  package let largestLogitChange: Double
  /// max |Δ logit − Δ logit of the best token|: what counts, for a shift of all logits decides
  /// nothing. No token can overtake the best one while this is below the margin.
  package let decisiveChange: Double
  /// What the candidate prefers, where that is another token.
  package let flippedTo: String?

  /// margin / decisive change: above 1 no token can flip. `nil` without change or without margin.
  package var safetyFactor: Double? {
    guard let margin, decisiveChange > 0 else { return nil }
    return margin / decisiveChange
  }
}

/// How far a candidate's errors are from changing the text: every step of the reference's tokens,
/// read by the same decoder with the candidate's encoder output.
package struct DecisionMargins: Sendable, Equatable {
  package let steps: [StepMargin]

  package var smallestMargin: Double? { steps.compactMap(\.margin).min() }
  package var smallestEndOfTextMargin: Double? { steps.compactMap(\.endOfTextMargin).min() }
  /// The largest decisive change; NaN if one is.
  package var largestChange: Double { Self.maximum(steps.map(\.decisiveChange)) }
  package var largestLogitChange: Double { Self.maximum(steps.map(\.largestLogitChange)) }
  package var largestDivergence: Double { Self.maximum(steps.map(\.divergence)) }
  /// The first step at which the candidate prefers another token, as an index into `steps`.
  package var firstFlip: Int? { steps.firstIndex { $0.flippedTo != nil } }

  /// smallest margin / largest change: how many times the error could grow before any token could
  /// flip. Above 1 that is certain, for a flip needs a change of the full margin between two logits.
  /// `nil` without change or without margin.
  package var safetyFactor: Double? {
    guard let smallestMargin, largestChange > 0 else { return nil }
    return smallestMargin / largestChange
  }

  /// The verdict in one sentence, without a full stop.
  package var sentence: String {
    if steps.isEmpty { return "the reference samples no token, so there is nothing to flip" }
    if let firstFlip {
      let step = steps[firstFlip]
      let what = step.flippedTo.map { ": '\($0.trimmingSpaces)' instead of " } ?? ": not "
      return "the transcript breaks at token \(firstFlip + 1) of \(steps.count)\(what)"
        + "'\(step.token.trimmingSpaces)'"
    }
    guard let smallestMargin, let safetyFactor else {
      return "no logit changes: the same decisions"
    }
    let figures =
      "smallest margin \(shortFigure(smallestMargin)), "
      + "largest logit change \(shortFigure(largestChange))"
    if safetyFactor >= 2 { return "\(figures): safe by \(shortFigure(safetyFactor))" }
    return "\(figures): no token flips, but the margins are nearly used up"
  }

  /// The largest of values that are at least 0; NaN if one is.
  private static func maximum(_ values: [Double]) -> Double {
    values.reduce(0) { $0.isNaN || $1.isNaN ? .nan : max($0, $1) }
  }
}

/// Two significant digits: `2.1`, `3e-5`, `7e4`, `0.57`, `120`.
func shortFigure(_ value: Double) -> String {
  guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "-∞" : "∞" }
  guard value != 0 else { return "0" }
  var exponent = Int(log10(abs(value)).rounded(.down))
  var digits = Int((abs(value) / pow(10, Double(exponent - 1))).rounded())
  if digits >= 100 { (digits, exponent) = (digits / 10, exponent + 1) }
  let sign = value < 0 ? "-" : ""
  if (-2...3).contains(exponent) {
    if exponent >= 1 { return sign + "\(digits)" + String(repeating: "0", count: exponent - 1) }
    let zeros = String(repeating: "0", count: max(-exponent - 1, 0))
    if exponent < 0 { return "\(sign)0.\(zeros)\(trailing(digits))" }
    return digits % 10 == 0 ? "\(sign)\(digits / 10)" : "\(sign)\(digits / 10).\(digits % 10)"
  }
  let mantissa = digits % 10 == 0 ? "\(digits / 10)" : "\(digits / 10).\(digits % 10)"
  return "\(sign)\(mantissa)e\(exponent)"
}

/// `50` → `5`.
private func trailing(_ digits: Int) -> String { digits % 10 == 0 ? "\(digits / 10)" : "\(digits)" }
