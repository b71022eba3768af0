package import Regression

extension CheckReport {
  /// One line a case.
  package static func line(_ result: CaseResult, width: Int, _ canvas: TextCanvas) -> String {
    let sign =
      result.hasPassed
      ? canvas.styled("✓", .good) : canvas.styled(result.isTrouble ? "!" : "✗", .bad)
    let name = result.name + String(repeating: " ", count: max(width - result.name.count, 0))
    let seconds = canvas.styled("\(Numbers.fixed(result.seconds, decimals: 2)) s", .dim)
    guard let failure = result.failures.first else {
      let errors = result.finalErrors
      return "\(sign) \(name)  \(seconds)  \(result.outcome)"
        + (errors.isEmpty ? "" : canvas.styled("  rel L2 \(errors)", .dim))
    }
    let more = result.failures.count > 1 ? " (and \(result.failures.count - 1) more)" : ""
    return "\(sign) \(name)  \(seconds)  \(failure.message)\(more)"
  }

  /// Everything below the lines: failing cases in detail, the baseline's changes, the count.
  package func details(_ canvas: TextCanvas, isQuiet: Bool) -> [String] {
    var lines: [String] = []
    for one in result.cases where !isQuiet && (!one.hasPassed || !one.notes.isEmpty) {
      lines += failing(one, canvas)
    }
    for change in result.changes {
      lines +=
        ["", canvas.styled("baseline of \(change.name)", .bold)] + change.lines.map { "  \($0)" }
    }
    let failed = result.cases.count - result.numPassed
    let seconds = result.cases.reduce(0) { $0 + $1.seconds }
    let count =
      "\(result.cases.count) \(result.cases.count == 1 ? "case" : "cases"), "
      + "\(Numbers.fixed(seconds, decimals: 1)) s: \(result.numPassed) passed"
    return lines + ["", count + (failed == 0 ? "" : canvas.styled(", \(failed) failed", .bad))]
  }

  private func failing(_ one: CaseResult, _ canvas: TextCanvas) -> [String] {
    var lines = ["", canvas.styled(one.name, .bold) + canvas.styled("  \(one.path)", .dim)]
    lines += one.failures.map { "  \(canvas.styled($0.kind.rawValue, .bad)): \($0.message)" }
    lines += one.notes.map { "  \(canvas.styled("note", .note)): \($0)" }
    if let (candidate, taps) = one.failingTaps {
      lines.append(canvas.styled("  \(candidate.title)", .dim))
      lines += TapTable.table(taps, width: canvas.width).lines(canvas)
    }
    return lines
  }
}
