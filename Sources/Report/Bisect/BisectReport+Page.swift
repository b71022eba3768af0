import Diagnosis
import Parity

extension BisectReport {
  /// The culprits as one self-contained page.
  package var page: HTMLPage {
    var page = HTMLPage(
      title: "encoder-diff bisect: \(result.backend.lastPathComponent)",
      badge: VerdictMark.badge(VerdictMark(result.verdict), result.verdict.words),
      lead: element("p", ["class": "note"], escaped(result.title)))
    page.add(id: "culprits", heading: "Where the error comes in", places)
    page.add(id: "budget", heading: "What the output's error is made of", shares)
    page.add(
      id: "candidate", heading: result.backend,
      CandidateSection(
        candidate: result, reference: "the reference",
        sketches: details?.taps(of: 0) ?? TapSketches()
      ).markup)
    return page
  }

  private var places: String {
    var table = DataTable([
      ("#", false), ("operation", true), ("verdict", true), ("introduced", false),
      ("of bound", false), ("what the error is", true),
    ])
    for (index, tap) in culprits.enumerated() {
      let verdict = tap.introduced?.verdict ?? tap.verdict
      let introduced = tap.introduced
      table.add([
        .figure(Double(index + 1), "\(index + 1)"), .text(tap.tap),
        .verdict(VerdictMark(verdict), verdict.text),
        .figure(introduced?.relativeL2, Numbers.scientific(introduced?.relativeL2)),
        .figure(introduced?.worstRatio, introduced.map { TapTable.ratio($0.worstRatio) } ?? "–"),
        .long(introduced?.evidence ?? introduced?.spectrum?.reading ?? tap.note ?? ""),
      ])
    }
    return table.isEmpty
      ? element("p", ["class": "note"], "No operation introduces an error beyond rounding.")
      : table.markup
  }

  private var shares: String {
    guard let budget else { return "" }
    let bars = budget.entries.filter { abs($0.share) >= 5e-4 }.prefix(16).map { entry in
      let share = "\(Numbers.fixed(100 * entry.share, decimals: 1)) %"
      return BarList.Bar(
        name: TapPlace(entry.tap).label,
        parts: [(max(entry.share, 0), "bar", "\(entry.tap)\n\(share)")], figure: share)
    }
    return BarList(label: "Share of each operation in the output's error", bars: Array(bars)).markup
  }
}
