/// Transforms of lengths with a large prime factor, through a convolution of a smooth length.

/// Bluestein's algorithm: with nk = (n² + k² − (k − n)²)/2,
///
///     X[k] = w[k]·Σₙ (x[n]·w[n])·w̄[k − n],  w[n] = e^(−πi·n²/N),
///
/// a circular convolution over M ≥ 2N − 1, a power of two. The relative error is that of three
/// transforms of length M.
final class ChirpTransform: Sendable {
  typealias Lanes = FourierTransform.Lanes

  private let length: Int
  private let fourier: FourierTransform
  /// w.
  private let cosines: [Double]
  private let sines: [Double]
  /// The transform of w̄, over M.
  private let kernel: [(re: Double, im: Double)]

  init(length: Int) {
    self.length = length
    var size = 1
    while size < 2 * length - 1 { size *= 2 }
    fourier = FourierTransform(length: size)
    // n² is reduced before it becomes an angle: 2N of its steps are a turn.
    let turns = (0..<length).map { FourierTransform.turn($0 * $0 % (2 * length), of: 2 * length) }
    cosines = turns.map(\.cosine)
    sines = turns.map(\.sine)
    let buffers = FourierBuffers.allocate(length: size)
    defer { buffers.deallocate() }
    for n in 0..<length {
      for index in n == 0 ? [0] : [n, size - n] {
        buffers.real[index] = Lanes(repeating: cosines[n])
        buffers.imaginary[index] = Lanes(repeating: sines[n])
      }
    }
    let result = fourier.transform(buffers)
    kernel = (0..<size).map { (result.real[$0][0], result.imaginary[$0][0]) }
  }

  /// Values that buffers must hold: M.
  var bufferLength: Int { fourier.length }

  /// Transforms the first N values of the buffers; the result lies in the first N.
  func transform(_ buffers: FourierBuffers) -> FourierBuffers {
    for n in 0..<length {
      let (re, im) = (buffers.real[n], buffers.imaginary[n])
      buffers.real[n] = re * cosines[n] + im * sines[n]
      buffers.imaginary[n] = im * cosines[n] - re * sines[n]
    }
    for n in length..<fourier.length {
      buffers.real[n] = .zero
      buffers.imaginary[n] = .zero
    }
    let spectrum = fourier.transform(buffers)
    // The inverse is the transform of the conjugate, conjugated.
    for k in 0..<fourier.length {
      let (re, im, factor) = (spectrum.real[k], spectrum.imaginary[k], kernel[k])
      spectrum.real[k] = re * factor.re - im * factor.im
      spectrum.imaginary[k] = -(re * factor.im + im * factor.re)
    }
    let result = fourier.transform(spectrum)
    let scale = 1 / Double(fourier.length)
    for k in 0..<length {
      let (re, im) = (result.real[k] * scale, -result.imaginary[k] * scale)
      result.real[k] = re * cosines[k] + im * sines[k]
      result.imaginary[k] = im * cosines[k] - re * sines[k]
    }
    return result
  }
}
