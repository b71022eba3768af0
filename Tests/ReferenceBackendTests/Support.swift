/// What the tests of the reference share: fixtures, noise and distances.
import EncoderModel
import Foundation
import TensorCore
import TensorIO
import Testing

/// The package's folder.
let packageRoot = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  .deletingLastPathComponent().deletingLastPathComponent()

/// Inputs, weights and results of single operations.
struct OperationGoldens: WeightSource {
  let file: SafetensorsFile

  init() throws {
    file = try SafetensorsFile(
      packageRoot.appendingPathComponent("Fixtures/goldens/ops/operations.safetensors").path)
  }

  var weightNames: [String] { file.names.filter { $0.hasPrefix("w.") } }
  func weight(_ name: String) throws -> Tensor { try file.tensor(name) }
}

/// A small sound encoder with odd sizes: edges everywhere.
let oddDimensions = WhisperDimensions(
  numMels: 10, numAudioContext: 53, audioWidth: 48, numAudioHeads: 3, numAudioLayers: 2)

/// Seeded noise between −1 and 1.
func noise(_ shape: [Int], seed: UInt64 = 7) -> Tensor {
  Tensor.float32(shape) { target in
    for i in target.indices {
      target[i] = Float(2 * CounterHash.uniform(seed: seed, stream: 0, counter: UInt64(i)) - 1)
    }
  }
}

/// ‖a − b‖/‖b‖ over finite b; ∞ where shapes differ or a is not ±∞ or NaN where b is.
func relativeDistance(_ a: Tensor, _ b: Tensor) -> Double {
  guard a.shape == b.shape else { return .infinity }
  var distance = 0.0
  var norm = 0.0
  for (x, y) in zip(a.float64Array, b.float64Array) {
    if y.isFinite {
      distance += (x - y) * (x - y)
      norm += y * y
    } else if x != y && !(x.isNaN && y.isNaN) {
      return .infinity
    }
  }
  return norm == 0 ? distance.squareRoot() : (distance / norm).squareRoot()
}

/// A fingerprint of every element's bits (FNV-1a over Float64s); equal tensors have equal ones.
func fingerprint(_ tensor: Tensor) -> UInt64 {
  tensor.float64Array.reduce(0xCBF2_9CE4_8422_2325) {
    ($0 ^ $1.bitPattern) &* 0x0000_0100_0000_01B3
  }
}
