package import EncoderModel
package import Parity
package import TensorCore

/// Something that the tool verifies about its own run, for the report to say.
package struct SelfCheck: Sendable {
  package enum Outcome: String, Sendable { case passed, failed, skipped }
  /// `reference repeats`, `observing changes nothing`, `same weights`, `taps compared`, …
  package var name: String
  package var outcome: Outcome
  package var detail: String

  package init(_ name: String, _ outcome: Outcome, _ detail: String) {
    self.name = name
    self.outcome = outcome
    self.detail = detail
  }
}

extension SelfCheck {
  /// Whether an encoder that is run again, unobserved, gives the bits that it gave when every tap
  /// was looked at: it repeats itself, and observing changes nothing.
  /// - `observed`: what it gave after `stages`, `[frames, width]`.
  /// - `stages`: the first ones of its program, or all.
  /// - Throws: what the backend throws.
  package static func repetition(
    _ backend: any EncoderBackend, mel: Tensor, observed: Tensor?, through stages: [EncoderStage]
  ) throws -> SelfCheck {
    let name = "\(backend.name) against itself, unobserved"
    guard let observed else { return SelfCheck(name, .skipped, "its output was not observed") }
    let again = try backend.encodeUnobserved(mel: mel, through: stages)
    guard again.elementCount == observed.elementCount else {
      return SelfCheck(name, .failed, "another shape: \(again.shape), then \(observed.shape)")
    }
    let figures = TapFigures.compare(reference: observed, candidate: again)
    let isWhole = stages == backend.program.stages
    let scope = isWhole ? "" : " as far as \(stages.last.map(\.outputTap) ?? "mel")"
    return figures.isBitEqual
      ? SelfCheck(name, .passed, "identical\(scope)")
      : SelfCheck(name, .failed, "the outputs differ by up to \(figures.maxAbs)")
  }

  /// Whether two sides say that they had the same `what`, by their dumps' hashes.
  package static func hashes(_ what: String, _ reference: String?, _ candidate: String?)
    -> SelfCheck
  {
    let name = "same \(what)"
    switch (reference, candidate) {
    case (let left?, let right?):
      return left == right
        ? SelfCheck(name, .passed, left) : SelfCheck(name, .failed, "\(left) against \(right)")
    default: return SelfCheck(name, .skipped, "a side does not say which it had")
    }
  }

  /// How many taps were compared, and which are missing.
  package static func coverage(_ result: CandidateResult) -> SelfCheck {
    let missing = result.taps.filter { $0.verdict == .missing }.map(\.tap)
    let compared = result.taps.count - missing.count
    guard let first = missing.first else {
      return SelfCheck("taps compared", .passed, "\(compared) of \(compared)")
    }
    let others = missing.count > 1 ? " and \(missing.count - 1) more" : ""
    return SelfCheck(
      "taps compared", .failed,
      "\(compared) of \(result.taps.count) in \(result.backend); \(first)\(others) missing")
  }
}
