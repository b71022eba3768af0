/// Horizontal bars with a name at the left and a figure at the right; they give way on a phone.
struct BarList {
  struct Bar {
    var name: String
    /// Parts from the left, each with its own look and tip.
    var parts: [(value: Double, style: String, tip: String)]
    var figure: String
  }

  let label: String
  let bars: [Bar]

  var markup: String {
    let largest = bars.map { $0.parts.reduce(0) { $0 + $1.value } }.max() ?? 0
    guard largest > 0, largest.isFinite else { return "" }
    let rows = bars.map { bar in
      let parts = bar.parts.map { part in
        "<i class=\"\(part.style)\" style=\"width:\(coordinate(100 * part.value / largest))%\""
          + "\(Drawing.tip(part.tip))></i>"
      }
      return element("span", ["class": "n"], escaped(bar.name))
        + element("span", ["class": "track"], parts.joined())
        + element("span", ["class": "dim"], escaped(bar.figure))
    }
    return element(
      "div", ["class": "bars", "role": "img", "aria-label": label], rows.joined(separator: "\n"))
  }
}
