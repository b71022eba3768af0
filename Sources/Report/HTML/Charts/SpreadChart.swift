import Regression

/// How the errors of a corpus are spread at each tap, in order of depth: median to largest on a
/// logarithmic scale, accumulated beside introduced.
struct SpreadChart {
  struct Entry {
    let tap: String
    let cumulative: FigureSummary
    let introduced: FigureSummary
    let tip: String
  }

  let entries: [Entry]
  private static let height = 330.0
  private static let margins = (left: 52.0, right: 14.0, top: 14.0, bottom: 74.0)

  private var width: Double { max(1090, Double(entries.count) * 15 + 70) }
  private var bottom: Double { Self.height - Self.margins.bottom }
  private var slot: Double {
    (width - Self.margins.left - Self.margins.right) / Double(max(entries.count, 1))
  }

  private func x(_ index: Int) -> Double { Self.margins.left + slot * (Double(index) + 0.5) }

  /// The figure; empty where no tap has figures.
  var markup: String {
    let values = entries.flatMap { entry in
      [entry.cumulative, entry.introduced].filter { $0.count > 0 }
        .flatMap { [$0.quantile(0.5) ?? 0, $0.largest] }
    }.filter { $0 > 1e-12 }
    guard !values.isEmpty else { return "" }
    let axis = LogAxis(values, start: bottom, end: Self.margins.top, least: -8 ... -6)
    var drawing = Drawing(
      width: width, height: Self.height, label: "Spread of the errors at each tap over the corpus")
    for tick in axis.ticks {
      drawing.line(
        (Self.margins.left, tick.position), (width - Self.margins.right, tick.position), "grid")
      drawing.text(
        powerOfTen(tick.exponent), x: Self.margins.left - 6, y: tick.position + 4, "dim",
        anchor: "end")
    }
    for (index, entry) in entries.enumerated() { column(&drawing, axis, index, entry) }
    drawing.line((Self.margins.left, bottom), (width - Self.margins.right, bottom), "axis")
    return element("div", ["class": "scroll"], drawing.svg(isFixed: true))
  }

  private func column(
    _ drawing: inout Drawing, _ axis: LogAxis, _ index: Int, _ entry: Entry
  ) {
    let middle = x(index)
    let bar = min(slot * 0.32, 7)
    for (figures, at, style) in [
      (entry.cumulative, middle - bar, "bar"), (entry.introduced, middle, "bar other"),
    ] where figures.count > 0 {
      let low = axis.position(figures.quantile(0.5) ?? 0)
      let high = axis.position(figures.largest)
      drawing.rectangle(x: at, y: high, width: bar, height: max(low - high, 3), style)
    }
    if index > 0, TapPlace(entry.tap).group != TapPlace(entries[index - 1].tap).group {
      let border = middle - slot / 2
      drawing.line((border, Self.margins.top), (border, bottom), "axis")
    }
    drawing.turnedText(TapPlace(entry.tap).label, x: middle + 3, y: bottom + 9)
    drawing.rectangle(
      x: middle - slot / 2, y: Self.margins.top, width: slot, height: bottom - Self.margins.top,
      "hit", tip: entry.tip)
  }
}
