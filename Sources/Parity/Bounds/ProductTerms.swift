/// The rounding of one product element yᵢⱼ from its own terms, where marginals cannot tell.
struct ProductTerms: Sendable {
  /// In the order in which engines sum them.
  let terms: [Double]
  /// What the sum starts from.
  let start: Double
  /// Σ of squared partial sums and terms, added in natural order.
  private(set) var natural = 0.0
  private(set) var sum = 0.0
  /// P = Σ pₖ².
  private(set) var squares = 0.0

  /// The terms `term(k)` in the order in which engines sum them, from `start`: zero, or the bias
  /// where engines load it first.
  init(length: Int, start: Double = 0, term: (Int) -> Double) {
    terms = (0..<length).map(term)
    self.start = start
    var partial = start
    for p in terms {
      partial += p
      natural += partial * partial + p * p
      sum += p
      squares += p * p
    }
  }

  /// V in units of u²: of the natural order, or of an exchangeable one where that is larger (see
  /// `ProductVariance`), and of operands that are rounded themselves.
  func variance(operands: Double) -> Double {
    let n = Double(terms.count)
    return max(natural, n / 3 * sum * sum + (n / 6 + 1) * squares) + operands * squares
  }

  /// The same with the errors that equal terms share.
  func allowance(operands: Double, unit: Double) -> ElementAllowance {
    ElementAllowance(variance: variance(operands: operands), alike: alike(unit: unit))
  }
}
