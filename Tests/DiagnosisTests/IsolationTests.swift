import Diagnosis
import EncoderModel
import Parity
import TensorCore
import Testing

@Suite("One operation alone, on ordinary and on evil input")
struct IsolationTests {
  private static let taps = [
    "encoder.conv1", "encoder.gelu1", "encoder.conv2", "encoder.embed",
    "encoder.blocks.0.attn_ln", "encoder.blocks.0.attn.query", "encoder.blocks.0.attn.scores",
    "encoder.blocks.0.attn.probs", "encoder.blocks.0.attn.context",
    "encoder.blocks.0.attn_residual",
    "encoder.blocks.0.mlp.1", "encoder.blocks.0.mlp.2", "encoder.blocks.1", "encoder.ln_post",
  ]

  private func errors(_ tap: String, _ name: String, faults: [String] = []) throws
    -> [(IsolationInput, IntroducedError)]
  {
    let encoder = SmallEncoder()
    let isolation = try OperationIsolation(
      tap: tap, judge: encoder.judge, weights: encoder.weights)
    let wanted = Set(isolation.inputs.map(\.tap))
    var values = ["mel": encoder.mel]
    _ = try encoder.reference.encode(mel: encoder.mel, observing: wanted) { values[$0] = $1 }
    let small = SmallEncoderBackend(name: name, isolation: isolation)
    return try IsolationInput.allCases.compactMap { kind in
      let tensors = isolation.inputs.enumerated().compactMap { index, input in
        values[input.tap].map { kind.tensor(like: $0, seed: UInt64(index + 1)) }
      }
      #expect(tensors.count == isolation.inputs.count)
      return try isolation.run(small.make(), on: tensors).map { (kind, $0) }
    }
  }

  @Test(
    "every backend stays within the bounds", arguments: Self.taps,
    ["reference:f32", "blas", "graph", "graph:unfused"])
  func sound(tap: String, name: String) throws {
    let found = try errors(tap, name)
    #expect(found.count == IsolationInput.allCases.count)
    for (kind, error) in found {
      #expect(
        !error.verdict.isDivergence,
        "\(kind) \(error.verdict.text): \(error.worstRatio) of the bound, rms \(error.rmsRatio)")
    }
  }

  @Test("the mel is no operation")
  func mel() {
    let encoder = SmallEncoder()
    #expect(throws: IsolationError.self) {
      try OperationIsolation(tap: "mel", judge: encoder.judge, weights: encoder.weights)
    }
  }
}
