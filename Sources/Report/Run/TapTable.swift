import Parity

/// The table of one candidate: a row a tap, cumulative figures left, introduced error right.
struct TapTable {
  /// Terminals narrower than this get taps without the `encoder.` that nearly all begin with.
  private static let narrow = 84

  /// `width`: of the terminal, where it is one.
  static func table(_ taps: [TapResult], width: Int? = nil) -> TextTable {
    var table = TextTable([
      .init("tap", .left), .init("bias", expendability: 3), .init("std ref", expendability: 4),
      .init("std cand", expendability: 4), .init("cosine", expendability: 2), .init("rel L2"),
      .init("max |Δ|", expendability: 1), .init("introduced"),
      .init("of bound", expendability: 5), .init("verdict", .left),
    ])
    let isNarrow = width.map { $0 < narrow } ?? false
    for tap in taps { table.add(row(tap, isNarrow: isNarrow)) }
    return table
  }

  private static func row(_ tap: TapResult, isNarrow: Bool) -> [TextTable.Cell] {
    let figures = tap.cumulative
    let style = tap.verdict.style
    func dim(_ text: String) -> TextTable.Cell { .init(text, .dim) }
    return [
      .init(
        isNarrow ? tap.tap.withoutEncoder : tap.tap, tap.verdict.isDivergence ? style : .plain),
      .init(Numbers.scientific(figures?.bias)),
      dim(Numbers.compact(figures?.stdReference)), .init(Numbers.compact(figures?.stdCandidate)),
      .init(cosine(figures)), .init(Numbers.scientific(figures?.relativeL2)),
      .init(Numbers.scientific(figures?.maxAbs)),
      .init(tap.introduced.map { Numbers.scientific($0.relativeL2) } ?? ""),
      .init(tap.introduced.map { ratio($0.worstRatio) } ?? ""),
      .init(verdictText(tap, isNarrow: isNarrow), style),
    ]
  }

  /// 1 − cos below 1e-3, so that 0.99999 does not look like 1.
  static func cosine(_ figures: TapFigures?) -> String {
    guard let figures, let cosine = figures.cosine, let distance = figures.cosineDistance
    else { return "–" }
    if figures.isBitEqual { return "1" }
    return distance < 1e-3
      ? "1−\(Numbers.scientific(max(distance, 0)))" : Numbers.fixed(cosine, decimals: 4)
  }

  /// How many times its bound an error is.
  static func ratio(_ value: Double) -> String {
    value.isFinite && value < 1000 ? Numbers.fixed(value, decimals: 2) : Numbers.scientific(value)
  }

  private static func verdictText(_ tap: TapResult, isNarrow: Bool) -> String {
    var text = tap.verdict.text
    if let figures = tap.cumulative, figures.nonFinite > 0 {
      text += " (\(Numbers.grouped(figures.nonFinite)) NaN or ∞)"
    }
    if let note = tap.note, !tap.verdict.isSound || tap.introduced == nil { text += ": \(note)" }
    if let segment = tap.introduced?.segment, segment.count > 1, tap.verdict.isDivergence {
      let start = isNarrow ? segment[0].withoutEncoder : segment[0]
      text += " (somewhere in \(segment.count) operations from \(start))"
    }
    return text
  }
}

extension String {
  /// A tap without the prefix `encoder.`.
  fileprivate var withoutEncoder: String { hasPrefix("encoder.") ? String(dropFirst(8)) : self }
}

extension TapVerdict {
  /// Nothing to look at.
  var isSound: Bool {
    switch self {
    case .identical, .rounding: true
    case .reducedPrecision, .structural, .inherited, .missing, .nonFinite: false
    }
  }

  var style: Style {
    switch self {
    case .identical, .rounding: .good
    case .reducedPrecision: .warning
    case .inherited: .note
    case .missing: .dim
    case .structural, .nonFinite: .bad
    }
  }
}
