import Diagnosis
import EncoderModel
import TensorCore
import Testing

@Suite("What the tool verifies about its own run")
struct SelfCheckTests {
  @Test(
    "an encoder repeats itself, all of it and its first stages",
    arguments: ["reference:f32", "blas", "graph"], [2, 4])
  func repeats(name: String, numStages: Int) throws {
    let encoder = SmallEncoder()
    let backend = encoder.backend(name)
    let stages = Array(encoder.program.stages.prefix(numStages))
    var observed = encoder.mel
    for stage in stages {
      observed = try backend.run(
        stage, input: observed, observing: Set(encoder.program.nodes.map(\.name))
      ) { _, _ in }
    }
    let check = try SelfCheck.repetition(
      backend, mel: encoder.mel, observed: observed, through: stages)
    #expect(check.outcome == .passed)
    #expect(check.detail == (numStages == 4 ? "identical" : "identical as far as encoder.blocks.0"))
  }

  @Test("a comparison keeps what the check of the first stages needs")
  func leadingOutputs() throws {
    let encoder = SmallEncoder()
    let result = try encoder.compare(encoder.backend("graph"))
    #expect(result.leading.stages == [.stem, .block(0)])
    let check = try SelfCheck.repetition(
      encoder.backend("graph"), mel: encoder.mel,
      observed: result.leading.candidates[0],
      through: result.leading.stages)
    #expect(check.outcome == .passed)
    let reference = try SelfCheck.repetition(
      encoder.reference, mel: encoder.mel, observed: result.leading.reference,
      through: result.leading.stages)
    #expect(reference.outcome == .passed)
  }

  @Test("an encoder that observing changes is caught")
  func observerEffect() throws {
    let encoder = SmallEncoder()
    let backend = ShyBackend(base: encoder.reference)
    let result = try encoder.compare(backend)
    let check = try SelfCheck.repetition(
      backend, mel: encoder.mel, observed: result.outputs[0], through: encoder.program.stages)
    #expect(check.outcome == .failed)
    #expect(check.detail.hasPrefix("the outputs differ by up to"))
  }

  @Test("what was not observed is not checked")
  func unobserved() throws {
    let encoder = SmallEncoder()
    let check = try SelfCheck.repetition(
      encoder.reference, mel: encoder.mel, observed: nil, through: encoder.program.stages)
    #expect(check.outcome == .skipped)
  }
}

/// A backend that doubles its stages' outputs while nobody looks.
private struct ShyBackend: EncoderBackend {
  let base: any EncoderBackend
  var name: String { "shy" }
  var program: EncoderProgram { base.program }
  var scalarType: ScalarType { base.scalarType }

  func run(
    _ stage: EncoderStage, input: Tensor, observing taps: Set<String>,
    sink: (String, Tensor) throws -> Void
  ) throws -> Tensor {
    let output = try base.run(stage, input: input, observing: taps, sink: sink)
    guard taps.isEmpty else { return output }
    return output.withFloat64 { values in
      Tensor.float64(output.shape) { out in
        for i in out.indices { out[i] = 2 * values[i] }
      }
    }
  }
}
