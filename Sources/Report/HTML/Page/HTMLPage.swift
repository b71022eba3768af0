/// One self-contained page: no network, no framework, light and dark, for screens and paper.
///
/// Every report composes its sections with the same parts, so that all pages read alike.
package struct HTMLPage: Sendable {
  package var title: String
  /// A verdict's class and text beside the title; `nil` for none.
  var badge: (mark: VerdictMark, text: String)?
  /// Markup below the title.
  var lead: String
  /// Whether the verdicts of taps are explained at the end.
  var hasLegend = true
  private var sections: [(id: String, heading: String, body: String)] = []

  init(title: String, badge: (mark: VerdictMark, text: String)? = nil, lead: String = "") {
    self.title = title
    self.badge = badge
    self.lead = lead
  }

  /// Appends a section; sections without a body are left out.
  mutating func add(id: String, heading: String, _ body: String) {
    guard !body.isEmpty else { return }
    sections.append((id, heading, body))
  }

  /// The whole document.
  package var text: String {
    let links = sections.map { element("a", ["href": "#\($0.id)"], escaped($0.heading)) }
    let bodies = sections.map { section in
      element(
        "section", ["id": section.id],
        element("h2", [:], escaped(section.heading)) + section.body)
    }
    let mark = badge.map { VerdictMark.badge($0.mark, $0.text) } ?? ""
    return """
      <!doctype html>
      <html lang="en">
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <title>\(escaped(title))</title>
      <style>\(PageStyle.text)</style>
      <header><h1>\(escaped(title)) \(mark)</h1>\(lead)</header>
      <nav>\(links.joined(separator: " "))</nav>
      <main>
      \(bodies.joined(separator: "\n"))
      </main>
      <footer>\(hasLegend ? Self.legend : "")</footer>
      <div id="tip" role="tooltip" hidden></div>
      <script>\(PageScript.text)</script>
      </html>

      """
  }

  private static var legend: String {
    let items = VerdictMark.allCases.map { mark in
      element(
        "li", [:], VerdictMark.badge(mark, mark.name) + " " + escaped(mark.meaning))
    }
    return element("h2", [:], "How to read this")
      + element("ul", ["class": "legend"], items.joined())
  }
}
