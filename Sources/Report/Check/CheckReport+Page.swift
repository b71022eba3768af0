import Parity
import Regression

extension CheckReport {
  /// The cases as one self-contained page; failing ones with picture and course of the error.
  package var page: HTMLPage {
    let failed = result.cases.filter { !$0.hasPassed }
    var page = HTMLPage(
      title: "encoder-diff check",
      badge: failed.isEmpty
        ? VerdictMark.badge(.rounding, "\(result.cases.count) passed", sign: "✓")
        : VerdictMark.badge(.structural, "\(failed.count) of \(result.cases.count) failed"),
      lead: element("p", ["class": "note"], escaped(result.folder)))
    page.hasLegend = !failed.isEmpty
    page.add(id: "cases", heading: "Cases", table)
    for (index, one) in failed.enumerated() {
      page.add(id: "case-\(index)", heading: one.name, Self.section(one))
    }
    return page
  }

  private var table: String {
    var table = DataTable([
      ("case", true), ("result", true), ("verdict", true), ("rel L2", false), ("s", false),
      ("why", true),
    ])
    for one in result.cases {
      let last = one.candidates.compactMap { $0.taps.last?.cumulative?.relativeL2 }.max()
      table.add([
        .text(one.name),
        .verdict(
          one.hasPassed ? .rounding : one.isTrouble ? .missing : .structural,
          one.hasPassed ? "passed" : one.isTrouble ? "trouble" : "failed",
          sign: one.hasPassed ? "✓" : nil),
        .long(one.outcome), .figure(last, Numbers.scientific(last)),
        .figure(one.seconds, Numbers.fixed(one.seconds, decimals: 2)),
        .long((one.failures.map(\.message) + one.notes).joined(separator: "; ")),
      ])
    }
    return table.markup
  }

  private static func section(_ one: CaseResult) -> String {
    let reasons = one.failures.map {
      element("li", [:], element("b", [:], $0.kind.rawValue) + " " + escaped($0.message))
    }
    let failing = Set(one.failures.compactMap(\.candidate))
    let candidates = one.candidates.filter { failing.contains($0.backend) }.map {
      element("h3", [:], escaped($0.title))
        + CandidateSection(candidate: $0, reference: "the reference").markup
    }
    return element("ul", [:], reasons.joined()) + candidates.joined()
  }
}
