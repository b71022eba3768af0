import AudioFrontEnd
import Diagnosis
import EncoderModel
import Faults
import GraphBackend
import ReferenceBackend
import TensorCore
import Testing

@Suite("Nothing is named that is not so")
struct RestraintTests {
  @Test("sound engines have no findings, whatever they show")
  func sound() throws {
    let bench = try ExplainBench()
    let engines: [any EncoderBackend] = [
      GraphBackend(program: bench.program, weights: bench.weights, threads: 1),
      GraphBackend(program: bench.program, weights: bench.weights, threads: 2, fused: false),
      ReferenceBackend(program: bench.program, weights: bench.weights, precision: .float32),
    ]
    for engine in engines {
      for taps in [TapSelection.operations, .all, .layers, .globs(["encoder.ln_post"])] {
        let explanation = try bench.explanation(engine, taps: taps)
        #expect(explanation.findings.isEmpty && explanation.unexplained.isEmpty)
        #expect(!explanation.isDivergent(strict: true))
      }
    }
  }

  @Test("a frame of infinities at the output alone is not called after what is finite")
  func infiniteOutput() throws {
    let bench = try ExplainBench(frames: 150)
    let explanation = try bench.explanation(
      bench.parse("frame-overflowed=75@encoder.ln_post"), taps: .globs(["encoder.ln_post"]))
    #expect(explanation.findings.allSatisfy { $0.slug == "frame-overflowed" }, "\(explanation)")
    #expect(!explanation.findings.isEmpty || !explanation.unexplained.isEmpty)
  }

  @Test("an error that no fault makes stays unexplained, with what is known of it")
  func unexplained() throws {
    let bench = try ExplainBench()
    var taps = try bench.soundTaps()
    let tap = "encoder.blocks.1.attn.out"
    let value = try #require(taps[tap])
    taps[tap] = value.withFloat32 { source in
      Tensor.float32(value.shape) { target in
        for i in target.indices {
          let noise = CounterHash.uniform(seed: 4, stream: 0, counter: UInt64(i)) - 0.5
          target[i] = source[i] + Float(noise)
        }
      }
    }
    let explanation = try bench.explanation(of: taps)
    // The residual after it was computed from the sound value: that is out of order too.
    #expect(explanation.unexplained.contains { $0.tap == tap && !$0.clues.isEmpty })
    #expect(!explanation.findings.contains { $0.sites.contains(tap) })
  }

  @Test("an engine that computes in Float64 and writes Float32 is sound")
  func double() throws {
    let bench = try ExplainBench()
    let engine = ReferenceBackend(program: bench.program, weights: bench.weights)
    let names = Set(TapSelection.operations.names(in: bench.program))
    var taps = ["mel": bench.mel]
    _ = try engine.encode(mel: bench.mel, observing: names) { tap, value in
      taps[tap] = value.converted(to: .float32)
    }
    let explanation = try bench.explanation(of: taps)
    #expect(explanation.findings.isEmpty && explanation.unexplained.isEmpty, "\(explanation)")
  }

  @Test("what an activation that nobody lists computes is told by some of its values")
  func activation() throws {
    let explanation = try explanation(at: "encoder.blocks.1.mlp.1") { value, _ in
      value > 0 ? value : value * value / (1 + value * value)
    }
    let clues = explanation.unexplained.first { $0.tap == "encoder.blocks.1.mlp.1" }?.clues ?? []
    #expect(clues.contains { $0.contains("follows from its input alone") }, "\(explanation)")
  }

  @Test("frames that are no numbers are told, as all others are right")
  func notFinite() throws {
    let explanation = try explanation(at: "encoder.blocks.0.mlp.2") { value, index in
      (160..<192).contains(index) ? .nan : value
    }
    let finding = try #require(explanation.findings.first)
    #expect(finding.slug == "frame-overflowed" && finding.sites == ["encoder.blocks.0.mlp.2"])
  }

  @Test("dropout is told beside values that are zero by themselves")
  func dropout() throws {
    let explanation = try explanation(at: "encoder.blocks.1.mlp.1") { value, index in
      if abs(value) < 1e-3 { return 0 }
      return CounterHash.uniform(seed: 5, stream: 0, counter: UInt64(index)) < 0.1
        ? 0 : value / 0.9
    }
    #expect(explanation.names.contains("dropout-active@encoder.blocks.1.mlp.1"), "\(explanation)")
  }

  /// A sound encoder's taps with one of them changed element by element.
  private func explanation(at tap: String, _ change: (Float, Int) -> Float) throws -> Explanation {
    let bench = try ExplainBench(frames: 60)
    var taps = try bench.soundTaps()
    let value = try #require(taps[tap])
    taps[tap] = value.withFloat32 { source in
      Tensor.float32(value.shape) { target in
        for i in target.indices { target[i] = change(source[i], i) }
      }
    }
    return try bench.explanation(of: taps)
  }

  @Test("channels in another order are told by their values")
  func permuted() throws {
    let bench = try ExplainBench()
    var taps = try bench.soundTaps()
    let tap = "encoder.ln_post"
    let value = try #require(taps[tap])
    taps[tap] = value.withFloat32 { source in
      Tensor.float32(value.shape) { target in
        for i in target.indices {
          let channel = i % 16
          target[i] = source[i - channel + (channel * 5 + 3) % 16]
        }
      }
    }
    let explanation = try bench.explanation(of: taps)
    #expect(explanation.findings.map(\.slug) == ["channels-permuted"])
  }

  @Test("any bias on k is harmless, and the numbers say so")
  func keyBias() throws {
    let bench = try ExplainBench()
    let explanation = try bench.explanation(
      bench.parse("key-bias-added=0.8@encoder.blocks.0.attn.key"))
    let finding = try #require(explanation.findings.first)
    #expect(explanation.findings.count == 1 && finding.slug == "key-bias-added")
    #expect(finding.isBenign && (finding.outputEffect ?? 1) < 2e-6)
    #expect(!explanation.isDivergent(strict: false) && explanation.isDivergent(strict: true))
  }

  @Test("a declared precision is named and forgiven, an undeclared one is not")
  func declared() throws {
    for expected in [NumberFormat.bfloat16, nil] {
      let bench = try ExplainBench(expected: expected)
      let explanation = try bench.explanation(bench.parse("bf16-products@encoder.blocks.1.mlp.0"))
      #expect(explanation.findings.map(\.slug) == ["bf16-products"])
      #expect(explanation.isDivergent(strict: false) == (expected == nil))
    }
  }

  @Test("a dump without taps is refused")
  func empty() throws {
    let bench = try ExplainBench()
    #expect(throws: ExplainError.self) { try bench.explanation(of: [:]) }
  }

  @Test("a tap of a wrong shape is told, and the others are explained")
  func misshapen() throws {
    let bench = try ExplainBench()
    var taps = try bench.soundTaps()
    taps["encoder.conv1"] = Tensor([Float](repeating: 0, count: 6), shape: [2, 3])
    let explanation = try bench.explanation(of: taps)
    #expect(explanation.unexplained.map(\.tap) == ["encoder.conv1"])
  }
}
