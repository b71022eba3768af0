import Diagnosis

extension ExplainReport {
  /// The findings as one self-contained page.
  package var page: HTMLPage {
    var page = HTMLPage(
      title: "encoder-diff explain: \(explanation.candidate.lastPathComponent)",
      badge: isDivergent
        ? VerdictMark.badge(.structural, "divergent") : VerdictMark.badge(.rounding, "parity"),
      lead: facts)
    page.hasLegend = comparison != nil
    page.add(id: "causes", heading: "Causes", causes)
    page.add(id: "unexplained", heading: "Unexplained", unexplained)
    page.add(id: "repair", heading: "Before and after", repair)
    if let (result, details) = comparison {
      page.add(
        id: "candidate", heading: "The candidate",
        CandidateSection(
          candidate: result, reference: "the reference",
          sketches: details?.taps(of: 0) ?? TapSketches()
        ).markup)
      page.add(
        id: "mel", heading: "Input", MelSection(details: details, candidates: [result]).markup)
    }
    page.add(
      id: "notes", heading: "Notes",
      explanation.notes.isEmpty
        ? ""
        : element("ul", [:], explanation.notes.map { element("li", [:], escaped($0)) }.joined()))
    return page
  }

  private var facts: String {
    let rows = [
      ("model", "\(model.name): \(model.summary)"), ("input", input.description),
      ("taps", "\(explanation.taps.count) compared"),
      ("injected", injected.joined(separator: ", ")),
    ].filter { !$0.1.isEmpty }
    return element(
      "dl", ["class": "facts"],
      rows.map { element("dt", [:], escaped($0.0)) + element("dd", [:], escaped($0.1)) }.joined())
  }

  private var causes: String {
    let groups = FindingGroup.all(explanation.findings)
    guard !groups.isEmpty else {
      return explanation.unexplained.isEmpty
        ? element("p", ["class": "note"], "Every error is rounding.") : ""
    }
    return groups.map(card).joined() + element("h3", [:], "Evidence") + evidence(groups)
  }

  private func card(_ group: FindingGroup) -> String {
    let finding = group.first
    let mark: VerdictMark =
      finding.isBenign ? .inherited : finding.confidence == .likely ? .reduced : .structural
    let certainty = finding.isBenign ? "benign" : finding.confidence.rawValue
    return element(
      "h3", [:],
      "<code>\(escaped(finding.name))</code> "
        + VerdictMark.badge(mark, certainty, sign: finding.confidence == .likely ? "~" : "✓"))
      + element(
        "p", [:],
        "<code>\(escaped(group.sitesText(false)))</code>: " + escaped(finding.summary) + ".")
      + element("p", [:], "<b>Change:</b> " + escaped(finding.remedy) + ".")
      + (finding.note.map { element("p", ["class": "note"], escaped($0)) } ?? "")
  }

  private func evidence(_ groups: [FindingGroup]) -> String {
    var table = DataTable([
      ("cause", true), ("site", true), ("residual", false), ("next best", true),
      ("its residual", false),
      ("moves the output by", false), ("catalogue", true),
    ])
    for group in groups {
      for (finding, site) in group.members.flatMap({ one in one.sites.map { (one, $0) } }) {
        table.add([
          .text(finding.name), .text(site),
          .figure(finding.residual, Numbers.scientific(finding.residual)),
          .text(finding.runnerUp?.name ?? ""),
          .figure(
            finding.runnerUp?.residual, Numbers.compact(finding.runnerUp?.residual, digits: 2)),
          .figure(finding.outputEffect, Numbers.scientific(finding.outputEffect)),
          .text(finding.ids.map(String.init).joined(separator: " ")),
        ])
      }
    }
    return table.markup
  }

  private var unexplained: String {
    guard !explanation.unexplained.isEmpty else { return "" }
    var table = DataTable([("tap", true), ("verdict", true), ("rel L2", false), ("clues", true)])
    for one in explanation.unexplained {
      table.add([
        .text(one.tap), .text(one.verdict), .figure(one.error, Numbers.scientific(one.error)),
        .long(one.clues.joined(separator: "; ")),
      ])
    }
    return table.markup
  }

  private var repair: String {
    var table = DataTable([("", true), ("before", false), ("repaired", false)])
    func row(_ name: String, _ before: Double?, _ after: Double?) {
      guard let before, let after else { return }
      table.add([
        .text(name), .figure(before, Numbers.scientific(before)),
        .figure(after, Numbers.scientific(after)),
      ])
    }
    row("mel, relative L2", explanation.repair?.melBefore, explanation.repair?.melAfter)
    row("encoder output, relative L2", explanation.repair?.before, explanation.repair?.after)
    guard let transcript else { return table.markup }
    let texts = [
      ("the reference's", transcript.control), ("the candidate's", transcript.candidate),
      ("repaired", transcript.repaired),
    ]
    return table.markup
      + texts.map {
        element("h3", [:], "text, \($0.0)") + element("blockquote", [:], escaped($0.1))
      }
      .joined()
  }
}
