import EncoderModel
import Synchronization
import TensorCore

/// Outputs of whole mutated encoders at sampled positions, for searches that start from the same
/// input: what was run for one candidate need not be run again for the next.
package final class SketchBank: Sendable {
  private let sketches = Mutex<[String: [Float]]>([:])

  package init() {}

  func sketch(_ key: String, make: () throws -> [Float]) rethrows -> [Float] {
    if let known = sketches.withLock({ $0[key] }) { return known }
    let made = try make()
    sketches.withLock { $0[key] = made }
    return made
  }
}

/// A hash of a tensor's bytes.
func contentHash(_ tensor: Tensor) -> UInt64 {
  tensor.withUnsafeBytes { bytes in
    bytes.reduce(UInt64(14_695_981_039_346_656_037)) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
  }
}
