import AudioFrontEnd
import Diagnosis
import EncoderModel
import Faults
import GraphBackend
import Parity
import ReferenceBackend
import TensorCore

/// A small encoder with seeded weights, and everything that a search over it needs.
struct ExplainBench {
  let program: EncoderProgram
  let weights: SyntheticWeights
  let mel: Tensor
  let context: SearchContext

  init(
    layers: Int = 2, frames: Int = 24, runner: FrontEndRunner? = nil,
    expected: NumberFormat? = nil
  ) throws {
    let dimensions = WhisperDimensions(
      numMels: 10, numAudioContext: frames, audioWidth: 16, numAudioHeads: 2, numAudioLayers: layers
    )
    let program = EncoderProgram.whisper(dimensions)
    let weights = SyntheticWeights(dimensions: dimensions, seed: 3)
    let engine = GraphBackend(program: program, weights: weights, threads: 2)
    let oracle = ReferenceBackend(program: program, weights: weights, threads: 2)
    let runner =
      runner
      ?? FrontEndRunner(
        Waveform(samples: ExplainBench.speech),
        context: FrontEndContext(numAudioContext: frames, numMels: 10))
    mel = try runner.mel(.whisper).converted(to: .float32)
    self.program = program
    self.weights = weights
    context = SearchContext(
      program: program, oracle: oracle, mel: mel, frontEnd: runner, expected: expected,
      budgetSeconds: 120,
      makeJudge: { Judge(program: program, weights: weights, oracle: oracle, claim: $0) },
      makeBackend: { GraphBackend(sharing: engine, program: $0) },
      lanes: (0..<2).map { _ in
        let lane = GraphBackend(beside: engine)
        return { GraphBackend(sharing: lane, program: $0) }
      })
  }

  /// Tones that come and go over noise: every frame differs from its neighbours.
  static let speech: [Float] = (0..<6_000).map { n in
    let noise = Float(CounterHash.uniform(seed: 9, stream: 0, counter: UInt64(n))) - 0.5
    let phase = Float(n % 1600) / 1600
    let tone = Float(n % (20 + n / 900)) / Float(20 + n / 900) - 0.5
    return 0.1 * noise + 0.6 * phase * tone
  }

  /// A candidate with `faults` in it, seen through `taps`.
  func explanation(_ faults: [FaultInstance], taps: TapSelection = .operations) throws
    -> Explanation
  {
    let faulty = program.applying(faults)
    return try explanation(context.makeBackend(faulty), taps: taps)
  }

  func explanation(_ backend: any EncoderBackend, taps: TapSelection = .operations) throws
    -> Explanation
  {
    try Explainer(context).explain(
      CandidateShelf(LiveCandidate(backend), program: program, mel: mel, selection: taps))
  }

  func explanation(of values: [String: Tensor]) throws -> Explanation {
    try Explainer(context).explain(CandidateShelf(name: "dump", program: program, values: values))
  }

  /// Every tap of the sound encoder.
  func soundTaps() throws -> [String: Tensor] {
    var taps = ["mel": mel]
    let names = Set(TapSelection.operations.names(in: program))
    _ = try context.makeBackend(program).encode(mel: mel, observing: names) { taps[$0] = $1 }
    return taps
  }

  func parse(_ text: String) throws -> [FaultInstance] {
    try FaultCatalogue.parse(text, program: program)
  }
}

extension Explanation {
  /// `slug@site` of every finding and of what the values cannot tell from one.
  var names: Set<String> {
    Set(
      findings.flatMap { finding in
        finding.sites.map { "\(finding.slug)@\($0)" }
          + finding.equivalents.flatMap { rival in
            rival.name.split(separator: " + ").map { text in
              let parts = text.split(separator: "@", maxSplits: 1)
              return "\(parts[0].split(separator: "=")[0])@\(parts.last ?? "")"
            }
          }
      })
  }
}
