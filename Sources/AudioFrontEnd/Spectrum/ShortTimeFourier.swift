/// Frames of a signal → windowed spectra, four frames at a time, on all cores.
import TensorCore

/// The short-time Fourier transform that `SpectrumOptions` describes.
struct ShortTimeFourier: Sendable {
  let options: SpectrumOptions
  let fourier: RealFourierTransform
  /// `fftLength` coefficients: the window where it lies, zeros around it.
  let window: [Double]
  /// The factor on the complex spectrum.
  let scale: Double

  init(_ options: SpectrumOptions) {
    precondition(options.fftLength > 0 && options.hopLength > 0 && options.windowLength > 0)
    self.options = options
    fourier = RealFourierTransform(length: options.fftLength)
    // A window longer than the transform, as two faults at once may ask for, is as long as it.
    let windowLength = min(options.windowLength, options.fftLength)
    let taper = options.window.coefficients(windowLength)
    let margin = options.fftLength - windowLength
    let before = options.windowPlacement == .centre ? margin / 2 : 0
    window =
      [Double](repeating: 0, count: before) + taper
      + [Double](repeating: 0, count: margin - before)
    scale =
      switch options.normalization {
      case .none: 1
      case .rootLength: 1 / Double(options.fftLength).squareRoot()
      case .length: 1 / Double(options.fftLength)
      case .windowSum: 1 / taper.reduce(0, +)
      case .windowEnergy: 1 / taper.reduce(0) { $0 + $1 * $1 }.squareRoot()
      }
  }

  /// Frames of a signal of `count` samples, before the last is dropped.
  func frameCount(_ count: Int) -> Int {
    switch options.alignment {
    case .centred, .fromStart: 1 + count / options.hopLength
    case .within:
      count < options.fftLength ? 0 : 1 + (count - options.fftLength) / options.hopLength
    }
  }

  /// Frames that go on to the filterbank.
  func keptFrames(_ count: Int) -> Range<Int> {
    let all = frameCount(count)
    return switch options.lastFrame {
    case .kept: 0..<all
    case .dropped: 0..<max(0, all - 1)
    case .firstDropped: min(1, all)..<all
    }
  }

  /// The first sample of a frame; negative before the signal.
  func start(ofFrame frame: Int) -> Int {
    let centring = options.alignment == .centred ? options.fftLength / 2 : 0
    return frame * options.hopLength - centring + options.frameShiftSamples
  }

  /// What the filterbank is applied to: `[frames, bins]` in Float64, usually the power.
  func spectrum(of signal: [Double], frames: Range<Int>) -> Tensor {
    let bins = fourier.numBins
    let kind = options.quantity
    let mirrored = options.sumsMirroredBins
    let lastMirrored = (options.fftLength - 1) / 2
    let squaredScale = scale * scale
    return Tensor.float64([frames.count, bins]) { target in
      forEachBin(of: signal, frames: frames) { frame, lanes, bin, re, im in
        var value =
          switch kind {
          case .power: (re * re + im * im) * squaredScale
          case .magnitude: (re * re + im * im).squareRoot() * scale
          case .powerSquared:
            ((re * re + im * im) * squaredScale) * ((re * re + im * im) * squaredScale)
          case .realPartSquared: re * re * squaredScale
          }
        if mirrored && bin >= 1 && bin <= lastMirrored { value += value }
        for lane in 0..<lanes { target[(frame &+ lane) &* bins &+ bin] = value[lane] }
      }
    }
  }

  /// The complex spectrum: `[frames, bins, 2]` in Float64, real and imaginary part.
  func complexSpectrum(of signal: [Double], frames: Range<Int>) -> Tensor {
    let bins = fourier.numBins
    return Tensor.float64([frames.count, bins, 2]) { target in
      forEachBin(of: signal, frames: frames) { frame, lanes, bin, re, im in
        for lane in 0..<lanes {
          let offset = 2 &* ((frame &+ lane) &* bins &+ bin)
          target[offset] = re[lane] * scale
          target[offset &+ 1] = im[lane] * scale
        }
      }
    }
  }

  /// Frames that one task transforms: enough to outweigh handing it out.
  private static let framesPerTask = 128

  /// Calls `emit(first row, rows, bin, re, im)`: each SIMD lane is one frame, so that the result
  /// does not depend on which frames share a task.
  @inline(__always)
  private func forEachBin(
    of signal: [Double], frames: Range<Int>,
    emit: (Int, Int, Int, SIMD4<Double>, SIMD4<Double>) -> Void
  ) {
    let tasks = (frames.count + Self.framesPerTask - 1) / Self.framesPerTask
    window.withUnsafeBufferPointer { window in
      signal.withUnsafeBufferPointer { signal in
        concurrently(tasks) { task in
          let first = task * Self.framesPerTask
          let rows = first..<min(first + Self.framesPerTask, frames.count)
          transform(
            signal, window, rows: rows, firstFrame: frames.lowerBound, emit: emit)
        }
      }
    }
  }

  /// The mean of the samples under the window, in each lane.
  private func mean(of frame: FrameReader.Quartet) -> SIMD4<Double> {
    let (length, window) = (options.fftLength, options.windowLength)
    let start = options.windowPlacement == .centre ? (length - window) / 2 : 0
    var sum = SIMD4<Double>.zero
    for index in start..<(start + window) { sum += frame[index] }
    return sum / Double(window)
  }

  /// The part of `forEachBin` that one task does.
  @inline(__always)
  private func transform(
    _ signal: UnsafeBufferPointer<Double>, _ window: UnsafeBufferPointer<Double>,
    rows: Range<Int>, firstFrame: Int,
    emit: (Int, Int, Int, SIMD4<Double>, SIMD4<Double>) -> Void
  ) {
    let buffers = fourier.makeBuffers()
    defer { buffers.deallocate() }
    let reader = FrameReader(signal: signal, length: options.fftLength, edge: options.edge)
    defer { reader.deallocate() }
    for row in stride(from: rows.lowerBound, to: rows.upperBound, by: 4) {
      let lanes = min(4, rows.upperBound - row)
      let frame = reader.read { start(ofFrame: firstFrame + row + min($0, lanes - 1)) }
      if frame.isSilent {
        for bin in 0..<fourier.numBins { emit(row, lanes, bin, .zero, .zero) }
      } else {
        let mean = options.removesFrameMean ? mean(of: frame) : .zero
        fourier.transform(buffers) {
          (frame[$0] - mean) * window[$0]
        } emit: {
          emit(row, lanes, $0, $1, $2)
        }
      }
    }
  }
}
