package import TensorCore

/// Weights by their OpenAI checkpoint names, in Float32, shared by every backend.
package protocol WeightSource: Sendable {
  /// The tensor called `name`, Float32, in PyTorch's layout (linear `[out, in]`, conv `[out, in, k]`).
  /// - Throws: `ModelError` where it is missing or cannot be read.
  func weight(_ name: String) throws -> Tensor
  /// Names of all weights that the source has.
  var weightNames: [String] { get }
}

extension WeightSource {
  /// The referenced weight with its transforms applied; Float32, of the shape it has in the checkpoint.
  package func resolve(_ reference: WeightReference) throws -> Tensor {
    var tensor = try weight(reference.name)
    for transform in reference.transforms { tensor = transform.apply(to: tensor) }
    return tensor
  }
}
