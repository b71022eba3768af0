import Parity
import Regression

/// One candidate on a page: its picture, the error along its depth, the operations that matter, the table.
struct CandidateSection {
  let candidate: CandidateResult
  let reference: String
  var sketches = TapSketches()

  /// At most this many operations are shown in detail.
  private static let maxDetails = 8

  var markup: String {
    let evidence =
      candidate.verdict == .parity ? candidate.parityEvidence : candidate.divergenceEvidence
    let mark = VerdictMark(candidate.verdict)
    var result = element(
      "p", [:],
      VerdictMark.badge(mark, candidate.verdict.words) + " " + escaped(evidence.sentenceStart))
    result += figure(
      "The encoder", EncoderPicture(taps: candidate.taps).markup,
      "Every operation in its verdict's colour; point at one for its figures.")
    result += figure(
      "Error along the depth", DepthChart(taps: candidate.taps).markup,
      "Line: error against \(reference) since the mel, as relative L2. Marks: what each operation "
        + "introduces by itself. Band: what rounding may introduce.")
    result += details
    result += element("h3", [:], "Every tap") + table
    return result
  }

  private func figure(_ heading: String, _ picture: String, _ caption: String) -> String {
    guard !picture.isEmpty else { return "" }
    return element("h3", [:], escaped(heading))
      + element("figure", [:], picture + element("figcaption", [:], escaped(caption)))
  }

  /// The operations where errors come in, the first ones first, and the last tap.
  var notable: [TapResult] {
    let places = candidate.taps.filter { ($0.introduced?.verdict ?? $0.verdict).isDivergence }
    var shown = Array(places.prefix(Self.maxDetails - 1))
    if let last = candidate.taps.last(where: { sketches.accumulated[$0.tap] != nil }),
      !shown.contains(where: { $0.tap == last.tap })
    {
      shown.append(last)
    }
    return shown.filter { sketches.accumulated[$0.tap] != nil }
  }

  private var details: String {
    let parts = notable.compactMap { tap in
      sketches.accumulated[tap.tap].map { sketch in
        OperationDetail(tap: tap, sketch: sketch, introduced: sketches.introduced[tap.tap]).markup
      }
    }
    guard !parts.isEmpty else { return "" }
    let (name, other) = (escaped(candidate.backend), escaped(reference))
    return element("h3", [:], "Where the difference lies")
      + element(
        "p", ["class": "note"],
        "At the operations where errors come in and at the end. Accumulated: \(name) − \(other). "
          + "Introduced: \(name) − what the operation should have made of \(name)’s own inputs.")
      + parts.joined()
  }

  private var table: String {
    var table = DataTable([
      ("#", false), ("tap", true), ("verdict", true), ("rel L2", false), ("max |Δ|", false),
      ("bias", false), ("1 − cos", false), ("std ref", false), ("std cand", false),
      ("introduced", false), ("of bound", false), ("non-finite", false), ("remark", true),
    ])
    for (index, tap) in candidate.taps.enumerated() { table.add(row(index, tap)) }
    return table.markup
  }

  private func row(_ index: Int, _ tap: TapResult) -> [DataTable.Cell] {
    let figures = tap.cumulative
    func scientific(_ value: Double?) -> DataTable.Cell {
      .figure(value, Numbers.scientific(value))
    }
    func compact(_ value: Double?) -> DataTable.Cell { .figure(value, Numbers.compact(value)) }
    let ratio = tap.introduced?.worstRatio
    return [
      .figure(Double(index), "\(index)"), .text(tap.tap),
      .verdict(VerdictMark(tap.verdict), tap.verdict.text), scientific(figures?.relativeL2),
      scientific(figures?.maxAbs), scientific(figures?.bias), scientific(figures?.cosineDistance),
      compact(figures?.stdReference), compact(figures?.stdCandidate),
      scientific(tap.introduced?.relativeL2), .figure(ratio, ratio.map(TapTable.ratio) ?? "–"),
      .figure(figures.map { Double($0.nonFinite) }, figures.map { "\($0.nonFinite)" } ?? "–"),
      .long(tap.note ?? ""),
    ]
  }
}
