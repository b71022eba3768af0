/// What the reference encoder led to: the control of the whole harness.
///
/// It goes through the same windows, mel and decoder as every candidate, so a difference from the
/// reference text that it shows too is the harness's, not a candidate's encoder's.
package struct ControlTranscript: Sendable {
  package let name: String
  package let transcript: Transcript
  package let referenceText: String?
  /// Against the reference text.
  package let wordErrors: WordErrors?
  let windows: [ReferenceWindow]
}

/// One window of the reference, with the logits at each of its decisions.
struct ReferenceWindow: Sendable {
  let task: DecodingTask
  let tokens: [Int]
  /// `[tokens.count, vocabulary]`; `nil` where there is no token.
  let logits: Logits?
}

/// What one candidate encoder led to, against the control.
package struct CandidateTranscript: Sendable, Equatable {
  package let name: String
  package let transcript: Transcript
  /// The first differing token; `nil` where all are the control's.
  package let firstDifference: TokenDifference?
  /// Against the control's text.
  package let wordErrorsAgainstControl: WordErrors
  /// Against the reference text.
  package let wordErrors: WordErrors?
  /// How many of `wordErrors` the control makes too, in the same place: those are the harness's.
  package let numSharedErrors: Int
  package let margins: DecisionMargins

  package var isSameText: Bool { firstDifference == nil }
}

/// The transcripts of all encoders.
package struct TranscriptComparison: Sendable {
  package let control: ControlTranscript
  package let candidates: [CandidateTranscript]

  package init(control: ControlTranscript, candidates: [CandidateTranscript]) {
    self.control = control
    self.candidates = candidates
  }

  /// Whether every candidate gives the control's tokens.
  package var isSameText: Bool { candidates.allSatisfy(\.isSameText) }

  /// What the control itself gets wrong, in one sentence; `nil` where it is right or nothing is
  /// known of what was said.
  package var harnessSentence: String? {
    guard let errors = control.wordErrors, !errors.edits.isEmpty else { return nil }
    let words =
      errors.numReferenceWords == 0
      ? "adds \(errors.edits.count) words to an empty reference text"
      : "differs from the reference text too, in \(errors.edits.count) of "
        + "\(errors.numReferenceWords) words"
    return "the control (\(control.name)) \(words): that much comes from the audio, the window or "
      + "the decoder, not from an encoder"
  }
}

extension CandidateTranscript {
  /// What became of the text, in one sentence without a full stop.
  package var sentence: String { "\(name): \(outcome)" }

  /// The sentence without the name.
  package var outcome: String {
    if transcript.hasNonFiniteLogits {
      return "no text, for its encoder output leads to logits that are not finite"
    }
    guard let firstDifference else { return "the same text; \(margins.sentence)" }
    let found = transcript.text.isEmpty ? "nothing" : "\"\(transcript.text)\""
    return "the text becomes \(found); \(firstDifference)"
  }
}
