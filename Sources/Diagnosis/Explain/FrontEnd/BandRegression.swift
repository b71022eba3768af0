import TensorCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Whether a foreign mel is a straight line of the logarithm of given bands, whatever base, scale,
/// reference, gain and clamp it was finished with.
///
/// Everything after the bands M is t = a·log₁₀M + b above the clamp, so that spectrum and filterbank
/// can be searched for without a word about the logarithm. With an offset for each band, the norm
/// of the filters and slow colourings of the spectrum do not matter either.
struct BandRegression {
  /// How features hold the bands.
  enum Link: CaseIterable {
    /// y is a logarithm.
    case logarithm
    /// y is a power, without a logarithm.
    case power
    /// y = ln(1 + M).
    case logarithmOfOneMore
  }

  let link: Link
  /// The frames that are looked at: those with the most sound.
  let rows: Range<Int>
  let numBands: Int
  /// Flat positions in `rows` that lie well above the clamp, and their transformed values.
  private let positions: [Int]
  private let values: [Double]
  private let variance: (global: Double, perBand: Double)

  /// Frames that are enough to tell spectra apart.
  private static let mostRows = 160

  /// - Returns: `nil` where the features do not vary, or cannot be of that kind.
  init?(_ own: Tensor, link: Link) {
    guard own.shape.count == 2, own.elementCount > 0 else { return nil }
    numBands = own.shape[1]
    let frames = own.shape[0]
    let features = own.float64Array
    // Powers, and logarithms of what is more than 1, are never negative.
    if link != .logarithm, features.contains(where: { $0 < 0 }) { return nil }
    let flat = features.map { Self.transformed($0, link) }
    let finite = flat.filter(\.isFinite)
    guard let low = finite.min(), let high = finite.max(), high > low else { return nil }
    let bands = numBands
    let level = (0..<frames).map { frame in
      flat[(frame * bands)..<((frame + 1) * bands)].reduce(0) { $0 + ($1.isFinite ? $1 - low : 0) }
    }
    let count = min(frames, Self.mostRows)
    var sum = level[..<count].reduce(0, +)
    var (best, start) = (sum, 0)
    for first in stride(from: 1, through: frames - count, by: 1) {
      sum += level[first + count - 1] - level[first - 1]
      if sum > best { (best, start) = (sum, first) }
    }
    rows = start..<(start + count)
    let piece = Array(flat[(start * bands)..<((start + count) * bands)])
    let raised = piece.filter { $0.isFinite && $0 > low + 0.02 * (high - low) }.sorted()
    guard raised.count > 8 * bands else { return nil }
    let threshold = raised[raised.count * 2 / 5]
    positions = piece.indices.filter { piece[$0].isFinite && piece[$0] >= threshold }
    values = positions.map { piece[$0] }
    self.link = link
    variance = (
      Self.residual(values, values.map { _ in 0 }, positions, bands: 1),
      Self.residual(values, values.map { _ in 0 }, positions, bands: bands)
    )
    guard variance.perBand > 0 else { return nil }
  }

  private static func transformed(_ y: Double, _ link: Link) -> Double {
    switch link {
    case .logarithm: y
    case .power: y > 0 ? log10(y) : -.infinity
    case .logarithmOfOneMore: y > 0 ? log10(expm1(y)) : -.infinity
    }
  }

  /// What part of the features' deviation the bands do not explain, from 0 to 1.
  /// - Parameters:
  ///   - power: bands `[rows, numBands]` of some front-end.
  ///   - floor: what is added to them before the logarithm.
  ///   - perBand: whether each band may have an offset of its own.
  /// - Returns: 1 for bands of other extents.
  func residual(_ power: Tensor, floor: Double = 0, perBand: Bool) -> Double {
    guard power.shape == [rows.count, numBands] else { return 1 }
    let logarithms = logarithms(power, floor)
    let left = Self.residual(values, logarithms, positions, bands: perBand ? numBands : 1)
    return (left / (perBand ? variance.perBand : variance.global)).squareRoot()
  }

  /// a and b of t = a·log₁₀(M + floor) + b.
  func line(_ power: Tensor, floor: Double = 0) -> (slope: Double, intercept: Double) {
    let fit = AffineFit(x: values, y: logarithms(power, floor))
    return (fit.scale, fit.offset)
  }

  private func logarithms(_ power: Tensor, _ floor: Double) -> [Double] {
    power.withFloat64 { power in
      positions.map { log10(max(power[$0] + floor, .leastNormalMagnitude)) }
    }
  }

  /// Σ(t − a·l − b)² with a common slope and `bands` offsets, over the number of elements.
  private static func residual(
    _ t: [Double], _ l: [Double], _ positions: [Int], bands: Int
  ) -> Double {
    var sums = [(n: Double, t: Double, l: Double)](repeating: (0, 0, 0), count: bands)
    for i in t.indices {
      let band = positions[i] % bands
      sums[band].n += 1
      sums[band].t += t[i]
      sums[band].l += l[i]
    }
    for band in sums.indices where sums[band].n > 0 {
      sums[band].t /= sums[band].n
      sums[band].l /= sums[band].n
    }
    var (tt, tl, ll) = (0.0, 0.0, 0.0)
    for i in t.indices {
      let mean = sums[positions[i] % bands]
      let (dt, dl) = (t[i] - mean.t, l[i] - mean.l)
      tt += dt * dt
      tl += dt * dl
      ll += dl * dl
    }
    guard tt.isFinite, ll.isFinite else { return .infinity }
    // A falling line is no logarithm of these bands.
    let explained = ll > 0 && tl > 0 ? tl * tl / ll : 0
    return max(tt - explained, 0) / Double(max(t.count, 1))
  }
}
