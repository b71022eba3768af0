/// The sizes that `synthetic:NAME` knows: OpenAI's.
package enum SyntheticSize: String, CaseIterable, Sendable {
  case tiny
  case base
  case small
  case medium
  case largeV3 = "large-v3"

  /// The encoder's sizes; there is no decoder.
  package var dimensions: WhisperDimensions {
    let (mels, width, heads, layers) =
      switch self {
      case .tiny: (80, 384, 6, 4)
      case .base: (80, 512, 8, 6)
      case .small: (80, 768, 12, 12)
      case .medium: (80, 1024, 16, 24)
      case .largeV3: (128, 1280, 20, 32)
      }
    return WhisperDimensions(
      numMels: mels, numAudioContext: 1500, audioWidth: width, numAudioHeads: heads,
      numAudioLayers: layers)
  }
}
