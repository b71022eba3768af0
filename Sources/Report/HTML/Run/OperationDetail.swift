import Parity

/// One operation that matters: where its difference lies, how large it is and of what rank.
struct OperationDetail {
  let tap: TapResult
  /// The difference against the reference.
  let sketch: DifferenceSketch
  /// What the operation adds by itself; `nil` where it was not judged.
  let introduced: DifferenceMaps?

  private var isMap: Bool { tap.shape.count == 3 }

  var markup: String {
    var parts = maps
    parts.append(
      element(
        "div", [:],
        element("h4", [:], "magnitudes of the accumulated Δ")
          + HistogramChart.markup(sketch.histogram)))
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
      "<code>\(escaped(tap.tap))</code> "
        + VerdictMark.badge(VerdictMark(tap.verdict), tap.verdict.text))
    return heading + element("div", ["class": "maps"], parts.joined()) + heads
  }

  /// Introduced beside accumulated; once where they are the same, as the inputs carry no error.
  private var maps: [String] {
    guard let introduced else { return maps(of: sketch.maps, "accumulated") }
    guard introduced != sketch.maps else { return maps(of: introduced, "introduced = accumulated") }
    return maps(of: introduced, "introduced") + maps(of: sketch.maps, "accumulated")
  }

  private func maps(of shown: DifferenceMaps, _ kind: String) -> [String] {
    var map = HeatMap(
      title: "\(kind) Δ, " + (isMap ? "queries × keys, over all heads" : "frames × channels"),
      grid: shown.grid, ramp: .error)
    if isMap { map.names = ("query", "key", "rms |Δ|") }
    guard let grid = shown.headGrid else { return [map.markup] }
    var heads = HeatMap(
      title: "\(kind) Δ, " + (isMap ? "queries × heads" : "frames × heads"), grid: grid,
      ramp: .error)
    heads.names = (isMap ? "query" : "frame", "head", "rms |Δ|")
    return [map.markup, heads.markup]
  }

  private var heads: String {
    guard sketch.heads.count > 1 else { return "" }
    let bars = sketch.heads.enumerated().map { index, value in
      let text = "relative L2 \(Numbers.scientific(value))"
      return BarList.Bar(
        name: "head \(index)", parts: [(value ?? 0, "bar", "head \(index)\n\(text)")],
        figure: Numbers.scientific(value))
    }
    return BarList(label: "Relative L2 of each head", bars: bars).markup
  }
}
