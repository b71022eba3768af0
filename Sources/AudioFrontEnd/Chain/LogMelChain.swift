/// Waveform → mel, stage by stage, as a set of options tells.
package import TensorCore

/// The chain with one set of options. For many sets over the same audio use `FrontEndRunner`,
/// which shares what they have in common.
package struct LogMelChain: Sendable {
  package let options: FrontEndOptions

  package init(_ options: FrontEndOptions = .whisper) { self.options = options }

  /// Runs the chain over one window of the audio.
  /// - Parameters:
  ///   - waveform: the whole file; some options look beyond the window.
  ///   - windowIndex: counts contexts from 0; silence where the audio has ended.
  ///   - context: the extents that the model takes.
  ///   - taps: which stages to keep.
  /// - Returns: the taps in Float64; `mel` is `[context.numFrames, context.numMels]` unless the
  ///   options leave it unfitted.
  /// - Throws: `AudioError.resampling`.
  package func run(
    _ waveform: Waveform, windowIndex: Int = 0, context: FrontEndContext = FrontEndContext(),
    keeping taps: Set<FrontEndTap> = Set(FrontEndTap.allCases)
  ) throws(AudioError) -> [FrontEndTap: Tensor] {
    try FrontEndRunner(waveform, windowIndex: windowIndex, context: context)
      .run(options, keeping: taps)
  }
}

/// openai/whisper's log-mel spectrogram: what every port should compute.
package enum LogMelSpectrogram {
  /// The mel of one window: `[context.numFrames, context.numMels]` in Float64.
  ///
  /// Periodic Hann 400, hop 160, reflected edges, last frame dropped, power, Slaney bands,
  /// log10 floored at 1e-10, maximum − 8, (x + 4)/4. NaN samples give NaN frames.
  /// - Note: Source openai/whisper audio.py `log_mel_spectrogram`, after `pad_or_trim`.
  package static func compute(
    _ waveform: Waveform, windowIndex: Int = 0, context: FrontEndContext = FrontEndContext()
  ) throws(AudioError) -> Tensor {
    try FrontEndRunner(waveform, windowIndex: windowIndex, context: context).mel(.whisper)
  }
}
