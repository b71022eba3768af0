/// Pass: attention without attention maps.

import EncoderModel

extension GraphPass {
  /// Replaces scores → softmax → context by one streaming operation on q, k and v. Where scores or
  /// probabilities are observed their nodes stay, for the observer alone: the context's bits come
  /// from the same kernel either way.
  package static let fuseAttention = GraphPass(
    name: "fuse-attention", summary: "scores, softmax and context in one streaming kernel"
  ) { graph in
    var graph = graph
    for (position, node) in graph.nodes.enumerated() {
      guard case .context(let numHeads) = node.operation,
        let softmaxIndex = graph.definition(of: node.inputs[0]),
        graph.nodes[softmaxIndex].operation == .softmax(Softmax()),
        let scoresIndex = graph.definition(of: graph.nodes[softmaxIndex].inputs[0]),
        case .scores(numHeads, let scale) = graph.nodes[scoresIndex].operation,
        // The kernel divides by the scale, and its largest score must be its largest product.
        scale > 1e-6, scale < 1e6
      else { continue }
      let scores = graph.nodes[scoresIndex]
      guard graph[scores.inputs[0]].rows == graph[node.inputs[1]].rows,
        graph[node.output].columns / max(numHeads, 1) <= widestHead
      else { continue }
      graph.nodes[position].operation = .attention(numHeads: numHeads, scale: scale)
      graph.nodes[position].inputs = scores.inputs + [node.inputs[1]]
    }
    return graph
  }

  /// Channels of a head that the streaming kernel has scratch memory for.
  private static let widestHead = 256
}
