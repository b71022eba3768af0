package import Regression
package import TensorIO

/// What `merge` has to tell of a corpus.
package struct SweepReport: Sendable {
  package var summary: SweepSummary
  package var parts: [String]

  package init(_ summary: SweepSummary, parts: [String]) {
    self.summary = summary
    self.parts = parts
  }

  /// A table a candidate, then sentences.
  package func lines(_ canvas: TextCanvas, isQuiet: Bool) -> [String] {
    var lines: [String] = []
    if let settings, !isQuiet { lines += [canvas.styled("sweep", .dim) + "  " + settings, ""] }
    for name in summary.candidateNames where !isQuiet {
      guard let candidate = summary.candidates[name] else { continue }
      lines += [canvas.styled(name, .bold) + "  " + Self.counts(candidate.verdicts)]
      lines += table(candidate).lines(canvas) + [""]
    }
    lines.append(
      "\(Numbers.grouped(summary.numCases)) windows of \(parts.count) "
        + "\(parts.count == 1 ? "part" : "parts"), "
        + (summary.isParity
          ? canvas.styled("all at parity", .good)
          : canvas.styled("\(summary.divergentCases.count) not at parity", .bad) + ", first "
            + (summary.divergentCases.min() ?? "")))
    if summary.numRepeated > 0 {
      lines.append("\(Numbers.counted(summary.numRepeated, "repeated line")) counted once")
    }
    if summary.numTorn > 0 {
      lines.append(
        "\(Numbers.counted(summary.numTorn, "torn line")); run those shards again to complete them")
    }
    for (input, reason) in summary.troubles.sorted(by: { $0.key < $1.key }).prefix(5) {
      lines.append(canvas.styled("not compared", .warning) + ": \(input): \(reason)")
    }
    if summary.troubles.count > 5 {
      lines.append("… and \(summary.troubles.count - 5) more that were not compared")
    }
    return lines
  }

  /// `blas, graph against reference; spoken-digits, taps ops`; `nil` where no part says it.
  var settings: String? {
    summary.settings.map { settings in
      "\(settings.candidates.joined(separator: ", ")) against \(settings.reference)"
        + (settings.faults.isEmpty ? "" : " with \(settings.faults.joined(separator: ", "))")
        + "; \(settings.model), taps \(settings.taps)"
    }
  }

  /// `12 rounding, 1 structural`, the most frequent first.
  static func counts(_ verdicts: [String: Int]) -> String {
    verdicts.sorted { ($0.value, $1.key) > ($1.value, $0.key) }
      .map { "\(Numbers.grouped($0.value)) \($0.key)" }.joined(separator: ", ")
  }

  private func table(_ candidate: SweepSummary.CandidateSummary) -> TextTable {
    var table = TextTable([
      .init("tap", .left), .init("rel L2: median", expendability: 2),
      .init("99 %", expendability: 3), .init("largest"),
      .init("introduced: median", expendability: 4), .init("largest"), .init("of bound"),
      .init("in", .left, expendability: 5), .init("verdicts", .left, expendability: 1),
    ])
    for name in candidate.tapNames {
      guard let tap = candidate.taps[name] else { continue }
      func text(_ value: Double?) -> TextTable.Cell { .init(Numbers.scientific(value)) }
      table.add([
        .init(name), text(tap.relativeL2.quantile(0.5)), text(tap.relativeL2.quantile(0.99)),
        text(tap.relativeL2.count > 0 ? tap.relativeL2.largest : nil),
        text(tap.introduced.quantile(0.5)),
        text(tap.introduced.count > 0 ? tap.introduced.largest : nil),
        .init(tap.ratio.count > 0 ? TapTable.ratio(tap.ratio.largest) : "–"),
        .init(tap.ratio.largestCase, .dim), .init(Self.counts(tap.verdicts), .dim),
      ])
    }
    return table
  }
}

extension SweepReport {
  /// The document `encoder-diff.sweep/1`.
  package var json: JSONValue {
    .members([
      "schema": .string("encoder-diff.sweep/1"), "settings": summary.settings?.json ?? .null,
      "windows": .integer(summary.numCases),
      "divergent": .array(summary.divergentCases.sorted().map { .string($0) }),
      "troubles": .object(
        sorted(summary.troubles.mapValues { JSONValue.string($0) })),
      "repeated": .integer(summary.numRepeated), "torn": .integer(summary.numTorn),
      "candidates": .array(
        summary.candidateNames.sorted().compactMap { name in
          summary.candidates[name].map { json(name, $0) }
        }),
    ])
  }

  private func json(_ name: String, _ candidate: SweepSummary.CandidateSummary) -> JSONValue {
    .members([
      "backend": .string(name), "verdicts": counted(candidate.verdicts),
      "firstDivergences": counted(candidate.firstDivergences),
      "taps": .array(
        candidate.tapNames.compactMap { tap in
          candidate.taps[tap].map { figures in
            .members([
              "tap": .string(tap), "verdicts": counted(figures.verdicts),
              "relativeL2": figures.relativeL2.json, "maxAbs": figures.maxAbs.json,
              "introduced": figures.introduced.json, "ratioToBound": figures.ratio.json,
            ])
          }
        }),
    ])
  }

  private func counted(_ counts: [String: Int]) -> JSONValue {
    .object(sorted(counts.mapValues { JSONValue.integer($0) }))
  }

  private func sorted(_ members: [String: JSONValue]) -> JSONObject {
    var object = JSONObject()
    for (key, value) in members.sorted(by: { $0.key < $1.key }) { object.set(key, value) }
    return object
  }
}

extension FigureSummary {
  /// Moments, extremes and quantiles; quantiles are right to within an eighth.
  var json: JSONValue {
    .members([
      "count": .integer(count), "mean": .figure(mean), "std": .figure(standardDeviation),
      "min": .figure(count > 0 ? least : nil), "max": .figure(count > 0 ? largest : nil),
      "maxCase": .text(count > 0 ? largestCase : nil), "median": .figure(quantile(0.5)),
      "p90": .figure(quantile(0.9)), "p99": .figure(quantile(0.99)),
      "nonFinite": .integer(histogram.numNonFinite),
    ])
  }
}
