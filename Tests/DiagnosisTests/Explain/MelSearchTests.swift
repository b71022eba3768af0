import AudioFrontEnd
import Diagnosis
import EncoderModel
import TensorCore
import Testing

@Suite("A foreign mel alone")
struct MelSearchTests {
  @Test("every fault of the front-end that shows on this audio is named")
  func everyFault() throws {
    let bench = try ExplainBench()
    let runner = try #require(bench.context.frontEnd)
    var named = 0
    for fault in FrontEndOptions.catalogue {
      let mel = try runner.mel(fault.options).converted(to: .float32)
      let explanation = try bench.explanation(of: ["mel": mel])
      if explanation.findings.isEmpty && explanation.unexplained.isEmpty { continue }
      #expect(
        explanation.names.contains("\(fault.slug)@mel")
          || explanation.names.contains("\(fault.slug)@\(fault.slug)"), "\(fault.slug)")
      named += 1
    }
    #expect(named > FrontEndOptions.catalogue.count / 2)
  }

  @Test("two faults at once")
  func pair() throws {
    let bench = try ExplainBench()
    let runner = try #require(bench.context.frontEnd)
    let options = FrontEndOptions.with {
      $0.spectrum.window = .hammingPeriodic
      $0.filterbank.scale = .htk
    }
    let explanation = try bench.explanation(
      of: ["mel": try runner.mel(options).converted(to: .float32)])
    #expect(Set(explanation.findings.map(\.slug)) == ["mel-hamming", "mel-htk-scale"])
  }

  @Test("a gain and a shift that no list holds", arguments: [0.37, 4.2])
  func gain(gain: Double) throws {
    let bench = try ExplainBench()
    let runner = try #require(bench.context.frontEnd)
    let mel = try runner.mel(.with { $0.pcm.gain = gain }).converted(to: .float32)
    #expect(try bench.explanation(of: ["mel": mel]).findings.map(\.slug) == ["pcm-gain"])
  }

  @Test("short audio's features filled up with a number that no list holds")
  func filled() throws {
    let bench = try ExplainBench()
    let runner = try #require(bench.context.frontEnd)
    let options = FrontEndOptions.with {
      $0.spectrum.padding = .none
      $0.layout.fill = -1.25
    }
    let mel = try runner.mel(options).converted(to: .float32)
    let findings = try bench.explanation(of: ["mel": mel]).findings
    #expect(findings.map(\.name) == ["mel-padded-with=-1.25"], "\(findings)")
  }

  @Test("of causes that fit equally the one with round numbers is named first")
  func roundNumbers() throws {
    let bench = try ExplainBench()
    let runner = try #require(bench.context.frontEnd)
    // A floor high above the range's end: on this sound a range comes to the same.
    for floor in [1e-5, 3e-4] {
      let mel = try runner.mel(.with { $0.log.floor = floor }).converted(to: .float32)
      let finding = try #require(bench.explanation(of: ["mel": mel]).findings.first)
      #expect(finding.slug.hasPrefix("mel-floor"), "\(finding)")
      #expect(finding.confidence == .proved)
      #expect(!finding.equivalents.contains { $0.name.hasPrefix("mel-floor") })
    }
  }

  @Test("a sound mel on a narrow grid, with another fault and without")
  func rounded() throws {
    let bench = try ExplainBench()
    let runner = try #require(bench.context.frontEnd)
    for base in [FrontEndOptions.whisper, .with { $0.filterbank.scale = .htk }] {
      let exact = try runner.mel(base).converted(to: .float32)
      // The last places that another engine would leave, before the rounding.
      let noisy = exact.withFloat32 { source in
        Tensor.float32(exact.shape) { target in
          for n in target.indices { target[n] = source[n] * (1 + Float(n % 7 - 3) * 2e-7) }
        }
      }
      let mel = noisy.converted(to: .bfloat16)
      let own = try bench.explanation(of: ["mel": mel.converted(to: .float32)])
      let others = base == .whisper ? [] : ["mel-htk-scale"]
      #expect(own.findings.map(\.slug) == others + ["mel-bfloat16"])
      #expect(own.findings.allSatisfy { $0.confidence == .proved } && own.unexplained.isEmpty)
      #expect(try bench.explanation(of: ["mel": mel]).findings.map(\.slug) == others)
    }
  }
}
