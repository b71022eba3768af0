/// Lowers one stage of a program to a graph; precision and head order become nodes of their own.

package import EncoderModel

/// Builds the graph of a stage, node by node.
package struct GraphBuilder {
  private var graph: Graph
  private var ids: [String: ValueID] = [:]

  /// The unfused graph of `stage`.
  /// `taps`: names to observe; those of other stages are ignored.
  /// Throws `GraphError.undefinedValue` where a node reads what no earlier node defines.
  package static func build(
    _ program: EncoderProgram, stage: EncoderStage, observing taps: Set<String>
  ) throws(GraphError) -> Graph {
    try build(program, stages: [stage], observing: taps)
  }

  /// The unfused graph of consecutive stages as one.
  package static func build(
    _ program: EncoderProgram, stages: [EncoderStage], observing taps: Set<String>
  ) throws(GraphError) -> Graph {
    guard let first = stages.first, let last = stages.last else {
      throw .undefinedValue(name: "input", reader: "an empty list of stages")
    }
    let inputName = program.inputTap(of: first)
    guard let inputShape = program.node(named: inputName)?.shape else {
      throw .undefinedValue(name: inputName, reader: "\(first)")
    }
    var builder = GraphBuilder(input: inputName, shape: inputShape)
    for stage in stages {
      for node in program.nodes(in: stage) where node.operation != .input {
        try builder.lower(node)
      }
    }
    builder.graph.output = try builder.value(last.outputTap, reader: "the end of \(last)")
    for stage in stages {
      for node in program.nodes(in: stage)
      where node.operation != .input && taps.contains(node.name) {
        let value = try builder.value(node.name, reader: "an observer")
        builder.graph.taps.append(GraphTap(name: node.name, value: value))
      }
    }
    return builder.graph
  }

  private init(input: String, shape: [Int]) {
    let id = ValueID(index: 0)
    graph = Graph(
      values: [GraphValue(name: input, shape: shape)],
      nodes: [GraphNode(.input, inputs: [], output: id)], input: id, output: id, taps: [])
    ids[input] = id
  }

  private func value(_ name: String, reader: String) throws(GraphError) -> ValueID {
    guard let id = ids[name] else { throw .undefinedValue(name: name, reader: reader) }
    return id
  }

  private mutating func add(
    _ operation: GraphOperation, _ inputs: [ValueID], _ name: String, _ shape: [Int]
  ) -> ValueID {
    let id = graph.define(name, shape: shape)
    graph.nodes.append(GraphNode(operation, inputs: inputs, output: id))
    return id
  }

  private mutating func lower(_ node: ProgramNode) throws(GraphError) {
    var inputs: [ValueID] = []
    for name in node.inputs { inputs.append(try value(name, reader: node.name)) }
    if inputs.count != node.operation.inputCount {
      throw .wrongInputCount(
        node: node.name, expected: node.operation.inputCount, found: inputs.count)
    }
    ids[node.name] = lowered(node, inputs)
  }

  private mutating func lowered(_ node: ProgramNode, _ inputs: [ValueID]) -> ValueID {
    switch node.operation {
    case .input: return graph.input
    case .conv1d(let convolution):
      let kind = ProductOperation.Kind.convolution(
        stride: convolution.stride, paddingLeft: convolution.paddingLeft,
        paddingRight: convolution.paddingRight)
      let operation = ProductOperation(
        kind: kind, weight: convolution.weight, bias: convolution.bias)
      return product(.product(operation), inputs, node, convolution.precision)
    case .linear(let linear):
      let operation = ProductOperation(kind: .linear, weight: linear.weight, bias: linear.bias)
      return product(.product(operation), inputs, node, linear.precision)
    case .gelu(.identity), .transform(.identity): return inputs[0]
    case .gelu(let variant): return add(.gelu(variant), inputs, node.name, node.shape)
    case .addPosition(let table): return add(.addTable(table), inputs, node.name, node.shape)
    case .layerNorm(let norm): return add(.layerNorm(norm), inputs, node.name, node.shape)
    case .attentionScores(let scores):
      let operation = GraphOperation.scores(numHeads: scores.numHeads, scale: scores.scale)
      return product(operation, inputs, node, scores.precision, numHeads: scores.numHeads)
    case .softmax(let softmax): return add(.softmax(softmax), inputs, node.name, node.shape)
    case .attentionContext(let context): return contextValue(context, inputs, node)
    case .add: return add(.add, inputs, node.name, node.shape)
    case .transform(let transform): return add(.transform(transform), inputs, node.name, node.shape)
    case .replaceRows(let from): return add(.replaceRows(from: from), inputs, node.name, node.shape)
    }
  }

  /// A product between the roundings that its precision asks for.
  private mutating func product(
    _ operation: GraphOperation, _ inputs: [ValueID], _ node: ProgramNode,
    _ precision: ProductPrecision, numHeads: Int = 1
  ) -> ValueID {
    var operands = inputs
    if precision.operands != .float32 {
      operands = inputs.enumerated().map { position, input in
        rounded(input, precision.operands, numHeads: numHeads, "\(node.name)#operand\(position)")
      }
    }
    if precision.result == .float32 { return add(operation, operands, node.name, node.shape) }
    let exact = add(operation, operands, "\(node.name)#exact", node.shape)
    return add(
      .round(precision.result, length: graph[exact].columns), [exact], node.name, node.shape)
  }

  private mutating func rounded(
    _ value: ValueID, _ format: NumberFormat, numHeads: Int, _ name: String
  ) -> ValueID {
    let shape = graph[value].shape
    let columns = graph[value].columns
    let length = shape.count == 2 ? columns / max(numHeads, 1) : columns
    return add(.round(format, length: length), [value], name, shape)
  }

  private mutating func contextValue(
    _ context: AttentionContext, _ inputs: [ValueID], _ node: ProgramNode
  ) -> ValueID {
    let operation = GraphOperation.context(numHeads: context.numHeads)
    if context.headOrder == .headMajor {
      return product(operation, inputs, node, context.precision, numHeads: context.numHeads)
    }
    var inner = node
    inner.name = "\(node.name)#heads"
    let heads = product(operation, inputs, inner, context.precision, numHeads: context.numHeads)
    return add(
      .mergeHeads(context.headOrder, numHeads: context.numHeads), [heads], node.name, node.shape)
  }
}

extension Operation {
  /// How many values it reads.
  var inputCount: Int {
    switch self {
    case .input: 0
    case .conv1d, .gelu, .addPosition, .layerNorm, .linear, .softmax, .transform: 1
    case .attentionScores, .attentionContext, .add, .replaceRows: 2
    }
  }
}
