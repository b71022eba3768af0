/// Aligned columns; the least important ones give way where a terminal is narrow.
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

  /// The lines, the title line first.
  package func lines(_ canvas: TextCanvas, indent: Int = 2) -> [String] {
    let widths = columns.indices.map { column in
      max(columns[column].title.count, rows.map { $0[column].text.count }.max() ?? 0)
    }
    let shown = shownColumns(widths, width: canvas.width.map { $0 - indent })
    let margin = String(repeating: " ", count: indent)
    let titles = columns.map { Cell($0.title, .dim) }
    return ([titles] + rows).map { cells in
      let parts = shown.enumerated().map { position, column in
        let isLast = position == shown.count - 1
        return padded(
          cells[column], to: widths[column], columns[column].alignment, isLast: isLast, canvas)
      }
      return margin + parts.joined(separator: String(repeating: " ", count: Self.gap))
    }
  }

  private func shownColumns(_ widths: [Int], width: Int?) -> [Int] {
    var shown = Array(columns.indices)
    guard let width else { return shown }
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
    _ cell: Cell, to width: Int, _ alignment: Alignment, isLast: Bool, _ canvas: TextCanvas
  ) -> String {
    let space = String(repeating: " ", count: max(width - cell.text.count, 0))
    let text = canvas.styled(cell.text, cell.style)
    return switch alignment {
    case .right: space + text
    case .left: isLast ? text : text + space
    }
  }
}
