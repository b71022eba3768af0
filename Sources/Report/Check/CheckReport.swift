import Parity
package import Regression

/// What `check` has to tell, for people, for CI servers and for programs.
package struct CheckReport: Sendable {
  package var result: CheckResult

  package init(_ result: CheckResult) { self.result = result }
}

extension CaseResult {
  /// `parity`, or what the candidates came to.
  var outcome: String {
    let verdicts = candidates.map { "\($0.backend) \($0.verdict.words)" }
    let all = Set(candidates.map(\.verdict))
    return all.count == 1 ? candidates[0].verdict.words : verdicts.joined(separator: ", ")
  }

  /// Each candidate's accumulated error at the end: `graph 3.1e-7`.
  var finalErrors: String {
    candidates.compactMap { candidate in
      candidate.taps.last?.cumulative.map {
        "\(candidate.backend) \(Numbers.scientific($0.relativeL2))"
      }
    }.joined(separator: ", ")
  }

  /// The taps around the first failing operation, and whose they are.
  var failingTaps: (candidate: CandidateResult, taps: [TapResult])? {
    guard let failure = failures.first(where: { $0.tap != nil }), let tap = failure.tap,
      let candidate = candidates.first(where: { $0.backend == failure.candidate }),
      let index = candidate.taps.firstIndex(where: { $0.tap == tap })
    else { return nil }
    let range = max(index - 2, 0)..<min(index + 3, candidate.taps.count)
    return (candidate, Array(candidate.taps[range]))
  }
}
