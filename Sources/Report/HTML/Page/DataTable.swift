/// A table that sorts by a click on a title and copies as CSV.
struct DataTable {
  struct Cell {
    /// Markup.
    var content: String
    /// What is sorted and copied; the text itself where `nil`.
    var value: String?
    var style = ""

    /// A number: sorted and copied in full, shown as `text`.
    static func figure(_ value: Double?, _ text: String) -> Cell {
      Cell(content: escaped(text), value: value.map(inFull) ?? "")
    }

    private static func inFull(_ value: Double) -> String {
      value.magnitude < 0x1p53 ? Int(exactly: value).map(String.init) ?? "\(value)" : "\(value)"
    }

    static func text(_ text: String) -> Cell { Cell(content: escaped(text), style: "l") }

    /// Text that may take several lines.
    static func long(_ text: String) -> Cell { Cell(content: escaped(text), style: "l wrap") }

    /// A badge; sorted and copied without its sign.
    static func verdict(_ mark: VerdictMark, _ text: String, sign: String? = nil) -> Cell {
      Cell(content: VerdictMark.badge(mark, text, sign: sign), value: text, style: "l")
    }
  }

  /// Titles; those of text stand at the left.
  let titles: [(text: String, isText: Bool)]
  private var rows: [[Cell]] = []

  init(_ titles: [(text: String, isText: Bool)]) { self.titles = titles }

  mutating func add(_ cells: [Cell]) { rows.append(cells) }

  var isEmpty: Bool { rows.isEmpty }

  var markup: String {
    guard !isEmpty else { return "" }
    let head = titles.map { title in
      element(
        "th", title.isText ? ["class": "l", "scope": "col"] : ["scope": "col"], escaped(title.text))
    }
    let body = rows.map { cells in
      "<tr>"
        + cells.map { cell in
          let style = cell.style.isEmpty ? "" : " class=\"\(cell.style)\""
          let value = cell.value.map { " data-v=\"\(escaped($0))\"" } ?? ""
          return "<td\(style)\(value)>\(cell.content)</td>"
        }.joined() + "</tr>"
    }
    return element(
      "div", ["class": "scroll"],
      "<table><thead><tr>\(head.joined())</tr></thead>\n<tbody>\(body.joined(separator: "\n"))"
        + "</tbody></table>")
  }
}
