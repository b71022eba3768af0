/// Every decision between an audio file and the mel that an encoder sees, as a value.
///
/// The default is openai/whisper's `log_mel_spectrogram(pad_or_trim(audio))`. Each way in which a
/// port's front-end differs is one changed field, and fields combine freely.
package struct FrontEndOptions: Sendable, Hashable, Codable {
  /// File → samples.
  package var pcm = PCMOptions()
  /// Samples → frames → spectrum.
  package var spectrum = SpectrumOptions()
  /// Spectrum → bands.
  package var filterbank = FilterbankOptions()
  /// Bands → features.
  package var log = LogOptions()
  /// Features → the tensor handed on.
  package var layout = LayoutOptions()

  package init() {}

  /// openai/whisper's `audio.py`, and Hugging Face's `WhisperFeatureExtractor` with it.
  package static let whisper = FrontEndOptions()

  /// The default with changes: `.with { $0.log.base = .natural }`.
  package static func with(_ change: (inout FrontEndOptions) -> Void) -> FrontEndOptions {
    var options = FrontEndOptions()
    change(&options)
    return options
  }
}

/// How a file becomes samples, in this order: mix, resample, quantise, gain, remove the mean,
/// normalise, emphasise.
package struct PCMOptions: Sendable, Hashable, Codable {
  package var channels = ChannelMix.mean
  /// The rate that samples really have when they are read as 16 kHz. 22050 is what
  /// `librosa.load` gives by default; the file's own rate is no resampling at all.
  package var rateHz = AudioLimits.modelRateHz
  package var resampler = ResamplerKind.soxrVeryHigh
  /// Rounds to this many bits, as a detour through 16-bit PCM does; `nil` keeps Float32.
  package var quantizedBits: Int?
  /// Multiplies samples; 32768 leaves PCM unscaled.
  package var gain = 1.0
  /// Subtracts the mean of the window, as Kaldi does.
  package var removesMean = false
  package var normalization = SignalNormalization.none
  /// y[n] = x[n] − a·x[n−1], with x[−1] = x[0]; 0 for none, 0.97 in Kaldi and HTK.
  package var preEmphasis = 0.0

  package init() {}
}

package enum ResamplerKind: String, Sendable, Hashable, Codable, CaseIterable {
  case soxrVeryHigh
  case soxrHigh
  /// Linear interpolation without a low-pass filter: aliases.
  case linear
  /// The sample before: drops or repeats samples, aliases more.
  case nearest
}

package enum SignalNormalization: String, Sendable, Hashable, Codable, CaseIterable {
  case none
  /// Divides by the largest magnitude.
  case peak
  /// Subtracts the mean and divides by √(variance + 1e-7), as Hugging Face's `do_normalize`.
  case unitVariance
}

/// How samples become frames and frames a spectrum.
package struct SpectrumOptions: Sendable, Hashable, Codable {
  package var extent = Extent.window
  package var padding = AudioPadding.right
  package var fftLength = 400
  package var windowLength = 400
  package var hopLength = 160
  package var window = WindowShape.hannPeriodic
  /// Where a window shorter than the FFT lies in it.
  package var windowPlacement = WindowPlacement.centre
  package var alignment = FrameAlignment.centred
  /// What lies beyond the ends of the signal.
  package var edge = SignalEdge.reflect
  /// Moves every frame later by this many samples.
  package var frameShiftSamples = 0
  package var lastFrame = LastFrame.dropped
  /// Takes each frame's own mean off before the window, as Kaldi's `remove_dc_offset` does.
  package var removesFrameMean = false
  package var quantity = SpectrumQuantity.power
  /// Adds to bins 1…N/2−1 their mirror images (whisper.cpp before its PR 1148).
  package var sumsMirroredBins = false
  package var normalization = SpectrumNormalization.none

  package init() {}
}

/// Which audio a spectrogram spans.
package enum Extent: String, Sendable, Hashable, Codable, CaseIterable {
  /// Each window by itself, padded or trimmed to the encoder's context.
  case window
  /// The whole file with a context of zeros appended, cut into windows of frames afterwards:
  /// OpenAI's `transcribe`.
  case file
}

package enum AudioPadding: String, Sendable, Hashable, Codable, CaseIterable {
  case right
  case left
  /// Half before, half after.
  case both
  /// The audio stays short; features are filled up instead (`LayoutOptions.fill`).
  case none
  /// The audio is repeated until the window is full.
  case wrap
}

package enum WindowPlacement: String, Sendable, Hashable, Codable, CaseIterable {
  /// torch and librosa.
  case centre
  /// Kaldi, and FFTs padded to a power of two.
  case start
}

package enum FrameAlignment: String, Sendable, Hashable, Codable, CaseIterable {
  /// Frame f is centred on sample f·hop.
  case centred
  /// Frame f starts at sample f·hop; as many frames as when centred, running past the end.
  case fromStart
  /// Frame f starts at sample f·hop, and no frame runs past the end.
  case within
}

package enum SignalEdge: String, Sendable, Hashable, Codable, CaseIterable {
  /// Mirrored without repeating the end sample.
  case reflect
  case zero
  /// The end sample repeated.
  case replicate
  /// Mirrored with the end sample repeated (numpy's `symmetric`, Kaldi).
  case symmetric
}

package enum LastFrame: String, Sendable, Hashable, Codable, CaseIterable {
  case dropped
  /// Kept while the maximum is taken, trimmed only to fit the context.
  case kept
  /// The first frame is dropped instead.
  case firstDropped
}

package enum SpectrumQuantity: String, Sendable, Hashable, Codable, CaseIterable {
  case power
  case magnitude
  case powerSquared
  /// Only the squared real part.
  case realPartSquared
}

/// A factor on the complex spectrum.
package enum SpectrumNormalization: String, Sendable, Hashable, Codable, CaseIterable {
  case none
  /// 1/√N, torch's `normalized=True`.
  case rootLength
  /// 1/N.
  case length
  /// 1/Σw, scipy's `scaling='spectrum'`.
  case windowSum
  /// 1/√Σw², scipy's `scaling='psd'` and torchaudio's `normalized='window'`.
  case windowEnergy
}
