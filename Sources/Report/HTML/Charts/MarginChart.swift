import Transcription

/// The decision at each token: how far the best stands above the second, and how much of that the
/// candidate's error takes away.
struct MarginChart {
  let steps: [StepMargin]
  private static let left = 52.0
  private static let bottom = 150.0
  /// Room below the axis for the longest token, turned by 40 degrees.
  private var height: Double {
    let longest = steps.map { label($0).count }.max() ?? 0
    return Self.bottom + 24 + 4.6 * Double(min(longest, 24))
  }

  var markup: String {
    let values: [Double] = steps.flatMap { (step: StepMargin) -> [Double] in
      [step.margin ?? 0, step.decisiveChange]
    }
    guard !steps.isEmpty, values.contains(where: { $0 > 0 && $0.isFinite }) else { return "" }
    let slot = 34.0
    let width = max(240, Self.left + slot * Double(steps.count) + 12)
    let axis = LogAxis(values, start: Self.bottom, end: 12)
    var drawing = Drawing(
      width: width, height: height, label: "Decision margin and logit change at each token")
    for tick in axis.ticks {
      drawing.line((Self.left, tick.position), (width - 8, tick.position), "grid")
      drawing.text(
        powerOfTen(tick.exponent), x: Self.left - 6, y: tick.position + 4, "dim", anchor: "end")
    }
    for (index, step) in steps.enumerated() {
      column(&drawing, axis, step, x: Self.left + slot * Double(index) + 6, width: slot - 12)
    }
    drawing.line((Self.left, Self.bottom), (width - 8, Self.bottom), "axis")
    return element("div", ["class": "scroll"], drawing.svg(isFixed: true))
  }

  private func column(
    _ drawing: inout Drawing, _ axis: LogAxis, _ step: StepMargin, x: Double, width: Double
  ) {
    let tip = tip(step)
    if let margin = step.margin {
      let top = axis.position(margin)
      drawing.rectangle(
        x: x, y: top, width: width, height: max(Self.bottom - top, 1), "bar", tip: tip)
    }
    let change = axis.position(step.decisiveChange)
    if step.decisiveChange > 0 {
      drawing.rectangle(
        x: x + width / 4, y: change, width: width / 2, height: max(Self.bottom - change, 1),
        "bar other", tip: tip)
    }
    drawing.add(
      "<text text-anchor=\"end\" transform=\"translate(\(coordinate(x + width / 2 + 4)) "
        + "\(coordinate(Self.bottom + 12))) rotate(-40)\">\(escaped(label(step)))</text>")
  }

  /// The token, at most 24 characters of it, with a cross where it flips.
  private func label(_ step: StepMargin) -> String {
    let token = step.token.trimmed
    let short = token.count > 24 ? token.prefix(23) + "…" : token[...]
    return step.flippedTo == nil ? String(short) : "✕ \(short)"
  }

  private func tip(_ step: StepMargin) -> String {
    var lines = ["'\(step.token)'" + (step.runnerUp.map { ", before '\($0)'" } ?? "")]
    lines.append("margin \(Numbers.compact(step.margin, digits: 2))")
    lines.append("logit change \(Numbers.compact(step.decisiveChange, digits: 2))")
    lines.append("KL \(Numbers.compact(step.divergence, digits: 2))")
    if let flipped = step.flippedTo { lines.append("becomes '\(flipped)'") }
    return lines.joined(separator: "\n")
  }
}

extension String {
  /// Without white space at the ends.
  fileprivate var trimmed: String {
    let head = drop(while: \.isWhitespace)
    return String(head.reversed().drop(while: \.isWhitespace).reversed())
  }
}
