package import Parity

/// Holds one case's candidates to its manifest and to the baseline.
package struct CaseJudgement: Sendable {
  package let manifest: CheckCase
  /// The baseline's figures of this case; `nil` where there are none.
  package let baseline: [String: CandidateFigures]?

  package init(manifest: CheckCase, baseline: [String: CandidateFigures]?) {
    self.manifest = manifest
    self.baseline = baseline
  }

  /// Everything in which the candidates differ from what is expected.
  package func failures(of candidates: [CandidateResult]) -> [CheckFailure] {
    var failures = candidates.flatMap { verdictFailures($0) }
    guard let baseline else {
      return failures + [
        CheckFailure(.baseline, "no baseline is committed for it; 'check --update' records one")
      ]
    }
    for candidate in candidates {
      guard let known = baseline[candidate.backend] else {
        failures.append(
          CheckFailure(
            .baseline, "\(candidate.backend) is not in the baseline; 'check --update' records it",
            candidate: candidate.backend))
        continue
      }
      failures += driftFailures(candidate, known)
    }
    return failures
  }

  private func verdictFailures(_ candidate: CandidateResult) -> [CheckFailure] {
    let isFaulty = !candidate.faults.isEmpty
    let expected = isFaulty || manifest.faults.isEmpty ? manifest.expected.verdict : "parity"
    let found = candidate.verdict.rawValue
    if found != expected {
      let place = candidate.firstDivergence.map { ", introduced at \($0)" } ?? ""
      return [
        CheckFailure(
          .verdict, "\(candidate.backend) is \(found)\(place); expected \(expected)",
          candidate: candidate.backend, tap: candidate.firstDivergence)
      ]
    }
    guard isFaulty || manifest.faults.isEmpty, let first = manifest.expected.firstDivergence,
      candidate.firstDivergence != first
    else { return [] }
    return [
      CheckFailure(
        .verdict,
        "\(candidate.backend) diverges first at \(candidate.firstDivergence ?? "no tap"); "
          + "expected \(first)", candidate: candidate.backend, tap: candidate.firstDivergence)
    ]
  }

  private func driftFailures(
    _ candidate: CandidateResult, _ known: CandidateFigures
  ) -> [CheckFailure] {
    var failures: [CheckFailure] = []
    let found = CandidateFigures(candidate)
    if known.verdict != found.verdict {
      failures.append(
        CheckFailure(
          .verdict, "\(candidate.backend) was \(known.verdict) and is \(found.verdict)",
          candidate: candidate.backend, tap: candidate.firstDivergence))
    }
    let lost = known.taps.first { found.errors(of: $0.name) == nil }
    if let lost {
      failures.append(
        CheckFailure(
          .baseline, "\(candidate.backend) no longer shows \(lost.name), which the baseline has",
          candidate: candidate.backend, tap: lost.name))
    }
    if let drift = Drift.between(found, known, factor: manifest.budget.drift) {
      failures.append(
        CheckFailure(
          .drift, "\(candidate.backend) is less accurate: \(drift.sentence)",
          candidate: candidate.backend, tap: drift.introducedAt ?? drift.tap))
    }
    return failures
  }

  /// Candidates that have become more accurate by the same factor at some tap.
  package func improvements(of candidates: [CandidateResult]) -> [String] {
    candidates.compactMap { candidate in
      guard let known = baseline?[candidate.backend],
        let gain = Drift.between(
          known, CandidateFigures(candidate), factor: manifest.budget.drift)
      else { return nil }
      return "\(candidate.backend) is more accurate than the baseline at \(gain.tap); "
        + "'check --update' records it"
    }
  }
}

extension Drift {
  /// `encoder.conv1 introduces a relative L2 of 3e-6, the baseline's was 2e-7`.
  var sentence: String {
    let figures = "\(shortText(found)), the baseline has \(shortText(known))"
    guard let introducedAt else {
      return "relative L2 at \(tap) is \(figures); no single operation has got worse"
    }
    return "\(introducedAt) introduces a relative L2 of \(figures)"
  }
}

/// A positive number to two digits: `3.1e-7`.
private func shortText(_ value: Double) -> String {
  guard value.isFinite, value > 0 else { return "\(value)" }
  var exponent = 0
  var scaled = value
  while scaled < 1 { (scaled, exponent) = (scaled * 10, exponent - 1) }
  while scaled >= 10 { (scaled, exponent) = (scaled / 10, exponent + 1) }
  let digits = (scaled * 10).rounded() / 10
  return exponent == 0 ? "\(digits)" : "\(digits)e\(exponent)"
}
