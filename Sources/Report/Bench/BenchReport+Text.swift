extension BenchReport {
  /// A table a model and number of threads, the notes below.
  package func lines(_ canvas: TextCanvas) -> [String] {
    var lines = [
      "\(machine.processor), \(machine.processorCount) processors, "
        + "\(machine.instructionSet) kernels; \(numRuns) runs each, by turns"
    ]
    for group in groups {
      lines.append("")
      lines += group.lines(canvas)
    }
    if let comparison { lines += ["", comparison.line] }
    if !notes.isEmpty { lines.append("") }
    return lines + notes.map { canvas.styled("note: \($0)", .dim) }
  }
}

extension ComparisonSpeed {
  /// `figures of two [1500, 1536] tensors  0.75 ms, 24.6 GB/s`.
  var line: String {
    let milliseconds = Numbers.fixed(seconds.median * 1e3, decimals: 2)
    return "figures of two \(shape) tensors  \(milliseconds) ms, "
      + "\(Numbers.fixed(bandwidth, decimals: 1)) GB/s"
  }
}

extension BenchGroup {
  fileprivate func lines(_ canvas: TextCanvas) -> [String] {
    let threadWord = threads == 1 ? "1 thread" : "\(threads) threads"
    let heading = "\(model), \(threadWord), \(Numbers.fixed(flops * 1e-9, decimals: 2)) GFLOP"
    let peak = "peak \(Numbers.fixed(peakGflops, decimals: 0)) GFLOP/s"
    return [canvas.styled(heading, .bold) + ", " + peak] + table.lines(canvas)
      + (profile.isEmpty ? [] : [""] + profileTable.lines(canvas))
  }

  private var table: TextTable {
    var table = TextTable([
      .init("encoder", .left), .init("ms median"), .init("min", expendability: 3),
      .init("p95", expendability: 4), .init("GFLOP/s", expendability: 2), .init("of peak"),
      .init("CPU ms", expendability: 5), .init("of peak by CPU", expendability: 6),
      .init("peak memory", expendability: 1), .init("relative L2"),
      .init("max |Δ|", expendability: 7), .init("runs on", .left, expendability: 8),
    ])
    let fastest = results.map(\.seconds.median).min()
    for result in results {
      let isFastest = results.count > 1 && result.seconds.median == fastest
      let style = isFastest ? Style.good : .plain
      table.add([
        .init(result.backend, style), .init(milliseconds(result.seconds.median), style),
        .init(milliseconds(result.seconds.min)), .init(milliseconds(result.seconds.p95)),
        .init(Numbers.fixed(gflops(result), decimals: 1)),
        .init(percent(fractionOfPeak(result)) + (result.isDouble ? " (f64)" : "")),
        .init(result.processorSeconds.map { milliseconds($0.median) } ?? "–"),
        .init(percent(fractionByProcessorTime(result))),
        .init(
          result.peakRSSBytes.map { "\(Numbers.fixed(Double($0) / 1e6, decimals: 0)) MB" } ?? "–"),
        .init(Numbers.scientific(result.relativeL2)), .init(Numbers.scientific(result.maxAbs)),
        .init(result.note ?? "", .dim),
      ])
    }
    return table
  }

  private var profileTable: TextTable {
    var table = TextTable([
      .init("step of graph", .left), .init("kind", .left, expendability: 2), .init("×"),
      .init("ms"), .init("of time"), .init("GFLOP/s"), .init("of peak"),
      .init("GB/s", expendability: 1),
    ])
    let total = profile.reduce(0) { $0 + $1.seconds }
    for row in profile {
      let gflops = row.flops > 0 ? row.flops / max(row.seconds, 1e-12) * 1e-9 : nil
      table.add([
        .init(row.name), .init(row.kind, .dim), .init("\(row.count)"),
        .init(milliseconds(row.seconds)), .init(percent(row.seconds / max(total, 1e-12))),
        .init(Numbers.fixed(gflops, decimals: 1)), .init(percent(gflops.map { $0 / peakGflops })),
        .init(Numbers.fixed(row.bytes / max(row.seconds, 1e-12) * 1e-9, decimals: 1)),
      ])
    }
    return table
  }

  private func milliseconds(_ seconds: Double) -> String {
    Numbers.fixed(seconds * 1e3, decimals: seconds < 0.1 ? 2 : 1)
  }

  private func percent(_ fraction: Double?) -> String {
    fraction.map { Numbers.fixed($0 * 100, decimals: 0) + " %" } ?? "–"
  }
}
