/// A grid of cells as a canvas that the page's script paints; hovering tells block and figure.
struct HeatMap {
  enum Ramp: String {
    /// Errors, on a logarithmic scale.
    case error
    /// Levels, on a linear scale.
    case level
  }

  let title: String
  let grid: CellGrid
  let ramp: Ramp
  /// What the axes and the figures are called.
  var names = (x: "frame", y: "channel", what: "rms |Δ|")
  /// Whether row 0 lies at the bottom, as in spectrograms.
  var isUpward = false
  /// Below the picture.
  var caption = ""

  private var isLogarithmic: Bool { ramp == .error }

  /// At most this many decades are told apart.
  private static let decades = 1e6

  var markup: String {
    var range = grid.range(isLogarithmic: isLogarithmic) ?? 0...0
    if isLogarithmic && range.upperBound > 0 {
      range = max(range.lowerBound, range.upperBound / Self.decades)...range.upperBound
    }
    let hasValues = grid.values.contains { $0 != 0 }
    let low = isLogarithmic && hasValues ? range.lowerBound.logarithm : range.lowerBound
    let high = isLogarithmic && hasValues ? range.upperBound.logarithm : range.upperBound
    let cells = base64(grid.bytes(in: range, isLogarithmic: isLogarithmic))
    let canvas =
      "<canvas role=\"img\" aria-label=\"\(escaped(title))\" data-rows=\"\(grid.rows)\" "
      + "data-columns=\"\(grid.columns)\" data-frames=\"\(grid.frames)\" "
      + "data-channels=\"\(grid.channels)\" data-low=\"\(low)\" data-high=\"\(high)\" "
      + "data-ramp=\"\(ramp.rawValue)\"\(isLogarithmic ? " data-log=\"1\"" : "")"
      + "\(isUpward ? " data-up=\"1\" class=\"tall\"" : "") data-x=\"\(names.x)\" "
      + "data-y=\"\(names.y)\" data-what=\"\(escaped(names.what))\" data-cells=\"\(cells)\"></canvas>"
    let scale = element(
      "div", ["class": "scale"],
      escaped(Numbers.compact(range.lowerBound, digits: 2))
        + "<i data-ramp=\"\(ramp.rawValue)\"></i>"
        + escaped(Numbers.compact(range.upperBound, digits: 2)))
    return element(
      "div", [:], element("h4", [:], escaped(title)) + canvas + scale + caption)
  }
}
