/// What the front-end needs to know of a model, and the names of its taps.

/// The extents of the tensor that an encoder takes.
package struct FrontEndContext: Sendable, Hashable {
  /// Frames of mel: twice the encoder's positions, 3000 for Whisper.
  package let numFrames: Int
  /// Bands: 80, or 128 for large-v3.
  package let numMels: Int

  package init(numFrames: Int = 3000, numMels: Int = 80) {
    precondition(numFrames > 0 && numMels > 0)
    self.numFrames = numFrames
    self.numMels = numMels
  }

  /// The context of an encoder with `numAudioContext` positions (its second convolution strides 2).
  package init(numAudioContext: Int, numMels: Int) {
    self.init(numFrames: 2 * numAudioContext, numMels: numMels)
  }

  /// Samples at 16 kHz that make `numFrames`: 480,000 for Whisper.
  package var numSamples: Int { numFrames * 160 }
}

/// The stages of the chain, in order, each visible as a tensor.
package enum FrontEndTap: String, Sendable, Hashable, CaseIterable, Codable {
  /// `[samples]`: what is cut into frames.
  case pcm
  /// `[frames, bins, 2]`: real and imaginary part.
  case stft
  /// `[frames, bins]`: squared magnitude, or what a port takes for it.
  case power
  /// `[frames, bands]`.
  case melPower = "mel_power"
  /// `[frames, bands]`: the floored logarithm, before maximum and scale.
  case logMel = "log_mel"
  /// `[frames, bands]`: what the encoder gets.
  case mel
}
