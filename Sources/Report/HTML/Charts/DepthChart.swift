import Parity

/// The error along the depth of an encoder: what has accumulated, what each operation introduces,
/// and the band that rounding may fill.
struct DepthChart {
  let taps: [TapResult]
  private static let height = 330.0
  private static let margins = (left: 52.0, right: 14.0, top: 14.0, bottom: 74.0)

  private var width: Double { max(1250, Double(taps.count) * 15 + 70) }
  private var right: Double { width - Self.margins.right }
  private var bottom: Double { Self.height - Self.margins.bottom }

  private func x(_ index: Int) -> Double {
    let span = right - Self.margins.left - 16
    return Self.margins.left + 8 + span * Double(index) / Double(max(taps.count - 1, 1))
  }

  /// The largest relative L2 that rounding explains: the error over its share of the bound.
  static func allowed(_ introduced: IntroducedError?) -> Double? {
    guard let introduced, let error = introduced.relativeL2, introduced.rmsRatio > 0,
      introduced.rmsRatio.isFinite, error > 0
    else { return nil }
    return error / introduced.rmsRatio
  }

  /// The figure; empty where no tap has figures.
  var markup: String {
    let cumulative = taps.map { $0.cumulative?.relativeL2 }
    let bounds = taps.map { Self.allowed($0.introduced) }
    let values = (cumulative + bounds + taps.map { $0.introduced?.relativeL2 }).compactMap { $0 }
    guard !values.isEmpty else { return "" }
    let axis = LogAxis(
      values.filter { $0 > 1e-12 }, start: bottom, end: Self.margins.top, least: -8 ... -6)
    var drawing = Drawing(
      width: width, height: Self.height, label: "Relative L2 error at each tap, in order of depth")
    frame(&drawing, axis)
    band(&drawing, axis, bounds)
    drawing.polyline(
      cumulative.enumerated().map { index, value in
        value.flatMap { $0.isFinite ? (x(index), axis.position($0)) : nil }
      }, "cumulative")
    for (index, tap) in taps.enumerated() { mark(&drawing, axis, index, tap) }
    return element("div", ["class": "scroll"], drawing.svg(isFixed: true))
  }

  private func frame(_ drawing: inout Drawing, _ axis: LogAxis) {
    for tick in axis.ticks {
      drawing.line((Self.margins.left, tick.position), (right, tick.position), "grid")
      drawing.text(
        powerOfTen(tick.exponent), x: Self.margins.left - 6, y: tick.position + 4, "dim",
        anchor: "end")
    }
    for (index, tap) in taps.enumerated() {
      let starts = index > 0 && TapPlace(tap.tap).group != TapPlace(taps[index - 1].tap).group
      if starts {
        let middle = (x(index) + x(index - 1)) / 2
        drawing.line((middle, Self.margins.top), (middle, bottom), "axis")
      }
      drawing.turnedText(TapPlace(tap.tap).label, x: x(index) + 3, y: bottom + 9)
    }
    drawing.line((Self.margins.left, bottom), (right, bottom), "axis")
  }

  /// The region that rounding may fill, from the axis up to each operation's bound.
  private func band(_ drawing: inout Drawing, _ axis: LogAxis, _ bounds: [Double?]) {
    var path = ""
    var open: Double?
    func close() -> String { open.map { "L\(coordinate($0)) \(coordinate(bottom))Z" } ?? "" }
    for (index, bound) in bounds.enumerated() {
      guard let bound else { continue }
      if open == nil { path += "M\(coordinate(x(index))) \(coordinate(bottom))" }
      path += "L\(coordinate(x(index))) \(coordinate(axis.position(bound)))"
      open = x(index)
    }
    path += close()
    if !path.isEmpty { drawing.add("<path class=\"band\" d=\"\(path)\"/>") }
  }

  private func mark(_ drawing: inout Drawing, _ axis: LogAxis, _ index: Int, _ tap: TapResult) {
    let at = x(index)
    if let introduced = tap.introduced {
      let mark = VerdictMark(introduced.verdict)
      let y = axis.position(introduced.relativeL2 ?? 0)
      drawing.add(Self.shape(mark, x: at, y: y))
    } else if tap.verdict.isDivergence, let error = tap.cumulative?.relativeL2, error.isFinite {
      // The mel has no operation before it: all of its error comes in here.
      drawing.add(Self.shape(VerdictMark(tap.verdict), x: at, y: axis.position(error)))
    }
    let strip = max((right - Self.margins.left) / Double(max(taps.count, 1)), 4)
    drawing.rectangle(
      x: at - strip / 2, y: Self.margins.top, width: strip, height: bottom - Self.margins.top,
      "hit", tip: tap.tip)
  }

  /// A mark whose shape, not only its colour, tells the verdict.
  private static func shape(_ mark: VerdictMark, x: Double, y: Double) -> String {
    let path =
      switch mark {
      case .identical, .rounding, .missing: "M-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0Z"
      case .reduced: "M-4-4H4V4H-4Z"
      case .structural, .nonfinite: "M-6-4L-4-6L0-2L4-6L6-4L2 0L6 4L4 6L0 2L-4 6L-6 4L-2 0Z"
      case .inherited: "M-4.5-3.5H4.5L0 4.5Z"
      }
    return "<path class=\"mark v-\(mark.rawValue)\" d=\"\(path)\" "
      + "transform=\"translate(\(coordinate(x)) \(coordinate(y)))\"/>"
  }
}

extension TapResult {
  /// The figures of a tap, a line each.
  var tip: String {
    var lines = ["\(tap)  \(shape.map(String.init).joined(separator: " × "))", verdict.text]
    if let figures = cumulative {
      lines.append(
        "cumulative: relative L2 \(Numbers.scientific(figures.relativeL2)), "
          + "max |Δ| \(Numbers.scientific(figures.maxAbs))")
    }
    if let introduced {
      lines.append(
        "introduced: relative L2 \(Numbers.scientific(introduced.relativeL2)), "
          + "\(TapTable.ratio(introduced.worstRatio)) of its bound")
    }
    if let note { lines.append(note) }
    return lines.joined(separator: "\n")
  }
}
