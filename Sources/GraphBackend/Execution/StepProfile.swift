/// What a step cost, and how much there was to do: for `bench --profile`.

import EncoderModel

package struct StepProfile: Sendable {
  /// The value that the step computes; packing of operands has a suffix.
  package let name: String
  /// `product`, `attention`, `layer-norm`, `pack`, …
  package let kind: String
  package let seconds: Double
  /// Floating-point operations of matrix products; 0 where there are none.
  package let flops: Double
  /// Bytes of operands and results, each counted once.
  package let bytes: Double

  init(_ step: Step, seconds: Double) {
    name = step.name
    kind = step.kind
    flops = step.flops
    bytes = step.bytes
    self.seconds = seconds
  }
}

extension Graph {
  /// Floating-point operations of the matrix products that `node` is made of.
  func flops(of node: GraphNode) -> Double {
    let out = self[node.output]
    let elements = 2 * Double(out.rows) * Double(out.columns)
    switch node.operation {
    case .product(let product):
      let taps = product.kind == .linear ? 1.0 : 3.0
      return elements * taps * Double(self[node.inputs[0]].columns)
    case .scores: return elements * Double(self[node.inputs[0]].columns / max(out.shape[0], 1))
    case .context: return elements * Double(self[node.inputs[0]].columns)
    case .attention: return 2 * elements * Double(self[node.inputs[1]].rows)
    case .input, .softmax, .layerNorm, .gelu, .add, .addTable, .round, .mergeHeads, .transform,
      .replaceRows:
      return 0
    }
  }

  /// Bytes of what `node` reads and writes, weights included, each once.
  func bytes(of node: GraphNode) -> Double {
    var elements = 0.0
    for value in node.inputs + node.outputs {
      elements += Double(self[value].rows) * Double(self[value].columns)
    }
    if case .product(let product) = node.operation {
      let taps = product.kind == .linear ? 1.0 : 3.0
      elements += taps * Double(self[node.inputs[0]].columns) * Double(self[node.output].columns)
    }
    return 4 * elements
  }
}

extension GraphOperation {
  /// One word for what it is.
  package var kind: String {
    switch self {
    case .input: "input"
    case .product(let product): product.kind == .linear ? "linear" : "convolution"
    case .scores: "scores"
    case .softmax: "softmax"
    case .context: "context"
    case .attention: "attention"
    case .layerNorm: "layer-norm"
    case .gelu: "activation"
    case .add: "add"
    case .addTable: "add-table"
    case .round: "round"
    case .mergeHeads: "merge-heads"
    case .transform: "transform"
    case .replaceRows: "replace-rows"
    }
  }
}

extension EncoderProgram {
  /// Floats of all matrices that products read.
  var packedWeightCount: Int {
    var count = 0
    for node in nodes {
      let inputs = node.inputs.first.flatMap { self.node(named: $0)?.shape.last } ?? 0
      switch node.operation {
      case .linear: count += inputs * (node.shape.last ?? 0)
      case .conv1d: count += 3 * inputs * (node.shape.last ?? 0)
      case .input, .gelu, .addPosition, .layerNorm, .attentionScores, .softmax,
        .attentionContext, .add, .transform, .replaceRows:
        break
      }
    }
    return count
  }
}
