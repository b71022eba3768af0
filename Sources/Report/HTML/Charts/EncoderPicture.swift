import Parity

/// The encoder as a picture: a tile a stage, every operation in its verdict's colour and sign.
struct EncoderPicture {
  /// An operation: its verdict, and the figures shown under the pointer.
  struct Entry {
    let tap: String
    let mark: VerdictMark
    let tip: String
  }

  let taps: [Entry]

  init(_ taps: [Entry]) { self.taps = taps }

  init(taps: [TapResult]) {
    self.init(taps.map { Entry(tap: $0.tap, mark: VerdictMark($0.verdict), tip: $0.tip) })
  }

  /// A box of a block's tile: its row, and the share of the width that it takes.
  private struct Box {
    let name: String
    let row: Int
    let from: Double
    let to: Double
  }

  private static let blockBoxes = [
    Box(name: "attn_ln", row: 0, from: 0, to: 1),
    Box(name: "attn.query", row: 1, from: 0, to: 0.32),
    Box(name: "attn.key", row: 1, from: 0.34, to: 0.66),
    Box(name: "attn.value", row: 1, from: 0.68, to: 1),
    Box(name: "attn.scores", row: 2, from: 0, to: 0.66),
    Box(name: "attn.probs", row: 3, from: 0, to: 0.66),
    Box(name: "attn.context", row: 4, from: 0, to: 1),
    Box(name: "attn.out", row: 5, from: 0, to: 1),
    Box(name: "mlp_ln", row: 7, from: 0, to: 1), Box(name: "mlp.0", row: 8, from: 0, to: 1),
    Box(name: "mlp.1", row: 9, from: 0, to: 1), Box(name: "mlp.2", row: 10, from: 0, to: 1),
  ]

  private static let rowHeight = 25.0
  private static let width = 158.0
  private static let stream = 16.0

  /// The tiles, in order; empty without taps.
  var markup: String {
    let groups = Dictionary(grouping: taps) { TapPlace($0.tap).group }
    let blocks = groups.keys.compactMap { group -> Int? in
      if case .block(let index) = group { index } else { nil }
    }.sorted()
    var tiles = [column(groups[.stem] ?? [], title: "stem")]
    tiles += blocks.map { block($0, groups[.block($0)] ?? []) }
    tiles.append(column(groups[.end] ?? [], title: "end"))
    let shown = tiles.filter { !$0.isEmpty }
    return shown.isEmpty ? "" : element("div", ["class": "tiles"], shown.joined())
  }

  private func y(_ row: Int) -> Double { 34 + Double(row) * Self.rowHeight }

  /// A stage without branches.
  private func column(_ taps: [Entry], title: String) -> String {
    guard !taps.isEmpty else { return "" }
    var drawing = Drawing(
      width: Self.width, height: y(taps.count) + 4, label: "\(title): \(taps.count) operations")
    drawing.text(title, x: 12, y: 18, "dim")
    drawing.line((Self.width / 2, 26), (Self.width / 2, y(taps.count)), "wire")
    for (row, tap) in taps.enumerated() {
      drawing.add(
        box(tap, TapPlace(tap.tap).name, x: 12, y: y(row), width: Self.width - 24))
    }
    return drawing.svg(isFixed: true)
  }

  /// A residual block: the stream at the left, attention and feed-forward beside it.
  private func block(_ index: Int, _ taps: [Entry]) -> String {
    let known = Dictionary(taps.map { (TapPlace($0.tap).name, $0) }) { first, _ in first }
    var drawing = Drawing(
      width: Self.width, height: y(12) + 4, label: "block \(index): \(taps.count) operations seen")
    drawing.text("block \(index)", x: 12, y: 18, "dim")
    wires(&drawing)
    let left = Self.stream + 18
    let span = Self.width - left - 10
    for place in Self.blockBoxes {
      drawing.add(
        box(
          known[place.name], place.name, x: left + span * place.from, y: y(place.row),
          width: span * (place.to - place.from)))
    }
    for (name, row) in [("attn_residual", 6), ("output", 11)] {
      drawing.add(sum(known[name], y: y(row) + 9))
    }
    return drawing.svg(isFixed: true)
  }

  private func wires(_ drawing: inout Drawing) {
    let x = Self.stream
    let middle = (x + 18 + Self.width - 10) / 2
    drawing.line((x, 26), (x, y(12)), "wire")
    for (first, last) in [(0, 6), (7, 11)] {
      let top = y(first) - 4
      drawing.line((x, top), (middle, top), "wire")
      drawing.line((middle, top), (middle, y(last) + 9), "wire")
      drawing.line((middle, y(last) + 9), (x, y(last) + 9), "wire")
    }
  }

  private func box(
    _ tap: Entry?, _ name: String, x: Double, y: Double, width: Double
  ) -> String {
    let mark = tap?.mark
    let style = mark.map { "op v-\($0.rawValue)" } ?? "op unseen"
    let sign = mark.map { $0 == .rounding || $0 == .identical ? "" : "\($0.sign) " } ?? ""
    let tip = tap?.tip ?? "\(name): not looked at; --taps all does"
    return "<g class=\"\(style)\"\(Drawing.tip(tip))>"
      + "<rect x=\"\(coordinate(x))\" y=\"\(coordinate(y))\" "
      + "width=\"\(coordinate(width))\" height=\"18\" rx=\"4\"/>"
      + "<text x=\"\(coordinate(x + width / 2))\" y=\"\(coordinate(y + 12.5))\">"
      + "\(escaped(sign + TapPlace.short(name)))</text></g>"
  }

  /// A sum on the stream.
  private func sum(_ tap: Entry?, y: Double) -> String {
    let mark = tap?.mark
    let style = mark.map { "op v-\($0.rawValue)" } ?? "op unseen"
    let sign = mark.map { $0 == .rounding || $0 == .identical ? "+" : $0.sign } ?? "+"
    return "<g class=\"\(style)\"\(Drawing.tip(tap?.tip ?? "a residual sum: not looked at"))>"
      + "<circle cx=\"\(coordinate(Self.stream))\" cy=\"\(coordinate(y))\" "
      + "r=\"9\"/><text x=\"\(coordinate(Self.stream))\" y=\"\(coordinate(y + 4))\">\(sign)</text></g>"
  }
}
