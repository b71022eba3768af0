import EncoderModel
import TensorCore
import TensorIO
import Testing
import Transcription

@Suite("The text decoder against OpenAI's in Float64")
struct TextDecoderTests {
  /// Both sides are Float64; sums over up to 96 terms in another order differ by about 1e-14.
  private let tolerance = 1e-11

  @Test("logits are the golden's", arguments: ["tied", "projected"])
  func logits(_ name: String) throws {
    let golden = try DecoderGolden(name)
    let decoder = try TextDecoder(golden.model)
    let audio = try decoder.attend(to: golden.audio)
    var state = decoder.emptyState
    let found = decoder.read(golden.tokens("tokens"), &state, audio)
    let expected = try golden.source.tensor("logits").float64Array
    #expect(maximumDifference(found.values, expected) < tolerance)
  }

  @Test("the cache changes no bit, however tokens are cut")
  func cache() throws {
    let golden = try DecoderGolden("tied")
    let decoder = try TextDecoder(golden.model)
    let audio = try decoder.attend(to: golden.audio)
    let tokens = golden.tokens("tokens")
    var whole = decoder.emptyState
    let expected = decoder.read(tokens, &whole, audio)
    for cut in [1, 4, tokens.count - 1] {
      var state = decoder.emptyState
      let first = decoder.read(Array(tokens[..<cut]), &state, audio)
      let fork = state
      let second = decoder.read(Array(tokens[cut...]), &state, audio)
      #expect(first.values + second.values == expected.values)
      // A copy of the state continues on its own.
      var other = fork
      _ = decoder.read([7], &other, audio)
      #expect(other.numTokens == cut + 1 && state.numTokens == tokens.count)
    }
    var state = decoder.emptyState
    let last = decoder.read(tokens, &state, audio, logitsFrom: tokens.count - 1)
    #expect(last.values == expected[expected.numRows - 1])
  }

  @Test("greedy search finds OpenAI's tokens", arguments: ["tied", "projected"])
  func greedy(_ name: String) throws {
    let golden = try DecoderGolden(name)
    let found = try Transcriber(model: golden.model).transcribe(golden.audio)
    #expect(found.prompt == golden.tokens("prompt"))
    #expect(found.tokens == golden.tokens("greedy"))
    #expect(abs(found.sumLogProbability - golden.sum("greedy")) < 1e-10)
  }

  @Test(
    "beam search finds OpenAI's tokens", arguments: ["tied", "projected"],
    [("beam", nil), ("beam-penalty", 0.6)] as [(String, Double?)])
  func beam(_ name: String, _ ranking: (key: String, penalty: Double?)) throws {
    let golden = try DecoderGolden(name)
    var options = TranscriptionOptions()
    options.strategy = .beam(size: 4, lengthPenalty: ranking.penalty)
    let found = try Transcriber(model: golden.model, options: options).transcribe(golden.audio)
    #expect(found.tokens.filter { $0 != 0 } == golden.tokens(ranking.key))
    // OpenAI sums in Float32.
    #expect(abs(found.sumLogProbability - golden.sum(ranking.key)) < 1e-4)
  }

  @Test("one beam is greedy search")
  func singleBeam() throws {
    let golden = try DecoderGolden("projected")
    var options = TranscriptionOptions()
    options.strategy = .beam(size: 1)
    let found = try Transcriber(model: golden.model, options: options).transcribe(golden.audio)
    #expect(found.tokens == golden.tokens("greedy"))
  }

  @Test("weights of another shape, missing weights, wrong encoder outputs are named")
  func errors() throws {
    let golden = try DecoderGolden("tied")
    var tensors: [String: Tensor] = [:]
    for name in golden.source.names { tensors[name] = try golden.source.tensor(name) }
    let decoder = try TextDecoder(golden.model)
    for shape in [[11], [0, 24], [11, 23]] {
      let wrong = Tensor([Double](repeating: 0, count: shape.reduce(1, *)), shape: shape)
      #expect(throws: TranscriptionError.self) { try decoder.attend(to: wrong) }
    }
    tensors["decoder.blocks.1.mlp.0.bias"] = Tensor([Float](repeating: 0, count: 3), shape: [3])
    var error = #expect(throws: TranscriptionError.self) {
      try TextDecoder(DecoderGolden.sizes, weights: FixedWeights(tensors: tensors))
    }
    #expect(error?.description.contains("decoder.blocks.1.mlp.0.bias") == true)
    tensors["decoder.blocks.1.mlp.0.bias"] = nil
    error = #expect(throws: TranscriptionError.self) {
      try TextDecoder(DecoderGolden.sizes, weights: FixedWeights(tensors: tensors))
    }
    #expect(error?.description.contains("missing") == true)
  }
}
