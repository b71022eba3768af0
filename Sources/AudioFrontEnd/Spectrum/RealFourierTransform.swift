/// The spectrum of real signals: bins 0…N/2, through a complex transform of half the length.

/// `rfft` of four signals at once.
struct RealFourierTransform: Sendable {
  typealias Lanes = FourierTransform.Lanes

  let length: Int
  /// ⌊N/2⌋ + 1.
  let numBins: Int
  private let complex: FourierTransform
  /// e^(−2πi·k/N) for the bins, as cosine and sine.
  private let cosines: [Double]
  private let sines: [Double]

  init(length: Int) {
    precondition(length > 0)
    self.length = length
    numBins = length / 2 + 1
    complex = FourierTransform(length: length % 2 == 0 ? length / 2 : length)
    cosines = (0..<(length / 2 + 1)).map { FourierTransform.turn($0, of: length).cosine }
    sines = (0..<(length / 2 + 1)).map { FourierTransform.turn($0, of: length).sine }
  }

  /// Buffers for `transform`.
  func makeBuffers() -> FourierBuffers { .allocate(length: complex.bufferLength) }

  /// Transforms the signals that `sample(n)` yields and hands each bin to `emit(k, re, im)`.
  @inline(__always)
  func transform(
    _ buffers: FourierBuffers, sample: (Int) -> Lanes, emit: (Int, Lanes, Lanes) -> Void
  ) {
    if length % 2 == 0 {
      // Even samples become real parts, odd samples imaginary parts.
      for n in 0..<complex.length {
        buffers.real[n] = sample(2 &* n)
        buffers.imaginary[n] = sample(2 &* n &+ 1)
      }
      split(complex.transform(buffers), emit: emit)
    } else {
      for n in 0..<length {
        buffers.real[n] = sample(n)
        buffers.imaginary[n] = .zero
      }
      let result = complex.transform(buffers)
      for k in 0..<numBins { emit(k, result.real[k], result.imaginary[k]) }
    }
  }

  /// X[k] = E[k] + e^(−2πi·k/N)·O[k], where E and O are the spectra of the even and odd samples:
  /// E = (Z[k] + conj Z[N/2−k])/2 and O = (Z[k] − conj Z[N/2−k])/2i.
  @inline(__always)
  private func split(_ z: FourierBuffers, emit: (Int, Lanes, Lanes) -> Void) {
    let half = complex.length
    cosines.withUnsafeBufferPointer { cosines in
      sines.withUnsafeBufferPointer { sines in
        for k in 0..<numBins {
          let here = k == half ? 0 : k
          let mirror = here == 0 ? 0 : half &- here
          let evenRe = (z.real[here] + z.real[mirror]) * 0.5
          let evenIm = (z.imaginary[here] - z.imaginary[mirror]) * 0.5
          let oddRe = (z.imaginary[here] + z.imaginary[mirror]) * 0.5
          let oddIm = (z.real[mirror] - z.real[here]) * 0.5
          let c = cosines[k]
          let s = sines[k]
          emit(k, evenRe + oddRe * c + oddIm * s, evenIm + oddIm * c - oddRe * s)
        }
      }
    }
  }
}
