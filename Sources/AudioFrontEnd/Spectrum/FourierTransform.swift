/// The discrete Fourier transform of several signals at once, one in each SIMD lane, in Float64.
#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A plan for complex transforms of one length: mixed radices (4, 2, 5, 3 and any other prime),
/// Stockham's autosorting order.
///
/// X[k] = Σₙ x[n]·e^(−2πi·nk/N). Lanes never meet, so a signal's result does not depend on its
/// neighbours. Relative error about 1e-16·log₂N (rms); NaN spreads over its own lane.
struct FourierTransform: Sendable {
  /// One value of four signals.
  typealias Lanes = SIMD4<Double>

  let length: Int
  /// Factors of `length`, in the order of the passes.
  let radices: [Int]
  /// cos(2πk/N) and sin(2πk/N).
  let cosines: [Double]
  let sines: [Double]
  /// What takes over where a factor is too large for the definition.
  let chirp: ChirpTransform?

  /// Prime factors from which on three longer transforms are cheaper than the definition.
  private static let largePrime = 31

  init(length: Int) {
    precondition(length > 0)
    self.length = length
    radices = Self.factors(of: length)
    chirp = radices.contains { $0 >= Self.largePrime } ? ChirpTransform(length: length) : nil
    cosines = (0..<length).map { Self.turn($0, of: length).cosine }
    sines = (0..<length).map { Self.turn($0, of: length).sine }
  }

  /// Values that each buffer must hold.
  var bufferLength: Int { chirp?.bufferLength ?? length }

  /// 4s first, then 2, 5, 3 and what remains.
  private static func factors(of length: Int) -> [Int] {
    var rest = length
    var found: [Int] = []
    for radix in [4, 2, 5, 3] {
      while rest % radix == 0 {
        found.append(radix)
        rest /= radix
      }
    }
    var prime = 7
    while rest > 1 {
      if rest % prime == 0 {
        found.append(prime)
        rest /= prime
      } else {
        // No factor up to the root: what remains is prime itself.
        prime = prime * prime > rest ? rest : prime + 2
      }
    }
    return found
  }

  /// Cosine and sine of k/n of a turn, through the first eighth, so that symmetric entries agree.
  static func turn(_ k: Int, of n: Int) -> (cosine: Double, sine: Double) {
    let eighths = 8 * (k % n)
    func direct(_ numerator: Int) -> (Double, Double) {
      let angle = Double.pi * Double(numerator) / (4 * Double(n))
      return (cos(angle), sin(angle))
    }
    switch eighths {
    case ...n: return direct(eighths)
    case ...(3 * n):
      let (c, s) = direct(abs(2 * n - eighths))
      return (eighths <= 2 * n ? s : -s, c)
    case ...(5 * n):
      let (c, s) = direct(abs(4 * n - eighths))
      return (-c, eighths <= 4 * n ? s : -s)
    case ...(7 * n):
      let (c, s) = direct(abs(6 * n - eighths))
      return (eighths <= 6 * n ? -s : s, -c)
    default:
      let (c, s) = direct(8 * n - eighths)
      return (c, -s)
    }
  }
}

/// Two complex buffers between which the passes go back and forth; one per thread.
struct FourierBuffers {
  let real: UnsafeMutablePointer<FourierTransform.Lanes>
  let imaginary: UnsafeMutablePointer<FourierTransform.Lanes>
  let spareReal: UnsafeMutablePointer<FourierTransform.Lanes>
  let spareImaginary: UnsafeMutablePointer<FourierTransform.Lanes>

  static func allocate(length: Int) -> FourierBuffers {
    let base = UnsafeMutablePointer<FourierTransform.Lanes>.allocate(capacity: 4 * length)
    base.initialize(repeating: .zero, count: 4 * length)
    return FourierBuffers(
      real: base, imaginary: base + length, spareReal: base + 2 * length,
      spareImaginary: base + 3 * length)
  }

  func deallocate() { real.deallocate() }

  /// The same buffers with their roles exchanged.
  var swapped: FourierBuffers {
    FourierBuffers(
      real: spareReal, imaginary: spareImaginary, spareReal: real, spareImaginary: imaginary)
  }
}
