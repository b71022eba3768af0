/// A row of bars, one a value: the course of an error along the depth of the encoder.
package enum Sparkline {
  private static let bars: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

  /// Bars on a logarithmic scale from `floor` to `ceiling`; `·` for values that are not there.
  package static func logarithmic(_ values: [Double?], floor: Double, ceiling: Double) -> String {
    let low = floor.logarithm
    let span = max(ceiling.logarithm - low, 1e-9)
    return String(
      values.map { value -> Character in
        guard let value, !value.isNaN else { return "·" }
        guard value > 0 else { return bars[0] }
        let share = (value.logarithm - low) / span
        return bars[min(max(Int(share * Double(bars.count)), 0), bars.count - 1)]
      })
  }
}
