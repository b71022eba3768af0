package import Diagnosis
import Parity
import TensorIO

/// What was looked into beyond the table: self-checks, error budgets, conditioning.
package struct Inquest: Sendable {
  package var checks: [SelfCheck] = []
  package var budgets: [(candidate: String, budget: ErrorBudget)] = []
  package var conditioning: StageConditioning?

  package init() {}

  func lines(_ canvas: TextCanvas, isQuiet: Bool) -> [String] {
    var lines = budgets.compactMap { entry in
      entry.budget.sentence.map { "\(canvas.styled(entry.candidate, .bold)): \($0)" }
    }
    if let worst = conditioning?.worst {
      lines.append(
        "conditioning: rounding-size noise on a stage's input grows at most "
          + "\(Numbers.fixed(worst.worstAmplification, decimals: 1)) times, in \(worst.stage) at "
          + worst.worstTap)
    }
    let failed = checks.filter { $0.outcome == .failed }
    for check in failed {
      lines.append(canvas.styled("self-check", .warning) + "  \(check.name): \(check.detail)")
    }
    let passed = checks.filter { $0.outcome != .failed }
    if !isQuiet && !passed.isEmpty {
      let text = passed.map {
        "\($0.name): \($0.outcome == .skipped ? "not checked, " : "")\($0.detail)"
      }
      lines.append(canvas.styled("self-checks  " + text.joined(separator: " · "), .dim))
    }
    return lines.isEmpty ? [] : [""] + lines
  }

  func add(to root: inout JSONObject) {
    root.set(
      "selfChecks",
      .array(
        checks.map {
          .members([
            "check": .string($0.name), "outcome": .string($0.outcome.rawValue),
            "detail": .string($0.detail),
          ])
        }))
    if !budgets.isEmpty {
      root.set(
        "budgets",
        .array(
          budgets.map {
            .members(["backend": .string($0.candidate), "budget": $0.budget.json])
          }))
    }
    guard let conditioning else { return }
    root.set(
      "conditioning",
      .array(
        conditioning.entries.map {
          .members([
            "stage": .string("\($0.stage)"), "amplification": .figure($0.amplification),
            "worstTap": .string($0.worstTap),
            "worstAmplification": .figure($0.worstAmplification),
          ])
        }))
  }
}

extension RunReport {
  /// What keeps the comparison from being complete; `nil` for nothing. Divergence goes first.
  package func trouble(allowMissing: Bool) -> String? {
    guard verdict == .parity, !allowMissing else { return nil }
    for candidate in windows.flatMap(\.result.candidates) {
      let missing = candidate.taps.filter { $0.verdict == .missing }.map(\.tap)
      guard let first = missing.first else { continue }
      let others = missing.count > 1 ? " and \(missing.count - 1) more" : ""
      return "\(candidate.backend) lacks \(first)\(others) of \(candidate.taps.count) taps; "
        + "--allow-missing accepts that"
    }
    return nil
  }
}
