import EncoderModel
package import TensorCore

extension Judge {
  /// Judges one operation alone.
  /// - Parameters:
  ///   - tap: the operation; a context with maps that are not among `inputs` is judged with them as
  ///     one operation on q, k and v.
  ///   - inputs: the values that it read, by tap name.
  ///   - candidate: what it made of them.
  /// - Returns: `nil` where an input is missing.
  /// - Throws: what oracle and weights throw.
  package func introducedError(
    at tap: String, inputs: [String: Tensor], candidate: Tensor
  ) throws -> IntroducedError? {
    guard let node = program.node(named: tap) else { return nil }
    let nodes = program.nodes(in: node.stage)
    var context = StageContext(judge: self, nodes: nodes, reference: { _ in nil })
    for (name, value) in inputs { context.values[name] = .known(value) }
    for map in nodes where map.isAttentionMap && map.name != tap && inputs[map.name] == nil {
      _ = try context.advance(map, candidate: nil, seed: 0)
    }
    return try context.advance(node, candidate: candidate, seed: 0)
  }
}
