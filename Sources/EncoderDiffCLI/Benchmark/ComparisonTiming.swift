import EncoderModel
import Parity
import Report
import TensorCore

/// How long all figures of two tensors take that are as large as the inside of whisper-tiny's MLP.
func comparisonSpeed() -> ComparisonSpeed {
  let shape = [1500, 1536]
  let reference = noise(shape, stream: 0)
  let candidate = noise(shape, stream: 1)
  let clock = ContinuousClock()
  let seconds = (0..<20).map { _ in
    clock.measure { _ = TapFigures.compare(reference: reference, candidate: candidate) }
      / .seconds(1)
  }
  return ComparisonSpeed(shape: shape, seconds: Spread(seconds))
}

/// Seeded values in [−1, 1).
private func noise(_ shape: [Int], stream: UInt64) -> Tensor {
  let key = CounterHash.key(seed: 3, stream: stream)
  return Tensor.float32(shape) { target in
    for i in target.indices {
      target[i] = Float(2 * CounterHash.uniform(key: key, counter: UInt64(i)) - 1)
    }
  }
}
