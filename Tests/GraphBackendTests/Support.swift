/// What the tests of the graph backend share.

import EncoderModel
import TensorCore

/// A small sound encoder with odd sizes: edges everywhere.
func smallDimensions(
  frames: Int = 29, width: Int = 48, heads: Int = 3, layers: Int = 2, mels: Int = 10
) -> WhisperDimensions {
  WhisperDimensions(
    numMels: mels, numAudioContext: frames, audioWidth: width, numAudioHeads: heads,
    numAudioLayers: layers)
}

/// A mel of seeded noise between −1 and 1.
func noise(_ shape: [Int], seed: UInt64 = 7) -> Tensor {
  Tensor.float32(shape) { target in
    for i in target.indices {
      target[i] = Float(
        2 * CounterHash.uniform(seed: seed, stream: 0, counter: UInt64(i)) - 1)
    }
  }
}

/// ‖a − b‖/‖b‖ in Float64.
func relativeDistance(_ a: Tensor, _ b: Tensor) -> Double {
  let first = a.float64Array
  let second = b.float64Array
  precondition(first.count == second.count)
  var distance = 0.0
  var norm = 0.0
  for i in first.indices {
    distance += (first[i] - second[i]) * (first[i] - second[i])
    norm += second[i] * second[i]
  }
  return (distance / norm).squareRoot()
}
