import Parity
import Regression

/// One candidate on a page: its picture, the error along its depth, the operations that matter, the table.
struct CandidateSection {
  let candidate: CandidateResult
  let reference: String
  let sketches: [String: DifferenceSketch]

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
    if let last = candidate.taps.last(where: { sketches[$0.tap] != nil }),
      !shown.contains(where: { $0.tap == last.tap })
    {
      shown.append(last)
    }
    return shown.filter { sketches[$0.tap] != nil }
  }

  private var details: String {
    let parts = notable.compactMap { tap in sketches[tap.tap].map { detail(tap, $0) } }
    guard !parts.isEmpty else { return "" }
    return element("h3", [:], "Where the difference lies")
      + element(
        "p", ["class": "note"],
        "|Δ| = |\(escaped(candidate.backend)) − \(escaped(reference))| at the operations where errors "
          + "come in and at the end.") + parts.joined()
  }

  private func detail(_ tap: TapResult, _ sketch: DifferenceSketch) -> String {
    let isMap = tap.shape.count == 3
    let verdict = tap.verdict
    var map = HeatMap(title: "frames × channels", grid: sketch.grid, ramp: .error)
    if isMap {
      map = HeatMap(title: "queries × keys, over all heads", grid: sketch.grid, ramp: .error)
      map.names = ("query", "key", "rms |Δ|")
    }
    var parts = [map.markup]
    if let grid = sketch.headGrid {
      var heads = HeatMap(
        title: isMap ? "queries × heads" : "frames × heads", grid: grid, ramp: .error)
      heads.names = (isMap ? "query" : "frame", "head", "rms |Δ|")
      parts.append(heads.markup)
    }
    parts.append(
      element(
        "div", [:], element("h4", [:], "magnitudes") + HistogramChart.markup(sketch.histogram)))
    let known = tap.introduced?.spectrum
    let spectrum =
      known.map { HistogramChart.spectrum($0.singularValues, of: $0.reading) }
      ?? HistogramChart.spectrum(
        sketch.sample.singularValues, of: "of Δ at evenly spaced frames and channels")
    if !spectrum.isEmpty {
      parts.append(element("div", [:], element("h4", [:], "singular spectrum") + spectrum))
    }
    let heading = element(
      "h3", [:],
      "<code>\(escaped(tap.tap))</code> " + VerdictMark.badge(VerdictMark(verdict), verdict.text))
    return heading + element("div", ["class": "maps"], parts.joined()) + heads(sketch)
  }

  private func heads(_ sketch: DifferenceSketch) -> String {
    guard sketch.heads.count > 1 else { return "" }
    let bars = sketch.heads.enumerated().map { index, value in
      let text = "relative L2 \(Numbers.scientific(value))"
      return BarList.Bar(
        name: "head \(index)", parts: [(value ?? 0, "bar", "head \(index)\n\(text)")],
        figure: Numbers.scientific(value))
    }
    return BarList(label: "Relative L2 of each head", bars: bars).markup
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
