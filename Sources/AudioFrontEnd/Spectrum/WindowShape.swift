/// The tapering windows of the short-time Fourier transform.
#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Whisper's is `hannPeriodic`; the others are what ports take for it.
package enum WindowShape: String, Sendable, Hashable, Codable, CaseIterable {
  /// ½ − ½·cos(2πn/N): `torch.hann_window`'s default, `scipy.signal.get_window('hann')`.
  case hannPeriodic
  /// ½ − ½·cos(2πn/(N−1)): `np.hanning`, `periodic=False`.
  case hannSymmetric
  /// 0.54 − 0.46·cos(2πn/N).
  case hammingPeriodic
  /// 0.54 − 0.46·cos(2πn/(N−1)): `np.hamming`.
  case hammingSymmetric
  /// Symmetric Hann to the power 0.85: Kaldi's default.
  case povey
  /// 0.42 − 0.5·cos(2πn/N) + 0.08·cos(4πn/N).
  case blackmanPeriodic
  /// 1 − |2n/N − 1|.
  case bartlettPeriodic
  /// Four cosine terms, side lobes at −92 dB.
  case blackmanHarrisPeriodic
  /// sin(π(n + ½)/(N + 1)): scipy's periodic `cosine`.
  case sine
  case rectangular

  /// `length` coefficients in Float64.
  package func coefficients(_ length: Int) -> [Double] {
    precondition(length > 0)
    func cosine(_ n: Int, _ period: Int, harmonic: Int = 1) -> Double {
      period == 0 ? 1 : FourierTransform.turn(harmonic * n, of: period).cosine
    }
    return (0..<length).map { n in
      switch self {
      case .hannPeriodic: 0.5 - 0.5 * cosine(n, length)
      case .hannSymmetric: 0.5 - 0.5 * cosine(n, length - 1)
      case .hammingPeriodic: 0.54 - 0.46 * cosine(n, length)
      case .hammingSymmetric: 0.54 - 0.46 * cosine(n, length - 1)
      case .povey: pow(0.5 - 0.5 * cosine(n, length - 1), 0.85)
      case .blackmanPeriodic:
        0.42 - 0.5 * cosine(n, length) + 0.08 * cosine(n, length, harmonic: 2)
      case .bartlettPeriodic: 1 - abs(2 * Double(n) / Double(length) - 1)
      case .blackmanHarrisPeriodic:
        0.35875 - 0.48829 * cosine(n, length) + 0.14128 * cosine(n, length, harmonic: 2)
          - 0.01168 * cosine(n, length, harmonic: 3)
      case .sine: sin(.pi * (Double(n) + 0.5) / Double(length + 1))
      case .rectangular: 1
      }
    }
  }
}
