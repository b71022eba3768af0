import Synchronization
package import TensorCore

/// The weights of a checkpoint file: mapped Float32 is used in place, anything else is converted
/// once, when it is first asked for, and kept.
package final class LazyWeights: WeightSource {
  /// Where each weight lies, by OpenAI name.
  package let origins: [String: WeightOrigin]
  package let weightNames: [String]
  /// Tensors of the file that are no weight of the model.
  package let unknownTensors: [String]
  private let path: String
  private let cache = Mutex<[String: Tensor]>([:])

  init(_ catalogue: WeightCatalogue) {
    origins = catalogue.origins
    weightNames = catalogue.origins.keys.sorted()
    unknownTensors = catalogue.unknown.sorted()
    path = catalogue.path
  }

  package func weight(_ name: String) throws -> Tensor {
    if let known = cache.withLock({ $0[name] }) { return known }
    guard let origin = origins[name] else {
      throw ModelError.missingWeight(name: name, source: path)
    }
    // Read outside the lock: two threads that want the same weight may both convert it, and one
    // result is kept.
    let read = try origin.read()
    return cache.withLock { cache in
      if let known = cache[name] { return known }
      cache[name] = read
      return read
    }
  }
}
