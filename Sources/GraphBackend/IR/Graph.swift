/// A stage of the encoder as a typed graph: values with shapes, nodes that define them.

/// The number of a value within its graph.
package struct ValueID: Hashable, Sendable, Comparable, CustomStringConvertible {
  package let index: Int

  package static func < (a: ValueID, b: ValueID) -> Bool { a.index < b.index }
  package var description: String { "%\(index)" }
}

/// What a node computes is stored under: a name to be told by, and a shape.
package struct GraphValue: Sendable, Hashable {
  /// The program's name for it; helpers carry a `#`.
  package var name: String
  /// `[frames, channels]` or `[heads, queries, keys]`.
  package var shape: [Int]

  /// All axes but the last.
  package var rows: Int { shape.dropLast().reduce(1, *) }
  package var columns: Int { shape.last ?? 1 }
}

/// One operation: what it reads, what it defines.
package struct GraphNode: Sendable, Hashable {
  package var operation: GraphOperation
  package var inputs: [ValueID]
  package var output: ValueID
  /// A product's value before its activation, where somebody wants it.
  package var beforeActivation: ValueID?
  /// A product's value before its residual or table is added, where somebody wants it.
  package var beforeResidual: ValueID?
  /// The input whose memory the output takes over, if any.
  package var inPlaceOperand: Int?

  package init(_ operation: GraphOperation, inputs: [ValueID], output: ValueID) {
    self.operation = operation
    self.inputs = inputs
    self.output = output
  }

  /// Everything that it defines, side outputs first.
  package var outputs: [ValueID] {
    [beforeActivation, beforeResidual].compactMap { $0 } + [output]
  }
}

/// A name under which a value is known outside.
package struct GraphTap: Sendable, Hashable {
  package var name: String
  package var value: ValueID
}

/// Nodes in topological order, and what leaves the graph.
package struct Graph: Sendable, Hashable {
  package var values: [GraphValue]
  package var nodes: [GraphNode]
  /// What the stage reads.
  package var input: ValueID
  /// What the stage returns.
  package var output: ValueID
  /// Observed names, in program order.
  package var taps: [GraphTap]

  package subscript(id: ValueID) -> GraphValue { values[id.index] }

  /// Adds a value.
  package mutating func define(_ name: String, shape: [Int]) -> ValueID {
    values.append(GraphValue(name: name, shape: shape))
    return ValueID(index: values.count - 1)
  }

  /// Values that are read from outside after the last node.
  package var escaping: Set<ValueID> { Set(taps.map(\.value) + [output]) }

  /// How many nodes read each value; a node that reads one twice counts twice.
  package var useCounts: [ValueID: Int] {
    var counts: [ValueID: Int] = [:]
    for node in nodes { for input in node.inputs { counts[input, default: 0] += 1 } }
    return counts
  }

  /// Position of the node that defines `value`, side outputs included.
  package func definition(of value: ValueID) -> Int? {
    nodes.firstIndex { $0.outputs.contains(value) }
  }
}
