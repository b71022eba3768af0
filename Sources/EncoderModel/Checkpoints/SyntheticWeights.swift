import Dispatch
import Synchronization
package import TensorCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Encoder weights drawn from `CounterHash`, each when it is first asked for.
///
/// Scripts/synthetic_weights.py draws the same bits. The integer k is a sum of four 16-bit uniforms
/// (|k| < 2¹⁸, standard deviation 65536/√3 = 37837, nearly normal); with outliers (·16) and the
/// layer norms' centre added it stays below 2²⁴, so Float(k) is exact and value = Float(k)·scale
/// is one rounding. Gains were chosen on speech: scores, entropies and residuals stay those of a
/// trained model at 32 layers too.
package final class SyntheticWeights: WeightSource {
  private let seed: UInt64
  private let shapes: [String: [Int]]
  package let weightNames: [String]
  private let cache = Mutex<[String: Tensor]>([:])

  package init(dimensions: WhisperDimensions, seed: UInt64) {
    self.seed = seed
    let weights = dimensions.encoderWeightShapes
    weightNames = weights.map(\.name)
    shapes = Dictionary(uniqueKeysWithValues: weights.map { ($0.name, $0.shape) })
  }

  package func weight(_ name: String) throws -> Tensor {
    if let known = cache.withLock({ $0[name] }) { return known }
    guard let shape = shapes[name] else {
      throw ModelError.missingWeight(name: name, source: "synthetic weights")
    }
    let drawn =
      name == "encoder.positional_embedding"
      ? sinusoidTable(frames: shape[0], channels: shape[1]) : draw(name, shape)
    return cache.withLock { cache in
      if let known = cache[name] { return known }
      cache[name] = drawn
      return drawn
    }
  }

  /// All elements of one weight, on all cores.
  private func draw(_ name: String, _ shape: [Int]) -> Tensor {
    let rule = SyntheticRule(name: name, shape: shape)
    let key = CounterHash.key(seed: seed, stream: fnv1a(name.utf8))
    let outlierKey = CounterHash.key(seed: seed, stream: fnv1a("outliers".utf8))
    return Tensor.float32(shape) { target in
      inParallelChunks(of: target) { start, part in
        for index in part.indices {
          let counter = UInt64(start + index)
          let bits = CounterHash.bits(key: key, counter: counter)
          let low = (bits & 0x0000_FFFF_0000_FFFF) &+ ((bits >> 16) & 0x0000_FFFF_0000_FFFF)
          var k = Int32(truncatingIfNeeded: (low & 0xFFFF_FFFF) &+ (low >> 32)) &- 131070
          if rule.hasOutliers, CounterHash.bits(key: outlierKey, counter: counter) & 63 == 0 {
            k &*= 16
          }
          part[index] = Float(k &+ rule.centre) * rule.scale
        }
      }
    }
  }
}

/// How the weights of one kind are distributed.
private struct SyntheticRule {
  /// Value per unit of k.
  let scale: Float
  /// Added to k: 189185 = 1/(0.2/37837) puts layer norm gains around one.
  let centre: Int32
  /// Whether one channel in 64 is 16 times as large.
  let hasOutliers: Bool

  /// Matrices and kernels have standard deviation gain/√inputs, gains 0.2, biases 0.05.
  init(name: String, shape: [Int]) {
    let isGain = shape.count == 1 && name.hasSuffix("weight")
    let deviation =
      shape.count > 1
      ? Self.gain(name) / Double(shape.dropFirst().reduce(1, *)).squareRoot() : isGain ? 0.2 : 0.05
    scale = Float(deviation / 37837)
    centre = isGain ? 189185 : 0
    hasOutliers = name.hasSuffix("attn.out.bias") || name.hasSuffix("mlp.2.bias")
  }

  private static func gain(_ name: String) -> Double {
    if name.contains("conv") { return 1.4 }
    if name.contains(".query.") || name.contains(".key.") { return 2 }
    if name.contains(".out.") { return 0.5 }
    return name.contains(".mlp.0.") ? 1.5 : 1
  }
}

/// Cuts `target` into pieces of 64 Ki elements and fills them on all cores.
/// `body`: gets where a piece starts and the piece; pieces do not overlap.
func inParallelChunks(
  of target: UnsafeMutableBufferPointer<Float>,
  _ body: (Int, UnsafeMutableBufferPointer<Float>) -> Void
) {
  let length = 1 << 16
  // Pieces are disjoint, so writing them concurrently is safe.
  nonisolated(unsafe) let shared = target
  withoutActuallyEscaping(body) { body in
    nonisolated(unsafe) let fill = body
    DispatchQueue.concurrentPerform(iterations: (shared.count + length - 1) / length) { piece in
      let range = (piece * length)..<min((piece + 1) * length, shared.count)
      fill(range.lowerBound, UnsafeMutableBufferPointer(rebasing: shared[range]))
    }
  }
}
