import EncoderModel

/// Edits of one kind of operation, nothing where another kind stands at the site.
extension EncoderProgram {
  mutating func editLayerNorm(_ site: String, _ change: (inout LayerNorm) -> Void) {
    edit(site) { node in
      guard case .layerNorm(var norm) = node.operation else { return }
      change(&norm)
      node.operation = .layerNorm(norm)
    }
  }

  mutating func editLinear(_ site: String, _ change: (inout Linear) -> Void) {
    edit(site) { node in
      guard case .linear(var linear) = node.operation else { return }
      change(&linear)
      node.operation = .linear(linear)
    }
  }

  mutating func editScores(_ site: String, _ change: (inout AttentionScores) -> Void) {
    edit(site) { node in
      guard case .attentionScores(var scores) = node.operation else { return }
      change(&scores)
      node.operation = .attentionScores(scores)
    }
  }

  /// Splits the attention whose scores stand at `site` into another number of heads: scores, softmax
  /// and context, with the scale that belongs to it.
  mutating func splitHeads(at site: String, into heads: Int) {
    guard heads > 0, dimensions.audioWidth % heads == 0 else { return }
    let headDim = Double(dimensions.audioWidth / heads)
    editScores(site) {
      $0.numHeads = heads
      $0.scale = 1 / headDim.squareRoot()
    }
    let block = site.replacingSuffix("scores", with: "")
    for map in [site, block + "probs"] {
      edit(map) { node in if node.shape.count == 3 { node.shape[0] = heads } }
    }
    edit(block + "context") { node in
      guard case .attentionContext(var context) = node.operation else { return }
      context.numHeads = heads
      node.operation = .attentionContext(context)
    }
  }

  /// Changes the weight matrix or kernel of a dense layer or convolution.
  mutating func editWeight(_ site: String, _ change: (WeightReference) -> WeightReference) {
    editLinear(site) { $0.weight = change($0.weight) }
    editConvolution(site) { $0.weight = change($0.weight) }
  }

  /// Gives the dense layer or layer norm at `site` weights of another path.
  mutating func renameWeights(
    at site: String, from prefix: String, to replacement: String, only suffix: String = ""
  ) {
    func renamed(_ reference: WeightReference?) -> WeightReference? {
      guard let reference, reference.name.hasPrefix(prefix), reference.name.hasSuffix(suffix)
      else { return reference }
      return WeightReference(
        replacement + reference.name.dropFirst(prefix.count), transforms: reference.transforms)
    }
    editLinear(site) { linear in
      linear.weight = renamed(linear.weight) ?? linear.weight
      linear.bias = renamed(linear.bias)
    }
    editLayerNorm(site) { norm in
      norm.weight = renamed(norm.weight)
      norm.bias = renamed(norm.bias)
    }
  }
}
