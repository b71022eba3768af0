/// The sizes that define a Whisper model, under the names of OpenAI's `ModelDimensions`.
package struct WhisperDimensions: Sendable, Hashable, Codable {
  /// Mel bands of the input: 80, or 128 since large-v3.
  package var numMels: Int
  /// Frames that leave the convolution stem (1500 for 30 s); the mel has twice as many.
  package var numAudioContext: Int
  /// Width of the encoder's residual stream.
  package var audioWidth: Int
  package var numAudioHeads: Int
  package var numAudioLayers: Int
  /// `nil` where a checkpoint holds no decoder.
  package var text: TextDimensions?

  package init(
    numMels: Int, numAudioContext: Int, audioWidth: Int, numAudioHeads: Int, numAudioLayers: Int,
    text: TextDimensions? = nil
  ) {
    self.numMels = numMels
    self.numAudioContext = numAudioContext
    self.audioWidth = audioWidth
    self.numAudioHeads = numAudioHeads
    self.numAudioLayers = numAudioLayers
    self.text = text
  }

  /// Width of one attention head.
  package var headDim: Int { audioWidth / numAudioHeads }
  /// Width of the feed-forward layer.
  package var feedForwardWidth: Int { 4 * audioWidth }
  /// Frames of the mel input: the stem halves them.
  package var numMelFrames: Int { 2 * numAudioContext }
}

/// The decoder's sizes.
package struct TextDimensions: Sendable, Hashable, Codable {
  package var numVocabulary: Int
  package var numTextContext: Int
  package var textWidth: Int
  package var numTextHeads: Int
  package var numTextLayers: Int

  package init(
    numVocabulary: Int, numTextContext: Int, textWidth: Int, numTextHeads: Int, numTextLayers: Int
  ) {
    self.numVocabulary = numVocabulary
    self.numTextContext = numTextContext
    self.textWidth = textWidth
    self.numTextHeads = numTextHeads
    self.numTextLayers = numTextLayers
  }
}
