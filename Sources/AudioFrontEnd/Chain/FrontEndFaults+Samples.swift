/// Faults between the file and the padded samples.

extension FrontEndFaults {
  /// Rates, channels and resamplers.
  static let decoding: [FrontEndFault] =
    [8_000, 22_050, 24_000, 44_100, 48_000].map { rateHz in
      FrontEndFault(
        "pcm-rate-\(rateHz)", ids: [22], at: .pcm,
        "samples at \(rateHz) Hz read as 16 kHz",
        remedy: rateHz == 22_050
          ? "resample to 16 kHz: librosa.load(path, sr=16000), its default is 22050"
          : "resample to 16000 Hz before the mel spectrogram"
      ) { $0.pcm.rateHz = rateHz }
    } + [
      FrontEndFault(
        "pcm-stereo-interleaved", ids: [22], at: .pcm, "interleaved channels read as one",
        remedy: "take the mean of the channels before anything else"
      ) { $0.pcm.channels = .interleaved },
      FrontEndFault(
        "pcm-first-channel", at: .pcm, "only the first channel is used",
        remedy: "take the mean of the channels (ffmpeg -ac 1 does)"
      ) { $0.pcm.channels = .first },
      FrontEndFault(
        "pcm-channels-summed", at: .pcm, "channels are added, not averaged",
        remedy: "divide the sum of the channels by their number"
      ) { $0.pcm.channels = .sum },
      FrontEndFault(
        "pcm-resampler-linear", ids: [23], at: .pcm,
        "resampled by linear interpolation without a low-pass filter",
        remedy: "use a band-limited resampler (soxr, ffmpeg, torchaudio)"
      ) { $0.pcm.resampler = .linear },
      FrontEndFault(
        "pcm-resampler-nearest", ids: [23], at: .pcm, "resampled by dropping or repeating samples",
        remedy: "use a band-limited resampler (soxr, ffmpeg, torchaudio)"
      ) { $0.pcm.resampler = .nearest },
    ]

  /// Scale and offsets of the samples, and where the silence goes.
  static let samples: [FrontEndFault] = [
    FrontEndFault(
      "pcm-not-scaled", ids: [21], at: .pcm, "16-bit samples are not divided by 32768",
      remedy: "divide int16 samples by 32768.0"
    ) { $0.pcm.gain = 32768 },
    FrontEndFault(
      "pcm-scaled-twice", ids: [21], at: .pcm, "samples are divided by 32768 twice",
      remedy: "divide by 32768 only where samples are integers"
    ) { $0.pcm.gain = 1.0 / 32768 },
    FrontEndFault(
      "pcm-peak-normalized", at: .pcm, "samples are divided by their largest magnitude",
      remedy: "leave the level alone: Whisper takes samples as they are"
    ) { $0.pcm.normalization = .peak },
    FrontEndFault(
      "pcm-unit-variance", at: .pcm,
      "samples are normalised to mean 0 and variance 1 (do_normalize=True)",
      remedy: "set do_normalize to false"
    ) { $0.pcm.normalization = .unitVariance },
    FrontEndFault(
      "pcm-mean-removed", at: .pcm, "the mean of the samples is subtracted",
      remedy: "leave the offset in: Whisper does not remove it"
    ) { $0.pcm.removesMean = true },
    FrontEndFault(
      "pcm-pre-emphasis", at: .pcm, "pre-emphasis of 0.97 is applied",
      remedy: "leave pre-emphasis out: it belongs to Kaldi's and HTK's features"
    ) { $0.pcm.preEmphasis = 0.97 },
    FrontEndFault(
      "pcm-padded-left", ids: [20], at: .pcm, "silence is put before the audio, not after it",
      remedy: "append the zeros at the end"
    ) { $0.spectrum.padding = .left },
    FrontEndFault(
      "pcm-padded-both", ids: [20], at: .pcm, "silence is put on both sides of the audio",
      remedy: "append the zeros at the end"
    ) { $0.spectrum.padding = .both },
    FrontEndFault(
      "pcm-repeated", at: .pcm, "the audio is repeated until the window is full",
      remedy: "pad with zeros at the end"
    ) { $0.spectrum.padding = .wrap },
    FrontEndFault(
      "mel-padded-with-0", ids: [11], at: .pcm,
      "the features of short audio are padded with 0 instead of the audio",
      remedy: "pad the samples with zeros to the whole context, then compute the mel"
    ) { $0.spectrum.padding = .none },
    FrontEndFault(
      "mel-padded-in-log-domain", ids: [5], at: .pcm,
      "the logarithm of short audio is padded with 0, which is loud, not silent",
      remedy: "pad the samples; in the log domain silence is -10, the logarithm of the floor"
    ) {
      $0.spectrum.padding = .none
      $0.layout.fillStage = .logMel
    },
    FrontEndFault(
      "mel-padded-with-log-floor", ids: [5], at: .pcm,
      "the finished features of short audio are padded with -10, the unscaled floor",
      remedy: "pad the samples; finished features have their silence at (max - 8 + 4)/4"
    ) {
      $0.spectrum.padding = .none
      $0.layout.fill = -10
    },
  ]
}
