import AudioFrontEnd
import Diagnosis
import EncoderModel
import Faults
import TensorCore
import Testing

@Suite("A dump without its mel")
struct MelRecoveryTests {
  private let bench: ExplainBench
  private let runner: FrontEndRunner

  init() throws {
    bench = try ExplainBench()
    runner = try #require(bench.context.frontEnd)
  }

  /// All operations over `mel`, with `fault`, but not the mel itself.
  private func dump(over mel: Tensor, fault: String? = nil) throws -> [String: Tensor] {
    let faults = try fault.map { try bench.parse($0) } ?? []
    let backend = try bench.context.makeBackend(
      faults.reduce(bench.program) { $1.applied(to: $0) })
    var taps: [String: Tensor] = [:]
    let names = Set(TapSelection.operations.names(in: bench.program)).subtracting(["mel"])
    _ = try backend.encode(mel: mel.converted(to: .float32), observing: names) { taps[$0] = $1 }
    return taps
  }

  @Test("a fitted front-end fault is named from the first convolution")
  func fitted() throws {
    // A gain that no list holds: only the mel's own values can tell it.
    let mel = try runner.mel(.with { $0.pcm.gain = 0.37 })
    let explanation = try bench.explanation(of: dump(over: mel))
    #expect(explanation.findings.map(\.slug) == ["pcm-gain"])
    #expect(explanation.unexplained.isEmpty)
    #expect(explanation.notes.contains { $0.contains("recovered") })
  }

  @Test("a front-end fault and one of the encoder")
  func together() throws {
    let mel = try runner.mel(.with { $0.filterbank.scale = .htk })
    let explanation = try bench.explanation(
      of: dump(over: mel, fault: "gelu-quick@encoder.blocks.1.mlp.1"))
    #expect(explanation.names.contains("mel-htk-scale@mel"))
    #expect(explanation.names.contains("gelu-quick@encoder.blocks.1.mlp.1"))
    #expect(explanation.unexplained.isEmpty)
  }

  @Test(
    "a faulty convolution over the sound mel stays its own",
    arguments: ["conv-taps-reversed", "conv-bias-missing"])
  func convolution(slug: String) throws {
    let explanation = try bench.explanation(
      of: dump(over: bench.mel, fault: "\(slug)@encoder.conv1"))
    #expect(explanation.names.contains("\(slug)@encoder.conv1"))
    #expect(!explanation.notes.contains { $0.contains("recovered") })
  }

  @Test("other audio is told as such")
  func otherAudio() throws {
    let other = FrontEndRunner(
      Waveform(samples: Array(ExplainBench.speech.reversed())),
      context: FrontEndContext(numAudioContext: 24, numMels: 10))
    let explanation = try bench.explanation(of: dump(over: other.mel(.whisper)))
    #expect(explanation.findings.isEmpty)
    #expect(explanation.unexplained.map(\.tap) == ["mel"])
    #expect(explanation.unexplained.first?.clues.contains { $0.contains("other audio") } == true)
  }
}
