/// Faults between the samples and the power spectrum.

extension FrontEndFaults {
  /// Where frames start, how many there are, and what lies beyond the ends.
  static let frames: [FrontEndFault] = [
    FrontEndFault(
      "mel-not-centred", ids: [9], at: .stft,
      "frames start at their hop instead of being centred on it, running into zeros at the end",
      remedy: "reflect 200 samples at both ends before framing (center=True)"
    ) {
      $0.spectrum.alignment = .fromStart
      $0.spectrum.edge = .zero
    },
    FrontEndFault(
      "mel-not-centred-short", ids: [9], at: .stft,
      "frames start at their hop and none passes the end (center=False): 2997 instead of 3000",
      remedy: "reflect 200 samples at both ends before framing (center=True)"
    ) { $0.spectrum.alignment = .within },
    FrontEndFault(
      "mel-zero-edges", ids: [14], at: .stft, "zeros lie beyond the ends of the audio",
      remedy: "reflect the audio at its ends: pad_mode='reflect'"
    ) { $0.spectrum.edge = .zero },
    FrontEndFault(
      "mel-replicated-edges", ids: [14], at: .stft, "the end samples are repeated beyond the ends",
      remedy: "reflect the audio at its ends: pad_mode='reflect'"
    ) { $0.spectrum.edge = .replicate },
    FrontEndFault(
      "mel-symmetric-edges", ids: [14], at: .stft,
      "the audio is mirrored with its end samples repeated",
      remedy: "reflect without repeating the end sample: pad_mode='reflect'"
    ) { $0.spectrum.edge = .symmetric },
    FrontEndFault(
      "mel-shifted-80-samples", ids: [16], at: .stft,
      "frames lie half a hop later (Kaldi's snip_edges=False)",
      remedy: "centre frame f on sample 160 f: pad 200 samples in front, not 120"
    ) { $0.spectrum.frameShiftSamples = 80 },
    FrontEndFault(
      "mel-last-frame-kept", ids: [10], at: .stft,
      "the last STFT frame is kept (3001), and the maximum is taken over it too",
      remedy: "drop the last frame before the filterbank: stft[..., :-1]"
    ) { $0.spectrum.lastFrame = .kept },
    FrontEndFault(
      "mel-first-frame-dropped", ids: [10], at: .stft,
      "the first STFT frame is dropped instead of the last",
      remedy: "drop the last frame: stft[..., :-1]"
    ) { $0.spectrum.lastFrame = .firstDropped },
    FrontEndFault(
      "mel-hop-200", at: .stft, "hop of 200 samples (torchaudio's default for n_fft 400)",
      remedy: "set the hop to 160 samples"
    ) { $0.spectrum.hopLength = 200 },
    FrontEndFault(
      "mel-hop-512", ids: [1], at: .stft, "hop of 512 samples (librosa's default)",
      remedy: "set hop_length=160"
    ) { $0.spectrum.hopLength = 512 },
  ]

  /// Window shapes and transform lengths.
  static let windows: [FrontEndFault] = [
    FrontEndFault(
      "mel-symmetric-hann", ids: [6], at: .stft, "symmetric Hann window (np.hanning)",
      remedy: "use the periodic window: 0.5 - 0.5 cos(2 pi n / 400)"
    ) { $0.spectrum.window = .hannSymmetric },
    FrontEndFault(
      "mel-hamming", at: .stft, "periodic Hamming window",
      remedy: "use the periodic Hann window"
    ) { $0.spectrum.window = .hammingPeriodic },
    FrontEndFault(
      "mel-hamming-symmetric", at: .stft, "symmetric Hamming window (np.hamming)",
      remedy: "use the periodic Hann window"
    ) { $0.spectrum.window = .hammingSymmetric },
    FrontEndFault(
      "mel-povey-window", at: .stft, "Povey window (Kaldi's default)",
      remedy: "use the periodic Hann window"
    ) { $0.spectrum.window = .povey },
    FrontEndFault(
      "mel-blackman", at: .stft, "Blackman window",
      remedy: "use the periodic Hann window"
    ) { $0.spectrum.window = .blackmanPeriodic },
    FrontEndFault(
      "mel-bartlett", at: .stft, "triangular (Bartlett) window",
      remedy: "use the periodic Hann window"
    ) { $0.spectrum.window = .bartlettPeriodic },
    FrontEndFault(
      "mel-blackman-harris", at: .stft, "Blackman-Harris window",
      remedy: "use the periodic Hann window"
    ) { $0.spectrum.window = .blackmanHarrisPeriodic },
    FrontEndFault(
      "mel-sine-window", at: .stft, "sine window (scipy's cosine)",
      remedy: "use the periodic Hann window"
    ) { $0.spectrum.window = .sine },
    FrontEndFault(
      "mel-no-window", at: .stft, "no window function at all",
      remedy: "multiply each frame with the periodic Hann window"
    ) { $0.spectrum.window = .rectangular },
    FrontEndFault(
      "mel-fft-512", at: .stft,
      "window of 400 in the middle of an FFT of 512, with a filterbank for 512",
      remedy: "use n_fft = 400: its bins are 40 Hz apart"
    ) { $0.spectrum.fftLength = 512 },
    FrontEndFault(
      "mel-fft-512-at-start", at: .stft,
      "window of 400 at the start of an FFT of 512 that is centred: frames lie 56 samples early",
      remedy: "use n_fft = 400, or put the window in the middle of the FFT"
    ) {
      $0.spectrum.fftLength = 512
      $0.spectrum.windowPlacement = .start
    },
    FrontEndFault(
      "mel-fft-512-filters-400", at: .stft,
      "FFT of 512 under a filterbank made for 400: bands lie 22 % too low",
      remedy: "use n_fft = 400 for both"
    ) {
      $0.spectrum.fftLength = 512
      $0.filterbank.designFFTLength = 400
    },
    FrontEndFault(
      "mel-fft-512-window-512", at: .stft, "window and FFT of 512 samples",
      remedy: "use a window and FFT of 400 samples (25 ms)"
    ) {
      $0.spectrum.fftLength = 512
      $0.spectrum.windowLength = 512
    },
    FrontEndFault(
      "mel-fft-2048", ids: [1], at: .stft, "window and FFT of 2048 samples (librosa's default)",
      remedy: "set n_fft=400"
    ) {
      $0.spectrum.fftLength = 2048
      $0.spectrum.windowLength = 2048
    },
  ]

  /// What becomes of the frames and of the complex bins.
  static let spectrum: [FrontEndFault] = [
    FrontEndFault(
      "mel-frame-mean-removed", at: .stft,
      "each frame's own mean is taken off before the window (Kaldi's remove_dc_offset)",
      remedy: "leave the frames as they are: remove_dc_offset=False"
    ) { $0.spectrum.removesFrameMean = true },
    FrontEndFault(
      "mel-stft-root-n", at: .stft, "spectrum divided by the root of n_fft (normalized=True)",
      remedy: "leave the spectrum unscaled: normalized=False"
    ) { $0.spectrum.normalization = .rootLength },
    FrontEndFault(
      "mel-stft-over-n", at: .stft, "spectrum divided by n_fft",
      remedy: "leave the spectrum unscaled"
    ) { $0.spectrum.normalization = .length },
    FrontEndFault(
      "mel-stft-over-window-sum", at: .stft,
      "spectrum divided by the window's sum (scipy.signal.stft)",
      remedy: "multiply by the window's sum, or use an unscaled FFT"
    ) { $0.spectrum.normalization = .windowSum },
    FrontEndFault(
      "mel-stft-over-window-energy", at: .stft,
      "spectrum divided by the root of the window's energy",
      remedy: "leave the spectrum unscaled"
    ) { $0.spectrum.normalization = .windowEnergy },
    FrontEndFault(
      "mel-magnitude", ids: [2], at: .power, "magnitude instead of power",
      remedy: "square the magnitude: power=2.0"
    ) { $0.spectrum.quantity = .magnitude },
    FrontEndFault(
      "mel-power-squared", at: .power, "the power is squared again",
      remedy: "square the magnitude once"
    ) { $0.spectrum.quantity = .powerSquared },
    FrontEndFault(
      "mel-real-part-only", at: .power, "the imaginary part is lost",
      remedy: "take re*re + im*im"
    ) { $0.spectrum.quantity = .realPartSquared },
    FrontEndFault(
      "mel-mirrored-bins", ids: [13], at: .power,
      "mirrored FFT bins are added: features 0.075 too high",
      remedy: "use bins 0 to 200 as they are"
    ) { $0.spectrum.sumsMirroredBins = true },
  ]
}
