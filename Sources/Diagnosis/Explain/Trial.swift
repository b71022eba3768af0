import EncoderModel

/// A hypothesis tried on a candidate's values.
struct Trial {
  var hypothesis: Hypothesis
  var program: EncoderProgram
  /// By shown tap whose value the hypothesis changes: the identity of what it predicts.
  var predicted: [String: Int]
  /// ‖candidate − prediction‖/‖prediction‖ at those taps that were looked at.
  var residuals: [String: Double] = [:]

  /// The largest residual over `taps`.
  func worst(_ taps: some Sequence<String>) -> Double {
    taps.reduce(0) { max($0, residuals[$1] ?? .infinity) }
  }
}

/// How well a hypothesis fits once rounding has been allowed for.
enum Fit: Equatable {
  /// Within what rounding allows at every tap that it touches.
  case rounding
  /// Most of the error is reproduced, and what is left are roundings that fell on the other side.
  case reproduced
  case none
}
