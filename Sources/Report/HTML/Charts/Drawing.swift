/// A drawing in SVG: coordinates in pixels, y down; what carries `tip` shows figures under the pointer.
struct Drawing {
  let width: Double
  let height: Double
  /// What a screen reader says.
  var label: String
  private var body = ""

  init(width: Double, height: Double, label: String) {
    self.width = width
    self.height = height
    self.label = label
  }

  mutating func add(_ markup: String) { body += markup }

  mutating func line(
    _ from: (x: Double, y: Double), _ to: (x: Double, y: Double), _ style: String
  ) {
    body +=
      "<line class=\"\(style)\" x1=\"\(coordinate(from.x))\" y1=\"\(coordinate(from.y))\" "
      + "x2=\"\(coordinate(to.x))\" y2=\"\(coordinate(to.y))\"/>"
  }

  mutating func rectangle(
    x: Double, y: Double, width: Double, height: Double, _ style: String, tip: String? = nil
  ) {
    body +=
      "<rect class=\"\(style)\" x=\"\(coordinate(x))\" y=\"\(coordinate(y))\" "
      + "width=\"\(coordinate(width))\" height=\"\(coordinate(height))\"\(Self.tip(tip))/>"
  }

  /// Text at a point; `anchor` is `start`, `middle` or `end`.
  mutating func text(
    _ text: String, x: Double, y: Double, _ style: String = "", anchor: String = "start"
  ) {
    body +=
      "<text class=\"\(style)\" x=\"\(coordinate(x))\" y=\"\(coordinate(y))\" "
      + "text-anchor=\"\(anchor)\">\(escaped(text))</text>"
  }

  /// Small text that ends at a point below an axis, turned so that neighbours do not meet.
  mutating func turnedText(_ text: String, x: Double, y: Double) {
    body +=
      "<text class=\"dim\" text-anchor=\"end\" font-size=\"9.5\" transform=\"translate("
      + "\(coordinate(x)) \(coordinate(y))) rotate(-55)\">\(escaped(text))</text>"
  }

  /// A line through the points; gaps where a point is missing.
  mutating func polyline(_ points: [(x: Double, y: Double)?], _ style: String) {
    var path = ""
    var isDown = false
    for point in points {
      guard let point else {
        isDown = false
        continue
      }
      path += "\(isDown ? "L" : "M")\(coordinate(point.x)) \(coordinate(point.y))"
      isDown = true
    }
    guard !path.isEmpty else { return }
    body += "<path class=\"\(style)\" d=\"\(path)\"/>"
  }

  static func tip(_ text: String?) -> String {
    text.map { " data-tip=\"\(escaped($0))\"" } ?? ""
  }

  /// The drawing; it scales with the page unless `isFixed`.
  func svg(isFixed: Bool = false) -> String {
    let size =
      isFixed
      ? "width=\"\(coordinate(width))\" height=\"\(coordinate(height))\" " : "width=\"100%\" "
    return "<svg \(size)viewBox=\"0 0 \(coordinate(width)) \(coordinate(height))\" role=\"img\" "
      + "aria-label=\"\(escaped(label))\">\(body)</svg>"
  }
}

/// A logarithmic axis over whole decades.
struct LogAxis {
  let low: Int
  let high: Int
  let start: Double
  let end: Double

  /// Decades that hold all positive finite `values`, at most 16 of them, at pixels `start` to `end`.
  init(_ values: [Double], start: Double, end: Double, least: ClosedRange<Int>? = nil) {
    let logarithms = values.filter { $0 > 0 && $0.isFinite }.map(\.logarithm)
    var low = Int((logarithms.min() ?? -8).rounded(.down))
    var high = Int((logarithms.max() ?? 0).rounded(.up))
    if let least {
      low = min(low, least.lowerBound)
      high = max(high, least.upperBound)
    }
    self.high = max(high, low + 1)
    self.low = max(low, self.high - 16)
    self.start = start
    self.end = end
  }

  /// Where a value lies; zero and what is below the axis lie at its start.
  func position(_ value: Double) -> Double {
    guard value > 0 else { return start }
    let share = (min(value.logarithm, Double(high)) - Double(low)) / Double(high - low)
    return start + min(max(share, 0), 1) * (end - start)
  }

  /// Decades to be written beside the axis, every second where there are many.
  var ticks: [(exponent: Int, position: Double)] {
    let step = high - low > 9 ? 2 : 1
    return stride(from: low, through: high, by: step).map { ($0, position(pow10($0))) }
  }

  private func pow10(_ exponent: Int) -> Double { Double("1e\(exponent)") ?? 0 }
}

/// `10⁻⁷`.
func powerOfTen(_ exponent: Int) -> String {
  let digits: [Character: Character] = [
    "-": "⁻", "0": "⁰", "1": "¹", "2": "²", "3": "³", "4": "⁴", "5": "⁵", "6": "⁶", "7": "⁷",
    "8": "⁸", "9": "⁹",
  ]
  return "10" + String("\(exponent)".map { digits[$0] ?? $0 })
}
