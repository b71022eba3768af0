/// Horizontal bars with a name at the left and a figure at the right.
struct BarList {
  struct Bar {
    var name: String
    /// Parts from the left, each with its own look and tip.
    var parts: [(value: Double, style: String, tip: String)]
    var figure: String
  }

  let label: String
  let bars: [Bar]
  /// Pixels for names.
  var nameWidth = 190.0

  private static let rowHeight = 19.0
  private static let width = 720.0

  var markup: String {
    let largest = bars.map { $0.parts.reduce(0) { $0 + $1.value } }.max() ?? 0
    guard largest > 0 else { return "" }
    var drawing = Drawing(
      width: Self.width, height: Double(bars.count) * Self.rowHeight + 4, label: label)
    let span = Self.width - nameWidth - 110
    for (row, bar) in bars.enumerated() {
      let y = Double(row) * Self.rowHeight + 2
      drawing.text(bar.name, x: nameWidth - 8, y: y + 12, anchor: "end")
      var x = nameWidth
      for part in bar.parts {
        let width = span * part.value / largest
        drawing.rectangle(
          x: x, y: y + 2, width: max(width - 0.5, 0.5), height: Self.rowHeight - 6, part.style,
          tip: part.tip)
        x += width
      }
      drawing.text(bar.figure, x: x + 6, y: y + 12, "dim")
    }
    return element("div", ["class": "scroll"], drawing.svg(isFixed: true))
  }
}
