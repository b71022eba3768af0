package import Parity
package import TensorCore

/// Watches a comparison and keeps a sketch of the difference at every tap: the reference's taps of
/// one stage are held until all candidates have shown theirs, never more.
package struct DifferenceCollector {
  private let numHeads: Int
  private let width: Int
  private var held: [String: Tensor] = [:]
  private var isHolding = false
  private var details: ComparisonDetails

  /// - Parameters:
  ///   - numCandidates: how many encoders are compared.
  ///   - numHeads: of the encoder; 0 where nothing is known of it.
  ///   - width: channels of the values whose channels are grouped by head.
  package init(numCandidates: Int, numHeads: Int = 0, width: Int = 0) {
    self.numHeads = numHeads
    self.width = width
    details = ComparisonDetails(numCandidates: numCandidates)
  }

  private static let headTaps = [".attn.query", ".attn.key", ".attn.value", ".attn.context"]

  /// Takes one tap of one side, as `EncoderComparison` hands them out: `nil` is the reference.
  package mutating func see(_ candidate: Int?, _ tap: String, _ value: Tensor) {
    guard let candidate else {
      if !isHolding { held.removeAll() }
      isHolding = true
      held[tap] = value
      if tap == "mel" { details.mel = CellGrid(means: value) }
      return
    }
    isHolding = false
    guard let reference = held[tap], reference.shape == value.shape else { return }
    if tap == "mel" { details.mels[candidate] = CellGrid(means: value) }
    details.sketches[candidate][tap] = sketch(tap, value, against: reference)
  }

  /// Takes one judged tap of one candidate.
  package mutating func see(_ candidate: Int, introduced: IntroducedDifference) {
    let tap = introduced.tap
    details.introduced[candidate][tap] =
      sketch(tap, introduced.candidate, against: introduced.expected).maps
  }

  private func sketch(
    _ tap: String, _ value: Tensor, against reference: Tensor
  ) -> DifferenceSketch {
    let hasHeads = value.innerExtent == width && Self.headTaps.contains { tap.hasSuffix($0) }
    return DifferenceSketch(
      tap: tap, reference: reference, candidate: value, numHeads: hasHeads ? numHeads : 0)
  }

  /// Everything that was seen; the collector starts anew.
  package mutating func finish() -> ComparisonDetails {
    defer {
      details = ComparisonDetails(numCandidates: details.sketches.count)
      held.removeAll()
    }
    return details
  }
}

/// What pages show of one comparison beyond its figures.
package struct ComparisonDetails: Sendable {
  /// The mel of the reference, and each candidate's.
  package var mel: CellGrid?
  package var mels: [CellGrid?]
  /// By tap, for each candidate.
  package var sketches: [[String: DifferenceSketch]]
  /// What each operation adds by itself, by tap, for each candidate.
  package var introduced: [[String: DifferenceMaps]]
  /// Steps of the graph and their times; empty where nobody measured.
  package var steps: [StepTime] = []

  package init(numCandidates: Int) {
    mels = [CellGrid?](repeating: nil, count: numCandidates)
    sketches = [[String: DifferenceSketch]](repeating: [:], count: numCandidates)
    introduced = [[String: DifferenceMaps]](repeating: [:], count: numCandidates)
  }

  /// What pages show of one candidate's taps.
  func taps(of candidate: Int) -> TapSketches {
    guard sketches.indices.contains(candidate) else { return TapSketches() }
    return TapSketches(accumulated: sketches[candidate], introduced: introduced[candidate])
  }
}

/// What the differences at one candidate's taps look like.
struct TapSketches {
  /// Against the reference.
  var accumulated: [String: DifferenceSketch] = [:]
  /// Against what each operation should have made of the candidate's own inputs.
  var introduced: [String: DifferenceMaps] = [:]
}

/// What one step of an encoder cost.
package struct StepTime: Sendable {
  package var name: String
  package var kind: String
  package var seconds: Double
  /// Floating-point operations; 0 where there are none to speak of.
  package var flops: Double

  package init(name: String, kind: String, seconds: Double, flops: Double) {
    self.name = name
    self.kind = kind
    self.seconds = seconds
    self.flops = flops
  }
}
