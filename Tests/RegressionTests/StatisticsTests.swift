import Regression
import Testing

/// Sums without rounding, and summaries that do not care about order.
@Suite struct StatisticsTests {
  /// Numbers of every size and sign, from a linear congruential generator.
  private func numbers(_ count: Int) -> [Double] {
    var state: UInt64 = 12345
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let exponent = Int(state >> 40 & 255) - 128
      let significand = 1 + Double(state >> 12 & 0xFFFFF) / Double(0x100000)
      return Double(
        sign: state & 1 == 0 ? .plus : .minus, exponent: exponent, significand: significand)
    }
  }

  @Test func cancellationLosesNothing() {
    var sum = ExactSum()
    for value in [1e300, 1.0, -1e300, 5e-324, -1.0] { sum.add(value) }
    #expect(sum.value == 5e-324)
    sum.add(-5e-324)
    #expect(sum.value == 0)
  }

  @Test(
    "single values come back",
    arguments: [
      1.0, -1, 0.1, 1e-310, 5e-324, .greatestFiniteMagnitude, -1e-200, 0x1.fffffffffffffp-24,
    ])
  func singleValues(value: Double) {
    var sum = ExactSum()
    sum.add(value)
    #expect(sum.value == value)
  }

  @Test func orderDoesNotMatter() {
    let values = numbers(2000)
    var forward = ExactSum()
    var backward = ExactSum()
    var merged = ExactSum()
    for value in values { forward.add(value) }
    for value in values.reversed() { backward.add(value) }
    for start in stride(from: 0, to: values.count, by: 300) {
      var part = ExactSum()
      for value in values[start..<min(start + 300, values.count)] { part.add(value) }
      merged.merge(part)
    }
    #expect(forward == backward && forward == merged)
    #expect(forward.value.bitPattern == merged.value.bitPattern)
  }

  @Test func summariesMergeToTheSameBits() {
    let values = numbers(500).map(abs)
    var whole = FigureSummary()
    var parts = [FigureSummary](repeating: FigureSummary(), count: 3)
    for (index, value) in values.enumerated() {
      whole.add(value, case: "c\(index)")
      parts[index % 3].add(value, case: "c\(index)")
    }
    var merged = FigureSummary()
    for index in [2, 0, 1] { merged.merge(parts[index]) }
    #expect(merged == whole)
    #expect(merged.largest == values.max())
    #expect(merged.quantile(1).map { $0 <= merged.largest } == true)
  }

  @Test func knownMoments() {
    var summary = FigureSummary()
    for value in [1.0, 2, 3, 4] { summary.add(value, case: "c") }
    summary.add(.nan, case: "bad")
    #expect(summary.mean == 2.5 && summary.count == 4)
    #expect(summary.standardDeviation.map { abs($0 - 1.25.squareRoot()) < 1e-15 } == true)
    #expect(summary.histogram.numNonFinite == 1 && FigureSummary().mean == nil)
  }
}
