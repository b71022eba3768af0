import EncoderModel
import Foundation
import TensorCore
import Testing
import Transcription

@Suite("Prompts of models with OpenAI's vocabularies")
struct PromptTests {
  /// A decoder of one narrow layer whose vocabulary has one of OpenAI's sizes.
  private func model(_ size: Int) -> WhisperModel {
    let dimensions = WhisperDimensions(
      numMels: 80, numAudioContext: 5, audioWidth: 8, numAudioHeads: 2, numAudioLayers: 0,
      text: TextDimensions(
        numVocabulary: size, numTextContext: 24, textWidth: 8, numTextHeads: 2, numTextLayers: 1))
    var tensors: [String: Tensor] = [:]
    for (name, shape) in dimensions.decoderWeightShapes {
      let key = CounterHash.key(seed: 5, stream: fnv1a(name.utf8))
      tensors[name] = Tensor.float32(shape) { target in
        for index in target.indices {
          let bits = CounterHash.bits(seed: key, stream: 0, counter: UInt64(index))
          target[index] = Float(Int(bits & 255) - 128) * 0x1p-7
        }
      }
    }
    return WhisperModel(
      name: "narrow", format: "openai-pt", dimensions: dimensions,
      weights: FixedWeights(tensors: tensors), encoderWeightsHash: "")
  }

  private let audio = Tensor((0..<40).map { Double($0 % 7) - 3 }, shape: [5, 8])

  private func transcribe(
    _ size: Int, _ change: (inout TranscriptionOptions) -> Void
  ) throws -> WindowTranscript {
    var options = TranscriptionOptions()
    options.maximumTokens = 4
    change(&options)
    return try Transcriber(model: model(size), options: options).transcribe(audio)
  }

  @Test("start, language, task, no timestamps")
  func prompts() throws {
    #expect(try transcribe(51865) { $0.language = "de" }.prompt == [50258, 50261, 50359, 50363])
    #expect(
      try transcribe(51866) {
        $0.language = "yue"
        $0.task = .translate
      }.prompt == [50258, 50358, 50359, 50364])
    // An English model's tokens lie one lower, and it takes neither language nor task.
    #expect(try transcribe(51864) { $0.language = "en" }.prompt == [50257, 50362])
    #expect(throws: TranscriptionError.self) { try transcribe(51864) { $0.language = "de" } }
    #expect(throws: TranscriptionError.self) { try transcribe(51865) { $0.language = "yue" } }
  }

  @Test("points in time come first where they are asked for")
  func timestamps() throws {
    let found = try transcribe(51865) {
      $0.language = "en"
      $0.hasTimestamps = true
    }
    #expect(found.prompt == [50258, 50259, 50359])
    #expect((50364...50414).contains(found.tokens.first ?? 0))
    let start = Double((found.tokens.first ?? 0) - 50364) * 0.02
    #expect(
      found.timedText?.hasPrefix("<|\(start.formatted(.number.precision(.fractionLength(2))))|>")
        == true)
    #expect(!found.text.contains("<|"))
  }

  @Test("an unknown language is detected: the likeliest after the start token")
  func detection() throws {
    let model = model(51865)
    let decoder = try TextDecoder(model)
    var state = decoder.emptyState
    let logits = decoder.read([50258], &state, try decoder.attend(to: audio))[0]
    let best = (50259..<50358).max { logits[$0] < logits[$1] }
    let transcriber = try Transcriber(model: model)
    let transcript = try transcriber.transcribe(windows: [audio, audio])
    #expect(transcript.windows.map { $0.prompt[1] } == [best, best])
    let expected = transcriber.tokenizer.languages.first { $0.id == best }?.code
    #expect(transcript.language == expected && expected != nil)
  }

  @Test("the model's own probability of silence is told")
  func silence() throws {
    let found = try transcribe(51865) { $0.language = "en" }
    let probability = try #require(found.noSpeechProbability)
    #expect(probability > 0 && probability < 1)
    // Neither a special token nor, at first, the end of text is sampled.
    #expect(found.tokens.first.map { $0 < 50257 } == true)
  }

  @Test("previous text stands before the start token", .enabled(if: Folders.sharedIsThere))
  func previousText() throws {
    var options = TranscriptionOptions()
    options.language = "en"
    options.previousText = " And so my fellow Americans, ask not what your country can do for you. "
    options.maximumTokens = 1
    let found = try Transcriber(
      model: model(51865), options: options, tokenizerPath: "\(Folders.shared)/tokenizers"
    ).transcribe(audio)
    // Half of the context at most: the text's last 11 tokens behind <|startofprev|>.
    #expect(found.prompt.first == 50361 && found.prompt.count == 16)
    #expect(found.prompt.suffix(4) == [50258, 50259, 50359, 50363])
    #expect(found.prompt[1..<12] == [11, 1029, 406, 437, 428, 1941, 393, 360, 337, 291, 13])
  }
}
