import Regression

/// How the magnitudes of a difference are spread, half an octave a bar, and beside it the
/// singular values where they are known: rounding falls off slowly, a fault stands out.
enum HistogramChart {
  private static let size = (width: 360.0, height: 132.0)
  private static let barsPerOctave = 2

  static func markup(_ histogram: LogHistogram) -> String {
    let span = LogHistogram.binsPerOctave / barsPerOctave
    var bars: [(low: Double, high: Double, count: Int)] = []
    for start in stride(from: 0, to: histogram.counts.count, by: span) {
      let count = histogram.counts[start..<(start + span)].reduce(0, +)
      bars.append(
        (LogHistogram.lowerEdge(start), LogHistogram.lowerEdge(start + span), count))
    }
    guard let first = bars.firstIndex(where: { $0.count > 0 }),
      let last = bars.lastIndex(where: { $0.count > 0 })
    else { return element("p", ["class": "note"], "every element is the same") }
    // The far tail of small values says nothing and would press the rest together.
    let shown = bars[max(first, last - 60)...last]
    let most = Double(shown.map(\.count).max() ?? 1)
    let axis = LogAxis(shown.flatMap { [$0.low, $0.high] }, start: 22, end: size.width - 22)
    var drawing = Drawing(
      width: size.width, height: size.height, label: "Histogram of the magnitudes of the difference"
    )
    for bar in shown where bar.count > 0 {
      let height = max(Double(bar.count) / most * (size.height - 34), 1)
      let left = axis.position(bar.low)
      drawing.rectangle(
        x: left + 0.5, y: size.height - 22 - height,
        width: max(axis.position(bar.high) - left - 1, 1), height: height, "bar",
        tip: "|Δ| \(Numbers.scientific(bar.low)) … \(Numbers.scientific(bar.high))\n"
          + "\(Numbers.grouped(bar.count)) of \(Numbers.grouped(histogram.total)) elements")
    }
    xAxis(&drawing, axis)
    return drawing.svg() + note(histogram)
  }

  private static func xAxis(_ drawing: inout Drawing, _ axis: LogAxis) {
    let y = size.height - 22
    drawing.line((8, y), (size.width - 8, y), "axis")
    for tick in axis.ticks {
      drawing.line((tick.position, y), (tick.position, y + 4), "axis")
      drawing.text(
        powerOfTen(tick.exponent), x: tick.position, y: y + 16, "dim", anchor: "middle")
    }
  }

  private static func note(_ histogram: LogHistogram) -> String {
    var parts: [String] = []
    if let median = histogram.quantile(0.5), let far = histogram.quantile(0.999) {
      parts.append(
        "half below \(Numbers.scientific(median)), 99.9 % below \(Numbers.scientific(far))")
    }
    if histogram.numZero > 0 { parts.append("\(Numbers.grouped(histogram.numZero)) exactly equal") }
    if histogram.numNonFinite > 0 {
      parts.append("\(Numbers.grouped(histogram.numNonFinite)) not finite")
    }
    return element("p", ["class": "note"], escaped(parts.joined(separator: "; ")))
  }

  /// Singular values over their index, both from the largest; empty without values.
  static func spectrum(_ values: [Double], of source: String) -> String {
    let shown = values.filter { $0 > 0 && $0.isFinite }
    guard let largest = shown.first else { return "" }
    guard shown.count > 1 else { return element("p", ["class": "note"], escaped(source)) }
    let axis = LogAxis(
      shown.filter { $0 > largest * 1e-8 }, start: size.height - 22, end: 8)
    var drawing = Drawing(
      width: size.width, height: size.height, label: "Singular values of the difference")
    let step = (size.width - 60) / Double(shown.count - 1)
    for tick in axis.ticks {
      drawing.line((46, tick.position), (size.width - 8, tick.position), "grid")
      drawing.text(
        powerOfTen(tick.exponent), x: 42, y: tick.position + 4, "dim", anchor: "end")
    }
    // What lies below the axis is no figure but the rounding of the decomposition.
    drawing.polyline(
      shown.enumerated().map { index, value in
        value > largest * 1e-8 ? (48 + step * Double(index), axis.position(value)) : nil
      }, "spectrum")
    drawing.text(
      "singular values 1 … \(shown.count)", x: size.width - 8,
      y: size.height - 6, "dim", anchor: "end")
    let energy = shown.reduce(0) { $0 + $1 * $1 }
    let share = Numbers.fixed(100 * largest * largest / energy, decimals: 0)
    return drawing.svg()
      + element(
        "p", ["class": "note"],
        escaped("\(source): the largest holds \(share) % of their energy"))
  }
}
