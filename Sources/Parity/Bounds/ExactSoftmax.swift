#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// One row's softmax in Float64.
struct ExactSoftmax {
  /// exp(s − max s), which engines add up.
  let exponentials: [Double]
  let total: Double

  init(_ scores: [Double]) {
    let largest = scores.reduce(-Double.infinity, max)
    exponentials = scores.map { exp($0 - largest) }
    total = exponentials.reduce(0, +)
  }

  var probabilities: [Double] { exponentials.map { $0 / total } }

  /// Errors of the normaliser that equal exponentials share, relative to it. Those of the largest
  /// score are 1, and added without error.
  func alike(unit: Double) -> AlikeErrors {
    var errors = AlikeErrors()
    errors.add(
      ProductTerms(length: exponentials.count) { exponentials[$0] }.alike(unit: unit),
      weight: 1 / total)
    return errors
  }
}
