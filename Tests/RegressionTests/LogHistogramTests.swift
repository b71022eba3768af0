import Regression
import Testing

/// Counts are exact whatever the order; quantiles are right to an eighth.
@Suite struct LogHistogramTests {
  @Test func edgesAndBinsAgree() {
    for exponent in [-60, -24, -1, 0, 1, 40] {
      let base = Double(sign: .plus, exponent: exponent, significand: 1)
      for value in [base, base * 1.125, base * 1.9375] {
        var histogram = LogHistogram()
        histogram.add(-value)
        let bin = histogram.counts.firstIndex(of: 1) ?? -1
        #expect(LogHistogram.lowerEdge(bin) <= value)
        #expect(value < LogHistogram.lowerEdge(bin + 1))
      }
    }
  }

  @Test func whatLiesOutsideIsKept() {
    var histogram = LogHistogram()
    for value in [0.0, -0.0, .nan, .infinity, 1e-300, 1e300] { histogram.add(value) }
    #expect(histogram.numZero == 2 && histogram.numNonFinite == 2 && histogram.total == 4)
  }

  @Test func quantilesAreUpperEdges() {
    var histogram = LogHistogram()
    #expect(histogram.quantile(0.5) == nil)
    for value in 1...1000 { histogram.add(Double(value)) }
    for share in [0.1, 0.5, 0.9, 1] {
      let quantile = histogram.quantile(share) ?? 0
      #expect(quantile >= 1000 * share && quantile <= 1000 * share * 1.126)
    }
  }

  @Test func mergingIsCounting() {
    var whole = LogHistogram()
    var parts = [LogHistogram](repeating: LogHistogram(), count: 3)
    for value in 0..<300 {
      whole.add(Double(value) * 1e-5)
      parts[value % 3].add(Double(value) * 1e-5)
    }
    var merged = LogHistogram()
    for part in parts.reversed() { merged.merge(part) }
    #expect(merged == whole)
  }
}
