import EncoderModel
import TensorCore
import TensorIO
import Testing
import Transcription

@Suite("Control, candidates and decision margins")
struct ComparisonTests {
  private let golden: DecoderGolden
  private let transcriber: Transcriber

  init() throws {
    golden = try DecoderGolden("projected")
    transcriber = try Transcriber(model: golden.model)
  }

  /// The golden's audio with `size` times a fixed pattern added.
  private func disturbed(_ size: Double) -> Tensor {
    let values = golden.audio.float64Array.enumerated().map { index, value in
      value + size * Double((index * 7919) % 13 - 6) / 6
    }
    return Tensor(values, shape: golden.audio.shape)
  }

  private func candidate(_ output: Tensor) throws -> CandidateTranscript {
    let control = try transcriber.control("reference", windows: [golden.audio])
    return try transcriber.candidate("candidate", windows: [output], against: control)
  }

  @Test("an equal encoder output changes no logit")
  func same() throws {
    let same = try candidate(golden.audio)
    #expect(same.isSameText && same.wordErrorsAgainstControl.rate == 0)
    #expect(same.margins.steps.count == golden.tokens("greedy").count)
    #expect(same.margins.largestLogitChange == 0 && same.margins.largestDivergence == 0)
    #expect(same.margins.safetyFactor == nil)
    #expect(same.margins.sentence == "no logit changes: the same decisions")
    #expect(same.margins.steps.allSatisfy { ($0.margin ?? -1) > 0 })
  }

  @Test("margins are those of the logits, changes scale with the disturbance")
  func margins() throws {
    let decoder = try TextDecoder(golden.model)
    let control = try transcriber.transcribe(golden.audio)
    var state = decoder.emptyState
    let audio = try decoder.attend(to: golden.audio)
    let logits = decoder.read(
      control.prompt + control.tokens.dropLast(), &state, audio,
      logitsFrom: control.prompt.count - 1)
    let small = try candidate(disturbed(1e-7))
    for (index, step) in small.margins.steps.enumerated() {
      // Start, language and task cannot be sampled.
      let allowed = logits[index].enumerated().filter { !(1...3).contains($0.offset) }
      let sorted = allowed.map(\.element).sorted(by: >)
      #expect(step.margin == sorted[0] - sorted[1])
      #expect(step.endOfTextMargin == sorted[0] - logits[index][0])
      #expect(step.decisiveChange <= 2 * step.largestLogitChange)
      #expect(step.divergence >= 0 && step.divergence < 1e-10)
    }
    let factor = try #require(small.margins.safetyFactor)
    let larger = try #require(try candidate(disturbed(1e-6)).margins.safetyFactor)
    #expect(abs(factor / larger - 10) < 0.01)
    #expect(small.isSameText && small.margins.firstFlip == nil)
    #expect(small.margins.sentence.contains("safe by"))
  }

  @Test("above a safety factor of 1 nothing flips; where a step flips, the text differs there")
  func flips() throws {
    var numFlips = 0
    for size in [1e-4, 1e-3, 1e-2, 0.03, 0.1, 0.3, 1, 3] {
      let result = try candidate(disturbed(size))
      if let factor = result.margins.safetyFactor, factor > 1 {
        #expect(result.margins.firstFlip == nil)
      }
      // Before the first flip both read the same tokens, so there the transcripts agree.
      #expect(result.margins.firstFlip == result.firstDifference?.index)
      if let flip = result.margins.firstFlip {
        numFlips += 1
        #expect(result.margins.sentence.hasPrefix("the transcript breaks at token \(flip + 1) of"))
        #expect((result.wordErrorsAgainstControl.rate ?? 0) > 0)
      }
    }
    #expect(numFlips > 0 && numFlips < 8)
  }

  @Test("a NaN in the encoder output is told, not hidden")
  func nonFinite() throws {
    var values = golden.audio.float64Array
    values[30] = .nan
    let result = try candidate(Tensor(values, shape: golden.audio.shape))
    #expect(result.transcript.hasNonFiniteLogits && result.transcript.text.isEmpty)
    #expect(result.margins.firstFlip == 0)
    #expect(result.margins.largestLogitChange.isNaN)
    #expect(result.sentence.contains("not finite"))
  }

  @Test("what the control gets wrong too is the harness's")
  func control() throws {
    let text = try transcriber.transcribe(golden.audio).text
    let spoken = "w99 " + text.split(separator: " ").dropFirst().joined(separator: " ")
    let comparison = try transcriber.compare(
      control: ("reference", [golden.audio, golden.audio]),
      candidates: [
        ("same", [golden.audio, golden.audio]), ("worse", [golden.audio, disturbed(3)]),
      ],
      referenceText: spoken + " " + text)
    #expect(comparison.control.wordErrors?.edits.count == 1)
    #expect(comparison.harnessSentence?.contains("in 1 of") == true)
    #expect(comparison.control.transcript.text == text + " " + text)
    let (same, worse) = (comparison.candidates[0], comparison.candidates[1])
    #expect(same.numSharedErrors == 1 && same.wordErrors?.edits.count == 1 && same.isSameText)
    #expect(worse.numSharedErrors == 1 && worse.firstDifference?.window == 1)
    #expect((worse.wordErrors?.edits.count ?? 0) > 1)
    #expect(!comparison.isSameText)
  }

  @Test("JSON says the same and has no figure that is not finite")
  func json() throws {
    var values = golden.audio.float64Array
    values[0] = .infinity
    let comparison = try transcriber.compare(
      control: ("reference", [golden.audio]),
      candidates: [
        ("worse", [disturbed(3)]), ("broken", [Tensor(values, shape: golden.audio.shape)]),
      ])
    let text = comparison.json.text
    #expect(try parseJSON(Array(text.utf8), path: "json") == comparison.json)
    let candidates = try #require(comparison.json["candidates"]?.arrayValue)
    #expect(candidates[0]["text"]?.stringValue == comparison.candidates[0].transcript.text)
    #expect(candidates[0]["margins"]?["firstFlip"]?.intValue != nil)
    #expect(candidates[1]["finite"] == .bool(false))
    #expect(candidates[1]["margins"]?["largestLogitChange"] == .null)
    #expect(comparison.json["reference"]?["backend"]?.stringValue == "reference")
  }

  @Test("candidates have the control's windows")
  func windows() throws {
    let control = try transcriber.control("reference", windows: [golden.audio])
    #expect(throws: TranscriptionError.self) {
      try transcriber.candidate("c", windows: [], against: control)
    }
  }
}
