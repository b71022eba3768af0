/// What one window of audio led to.
package struct WindowTranscript: Sendable, Equatable {
  /// The tokens before the first sampled one: start, language, task, ….
  package let prompt: [Int]
  /// The sampled tokens, the end of text included if it was reached.
  package let tokens: [Int]
  /// Special tokens left out.
  package let text: String
  /// The text with its points in time; `nil` where none was sampled.
  package let timedText: String?
  /// Σ log p of the sampled tokens.
  package let sumLogProbability: Double
  /// Probability that nobody speaks; `nil` where the model has no token for that.
  package let noSpeechProbability: Double?
  /// Whether the end of text was reached.
  package let isComplete: Bool
  /// Whether decoding stopped at a logit that is NaN or +∞.
  package let hasNonFiniteLogits: Bool

  /// Σ log p per token, the end of text counted.
  package var averageLogProbability: Double {
    sumLogProbability / Double(tokens.count + (isComplete ? 0 : 1))
  }

  /// Whether the model takes the window for silence, by OpenAI's thresholds.
  /// - Note: Source openai/whisper transcribe.py `no_speech_threshold`, `logprob_threshold`.
  package var isSilence: Bool {
    (noSpeechProbability ?? 0) > 0.6 && averageLogProbability < -1
  }
}

/// What one encoder led to, window by window.
package struct Transcript: Sendable, Equatable {
  package let windows: [WindowTranscript]
  /// The language's code, given or detected; `nil` for models that know one only.
  package let language: String?

  /// The windows' texts, silence left out, joined by spaces.
  package var text: String {
    windows.filter { !$0.isSilence && !$0.text.isEmpty }.map(\.text).joined(separator: " ")
  }

  /// The text with points in time, each counted from its window's start; `nil` where there are none.
  package var timedText: String? {
    guard windows.contains(where: { $0.timedText != nil }) else { return nil }
    return windows.filter { !$0.isSilence }.map { $0.timedText ?? $0.text }.joined(separator: " ")
  }

  /// Every window's sampled tokens.
  package var tokens: [Int] { windows.flatMap(\.tokens) }

  package var sumLogProbability: Double { windows.reduce(0) { $0 + $1.sumLogProbability } }

  package var isComplete: Bool { windows.allSatisfy(\.isComplete) }
  package var hasNonFiniteLogits: Bool { windows.contains(where: \.hasNonFiniteLogits) }
}

/// The first token in which two transcripts differ.
package struct TokenDifference: Sendable, Equatable {
  package let window: Int
  /// Its place among the window's sampled tokens, from 0.
  package let index: Int
  /// `nil` where the reference has ended.
  package let expected: String?
  /// `nil` where the candidate has ended.
  package let found: String?

  /// - Returns: `nil` where both have the same tokens in every window.
  static func first(
    _ reference: Transcript, _ candidate: Transcript, _ tokenizer: Tokenizer
  ) -> TokenDifference? {
    for (window, pair) in zip(reference.windows, candidate.windows).enumerated() {
      let (expected, found) = (pair.0.tokens, pair.1.tokens)
      for index in 0..<max(expected.count, found.count) {
        let a = index < expected.count ? expected[index] : nil
        let b = index < found.count ? found[index] : nil
        guard a != b else { continue }
        return TokenDifference(
          window: window, index: index, expected: a.map(tokenizer.name(of:)),
          found: b.map(tokenizer.name(of:)))
      }
    }
    return nil
  }
}

extension TokenDifference: CustomStringConvertible {
  /// `token 1 is 'nine' where the reference has 'two'`.
  package var description: String {
    let place = window == 0 ? "token \(index + 1)" : "window \(window + 1), token \(index + 1)"
    return switch (expected?.trimmingSpaces, found?.trimmingSpaces) {
    case (let expected?, let found?): "\(place) is '\(found)' where the reference has '\(expected)'"
    case (let expected?, nil): "\(place) is missing where the reference has '\(expected)'"
    case (nil, let found?): "\(place) is '\(found)' where the reference has ended"
    case (nil, nil): "\(place) differs"
    }
  }
}
