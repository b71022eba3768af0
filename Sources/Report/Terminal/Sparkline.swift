/// A row of bars, one a value: the course of an error along the depth of the encoder.
package enum Sparkline {
  private static let bars: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

  /// Fewer bars than this tell nothing of a course.
  private static let leastWidth = 8

  /// Bars on a logarithmic scale from `floor` to `ceiling`; `·` for values that are not there.
  ///
  /// Where there are more values than `width`, a bar is the largest of several neighbours.
  package static func logarithmic(
    _ values: [Double?], floor: Double, ceiling: Double, width: Int? = nil
  ) -> String {
    if let width, values.count > max(width, leastWidth) {
      let count = max(width, leastWidth)
      let merged = (0..<count).map { bar in
        values[(bar * values.count / count)..<((bar + 1) * values.count / count)]
          .compactMap { $0 }.max { $0 < $1 || $1.isNaN }
      }
      return logarithmic(merged, floor: floor, ceiling: ceiling)
    }
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
