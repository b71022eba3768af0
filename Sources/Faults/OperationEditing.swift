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

  /// Changes the weight matrix or kernel of a dense layer or convolution.
  mutating func editWeight(_ site: String, _ change: (WeightReference) -> WeightReference) {
    editLinear(site) { $0.weight = change($0.weight) }
    editConvolution(site) { $0.weight = change($0.weight) }
  }

  /// Gives the dense layer or layer norm at `site` weights of another path.
  mutating func renameWeights(at site: String, from prefix: String, to replacement: String) {
    func renamed(_ reference: WeightReference?) -> WeightReference? {
      guard let reference, reference.name.hasPrefix(prefix) else { return reference }
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
