/// The encoder as a list of operations: what the reference walks, what the graph backend lowers,
/// what faults rewrite, and what replay, bisection and reports navigate by.
///
/// Nodes are in topological order, stage after stage. A node reads nodes of its own stage and the
/// output of the stage before (the mel, for the stem).
package struct EncoderProgram: Sendable, Hashable {
  package let dimensions: WhisperDimensions
  package var nodes: [ProgramNode]

  package init(dimensions: WhisperDimensions, nodes: [ProgramNode]) {
    self.dimensions = dimensions
    self.nodes = nodes
  }

  package var stages: [EncoderStage] { EncoderStage.all(numLayers: dimensions.numAudioLayers) }

  /// The node called `name`, or `nil`.
  package func node(named name: String) -> ProgramNode? { nodes.first { $0.name == name } }

  /// The nodes of one stage, in order.
  package func nodes(in stage: EncoderStage) -> [ProgramNode] { nodes.filter { $0.stage == stage } }

  /// The value that `stage` reads: the output tap of the stage before it, or the mel.
  package func inputTap(of stage: EncoderStage) -> String {
    switch stage {
    case .stem: "mel"
    case .block(0): EncoderStage.stem.outputTap
    case .block(let index): EncoderStage.block(index - 1).outputTap
    case .lnPost:
      dimensions.numAudioLayers == 0
        ? EncoderStage.stem.outputTap
        : EncoderStage.block(dimensions.numAudioLayers - 1).outputTap
    }
  }

  /// Names of every tap, in order, the mel first.
  package var tapNames: [String] { nodes.filter(\.isTap).map(\.name) }
}

/// One operation and the value that it defines.
package struct ProgramNode: Sendable, Hashable {
  /// The tap's name; helpers that faults insert carry a `#` and are no taps.
  package var name: String
  package var stage: EncoderStage
  package var operation: Operation
  /// Names of the values read.
  package var inputs: [String]
  /// Extents of the value: `[frames, channels]`, or `[heads, queries, keys]`.
  package var shape: [Int]

  package init(
    name: String, stage: EncoderStage, operation: Operation, inputs: [String], shape: [Int]
  ) {
    self.name = name
    self.stage = stage
    self.operation = operation
    self.inputs = inputs
    self.shape = shape
  }

  /// Whether the value is a tap that other implementations have too.
  package var isTap: Bool { !name.contains("#") }

  /// Whether the value is an attention map, as large as frames².
  package var isAttentionMap: Bool { shape.count == 3 }
}
