package import EncoderModel
package import TensorIO

/// Why a checkpoint can lead to no text: not an error of the comparison, but a fact to report.
package struct TranscriptionUnavailable: Sendable, Equatable, CustomStringConvertible {
  package enum Reason: Sendable, Equatable {
    /// The checkpoint holds an encoder only.
    case noDecoder
    /// Neither the checkpoint nor its folder says what the tokens mean.
    case noTokenizer
    /// A token that every transcript needs has no id.
    case noSpecialToken(String)
  }

  /// The checkpoint's name.
  package let model: String
  package let reason: Reason

  package init(model: String, reason: Reason) {
    self.model = model
    self.reason = reason
  }

  package var description: String {
    switch reason {
    case .noDecoder:
      "no transcript: \(model) holds no text decoder; use a complete Whisper checkpoint for one"
    case .noTokenizer:
      "no transcript: \(model) comes without a tokenizer; put tokenizer.json, vocab.json or "
        + "OpenAI's .tiktoken file beside it, or name one with --tokenizer"
    case .noSpecialToken(let token):
      "no transcript: the tokenizer of \(model) lacks \(token)"
    }
  }
}

/// What can go wrong on the way from an encoder's output to text; one clear line each.
package enum TranscriptionError: Error, Sendable, CustomStringConvertible {
  case unavailable(TranscriptionUnavailable)
  case model(ModelError)
  case file(TensorIOError)
  case tokenizer(path: String, reason: String)
  case invalidOption(String)
  case encoderOutputShape(expectedWidth: Int, found: [Int])
  case windowCount(name: String, expected: Int, found: Int)

  package var description: String {
    switch self {
    case .unavailable(let reason): reason.description
    case .model(let error): error.description
    case .file(let error): error.description
    case .tokenizer(let path, let reason): "\(path): \(reason)"
    case .invalidOption(let text): text
    case .encoderOutputShape(let width, let found):
      "the encoder's output has shape \(found); the decoder expects [frames, \(width)]"
    case .windowCount(let name, let expected, let found):
      "\(name) has \(found) windows of encoder output, the reference \(expected)"
    }
  }
}
