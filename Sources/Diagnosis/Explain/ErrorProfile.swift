import TensorCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// How two errors of one tensor are spread over its frames.
///
/// Rounding everywhere in an encoder hurts some frames more than others, whatever the format and the
/// scheme: those that attention and norms amplify. An error of one operation is spread otherwise.
struct ErrorProfile {
  /// Correlation of the logarithms of both errors' energies by frame.
  let correlation: Double
  /// Standard deviation of the logarithm of their ratio.
  let deviation: Double

  /// 35 engines and schemes of 4 to 16 bits, on the trained model that is shipped, have 0.22 and more,
  /// and 1.06 and less; half of the structural errors of their size lie outside.
  var isAlike: Bool { correlation >= 0.2 && deviation <= 1.1 }

  /// `nil` where a tensor has few frames, or one of the errors is nothing.
  init?(_ a: Tensor, _ b: Tensor, around sound: Tensor) {
    guard a.elementCount == sound.elementCount, b.elementCount == sound.elementCount,
      sound.rowCount >= 32
    else { return nil }
    let first = Self.logEnergies(a, sound)
    let second = Self.logEnergies(b, sound)
    let pairs = zip(first, second).filter { $0.0.isFinite && $0.1.isFinite }
    guard pairs.count * 2 >= sound.rowCount else { return nil }
    let count = Double(pairs.count)
    let (x, y) = (pairs.reduce(0) { $0 + $1.0 } / count, pairs.reduce(0) { $0 + $1.1 } / count)
    var (xx, yy, xy) = (0.0, 0.0, 0.0)
    for (p, q) in pairs {
      xx += (p - x) * (p - x)
      yy += (q - y) * (q - y)
      xy += (p - x) * (q - y)
    }
    guard xx > 0, yy > 0 else { return nil }
    correlation = xy / (xx * yy).squareRoot()
    deviation = (max(xx + yy - 2 * xy, 0) / count).squareRoot()
  }

  /// ln of the mean squared error of each frame; −∞ where there is none.
  private static func logEnergies(_ x: Tensor, _ sound: Tensor) -> [Double] {
    rowDistances(x, sound).map { 2 * log($0) }
  }
}
