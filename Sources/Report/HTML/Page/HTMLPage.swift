/// One self-contained page: no network, no framework, light and dark, for screens and paper.
///
/// Every report composes its sections with the same parts, so that all pages read alike.
package struct HTMLPage: Sendable {
  package var title: String
  /// A verdict beside the title, as markup; empty for none.
  var badge: String
  /// Markup below the title.
  var lead: String
  /// Whether the verdicts of taps are explained at the end.
  var hasLegend = true
  private var sections: [(id: String, heading: String, body: String)] = []

  init(title: String, badge: String = "", lead: String = "") {
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
    return """
      <!doctype html>
      <html lang="en">
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <title>\(escaped(title))</title>
      <style>\(PageStyle.text)</style>
      <header><h1>\(escaped(title)) \(badge)</h1>\(lead)</header>
      \(links.count > 1 ? element("nav", [:], links.joined(separator: " ")) : "")
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
