/// Faults of the tensor's layout, and whole front-ends that differ in several ways at once.

extension FrontEndFaults {
  /// Axes, order and element type.
  static let layout: [FrontEndFault] = [
    FrontEndFault(
      "mel-misread-transposed", at: .mel, "the [bands, frames] buffer is read as [frames, bands]",
      remedy: "transpose the mel instead of reshaping it"
    ) { $0.layout.arrangement = .misreadTransposed },
    FrontEndFault(
      "mel-misread-bands-first", ids: [25], at: .mel,
      "the [frames, bands] buffer is read as [bands, frames]",
      remedy: "transpose instead of reshaping"
    ) { $0.layout.arrangement = .misreadBandsFirst },
    FrontEndFault(
      "mel-batch-as-frames", ids: [26], at: .mel,
      "the batch axis is read as frames: one frame, then zeros",
      remedy: "pass the shape [batch, bands, frames] in the order that the engine expects"
    ) { $0.layout.arrangement = .batchAsFrames },
    FrontEndFault(
      "mel-first-frame-repeated", ids: [26], at: .mel,
      "the batch axis is read as frames and broadcast: the first frame everywhere",
      remedy: "pass the shape [batch, bands, frames] in the order that the engine expects"
    ) { $0.layout.arrangement = .firstFrameRepeated },
    FrontEndFault(
      "mel-bands-reversed", at: .mel, "bands run from high to low",
      remedy: "let band 0 be the lowest frequency (images are drawn upside down)"
    ) { $0.layout.arrangement = .bandsReversed },
    FrontEndFault(
      "mel-time-reversed", at: .mel, "frames run backwards",
      remedy: "let frame 0 be the earliest"
    ) { $0.layout.arrangement = .timeReversed },
    FrontEndFault(
      "mel-float16", ids: [50], at: .mel, "features rounded to float16",
      remedy: "hand the mel on as float32"
    ) { $0.layout.rounding = .float16 },
    FrontEndFault(
      "mel-bfloat16", ids: [50], at: .mel, "features rounded to bfloat16",
      remedy: "hand the mel on as float32"
    ) { $0.layout.rounding = .bfloat16 },
    FrontEndFault(
      "mel-tf32", ids: [50], at: .mel, "features rounded to TensorFloat-32",
      remedy: "hand the mel on as float32"
    ) { $0.layout.rounding = .tf32 },
  ]

  /// Front-ends as they are found, benign ones last.
  static let profiles: [FrontEndFault] = [
    FrontEndFault(
      "mel-librosa-defaults", ids: [1], at: .stft,
      "power_to_db(ref=max), n_fft 2048, hop 512: librosa's defaults",
      remedy: "use n_fft=400, hop_length=160, pad_mode='reflect', log10, max - 8 and (x + 4)/4"
    ) { librosaDefaults(&$0) },
    FrontEndFault(
      "mel-librosa-defaults-reflect", ids: [1], at: .stft,
      "librosa's defaults before 0.10: power_to_db(ref=max), n_fft 2048, hop 512, reflected edges",
      remedy: "use n_fft=400, hop_length=160, log10, max - 8 and (x + 4)/4"
    ) {
      librosaDefaults(&$0)
      $0.spectrum.edge = .reflect
    },
    FrontEndFault(
      "mel-librosa-defaults-22050", ids: [1, 22], at: .pcm,
      "librosa's defaults, its sampling rate of 22,050 Hz included",
      remedy: "load with sr=16000 and use n_fft=400, hop_length=160, log10, max - 8, (x + 4)/4"
    ) {
      librosaDefaults(&$0)
      $0.pcm.rateHz = 22_050
      $0.filterbank.designRateHz = 22_050
    },
    FrontEndFault(
      "mel-torchaudio-defaults", ids: [7, 8], at: .stft,
      "torchaudio.transforms.MelSpectrogram's defaults: hop 200, HTK scale, no area norm",
      remedy: "set hop_length=160, norm='slaney', mel_scale='slaney'"
    ) {
      $0.spectrum.hopLength = 200
      $0.filterbank.scale = .htk
      $0.filterbank.norm = .none
    },
    FrontEndFault(
      "mel-per-chunk-max", ids: [19], at: .pcm,
      "the file's spectrogram is cut into windows before the maximum is taken",
      remedy: "take the maximum over the whole file, as OpenAI's transcribe does"
    ) { $0.spectrum.extent = .file },
    FrontEndFault(
      "profile-file-max", at: .mel, "windows by themselves, but the maximum of the whole file",
      remedy: "none needed: between Hugging Face's and OpenAI's convention", isBenign: true
    ) { $0.log.maximumScope = .file },
    FrontEndFault(
      "profile-openai-transcribe", at: .pcm,
      "OpenAI's transcribe: 30 s of zeros appended, one spectrogram and maximum for the file",
      remedy: "none needed: a convention of OpenAI's", isBenign: true
    ) {
      $0.spectrum.extent = .file
      $0.log.maximumScope = .file
    },
    FrontEndFault(
      "profile-16-bit-pcm", at: .pcm,
      "samples rounded to 16 bits after resampling, as OpenAI's load_audio does",
      remedy: "none needed: the difference is that of 16-bit audio", isBenign: true
    ) { $0.pcm.quantizedBits = 16 },
    FrontEndFault(
      "profile-scaled-by-32767", ids: [21], at: .pcm,
      "16-bit samples divided by 32767 instead of 32768",
      remedy: "divide by 32768.0; the difference is 1.3e-5 at most", isBenign: true
    ) { $0.pcm.gain = 32768.0 / 32767 },
    FrontEndFault(
      "profile-soxr-hq", at: .pcm, "resampled by libsoxr at 20 bits (librosa's soxr_hq)",
      remedy: "none needed: both resamplers are band-limited", isBenign: true
    ) { $0.pcm.resampler = .soxrHigh },
  ]

  private static func librosaDefaults(_ options: inout FrontEndOptions) {
    options.spectrum.fftLength = 2048
    options.spectrum.windowLength = 2048
    options.spectrum.hopLength = 512
    options.spectrum.edge = .zero
    options.spectrum.lastFrame = .kept
    decibels(&options, relativeToMaximum: true)
  }
}
