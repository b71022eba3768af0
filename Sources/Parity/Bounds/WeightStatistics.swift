import EncoderModel
import Synchronization
import TensorCore

/// Resolved weights and their column energies, computed once and shared by all candidates.
final class WeightStatistics: Sendable {
  private let weights: any WeightSource
  private let cache = Mutex<[WeightReference: [Double]]>([:])

  init(_ weights: any WeightSource) { self.weights = weights }

  /// The weight with its transforms applied, Float32.
  func tensor(_ reference: WeightReference) throws -> Tensor { try weights.resolve(reference) }

  /// The weight's values in Float64; `nil` for no weight.
  func vector(_ reference: WeightReference?) throws -> [Double]? {
    try reference.map { try weights.resolve($0).float64Array }
  }

  /// Σⱼ wⱼₖ² over the output axis, for each position k along the flattened others.
  func columnEnergies(_ reference: WeightReference) throws -> [Double] {
    if let known = cache.withLock({ $0[reference] }) { return known }
    let tensor = try weights.resolve(reference)
    let rows = tensor.shape.first ?? 1
    let energies = tensor.withFloat32 { buffer in
      MatrixView(buffer, rows: rows, columns: tensor.elementCount / max(rows, 1))?.columnEnergies()
    }
    cache.withLock { $0[reference] = energies ?? [] }
    return energies ?? []
  }
}
