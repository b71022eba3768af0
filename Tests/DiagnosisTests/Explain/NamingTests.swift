import Diagnosis
import EncoderModel
import Faults
import Parity
import TensorCore
import Testing

@Suite("Causes are named and proved")
struct NamingTests {
  /// Seeded noise cannot be told from other noise where frames are fewer than weights.
  private static let unprovable: Set<String> = ["weights-random"]

  @Test("every fault, with all operations shown, at its first site")
  func everyFault() throws {
    let bench = try ExplainBench()
    for fault in FaultCatalogue.all where !Self.unprovable.contains(fault.slug) {
      guard let site = fault.sites(bench.program).first else { continue }
      let instance = FaultInstance(fault: fault, site: site)
      let explanation = try bench.explanation([instance])
      if explanation.findings.isEmpty && explanation.unexplained.isEmpty {
        // Nothing to be seen: then nothing may have changed beyond rounding.
        let mutated = try bench.context.makeBackend(instance.applied(to: bench.program))
          .encodeUnobserved(mel: bench.mel)
        let sound = try bench.context.makeBackend(bench.program).encodeUnobserved(mel: bench.mel)
        let figures = TapFigures.compare(reference: sound, candidate: mutated)
        #expect((figures.relativeL2 ?? 0) < 4e-6, "\(instance)")
        continue
      }
      #expect(explanation.names.contains("\(fault.slug)@\(site)"), "\(instance)")
      #expect(explanation.unexplained.isEmpty, "\(instance)")
    }
  }

  @Test(
    "with layers alone, and with the output alone",
    arguments: [
      "ln-post-missing", "qk-weights-swapped@encoder.blocks.1.attn.query",
      "causal-mask@encoder.blocks.0.attn.probs", "gelu-quick@encoder.blocks.1.mlp.1",
      "linear-bias-missing@encoder.blocks.0.mlp.2", "block-skipped@encoder.blocks.1",
    ])
  func sparse(text: String) throws {
    let bench = try ExplainBench()
    let faults = try bench.parse(text)
    let wanted = "\(faults[0].fault.slug)@\(faults[0].site)"
    for taps in [TapSelection.layers, .globs(["encoder.ln_post"])] {
      let explanation = try bench.explanation(faults, taps: taps)
      #expect(explanation.names.contains(wanted), "\(taps)")
      #expect(explanation.findings.allSatisfy { $0.confidence == .proved })
    }
  }

  @Test(
    "values that no list holds are fitted",
    arguments: [
      ("layer-norm-eps=0.0007@encoder.blocks.1.mlp_ln", 0.0007),
      ("scaled=0.371@encoder.blocks.0.attn.value", 0.371),
      ("attention-scale=0.61@encoder.blocks.1.attn.scores", 0.61),
      ("frames-shifted=5@encoder.blocks.0.mlp.0", 5),
      ("frames-zeroed=15@encoder.blocks.1", 15),
      ("padded-keys-unmasked=17@encoder.blocks.0.attn.probs", 17),
      ("offset=-0.25@encoder.conv2", -0.25),
      ("keys-masked=13@encoder.blocks.1.attn.probs", 13),
      ("attention-window=3@encoder.blocks.0.attn.probs", 3),
      ("residual-scaled=1.5@encoder.blocks.1.attn_residual", 1.5),
      ("branch-scaled=0.7@encoder.blocks.0", 0.7),
      ("position-scaled=0.3@encoder.embed", 0.3),
    ])
  func fitted(text: String, value: Double) throws {
    let bench = try ExplainBench()
    let fault = try bench.parse(text)[0]
    let explanation = try bench.explanation([fault])
    let found = explanation.findings.first { $0.slug == fault.fault.slug }
    let fitted = try #require(found?.hypothesis?.faults.first?.value.number, "\(explanation)")
    #expect(abs(fitted - value) <= 1e-3 * abs(value))
    #expect(found?.sites == [fault.site])
  }

  /// Enough frames for hypotheses to be tried on a thinned encoder first.
  @Test(
    "values that no list holds are fitted to the output alone",
    arguments: [
      ("layer-norm-eps=0.0004@encoder.ln_post", 0.0004),
      ("layer-norm-eps=0.0004@encoder.blocks.1.attn_ln", 0.0004),
      ("stale-rows=40@encoder.ln_post", 40), ("frames-zeroed=101@encoder.blocks.0.mlp.0", 101),
      ("keys-masked=149@encoder.blocks.1.attn.probs", 149),
      ("branch-scaled=0.7@encoder.blocks.0", 0.7),
      ("attention-chunks=74@encoder.blocks.1.attn.probs", 74),
      ("stale-rows=81@encoder.blocks.0", 81),
    ])
  func fittedToOutput(text: String, value: Double) throws {
    let bench = try ExplainBench(frames: 150)
    let fault = try bench.parse(text)[0]
    let explanation = try bench.explanation([fault], taps: .globs(["encoder.ln_post"]))
    let found = explanation.findings.first { $0.slug == fault.fault.slug }
    let fitted = try #require(found?.hypothesis?.faults.first?.value.number, "\(explanation)")
    #expect(abs(fitted - value) <= (value < 1 ? 0.02 * value : 0))
    #expect(found?.sites == [fault.site])
  }

  @Test(
    "an engine that quantises while running is told at all of its operations",
    arguments: [TapSelection.operations, .globs(["encoder.ln_post"])],
    ["int8-per-tensor/uint8-per-tensor", "fp8-e4m3-per-channel/fp8-e4m3-per-channel"])
  func quantisedWhileRunning(taps: TapSelection, operands: String) throws {
    let bench = try ExplainBench(frames: 150)
    let faults = try bench.parse("operands-quantized=\(operands)")
    let explanation = try bench.explanation(faults, taps: taps)
    #expect(explanation.unexplained.isEmpty, "\(explanation)")
    for finding in explanation.findings {
      #expect(finding.slug == "operands-quantized")
      #expect(finding.hypothesis?.faults.first?.value == .word(operands))
    }
    #expect(explanation.findings.map(\.sites.count).reduce(0, +) == faults.count)
  }

  @Test(
    "roundings behind attention are named by the output alone",
    arguments: [
      "attention-maps-rounded=f16@encoder.blocks.0.attn.probs",
      "f16-products@encoder.blocks.1.attn.out", "activations-rounded=bf16@encoder.blocks.0.mlp.1",
    ])
  func roundedBehindAttention(text: String) throws {
    let bench = try ExplainBench(frames: 150)
    let fault = try bench.parse(text)[0]
    let explanation = try bench.explanation([fault], taps: .globs(["encoder.ln_post"]))
    let name = "\(fault.fault.slug)@\(fault.site)"
    #expect(explanation.names.contains(name), "\(explanation)")
  }

  @Test(
    "a port that rounds to one format is not said to round to two",
    arguments: ["tf32-products", "f16-products", "bf16-products"])
  func oneFormat(slug: String) throws {
    let bench = try ExplainBench()
    let explanation = try bench.explanation(bench.parse(slug), taps: .layers)
    #expect(!explanation.findings.isEmpty)
    let slugs = Set(explanation.findings.map(\.slug))
    // f16 and tf32 round the same values alike where none is tiny.
    #expect(slugs == [slug] || slugs == ["f16-products"] && slug == "tf32-products", "\(slugs)")
    #expect(explanation.unexplained.isEmpty)
  }

  @Test(
    "padding that is not masked, behind products in low precision",
    arguments: ["f16-products", "bf16-products"])
  func paddingInLowPrecision(products: String) throws {
    let bench = try ExplainBench(frames: 40)
    let faults = try bench.parse(products) + bench.parse("padded-keys-unmasked=24")
    let explanation = try bench.explanation(faults)
    let slugs = Set(explanation.findings.map(\.slug))
    #expect(slugs == [products, "padded-keys-unmasked"], "\(explanation)")
    #expect(explanation.unexplained.isEmpty)
  }

  @Test("two faults in different operations are both named")
  func twoSites() throws {
    let bench = try ExplainBench()
    let faults =
      try bench.parse("linear-bias-missing@encoder.blocks.0.attn.out")
      + bench.parse("gelu-silu@encoder.blocks.1.mlp.1")
    let explanation = try bench.explanation(faults)
    #expect(
      Set(explanation.findings.map { "\($0.slug)@\($0.sites[0])" })
        == ["linear-bias-missing@encoder.blocks.0.attn.out", "gelu-silu@encoder.blocks.1.mlp.1"])
    #expect(explanation.unexplained.isEmpty)
  }

  @Test("a value that no list holds is fitted beside an operation in reduced precision")
  func besideReducedPrecision() throws {
    let bench = try ExplainBench()
    let faults = try [
      "gelu-tanh-cubic=0.17@encoder.blocks.1.mlp.1", "f16-products@encoder.blocks.1.mlp.2",
    ]
    .flatMap { try bench.parse($0) }
    let explanation = try bench.explanation(faults)
    #expect(Set(explanation.findings.map(\.name)) == ["gelu-tanh-cubic=0.17", "f16-products"])
    #expect(explanation.unexplained.isEmpty)
  }

  @Test("two faults between the same two taps are found as a pair")
  func pairInOneSegment() throws {
    let bench = try ExplainBench()
    let faults =
      try bench.parse("linear-bias-missing@encoder.blocks.1.mlp.0")
      + bench.parse("gelu-relu@encoder.blocks.1.mlp.1")
    let explanation = try bench.explanation(faults, taps: .layers)
    #expect(
      explanation.names.isSuperset(of: [
        "linear-bias-missing@encoder.blocks.1.mlp.0", "gelu-relu@encoder.blocks.1.mlp.1",
      ]))
    #expect(explanation.findings.count == 2)
  }

  @Test("what a port does in every block is one finding, seen at the output alone")
  func systematic() throws {
    let bench = try ExplainBench()
    let explanation = try bench.explanation(
      bench.parse("gelu-quick"), taps: .globs(["encoder.ln_post"]))
    #expect(explanation.findings.count == 1)
    #expect(explanation.findings.first?.sites.count == 4)
  }
}
