import EncoderModel
import Parity
import TensorCore
import Testing

@Suite("What front-ends may differ by")
struct MelBoundTests {
  private static let count = 4_000
  /// Values like those of a mel: from −0.6 to 1.4, a third of them at the clamp.
  private static let mel = (0..<count).map { n in
    max(-0.6 + 2 * CounterHash.uniform(seed: 4, stream: 0, counter: UInt64(n)) - 0.6, -0.6)
  }

  /// The mel with an error of `noise` before it is rounded to `format`.
  private func foreign(_ format: NumberFormat, noise: Double, offset: Double = 0) -> Tensor {
    Tensor.float32([Self.count / 80, 80]) { target in
      for n in target.indices {
        let error = CounterHash.uniform(seed: 5, stream: 0, counter: UInt64(n)) * 2 - 1
        target[n] = Float(Self.mel[n] + error * noise + offset)
      }
      format.round(row: target)
    }
  }

  private var sound: Tensor { Tensor(Self.mel, shape: [Self.count / 80, 80]) }

  @Test("a sound mel on a narrow grid is that mel", arguments: [NumberFormat.bfloat16, .float16])
  func rounded(format: NumberFormat) throws {
    for noise in [0, 1e-6, 2e-5] {
      let own = foreign(format, noise: noise)
      let grid = try #require(MelBound.grid(of: own))
      #expect(grid.format == format)
      #expect(MelBound.isRounding(own, sound, to: grid))
    }
  }

  @Test(
    "another mel on a narrow grid is another mel", arguments: [NumberFormat.bfloat16, .float16])
  func different(format: NumberFormat) throws {
    for (noise, offset) in [(3e-3, 0.0), (0, 4e-4), (1e-6, -1e-3)] {
      let own = foreign(format, noise: noise, offset: offset)
      let grid = try #require(MelBound.grid(of: own))
      #expect(!MelBound.isRounding(own, sound, to: grid))
    }
  }

  @Test("Float32 has no narrow grid")
  func wide() { #expect(MelBound.grid(of: foreign(.float32, noise: 0)) == nil) }
}
