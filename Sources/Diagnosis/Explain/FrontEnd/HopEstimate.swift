import AudioFrontEnd
import TensorCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The hop of a foreign mel from the course of its loudness, which windows and filters hardly change.
struct HopEstimate {
  struct Guess {
    var hop: Int
    var shift: Int
    var correlation: Double
  }

  private let envelope: [Double]
  private let own: [Double]
  private static let step = 16

  /// `nil` where the foreign mel `own` hardly varies.
  init?(_ own: Tensor, _ runner: FrontEndRunner, base: FrontEndOptions) {
    var fine = base
    fine.spectrum.hopLength = Self.step
    guard let bands = try? runner.bands(fine) else { return nil }
    let width = bands.innerExtent
    let logarithms = bands.withFloat64 { $0.map { log10(max($0, 1e-10)) } }
    let lowest = (logarithms.max() ?? 0) - 7
    envelope = Self.means(logarithms.map { max($0, lowest) }, width)
    let rows = Self.means(own.float64Array, own.innerExtent)
    // Frames of silence or filling at the end say nothing.
    guard let last = rows.last, let active = rows.lastIndex(where: { abs($0 - last) > 1e-9 }),
      active >= 16
    else { return nil }
    self.own = Array(rows[...active])
  }

  private static func means(_ values: [Double], _ width: Int) -> [Double] {
    (0..<(values.count / max(width, 1))).map { row in
      values[(row * width)..<((row + 1) * width)].reduce(0, +) / Double(width)
    }
  }

  /// The likeliest hops, clearly different ones, the best first.
  func guesses(_ count: Int) -> [Guess] {
    var all: [Guess] = []
    let length = envelope.count * Self.step
    let stride = max(1, own.count / 600)
    for hop in 32...1600 {
      let last = (own.count - 1) * hop
      guard last < length + 512 else { break }
      var best = Guess(hop: hop, shift: 0, correlation: -1)
      for shift in Swift.stride(from: -512, through: 1280, by: 64) {
        let value = correlation(hop, shift, every: stride)
        if value > best.correlation { best = Guess(hop: hop, shift: shift, correlation: value) }
      }
      all.append(best)
    }
    var chosen: [Guess] = []
    for guess in all.sorted(by: { $0.correlation > $1.correlation }) {
      let isNew = chosen.allSatisfy { abs($0.hop - guess.hop) * 25 > $0.hop }
      if isNew { chosen.append(guess) }
      if chosen.count == count { break }
    }
    return chosen
  }

  private func correlation(_ hop: Int, _ shift: Int, every stride: Int) -> Double {
    var (n, sx, sy, sxy, sxx, syy) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    for frame in Swift.stride(from: 0, to: own.count, by: stride) {
      let index = (frame * hop + shift) / Self.step
      guard index >= 0, index < envelope.count else { continue }
      let (x, y) = (own[frame], envelope[index])
      n += 1
      sx += x
      sy += y
      sxy += x * y
      sxx += x * x
      syy += y * y
    }
    guard n * Double(stride) >= 0.8 * Double(own.count) else { return -1 }
    let spread = (sxx - sx * sx / n) * (syy - sy * sy / n)
    return spread > 0 ? (sxy - sx * sy / n) / spread.squareRoot() : -1
  }
}
