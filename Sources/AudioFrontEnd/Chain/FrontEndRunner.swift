/// Runs many sets of options over one window of one file, sharing what they have in common.
import Synchronization
package import TensorCore

/// The chain over one piece of audio. Safe to use from several threads.
package final class FrontEndRunner: Sendable {
  package let waveform: Waveform
  package let windowIndex: Int
  package let context: FrontEndContext
  private let cache = Mutex(FrontEndCache())

  /// - Parameters:
  ///   - waveform: the whole file, with `native` where faults of decoding are to be tried.
  ///   - windowIndex: counts contexts from 0.
  ///   - context: the extents that the model takes.
  package init(
    _ waveform: Waveform, windowIndex: Int = 0, context: FrontEndContext = FrontEndContext()
  ) {
    precondition(windowIndex >= 0)
    self.waveform = waveform
    self.windowIndex = windowIndex
    self.context = context
  }

  /// The mel that these options make, in Float64.
  package func mel(_ options: FrontEndOptions) throws(AudioError) -> Tensor {
    let log = try logarithm(options, frames: nil)
    return try features(options, log)
  }

  /// The bands before the logarithm: `[frames, bands]` in Float64, of all frames of the window or of
  /// some, which may lie anywhere in the signal.
  package func bands(
    _ options: FrontEndOptions, frames: Range<Int>? = nil
  ) throws(AudioError) -> Tensor {
    filterbank(options).apply(try spectrum(options, frames: frames, isRemembered: true))
  }

  /// Samples at the rate that these options read as 16 kHz.
  package func numSamples(_ options: FrontEndOptions) throws(AudioError) -> Int {
    try signal(options).count
  }

  /// The coefficients of the window that these options ask for.
  package static func window(_ options: FrontEndOptions) -> [Double] {
    ShortTimeFourier(options.spectrum).window
  }

  /// The stages named in `taps`, in Float64.
  package func run(
    _ options: FrontEndOptions, keeping taps: Set<FrontEndTap>
  ) throws(AudioError) -> [FrontEndTap: Tensor] {
    var kept: [FrontEndTap: Tensor] = [:]
    if taps.contains(.pcm) {
      let signal = try signal(options)
      kept[.pcm] = Tensor(signal, shape: [signal.count])
    }
    if taps.contains(.stft) {
      let fourier = ShortTimeFourier(options.spectrum)
      let signal = try signal(options)
      kept[.stft] = fourier.complexSpectrum(
        of: signal, frames: windowFrames(options, fourier, signalCount: signal.count))
    }
    let power = try spectrum(options, frames: nil)
    let bands = filterbank(options).apply(power)
    let log = options.log.logarithm(bands)
    let mel = try features(options, log)
    for (tap, tensor) in [(.power, power), (.melPower, bands), (.logMel, log), (.mel, mel)]
      as [(FrontEndTap, Tensor)] where taps.contains(tap)
    {
      kept[tap] = tensor
    }
    return kept
  }
}

extension FrontEndRunner {
  /// Samples at the rate that these options read as 16 kHz, for the whole file.
  private func source(_ options: PCMOptions) throws(AudioError) -> [Float] {
    let key = SignalSource(options)
    if let known = cache.withLock({ $0.sources[key] }) { return known }
    let samples = try key.samples(of: waveform)
    cache.withLock { $0.sources.insert(samples, for: key) }
    return samples
  }

  /// The padded signal that is cut into frames.
  private func signal(_ options: FrontEndOptions) throws(AudioError) -> [Double] {
    let spectrum = options.spectrum
    let key = SignalKey(pcm: options.pcm, extent: spectrum.extent, padding: spectrum.padding)
    if let known = cache.withLock({ $0.signals[key] }) { return known }
    let signal =
      switch spectrum.extent {
      case .window: try windowSignal(options, index: windowIndex)
      case .file:
        options.pcm.conditioned(try source(options.pcm)[...])
          + [Double](repeating: 0, count: context.numSamples)
      }
    cache.withLock { $0.signals.insert(signal, for: key) }
    return signal
  }

  private func windowSignal(
    _ options: FrontEndOptions, index: Int
  ) throws(AudioError) -> [Double] {
    let samples = try source(options.pcm)
    let start = min(index * context.numSamples, samples.count)
    let end = min(start + context.numSamples, samples.count)
    return options.spectrum.padding.padded(
      options.pcm.conditioned(samples[start..<end]), to: context.numSamples)
  }

  /// The frames that belong to the window, counted in the signal.
  private func windowFrames(
    _ options: FrontEndOptions, _ fourier: ShortTimeFourier, signalCount: Int
  ) -> Range<Int> {
    let kept = fourier.keptFrames(signalCount)
    guard options.spectrum.extent == .file else { return kept }
    let start = min(kept.lowerBound + windowIndex * context.numFrames, kept.upperBound)
    return start..<min(start + context.numFrames, kept.upperBound)
  }

  private func filterbank(_ options: FrontEndOptions) -> MelFilterbank {
    MelFilterbank(
      options.filterbank, numMels: options.filterbank.numMels ?? context.numMels,
      numBins: options.spectrum.fftLength / 2 + 1, fftLength: options.spectrum.fftLength)
  }

  /// The spectrum of the window, or of other frames of its signal.
  private func spectrum(
    _ options: FrontEndOptions, frames: Range<Int>?, isRemembered: Bool? = nil
  ) throws(AudioError) -> Tensor {
    let isRemembered = isRemembered ?? (frames == nil)
    let key = SpectrumKey(pcm: options.pcm, spectrum: options.spectrum, frames: frames)
    if isRemembered, let known = cache.withLock({ $0.spectra[key] }) { return known }
    let fourier = ShortTimeFourier(options.spectrum)
    let signal = try signal(options)
    let wanted = frames ?? windowFrames(options, fourier, signalCount: signal.count)
    let result = fourier.spectrum(of: signal, frames: wanted)
    if isRemembered { cache.withLock { $0.spectra.insert(result, for: key) } }
    return result
  }

  private func logarithm(
    _ options: FrontEndOptions, frames: Range<Int>?
  ) throws(AudioError) -> Tensor {
    options.log.logarithm(filterbank(options).apply(try spectrum(options, frames: frames)))
  }
}

extension FrontEndRunner {
  /// Everything after the logarithm.
  private func features(
    _ options: FrontEndOptions, _ log: Tensor
  ) throws(AudioError) -> Tensor {
    let layout = options.layout
    var matrix = FeatureMatrix(
      frames: log.shape[0], bands: log.shape[1], values: log.float64Array)
    if layout.fitsContext && layout.fillStage == .logMel {
      matrix = matrix.fitted(
        frames: context.numFrames, bands: context.numMels, fill: layout.fill)
    }
    let fileMaximum = options.log.maximumScope == .file ? try fileMaximum(options) : 0
    options.log.finish(&matrix, fileMaximum: fileMaximum)
    if layout.fitsContext {
      matrix = matrix.fitted(
        frames: context.numFrames, bands: context.numMels, fill: layout.fill)
    }
    if layout.arrangement != .framesByMels || layout.rounding != .none {
      matrix = layout.arranged(matrix)
    }
    return Tensor(matrix.values, shape: [matrix.frames, matrix.bands])
  }

  /// The largest logarithm in the file, computed a context at a time.
  private func fileMaximum(_ options: FrontEndOptions) throws(AudioError) -> Double {
    let key = FileMaximumKey(
      pcm: options.pcm, spectrum: options.spectrum, filterbank: options.filterbank,
      base: options.log.base, floor: options.log.floor, floorKind: options.log.floorKind)
    if let known = cache.withLock({ $0.maxima[key] }) { return known }
    var maximum = -Double.infinity
    for piece in try piecesOfFile(options) {
      let log = options.log.logarithm(filterbank(options).apply(piece()))
      maximum = max(
        maximum,
        FeatureMatrix(frames: log.shape[0], bands: log.shape[1], values: log.float64Array).maximum)
    }
    cache.withLock { $0.maxima.insert(maximum, for: key) }
    return maximum
  }

  /// Spectra that together cover the file, each made when it is asked for.
  private func piecesOfFile(_ options: FrontEndOptions) throws(AudioError) -> [() -> Tensor] {
    let fourier = ShortTimeFourier(options.spectrum)
    switch options.spectrum.extent {
    case .file:
      let signal = try signal(options)
      let kept = fourier.keptFrames(signal.count)
      let starts = stride(from: kept.lowerBound, to: kept.upperBound, by: context.numFrames)
      return starts.map { start in
        let frames = start..<min(start + context.numFrames, kept.upperBound)
        return { fourier.spectrum(of: signal, frames: frames) }
      }
    case .window:
      let count = try source(options.pcm).count
      let windows = max(1, (count + context.numSamples - 1) / context.numSamples)
      var pieces: [() -> Tensor] = []
      for index in 0..<windows {
        let signal = try windowSignal(options, index: index)
        pieces.append { fourier.spectrum(of: signal, frames: fourier.keptFrames(signal.count)) }
      }
      return pieces
    }
  }
}
