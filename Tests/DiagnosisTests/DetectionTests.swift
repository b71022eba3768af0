import Diagnosis
import EncoderModel
import Faults
import Parity
import TensorCore
import Testing

@Suite("Faults show where they are and nowhere else")
struct DetectionTests {
  private func bench(_ encoder: SmallEncoder, _ taps: TapSelection = .operations) throws
    -> DetectionBench
  {
    try DetectionBench(
      judge: encoder.judge, reference: encoder.reference, mel: encoder.mel, taps: taps
    ) { encoder.backend("graph", $0) }
  }

  private func complaint(_ row: DetectionScore.Row) -> Comment {
    """
    \(row.faults): expected \(row.expected), found \(row.found.map(\.tap)), \
    missed \(row.missed.map { "\($0.tap) \($0.introduced?.worstRatio ?? 0)" }), \
    called \(row.found.map { ($0.introduced?.verdict ?? $0.verdict).text })
    """
  }

  /// All but the one whose error is a rounding of the position table, and so within the bound.
  private static let detectable = FaultCatalogue.all.filter { $0.slug != "position-recomputed" }

  @Test("every fault at its first, middle and last site", arguments: [UInt64(1), 5])
  func singles(seed: UInt64) throws {
    let encoder = SmallEncoder(seed: seed)
    let bench = try bench(encoder)
    #expect(bench.sound.verdict == .parity)
    for fault in Self.detectable {
      let sites = fault.sites(encoder.program)
      guard !sites.isEmpty else { continue }
      for site in Set([sites[0], sites[sites.count / 2], sites[sites.count - 1]]) {
        let row = try bench.row([FaultInstance(fault: fault, site: site)])
        #expect(row.isExact, complaint(row))
      }
    }
  }

  @Test("pairs of faults: both, and nothing else")
  func pairs() throws {
    let encoder = SmallEncoder(seed: 3)
    let bench = try bench(encoder)
    let instances = Self.detectable.flatMap { fault in
      fault.sites(encoder.program).prefix(4).map { FaultInstance(fault: fault, site: $0) }
    }
    let cases = DetectionBench.cases(instances, pairs: 60)
    #expect(cases.count > 40)
    for faults in cases {
      let row = try bench.row(faults)
      #expect(row.missed.isEmpty && row.falseAlarms.isEmpty, complaint(row))
    }
  }

  @Test("what is hidden shows at the next tap that is seen")
  func hidden() {
    let program = SmallEncoder().program
    let layers = Set(TapSelection.layers.names(in: program))
    #expect(
      program.showing(["encoder.blocks.0.attn.query"], among: layers)
        == ["encoder.blocks.0.attn_residual"])
    #expect(
      program.showing(["encoder.blocks.1.mlp.1", "encoder.conv1"], among: layers)
        == ["encoder.conv1", "encoder.blocks.1"])
  }

  @Test(
    "sound backends raise no alarm",
    arguments: ["reference:f32", "blas", "graph", "graph:unfused"], [1, 2])
  func sound(name: String, threads: Int) throws {
    for seed in UInt64(1)...4 {
      let encoder = SmallEncoder(seed: seed)
      for taps in [TapSelection.operations, .layers, .all] {
        let result = try encoder.compare(encoder.backend(name, threads: threads), taps: taps)
        let candidate = try #require(result.candidates.first)
        #expect(candidate.verdict == .parity, "\(candidate.firstDivergence ?? "")")
      }
    }
  }

  @Test(
    "frames that are equal make no false alarm behind them",
    arguments: ["reference:f32", "blas", "graph"], ["0", "1", "200"])
  func equalFrames(name: String, from: String) throws {
    let encoder = SmallEncoder(seed: 2, frames: 400)
    for taps in [TapSelection.operations, .all] {
      let bench = try DetectionBench(
        judge: encoder.judge, reference: encoder.reference, mel: encoder.mel, taps: taps
      ) { encoder.backend(name, $0) }
      for site in ["encoder.embed", "encoder.blocks.0.attn_ln", "encoder.blocks.0"] {
        let row = try bench.row(
          FaultCatalogue.parse("frames-zeroed=\(from)@\(site)", program: encoder.program))
        #expect(row.isExact, complaint(row))
      }
    }
  }

  @Test("declared precision is named and does not fail, unless strictly judged")
  func declared() throws {
    let encoder = SmallEncoder()
    let program = try encoder.faulty("bf16-products@encoder.blocks.*.mlp.0")
    func verdict(_ claim: PrecisionClaim) throws -> CandidateVerdict? {
      let judge = Judge(
        program: encoder.program, weights: encoder.weights, oracle: encoder.reference,
        claim: claim)
      return try EncoderComparison(
        reference: LiveCandidate(encoder.reference), judge: judge,
        candidates: [LiveCandidate(encoder.backend("graph", program))], selection: .operations
      ).run(mel: encoder.mel).candidates.first?.verdict
    }
    #expect(try verdict(.float32) == .reducedPrecision)
    #expect(try verdict(.expecting(.bfloat16)) == .parity)
    #expect(try verdict(.expecting(.float16)) == .reducedPrecision)
    #expect(try verdict(.expecting(.bfloat16, isStrict: true)) == .reducedPrecision)
  }
}
