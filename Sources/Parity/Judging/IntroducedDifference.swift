package import TensorCore

/// A judged tap beside what its operation should have made of the candidate's own inputs.
package struct IntroducedDifference {
  package let tap: String
  /// The candidate's value.
  package let candidate: Tensor
  private let exact: ExactValue

  init(tap: String, candidate: Tensor, exact: ExactValue) {
    self.tap = tap
    self.candidate = candidate
    self.exact = exact
  }

  /// The exact output of the operation, Float64, in the candidate's shape.
  package var expected: Tensor { exact.tensor.reshaped(candidate.shape) }
}
