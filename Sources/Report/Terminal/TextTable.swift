/// Aligned columns; where a terminal is narrow the least important ones give way, and text of the
/// last one takes several lines.
package struct TextTable: Sendable {
  package enum Alignment: Sendable { case left, right }

  package struct Column: Sendable {
    package var title: String
    package var alignment: Alignment
    /// 0 never goes; the column with the highest number goes first.
    package var expendability: Int

    package init(_ title: String, _ alignment: Alignment = .right, expendability: Int = 0) {
      self.title = title
      self.alignment = alignment
      self.expendability = expendability
    }
  }

  package struct Cell: Sendable {
    package var text: String
    package var style: Style

    package init(_ text: String, _ style: Style = .plain) {
      self.text = text
      self.style = style
    }
  }

  package var columns: [Column]
  package private(set) var rows: [[Cell]] = []

  package init(_ columns: [Column]) { self.columns = columns }

  /// Adds a row of as many cells as there are columns.
  package mutating func add(_ cells: [Cell]) {
    precondition(cells.count == columns.count)
    rows.append(cells)
  }

  private static let gap = 2
  /// A last column of text that is longer than this is broken before another column goes.
  private static let leastText = 24

  /// The lines, the title line first.
  package func lines(_ canvas: TextCanvas, indent: Int = 2) -> [String] {
    let widths = columns.indices.map { column in
      max(columns[column].title.count, rows.map { $0[column].text.count }.max() ?? 0)
    }
    let shown = shownColumns(widths, width: canvas.width.map { $0 - indent })
    let titles = columns.map { Cell($0.title, .dim) }
    return ([titles] + rows).flatMap { row($0, shown, widths, canvas, indent: indent) }
  }

  private func row(
    _ cells: [Cell], _ shown: [Int], _ widths: [Int], _ canvas: TextCanvas, indent: Int
  ) -> [String] {
    guard let last = shown.last else { return [] }
    var line = String(repeating: " ", count: indent)
    var start = indent
    for column in shown.dropLast() {
      line += padded(cells[column], to: widths[column], columns[column].alignment, canvas)
      line += String(repeating: " ", count: Self.gap)
      start += widths[column] + Self.gap
    }
    if columns[last].alignment == .right {
      return [line + padded(cells[last], to: widths[last], .right, canvas)]
    }
    let room = canvas.width.map { max($0 - start, 12) }
    let pieces = LineWrap.wrapped([cells[last].text], width: room, indent: 0)
    return pieces.enumerated().map { index, piece in
      (index == 0 ? line : String(repeating: " ", count: start))
        + canvas.styled(piece, cells[last].style)
    }
  }

  private func shownColumns(_ widths: [Int], width: Int?) -> [Int] {
    var shown = Array(columns.indices)
    guard let width else { return shown }
    var widths = widths
    if let last = columns.last, last.alignment == .left {
      widths[columns.count - 1] = min(widths[columns.count - 1], Self.leastText)
    }
    func total() -> Int { shown.reduce(0) { $0 + widths[$1] } + Self.gap * max(shown.count - 1, 0) }
    while total() > width {
      guard
        let victim = shown.filter({ columns[$0].expendability > 0 })
          .max(by: { columns[$0].expendability < columns[$1].expendability })
      else { break }
      shown.removeAll { $0 == victim }
    }
    return shown
  }

  private func padded(
    _ cell: Cell, to width: Int, _ alignment: Alignment, _ canvas: TextCanvas
  ) -> String {
    let space = String(repeating: " ", count: max(width - cell.text.count, 0))
    let text = canvas.styled(cell.text, cell.style)
    return switch alignment {
    case .right: space + text
    case .left: text + space
    }
  }
}
