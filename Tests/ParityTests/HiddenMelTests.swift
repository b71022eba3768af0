import Parity
import TensorCore
import Testing

@Suite("The rounding of a mel that nobody shows")
struct HiddenMelTests {
  /// Each frame: its largest, one half below it, one one below it, and the clamp.
  private static let frame = [1.0, 0.5, 0, -1]
  private static let mel = Tensor(
    (0..<2_000).flatMap { _ in frame }, shape: [2_000, frame.count])

  private func errors(seed: UInt64) -> [[Double]] {
    let noisy = FrontEndNoise.added(to: Self.mel, seed: seed).float64Array
    return Self.frame.indices.map { band in
      stride(from: band, to: noisy.count, by: Self.frame.count).map {
        noisy[$0] - Self.frame[band]
      }
    }
  }

  @Test("grows with the distance from the frame's largest, and not at the clamp")
  func size() {
    let u = 0x1p-24
    for (band, inverse) in [(0, 1.0), (1, 10), (2, 100), (3, 0)] {
      let errors = errors(seed: 1)[band]
      let rms = (errors.reduce(0) { $0 + $1 * $1 } / Double(errors.count)).squareRoot()
      // Four times what was measured against PyTorch's features: 0.7u and 0.035u/r.
      let expected = 4 * u * (0.7 + 0.035 * inverse)
      #expect(abs(rms - expected) < 0.06 * expected + 0.1 * u, "\(band): \(rms / u)")
      #expect(errors.allSatisfy { abs($0) < 1.8 * expected + 0.1 * u })
    }
  }

  @Test("replicas are different, and one is always the same")
  func seeds() {
    #expect(errors(seed: 1) == errors(seed: 1))
    #expect(errors(seed: 1) != errors(seed: 2))
  }
}
