import Regression

extension SweepReport {
  /// The corpus as one self-contained page.
  package var page: HTMLPage {
    let windows = Numbers.counted(summary.numCases, "window")
    var page = HTMLPage(
      title: "encoder-diff merge",
      badge: summary.isParity
        ? VerdictMark.badge(.rounding, "\(windows), all at parity")
        : VerdictMark.badge(
          .structural, "\(summary.divergentCases.count) of \(windows) not at parity"),
      lead: element("p", ["class": "note"], escaped(lead)))
    for (index, name) in summary.candidateNames.enumerated() {
      guard let candidate = summary.candidates[name] else { continue }
      page.add(
        id: "candidate-\(index)", heading: name,
        SweepCandidateSection(name: name, candidate: candidate).markup)
    }
    page.add(id: "divergent", heading: "Not at parity", divergent)
    page.add(id: "troubles", heading: "Not compared", troubles)
    return page
  }

  private var lead: String {
    var text = settings.map { "\($0); " } ?? ""
    text += "\(parts.count) \(parts.count == 1 ? "part" : "parts")"
    if summary.numRepeated > 0 {
      text += "; \(Numbers.counted(summary.numRepeated, "repeated line")) counted once"
    }
    if summary.numTorn > 0 { text += "; \(Numbers.counted(summary.numTorn, "torn line"))" }
    return text
  }

  private var divergent: String {
    var table = DataTable([("window", true)])
    for name in summary.divergentCases.sorted() { table.add([.text(name)]) }
    return table.markup
  }

  private var troubles: String {
    var table = DataTable([("input", true), ("why", true)])
    for (input, reason) in summary.troubles.sorted(by: { $0.key < $1.key }) {
      table.add([.text(input), .long(reason)])
    }
    return table.markup
  }
}

/// One candidate over a whole corpus.
private struct SweepCandidateSection {
  let name: String
  let candidate: SweepSummary.CandidateSummary

  var markup: String {
    let taps = candidate.tapNames.compactMap { tap in candidate.taps[tap].map { (tap, $0) } }
    let picture = EncoderPicture(
      taps.map { .init(tap: $0, mark: worst($1), tip: tip($0, $1)) }
    ).markup
    let chart = SpreadChart(
      entries: taps.map {
        .init(tap: $0, cumulative: $1.relativeL2, introduced: $1.introduced, tip: tip($0, $1))
      }
    ).markup
    return element("p", [:], escaped(SweepReport.counts(candidate.verdicts)))
      + figure(
        "The encoder", picture, "Every operation in the worst verdict that it got in any window.")
      + figure(
        "Error along the depth", chart,
        "Blue: accumulated relative L2, from the median of the windows to the largest. Orange: what "
          + "each operation introduces by itself.")
      + element("h3", [:], "Every tap") + table(taps)
  }

  private func figure(_ heading: String, _ picture: String, _ caption: String) -> String {
    guard !picture.isEmpty else { return "" }
    return element("h3", [:], escaped(heading))
      + element("figure", [:], picture + element("figcaption", [:], escaped(caption)))
  }

  private func worst(_ tap: SweepSummary.TapSummary) -> VerdictMark {
    tap.verdicts.keys.map { VerdictMark(words: $0) }.max { $0.severity < $1.severity } ?? .missing
  }

  private func tip(_ name: String, _ tap: SweepSummary.TapSummary) -> String {
    var lines = [name, SweepReport.counts(tap.verdicts)]
    for (title, figures) in [("cumulative", tap.relativeL2), ("introduced", tap.introduced)]
    where figures.count > 0 {
      lines.append(
        "\(title): median \(Numbers.scientific(figures.quantile(0.5))), largest "
          + "\(Numbers.scientific(figures.largest)) in \(figures.largestCase)")
    }
    if tap.ratio.count > 0 {
      lines.append("at most \(TapTable.ratio(tap.ratio.largest)) of its bound")
    }
    return lines.joined(separator: "\n")
  }

  /// A window's name without the folders that it stands in; the whole name under the pointer.
  private func place(_ name: String) -> String {
    "<span\(Drawing.tip(name))>\(escaped(name.lastPathComponent))</span>"
  }

  private func table(_ taps: [(String, SweepSummary.TapSummary)]) -> String {
    var table = DataTable([
      ("#", false), ("tap", true), ("worst verdict", true), ("rel L2 median", false),
      ("99 %", false), ("largest", false), ("max |Δ|", false), ("introduced median", false),
      ("largest", false), ("of bound", false), ("in", true), ("verdicts", true),
    ])
    for (index, (name, tap)) in taps.enumerated() {
      func cell(_ value: Double?) -> DataTable.Cell { .figure(value, Numbers.scientific(value)) }
      func largest(_ figures: FigureSummary) -> Double? {
        figures.count > 0 ? figures.largest : nil
      }
      let mark = worst(tap)
      let ratio = largest(tap.ratio)
      table.add([
        .figure(Double(index), "\(index)"), .text(name), .verdict(mark, mark.name),
        cell(tap.relativeL2.quantile(0.5)), cell(tap.relativeL2.quantile(0.99)),
        cell(largest(tap.relativeL2)), cell(largest(tap.maxAbs)),
        cell(tap.introduced.quantile(0.5)), cell(largest(tap.introduced)),
        .figure(ratio, ratio.map(TapTable.ratio) ?? "–"),
        .init(content: place(tap.ratio.largestCase), style: "l"),
        .long(SweepReport.counts(tap.verdicts)),
      ])
    }
    return table.markup
  }
}
