import EncoderModel
import Foundation
import ReferenceBackend
import TensorCore
import TensorIO
import Testing
import Transcription

/// The shipped model with the Float64 encoder, against OpenAI's module in Float64 (Scripts/goldens.py).
@Suite("The shipped model")
struct ShippedModelTests {
  private let model: WhisperModel
  private let transcriber: Transcriber

  init() throws {
    model = try ModelLoader.load("\(Folders.fixtures)/models/spoken-digits")
    transcriber = try Transcriber(model: model)
  }

  private func golden(_ audio: String) throws -> SafetensorsFile {
    try SafetensorsFile("\(Folders.fixtures)/goldens/encoder/spoken-digits-\(audio).safetensors")
  }

  /// The output of the last block and of the encoder.
  private func encode(_ golden: SafetensorsFile) throws -> (block: Tensor, output: Tensor) {
    let mel = try golden.tensor("mel").float64Array
    let padding = try #require(golden.metadata["padding"].flatMap { Double($0) })
    let frames = 2 * model.dimensions.numAudioContext
    let rest = [Double](repeating: padding, count: frames * 80 - mel.count)
    let last = "encoder.blocks.\(model.dimensions.numAudioLayers - 1)"
    var block = Tensor([0.0], shape: [1])
    let backend = ReferenceBackend(program: model.program, weights: model.weights)
    let output = try backend.encode(
      mel: Tensor(mel + rest, shape: [frames, 80]), observing: [last]
    ) { _, value in block = value }
    return (block, output)
  }

  @Test("the same tokens, logits within 1e-4", arguments: ["digits", "digits-noisy", "silence"])
  func goldens(_ audio: String) throws {
    let golden = try golden(audio)
    let output = try encode(golden).output
    let transcript = try transcriber.transcribe(output)
    let expected = numbers(golden.metadata["tokens"] ?? "")
    #expect(transcript.prompt + transcript.tokens == expected)
    let texts = try parseJSONFile("\(Folders.fixtures)/audio/transcripts.json")
    #expect(transcript.text == texts["\(audio).wav"]?.stringValue)
    let decoder = try TextDecoder(model)
    var state = decoder.emptyState
    let logits = decoder.read(
      Array(expected.dropLast()), &state, try decoder.attend(to: output), logitsFrom: 3)
    let goldenLogits = try golden.tensor("decoder.logits").float64Array
    #expect(maximumDifference(logits.values, goldenLogits) < 1e-4)
  }

  @Test("without ln_post the text breaks; rounding the output to bf16 leaves it alone")
  func faults() throws {
    let golden = try golden("digits")
    let (block, output) = try encode(golden)
    let comparison = try transcriber.compare(
      control: ("reference", [output]),
      candidates: [
        ("no ln_post", [block]), ("bf16", [output.converted(to: .bfloat16)]),
        ("f32", [output.converted(to: .float32)]),
      ], referenceText: "Two, nine, three, six.")
    #expect(comparison.control.wordErrors?.rate == 0 && comparison.harnessSentence == nil)
    let (broken, bf16, f32) = (
      comparison.candidates[0], comparison.candidates[1], comparison.candidates[2]
    )
    #expect((broken.wordErrors?.rate ?? 0) >= 0.25)
    #expect(broken.outcome.hasPrefix("the text becomes "))
    #expect(bf16.isSameText && (bf16.margins.safetyFactor ?? 0) > 2)
    #expect(f32.isSameText && (f32.margins.safetyFactor ?? 0) > 1e4)
  }
}
