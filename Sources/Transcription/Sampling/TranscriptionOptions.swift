/// What the user may choose of decoding; the defaults are OpenAI's at temperature 0.
package struct TranscriptionOptions: Sendable, Equatable {
  package enum Task: String, Sendable, CaseIterable { case transcribe, translate }

  /// How tokens are chosen.
  package enum Strategy: Sendable, Equatable {
    /// The likeliest token, always.
    case greedy
    /// The best `size` sequences are kept; see `BeamSearch` for the ranking.
    case beam(size: Int, lengthPenalty: Double? = nil)
  }

  package var strategy = Strategy.greedy
  /// A code such as `de`; `nil` detects it where the model knows several.
  package var language: String?
  package var task = Task.transcribe
  /// Whether points in time are sampled too.
  package var hasTimestamps = false
  /// Text that is taken to have been said before.
  package var previousText: String?
  /// Tokens to sample at most, the end of text included; `nil` fills the decoder's context.
  package var maximumTokens: Int?

  package init() {}

  package static let maximumBeamSize = 64

  /// - Throws: `invalidOption`.
  func check() throws(TranscriptionError) {
    if case .beam(let size, let penalty) = strategy {
      guard (1...Self.maximumBeamSize).contains(size) else {
        throw .invalidOption("the beam size is \(size); expected 1 to \(Self.maximumBeamSize)")
      }
      if let penalty, !(0...1).contains(penalty) {
        throw .invalidOption("the length penalty is \(penalty); expected 0 to 1")
      }
    }
    if let maximumTokens, maximumTokens < 1 {
      throw .invalidOption("the maximum of tokens is \(maximumTokens); expected at least 1")
    }
  }
}
