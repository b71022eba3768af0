/// Mono audio at the model's rate: what decoding yields and the mel chain takes.

/// Samples of one channel, nominally in [−1, 1).
package struct Waveform: Sendable {
  package let samples: [Float]
  package let sampleRateHz: Int
  /// Path and format, e.g. `speech.flac (FLAC, Signed 24 bit PCM, 44100 Hz, 2 channels)`.
  package let sourceDescription: String
  /// What the file held before channels were mixed and the rate was changed; `nil` where that
  /// was not asked for, or where it is the same.
  package let native: NativeAudio?

  package init(
    samples: [Float], sampleRateHz: Int = AudioLimits.modelRateHz,
    sourceDescription: String = "samples in memory", native: NativeAudio? = nil
  ) {
    self.samples = samples
    self.sampleRateHz = sampleRateHz
    self.sourceDescription = sourceDescription
    self.native = native
  }

  /// Length in seconds.
  package var durationSeconds: Double { Double(samples.count) / Double(sampleRateHz) }
}

/// Audio as a file holds it: interleaved channels at their own rate.
package struct NativeAudio: Sendable {
  /// `numFrames × numChannels` samples.
  package let interleaved: [Float]
  package let numChannels: Int
  package let sampleRateHz: Int

  package init(interleaved: [Float], numChannels: Int, sampleRateHz: Int) {
    precondition(numChannels > 0 && interleaved.count % numChannels == 0)
    self.interleaved = interleaved
    self.numChannels = numChannels
    self.sampleRateHz = sampleRateHz
  }
}
