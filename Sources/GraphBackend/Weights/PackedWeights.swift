/// Weights as kernels read them: matrices in panels, vectors padded to whole panels.

import EncoderModel
import KernelTable
import Synchronization
import TensorCore

/// Packs weights on first use and keeps them, or packs them each time where a model is too large.
final class PackedWeights: Sendable {
  private enum Form: Hashable { case matrix, kernel, vector, table }
  private struct Key: Hashable {
    var reference: WeightReference
    var form: Form
  }

  private let source: any WeightSource
  private let kernels: KernelTable
  private let keeps: Bool
  /// Holds the weights that are used as they stand; `nil` where that is this one.
  private let base: PackedWeights?
  private let cache = Mutex<[Key: FloatBuffer]>([:])
  private let areas = SharedAreas()

  /// Floats of a model whose panels are kept: whisper-medium's encoder fits; large's is packed
  /// stage by stage, or its weights would lie in memory twice.
  static let budget = 340_000_000

  /// `keeps`: whether what was packed once is kept.
  init(source: any WeightSource, kernels: KernelTable, keeps: Bool) {
    self.source = source
    self.kernels = kernels
    self.keeps = keeps
    base = nil
  }

  /// Packs altered weights for itself and takes the others from `other`.
  init(extending other: PackedWeights) {
    source = other.source
    kernels = other.kernels
    keeps = other.keeps
    base = other.base ?? other
  }

  /// Panels of a linear layer's `[out, in]` or a convolution's `[out, in, 3]`, the latter with its
  /// taps outermost: row t of the panels' depth is tap t / in, channel t % in.
  func panels(_ reference: WeightReference, isKernel: Bool, pool: ThreadPool) throws -> FloatBuffer
  {
    try cached(reference, isKernel ? .kernel : .matrix) { tensor in
      tensor.withFloat32 { source in
        if isKernel {
          let transposed = transposedKernel(
            source, outputs: tensor.shape[0], inputs: tensor.shape[1])
          let matrix = UnsafeBufferPointer(start: transposed.base, count: transposed.count)
          return withExtendedLifetime(transposed) {
            packed(matrix, columns: tensor.shape[0], depth: 3 * tensor.shape[1], pool: pool)
          }
        }
        return packed(source, columns: tensor.shape[0], depth: tensor.shape[1], pool: pool)
      }
    }
  }

  /// A bias or gain, zeros behind it up to 64 floats more.
  func vector(_ reference: WeightReference) throws -> FloatBuffer {
    try cached(reference, .vector) { tensor in
      tensor.withFloat32 { source in
        let buffer = areas.buffer(count: source.count + 64)
        buffer.base.update(repeating: 0, count: buffer.count)
        for i in source.indices { buffer.base[i] = source[i] }
        return buffer
      }
    }
  }

  /// A `[T, C]` table, dense.
  func table(_ reference: WeightReference) throws -> FloatBuffer {
    try cached(reference, .table) { tensor in
      tensor.withFloat32 { source in
        let buffer = areas.buffer(count: source.count)
        for i in source.indices { buffer.base[i] = source[i] }
        return buffer
      }
    }
  }

  private func cached(
    _ reference: WeightReference, _ form: Form, _ make: (Tensor) throws -> FloatBuffer
  ) throws -> FloatBuffer {
    if let base, reference.transforms.isEmpty { return try base.cached(reference, form, make) }
    let key = Key(reference: reference, form: form)
    if let known = cache.withLock({ $0[key] }) { return known }
    let buffer = try make(source.resolve(reference))
    guard keeps else { return buffer }
    return cache.withLock { cache in
      if let known = cache[key] { return known }
      cache[key] = buffer
      return buffer
    }
  }

  private func packed(
    _ matrix: UnsafeBufferPointer<Float>, columns: Int, depth: Int, pool: ThreadPool
  ) -> FloatBuffer {
    let buffer = areas.buffer(count: kernels.packedCount(columns: columns, depth: depth))
    guard let base = matrix.baseAddress else { return buffer }
    let pack = kernels.packTransposed
    pool.run([
      Step(name: "pack", kind: "pack", unitCount: kernels.panels(columns)) { panels, _ in
        pack(
          PackArguments(
            source: base, sourceStride: depth, columns: columns, depth: depth, panels: panels,
            target: buffer.base))
      }
    ])
    return buffer
  }

  /// `[out, in, 3]` → `[out, 3, in]`.
  private func transposedKernel(
    _ source: UnsafeBufferPointer<Float>, outputs: Int, inputs: Int
  ) -> FloatBuffer {
    let buffer = FloatBuffer(count: source.count)
    for output in 0..<outputs {
      for input in 0..<inputs {
        for tap in 0..<3 {
          buffer.base[(output * 3 + tap) * inputs + input] =
            source[(output * inputs + input) * 3 + tap]
        }
      }
    }
    return buffer
  }
}
