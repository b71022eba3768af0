package import EncoderModel
package import Parity
package import TensorCore

/// What one comparison found: a result for each candidate, and what else was learnt on the way.
package struct ComparisonResult: Sendable {
  /// The backend that cumulative figures are against.
  package var reference: String
  package var candidates: [CandidateResult]
  /// Taps that were looked at, in program order.
  package var taps: [String]
  /// The reference's encoder output `[frames, width]`; `nil` where a dump holds none.
  package var referenceOutput: Tensor?
  /// Each candidate's encoder output; `nil` where a dump holds none.
  package var outputs: [Tensor?]
  /// What all sides gave after the first stages.
  package var leading: LeadingOutputs
  package var timings: [StageTiming]

  package init(
    reference: String, candidates: [CandidateResult], taps: [String], referenceOutput: Tensor?,
    outputs: [Tensor?], leading: LeadingOutputs = LeadingOutputs(), timings: [StageTiming]
  ) {
    self.reference = reference
    self.candidates = candidates
    self.taps = taps
    self.referenceOutput = referenceOutput
    self.outputs = outputs
    self.leading = leading
    self.timings = timings
  }

  /// The worst verdict of all candidates.
  package var verdict: CandidateVerdict {
    candidates.map(\.verdict).max { $0.severity < $1.severity } ?? .parity
  }
}

/// The outputs of all sides after the first stages of an encoder: enough to see whether one repeats
/// itself where the whole would take long.
package struct LeadingOutputs: Sendable {
  /// The stem and the first block.
  package var stages: [EncoderStage]
  /// `[frames, width]`; `nil` where a dump does not show it.
  package var reference: Tensor?
  package var candidates: [Tensor?]

  package init(
    stages: [EncoderStage] = [], reference: Tensor? = nil, candidates: [Tensor?] = []
  ) {
    self.stages = stages
    self.reference = reference
    self.candidates = candidates
  }
}

extension CandidateVerdict {
  /// Parity 0, reduced precision 1, divergence 2.
  package var severity: Int {
    switch self {
    case .parity: 0
    case .reducedPrecision: 1
    case .divergent: 2
    }
  }
}

/// Wall-clock time that one side spent on one stage.
package struct StageTiming: Sendable {
  package enum Activity: String, Sendable { case encode, judge }
  package var side: String
  package var stage: EncoderStage
  package var activity: Activity
  package var seconds: Double
}
