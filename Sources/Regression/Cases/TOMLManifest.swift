import TOMLKit

/// Parses a case's manifest that is written in TOML.
struct TOMLManifest {
  let path: String

  /// The manifest's table.
  /// - Throws: `CaseError`.
  func parse(_ text: String) throws(CaseError) -> TOMLNode {
    // The parser below is C++: it takes a text that ends at a NUL.
    guard !text.utf8.contains(0) else {
      throw CaseError(path: path, line: nil, reason: "is no TOML: it holds a NUL")
    }
    let assignments = TOMLAssignments(text)
    guard assignments.deepest <= TOMLAssignments.maximumDepth else {
      throw CaseError(
        path: path, line: nil,
        reason: "is nested more than \(TOMLAssignments.maximumDepth) levels deep; a case has two")
    }
    do {
      return node(try TOMLTable(string: text), at: [], assignments)
    } catch let error as TOMLParseError {
      let reason = error.description.split(whereSeparator: \.isNewline).joined(separator: " ")
      throw CaseError(path: path, line: error.source.begin.line, reason: "is no TOML: \(reason)")
    } catch {
      throw CaseError(path: path, line: nil, reason: "is no TOML")
    }
  }

  private func node(
    _ table: TOMLTable, at place: [String], _ assignments: TOMLAssignments
  ) -> TOMLNode {
    let members = table.keys.map { key in
      (key, table[key].map { node($0, at: place + [key], assignments) } ?? TOMLNode(value: .other))
    }
    // The table is sorted by its keys; people read it from the top.
    let ordered = members.sorted { ($0.1.line ?? 0, $0.0) < ($1.1.line ?? 0, $1.0) }
    return TOMLNode(
      value: .table(ordered.map { (key: $0.0, value: $0.1) }), line: assignments.line(of: place))
  }

  private func node(
    _ value: any TOMLValueConvertible, at place: [String], _ assignments: TOMLAssignments
  ) -> TOMLNode {
    if let table = value.table { return node(table, at: place, assignments) }
    let content: TOMLNode.Value =
      if let array = value.array {
        .list(array.map { node($0, at: place, assignments) })
      } else if let text = value.string {
        .text(text)
      } else if let number = value.int {
        .number(Double(number))
      } else if let number = value.double {
        .number(number)
      } else {
        .other
      }
    return TOMLNode(value: content, line: assignments.line(of: place))
  }
}

/// A value of a TOML text.
struct TOMLNode {
  indirect enum Value {
    case text(String)
    case number(Double)
    case list([TOMLNode])
    /// In the order of the text.
    case table([(key: String, value: TOMLNode)])
    /// Booleans, dates and times, which no manifest needs.
    case other
  }

  var value: Value
  /// From 1; `nil` for the whole text.
  var line: Int?
}
