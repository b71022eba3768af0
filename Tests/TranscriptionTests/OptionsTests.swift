import EncoderModel
import TensorCore
import Testing
import Transcription

@Suite("Options, suppression and what makes text impossible")
struct OptionsTests {
  @Test("a checkpoint without decoder says so")
  func noDecoder() throws {
    var model = try DecoderGolden("tied").model
    model.dimensions.text = nil
    let error = #expect(throws: TranscriptionError.self) { try Transcriber(model: model) }
    guard case .unavailable(let reason) = error else {
      Issue.record("expected unavailable, found \(error.map { "\($0)" } ?? "nothing")")
      return
    }
    #expect(reason.reason == .noDecoder)
  }

  @Test("a checkpoint without tokenizer says so")
  func noTokenizer() throws {
    var model = try DecoderGolden("tied").model
    model.tokenizerPath = nil
    let error = #expect(throws: TranscriptionError.self) { try Transcriber(model: model) }
    #expect(error?.description.contains("--tokenizer") == true)
  }

  @Test("a vocabulary without end of text says so")
  func noEndOfText() throws {
    let golden = try DecoderGolden("tied")
    let folder = try TemporaryFolder()
    try folder.write("vocab.json", "{\"<|startoftranscript|>\": 1, \"a\": 4}")
    let error = #expect(throws: TranscriptionError.self) {
      try Transcriber(model: golden.model, tokenizerPath: folder.path)
    }
    #expect(error?.description.contains("<|endoftext|>") == true)
  }

  @Test("suppressed tokens are not sampled, nor are those that may not come first")
  func suppression() throws {
    let golden = try DecoderGolden("tied")
    let greedy = golden.tokens("greedy")
    let folder = try TemporaryFolder()
    let vocabulary =
      "{\"<|endoftext|>\": 0, \"<|startoftranscript|>\": 1, \"<|en|>\": 2, "
      + "\"<|transcribe|>\": 3, " + (4..<37).map { "\"w\($0)\": \($0)" }.joined(separator: ",")
      + "}"
    try folder.write("vocab.json", vocabulary)
    try folder.write("generation_config.json", "{\"suppress_tokens\": [-1, \(greedy[1])]}")
    let without = try Transcriber(model: golden.model, tokenizerPath: folder.path)
      .transcribe(golden.audio)
    #expect(without.tokens.first == greedy[0] && !without.tokens.contains(greedy[1]))
    try folder.write("generation_config.json", "{\"begin_suppress_tokens\": [\(greedy[0])]}")
    let begun = try Transcriber(model: golden.model, tokenizerPath: folder.path)
      .transcribe(golden.audio)
    #expect(begun.tokens.first != greedy[0])
    try folder.write("generation_config.json", "{\"suppress_tokens\": [37]}")
    #expect(throws: TranscriptionError.self) {
      try Transcriber(model: golden.model, tokenizerPath: folder.path)
    }
  }

  @Test("points in time follow OpenAI's rules", arguments: ["tied", "projected"])
  func timestamps(_ name: String) throws {
    let golden = try DecoderGolden(name)
    let timed = try golden.timedModel()
    var options = TranscriptionOptions()
    options.hasTimestamps = true
    let found = try Transcriber(model: timed.model, options: options).transcribe(golden.audio)
    #expect(found.prompt == golden.tokens("timed-prompt"))
    #expect(found.tokens == golden.tokens("timed"))
    #expect(abs(found.sumLogProbability - golden.sum("timed")) < 1e-10)
    let words = found.tokens.filter { $0 < 26 }.map { "w\($0)" }
    #expect(found.text == words.joined(separator: " "))
    // Without points in time the prompt says so, and none is sampled.
    let plain = try Transcriber(model: timed.model).transcribe(golden.audio)
    #expect(plain.prompt == golden.tokens("timed-prompt") + [30])
    #expect(plain.tokens.allSatisfy { $0 < 30 })
  }

  @Test("no more tokens than asked for, and none is past the context")
  func limits() throws {
    let golden = try DecoderGolden("projected")
    var options = TranscriptionOptions()
    options.maximumTokens = 3
    for strategy in [TranscriptionOptions.Strategy.greedy, .beam(size: 2)] {
      options.strategy = strategy
      let short = try Transcriber(model: golden.model, options: options).transcribe(golden.audio)
      #expect(short.tokens.count <= 3)
    }
    let whole = try Transcriber(model: golden.model).transcribe(golden.audio)
    #expect(whole.tokens.count == 18 && !whole.isComplete)
  }

  @Test("options that cannot be met are refused before anything runs")
  func refused() throws {
    let model = try DecoderGolden("tied").model
    var wrong: [TranscriptionOptions] = []
    func add(_ change: (inout TranscriptionOptions) -> Void) {
      var options = TranscriptionOptions()
      change(&options)
      wrong.append(options)
    }
    add { $0.language = "de" }
    add { $0.task = .translate }
    add { $0.hasTimestamps = true }
    add { $0.previousText = "hello" }
    add { $0.strategy = .beam(size: 0) }
    add { $0.strategy = .beam(size: 2, lengthPenalty: 1.5) }
    add { $0.strategy = .beam(size: 2, lengthPenalty: .nan) }
    add { $0.maximumTokens = 0 }
    for options in wrong {
      #expect(throws: TranscriptionError.self) { try Transcriber(model: model, options: options) }
    }
  }
}
