package import Diagnosis
package import Parity
package import TensorIO

/// What `bisect` has to tell: the culprits in order, each with its evidence.
package struct BisectReport: Sendable {
  package var result: CandidateResult
  /// Runs of an external implementation; empty for others.
  package var steps: [TapNarrowing.Step]
  package var budget: ErrorBudget?
  /// What the tensors looked like; `nil` where nobody watched.
  package var details: ComparisonDetails?

  package init(
    result: CandidateResult, steps: [TapNarrowing.Step] = [], budget: ErrorBudget? = nil
  ) {
    self.result = result
    self.steps = steps
    self.budget = budget
  }

  /// Taps at which an error is introduced, in program order.
  package var culprits: [TapResult] {
    result.taps.filter { ($0.introduced?.verdict ?? $0.verdict).isDivergence }
  }

  package func lines(_ canvas: TextCanvas) -> [String] {
    let name = canvas.styled(result.backend, .bold)
    let faults = result.faults.isEmpty ? "" : " with \(result.faults.joined(separator: ", "))"
    var lines = steps.enumerated().map { stepLine($0.offset + 1, $0.element, canvas) }
    if let warning = unsteadiness { lines.append(canvas.styled(warning, .warning)) }
    let places = culprits
    if places.isEmpty {
      let judged = result.taps.filter { $0.introduced != nil }
      lines.append(
        "\(name)\(faults): no operation introduces an error beyond rounding "
          + "(\(judged.count) judged)")
    } else {
      let count =
        places.count == 1 ? "one operation introduces" : "\(places.count) operations introduce"
      lines.append("\(name)\(faults): \(count) an error beyond rounding")
      for (index, tap) in places.enumerated() { lines += evidence(index + 1, tap, canvas) }
    }
    if let sentence = budget?.sentence { lines.append(sentence) }
    return lines
  }

  /// What is said of an implementation that does not repeat itself; `nil` for one that does.
  private var unsteadiness: String? {
    steps.lazy.compactMap(\.disagreement).first.map {
      "two runs on the same mel differ: \($0.tap) by relative L2 "
        + "\(Numbers.scientific($0.relativeL2)); what follows is judged on the last run alone "
        + "(fix its seed, or its order of summation, to compare runs)"
    }
  }

  private func stepLine(_ number: Int, _ step: TapNarrowing.Step, _ canvas: TextCanvas) -> String {
    let missing = step.missing.isEmpty ? "" : "; not given: \(step.missing.joined(separator: ", "))"
    let found =
      step.disagreement.map { "\($0.tap) is not what an earlier run gave" }
      ?? (step.divergent.isEmpty
        ? "nothing beyond rounding"
        : step.divergent.map {
          "\($0.tap) diverges over \($0.operations) operation\($0.operations == 1 ? "" : "s")"
        }.joined(separator: ", "))
    return canvas.styled(
      "run \(number): asked for \(step.asked.joined(separator: ", "))\(missing); \(found)", .dim)
  }

  private func evidence(_ number: Int, _ tap: TapResult, _ canvas: TextCanvas) -> [String] {
    let verdict = (tap.introduced?.verdict ?? tap.verdict).text
    var lines = ["\(number). \(canvas.styled(tap.tap, .bold))  \(verdict)"]
    guard let introduced = tap.introduced else {
      return lines + (tap.note.map { ["     \($0)"] } ?? [])
    }
    lines.append(
      "     introduced: relative L2 \(Numbers.scientific(introduced.relativeL2)), "
        + "max \(Numbers.scientific(introduced.maxAbs)), "
        + "\(TapTable.ratio(introduced.worstRatio)) times its bound")
    if let figures = tap.cumulative {
      lines.append("     cumulative: relative L2 \(Numbers.scientific(figures.relativeL2))")
    }
    if introduced.segment.count > 1 {
      lines.append(
        "     judged over \(introduced.segment.count) operations: "
          + "\(introduced.segment.first ?? "") … \(introduced.segment.last ?? "")")
    }
    if let text = introduced.evidence ?? introduced.spectrum?.reading {
      lines.append("     \(text)")
    }
    return lines
  }

  /// The document `encoder-diff.bisect/1`.
  package var json: JSONValue {
    var root = JSONObject([
      "schema": .string("encoder-diff.bisect/1"), "candidate": result.json,
      "culprits": .array(culprits.map { .string($0.tap) }),
      "runs": .array(
        steps.map { step in
          .members([
            "asked": .array(step.asked.map { .string($0) }),
            "missing": .array(step.missing.map { .string($0) }),
            "divergent": .array(step.divergent.map { .string($0.tap) }),
            "disagreement": step.disagreement.map {
              .members(["tap": .string($0.tap), "relativeL2": .figure($0.relativeL2)])
            } ?? .null,
          ])
        }),
    ])
    if let budget { root.set("budget", budget.json) }
    return .object(root)
  }
}

extension ErrorBudget {
  package var json: JSONValue {
    .members([
      "relativeL2": .figure(relativeL2), "sum": .figure(sum),
      "shares": .array(
        entries.map {
          .members([
            "tap": .string($0.tap), "share": .figure($0.share), "exact": .bool($0.isExact),
          ])
        }),
    ])
  }
}
