extension BenchReport {
  /// The figures as one self-contained page.
  package var page: HTMLPage {
    var page = HTMLPage(
      title: "encoder-diff bench",
      lead: element(
        "p", ["class": "note"],
        escaped(
          "\(machine.processor), \(machine.processorCount) processors, \(machine.instructionSet) "
            + "kernels; \(numRuns) runs each, by turns")))
    page.hasLegend = false
    for (index, group) in groups.enumerated() {
      let threads = group.threads == 1 ? "1 thread" : "\(group.threads) threads"
      page.add(
        id: "group-\(index)", heading: "\(group.model), \(threads)",
        group.bars + group.table + group.steps)
    }
    page.add(
      id: "comparison", heading: "Comparison",
      comparison.map { element("p", [:], escaped($0.line)) } ?? "")
    page.add(
      id: "notes", heading: "Notes",
      notes.isEmpty
        ? "" : element("ul", [:], notes.map { element("li", [:], escaped($0)) }.joined()))
    return page
  }
}

extension BenchGroup {
  fileprivate var bars: String {
    let bars = results.sorted { $0.seconds.median < $1.seconds.median }.map { result in
      let spread = result.seconds
      let tip =
        "\(result.backend)\nmedian \(text(spread.median)), from \(text(spread.min)), "
        + "95 % within \(text(spread.p95))"
      return BarList.Bar(
        name: result.backend, parts: [(spread.median, "bar", tip)], figure: text(spread.median))
    }
    return BarList(label: "Median time of an encode", bars: bars).markup
      + element(
        "p", ["class": "note"],
        "One encode, \(Numbers.fixed(flops * 1e-9, decimals: 2)) GFLOP; the peak measured beside it is "
          + "\(Numbers.fixed(peakGflops, decimals: 0)) GFLOP/s.")
  }

  private func text(_ seconds: Double) -> String {
    "\(Numbers.compact(seconds * 1000, digits: 3)) ms"
  }

  fileprivate var table: String {
    var table = DataTable([
      ("encoder", true), ("ms median", false), ("min", false), ("p95", false), ("GFLOP/s", false),
      ("of peak", false), ("CPU ms", false), ("of peak by CPU", false),
      ("peak memory, MB", false), ("relative L2", false), ("max |Δ|", false),
      ("runs on", true),
    ])
    for result in results {
      func ms(_ value: Double) -> DataTable.Cell {
        .figure(value * 1000, Numbers.compact(value * 1000, digits: 3))
      }
      let share = fractionOfPeak(result)
      let processor = result.processorSeconds?.median
      let byProcessor = fractionByProcessorTime(result)
      let memory = result.peakRSSBytes.map { Double($0) / 1e6 }
      table.add([
        .text(result.backend), ms(result.seconds.median), ms(result.seconds.min),
        ms(result.seconds.p95), .figure(gflops(result), Numbers.fixed(gflops(result), decimals: 1)),
        .figure(share, "\(Numbers.fixed(100 * share, decimals: 1)) %"),
        .figure(
          processor.map { $0 * 1000 },
          processor.map { Numbers.compact($0 * 1000, digits: 3) } ?? "–"),
        .figure(
          byProcessor, byProcessor.map { "\(Numbers.fixed(100 * $0, decimals: 1)) %" } ?? "–"),
        .figure(memory, Numbers.fixed(memory, decimals: 0)),
        .figure(result.relativeL2, Numbers.scientific(result.relativeL2)),
        .figure(result.maxAbs, Numbers.scientific(result.maxAbs)), .text(result.note ?? ""),
      ])
    }
    return table.markup
  }

  fileprivate var steps: String {
    guard !profile.isEmpty else { return "" }
    let section = TimeSection(
      timings: [],
      steps: profile.map {
        StepTime(name: $0.name, kind: $0.kind, seconds: $0.seconds, flops: $0.flops)
      })
    return section.markup
  }
}
