/// A graph as text: one line a node, as compilers print it.

import EncoderModel

extension Graph {
  /// `%3 [1500, 384] encoder.blocks.0.attn.query = linear(%2) weight=… bias=…`, a line a node, and
  /// what leaves the graph.
  package var text: String {
    var lines: [String] = []
    for node in nodes {
      let inputs = node.inputs.map(\.description).joined(separator: ", ")
      var line = "\(node.output) \(self[node.output].shape) \(self[node.output].name)"
      line += " = \(node.operation.kind)(\(inputs))"
      for attribute in attributes(of: node) { line += " \(attribute.name)=\(attribute.value)" }
      lines.append(line)
    }
    lines.append("return \(output)")
    if !taps.isEmpty {
      lines.append("taps " + taps.map { "\($0.name)=\($0.value)" }.joined(separator: " "))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// What a node says beside its kind and inputs, in a fixed order.
  func attributes(of node: GraphNode) -> [(name: String, value: String)] {
    var list = node.operation.attributes
    if let value = node.beforeActivation { list.append(("before-activation", "\(value)")) }
    if let value = node.beforeResidual { list.append(("before-residual", "\(value)")) }
    if let operand = node.inPlaceOperand { list.append(("over", "\(node.inputs[operand])")) }
    return list
  }
}

extension GraphOperation {
  /// Parameters, in a fixed order; what is as in a sound encoder is left out where it has no number.
  var attributes: [(name: String, value: String)] {
    switch self {
    case .input, .add: return []
    case .product(let product): return product.attributes
    case .scores(let numHeads, let scale), .attention(let numHeads, let scale):
      return [("heads", "\(numHeads)"), ("scale", "\(scale)")]
    case .softmax(let softmax):
      var list = [("axis", softmax.axis.rawValue)]
      if softmax.mask != .none { list.append(("mask", softmax.mask.text)) }
      if softmax.numUnmaskedPaddingKeys > 0 {
        list.append(("padding-keys", "\(softmax.numUnmaskedPaddingKeys)"))
      }
      return list
    case .context(let numHeads): return [("heads", "\(numHeads)")]
    case .layerNorm(let norm): return norm.attributes
    case .gelu(let variant): return [("function", "\(variant)")]
    case .addTable(let table): return [("table", table.text)]
    case .round(let format, let length):
      return [("format", format.rawValue), ("length", "\(length)")]
    case .mergeHeads(let order, let numHeads):
      return [("order", order.rawValue), ("heads", "\(numHeads)")]
    case .transform(let transform): return [("by", "\(transform)")]
    case .replaceRows(let from): return [("from", "\(from)")]
    }
  }
}

extension ProductOperation {
  fileprivate var attributes: [(name: String, value: String)] {
    var list = [("weight", weight.text)]
    if let bias { list.append(("bias", bias.text)) }
    if case .convolution(let stride, let left, let right) = kind {
      list += [("stride", "\(stride)"), ("padding", "\(left),\(right)")]
    }
    if activates { list.append(("activation", "gelu")) }
    if let table { list.append(("table", table.text)) }
    if addsResidual { list.append(("residual", "yes")) }
    return list
  }
}

extension LayerNorm {
  fileprivate var attributes: [(name: String, value: String)] {
    var list = [("epsilon", "\(epsilon)")]
    if let weight { list.append(("weight", weight.text)) }
    if let bias { list.append(("bias", bias.text)) }
    if !isCentred { list.append(("centred", "no")) }
    if usesSampleVariance { list.append(("variance", "sample")) }
    if usesFloat16Variance { list.append(("variance", "f16")) }
    if keepsMean { list.append(("mean", "kept")) }
    if addsEpsilonToDeviation { list.append(("epsilon-outside-root", "yes")) }
    if isOverFrames { list.append(("over", "frames")) }
    return list
  }
}

extension WeightReference {
  /// The name, and what is done to it.
  fileprivate var text: String {
    transforms.isEmpty ? name : "\(name){\(transforms.map { "\($0)" }.joined(separator: ", "))}"
  }
}
