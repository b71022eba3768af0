package import TensorIO

/// The catalogue as `faults` shows it.
package struct FaultList: Sendable {
  package struct Entry: Sendable {
    package var slug: String
    package var ids: [Int]
    package var sites: [String]
    package var isBenign: Bool
    package var summary: String
    package var remedy: String
    /// `eps: 1e-6, 1e-12, …`; `nil` where nothing varies.
    package var parameter: String?

    package init(
      slug: String, ids: [Int], sites: [String], isBenign: Bool, summary: String, remedy: String,
      parameter: String?
    ) {
      self.slug = slug
      self.ids = ids
      self.sites = sites
      self.isBenign = isBenign
      self.summary = summary
      self.remedy = remedy
      self.parameter = parameter
    }
  }

  package var entries: [Entry]

  package init(_ entries: [Entry]) { self.entries = entries }

  /// `faults[]` {`fault`, `ids[]`, `sites[]`, `benign`, `summary`}.
  package var json: JSONValue {
    .members([
      "schema": .string("encoder-diff.faults/1"),
      "faults": .array(
        entries.map { entry in
          .members([
            "fault": .string(entry.slug), "ids": .array(entry.ids.map { .integer($0) }),
            "sites": .array(entry.sites.map { .string($0) }), "benign": .bool(entry.isBenign),
            "summary": .string(entry.summary), "remedy": .string(entry.remedy),
            "parameter": .text(entry.parameter),
          ])
        }),
    ])
  }

  /// One line each, or everything about one.
  package func lines(_ canvas: TextCanvas) -> [String] {
    if entries.count == 1, let entry = entries.first { return detail(entry, canvas) }
    var table = TextTable([
      .init("fault", .left), .init("ids", .left, expendability: 2),
      .init("sites", .right, expendability: 1), .init("what the port does", .left),
    ])
    for entry in entries {
      table.add([
        .init(entry.slug, entry.isBenign ? .note : .bold),
        .init(entry.ids.map { "\($0)" }.joined(separator: " ")),
        .init(entry.sites.count == 1 ? entry.sites[0] : "\(entry.sites.count)"),
        .init((entry.isBenign ? "benign: " : "") + entry.summary),
      ])
    }
    return table.lines(canvas, indent: 0)
  }

  private func detail(_ entry: Entry, _ canvas: TextCanvas) -> [String] {
    var lines = [
      canvas.styled(entry.slug, .bold) + (entry.isBenign ? "  (benign)" : ""), entry.summary,
      "fix: \(entry.remedy)",
    ]
    if let parameter = entry.parameter { lines.append("value: \(parameter)") }
    return lines + ["sites:"] + entry.sites.map { "  \($0)" }
  }
}
