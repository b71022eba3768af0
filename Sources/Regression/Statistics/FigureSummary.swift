/// How one figure is spread over a corpus: count, moments, extremes and a quantile sketch, all of
/// which merge exactly.
package struct FigureSummary: Sendable, Hashable {
  package private(set) var count = 0
  private var sum = ExactSum()
  private var squares = ExactSum()
  package private(set) var least = Double.infinity
  package private(set) var largest = -Double.infinity
  /// The case in which `largest` was found; the first by name where several are equal.
  package private(set) var largestCase = ""
  package private(set) var histogram = LogHistogram()

  package init() {}

  /// Counts a figure of a case; what is not finite goes to the histogram alone.
  package mutating func add(_ value: Double, case name: String) {
    histogram.add(value)
    guard value.isFinite else { return }
    count += 1
    sum.add(value)
    // The product is rounded before it is added: the same in every order.
    squares.add(value * value)
    least = min(least, value)
    raise(value, name)
  }

  package mutating func merge(_ other: FigureSummary) {
    count += other.count
    sum.merge(other.sum)
    squares.merge(other.squares)
    least = min(least, other.least)
    if other.count > 0 { raise(other.largest, other.largestCase) }
    histogram.merge(other.histogram)
  }

  private mutating func raise(_ value: Double, _ name: String) {
    guard largestCase.isEmpty || value > largest || (value == largest && name < largestCase)
    else { return }
    largest = value
    largestCase = name
  }

  package var mean: Double? { count > 0 ? sum.value / Double(count) : nil }

  /// Biased; `nil` without values.
  package var standardDeviation: Double? {
    guard let mean else { return nil }
    return max(squares.value / Double(count) - mean * mean, 0).squareRoot()
  }

  /// To within an eighth; never beyond the extremes.
  package func quantile(_ share: Double) -> Double? {
    histogram.quantile(share).map { min(max($0, least), largest) }
  }
}
