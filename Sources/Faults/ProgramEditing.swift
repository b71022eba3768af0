import EncoderModel

/// The few edits that faults are made of.
extension EncoderProgram {
  /// Position of the node called `name`.
  func index(of name: String) -> Int? { nodes.firstIndex { $0.name == name } }

  /// Changes the node called `name` in place; nothing where there is none.
  mutating func edit(_ name: String, _ change: (inout ProgramNode) -> Void) {
    guard let index = index(of: name) else { return }
    change(&nodes[index])
  }

  /// Replaces the operation of `name`, keeping its inputs.
  mutating func setOperation(_ name: String, _ operation: Operation) {
    edit(name) { $0.operation = operation }
  }

  /// Makes `name` pass one of its inputs, or another value, through unchanged.
  mutating func bypass(_ name: String, input: String? = nil) {
    edit(name) { node in
      node.operation = .transform(.identity)
      node.inputs = [input ?? node.inputs[0]]
    }
  }

  /// Moves what `name` computes into a helper `name#suffix` and lets `name` be `operation` of it.
  mutating func wrap(
    _ name: String, suffix: String, helperShape: [Int]? = nil, operation: Operation,
    moreInputs: [String] = []
  ) {
    guard let index = index(of: name) else { return }
    var helper = nodes[index]
    helper.name = "\(name)#\(suffix)"
    if let helperShape { helper.shape = helperShape }
    nodes[index].operation = operation
    nodes[index].inputs = [helper.name] + moreInputs
    nodes.insert(helper, at: index)
  }

  /// Puts a helper `name#suffix` between `name` and its input number `input`; nothing where another fault has left
  /// it none of that number.
  mutating func insertBefore(
    _ name: String, input: Int = 0, suffix: String, operation: Operation, shape: [Int]
  ) {
    guard let index = index(of: name), nodes[index].inputs.indices.contains(input) else { return }
    let helper = ProgramNode(
      name: "\(name)#\(suffix)", stage: nodes[index].stage, operation: operation,
      inputs: [nodes[index].inputs[input]], shape: shape)
    nodes[index].inputs[input] = helper.name
    nodes.insert(helper, at: index)
  }

  /// Names of nodes whose operation satisfies `predicate`.
  func names(where predicate: (ProgramNode) -> Bool) -> [String] {
    nodes.filter { $0.isTap && predicate($0) }.map(\.name)
  }

  /// Outputs of all blocks.
  var blockOutputs: [String] {
    (0..<dimensions.numAudioLayers).map { EncoderStage.block($0).outputTap }
  }

  /// Names `encoder.blocks.N.suffix` over all blocks.
  func inBlocks(_ suffix: String) -> [String] { blockOutputs.map { "\($0).\(suffix)" } }
}

/// Sites by the kind of operation that stands there.
enum Sites {
  @Sendable static func convolutions(_ program: EncoderProgram) -> [String] {
    program.names { if case .conv1d = $0.operation { true } else { false } }
  }
  @Sendable static func linears(_ program: EncoderProgram) -> [String] {
    program.names { if case .linear = $0.operation { true } else { false } }
  }
  @Sendable static func biasedLinears(_ program: EncoderProgram) -> [String] {
    program.names { node in
      if case .linear(let linear) = node.operation { linear.bias != nil } else { false }
    }
  }
  @Sendable static func activations(_ program: EncoderProgram) -> [String] {
    program.names { if case .gelu = $0.operation { true } else { false } }
  }
  @Sendable static func layerNorms(_ program: EncoderProgram) -> [String] {
    program.names { if case .layerNorm = $0.operation { true } else { false } }
  }
  @Sendable static func scores(_ program: EncoderProgram) -> [String] {
    program.names { if case .attentionScores = $0.operation { true } else { false } }
  }
  @Sendable static func softmaxes(_ program: EncoderProgram) -> [String] {
    program.names { if case .softmax = $0.operation { true } else { false } }
  }
  @Sendable static func attentionMaps(_ program: EncoderProgram) -> [String] {
    program.names(where: \.isAttentionMap)
  }
  @Sendable static func contexts(_ program: EncoderProgram) -> [String] {
    program.names { if case .attentionContext = $0.operation { true } else { false } }
  }
  @Sendable static func products(_ program: EncoderProgram) -> [String] {
    program.names { node in
      switch node.operation {
      case .conv1d, .linear, .attentionScores, .attentionContext: true
      default: false
      }
    }
  }
  /// Operations with a weight matrix or kernel.
  @Sendable static func weighted(_ program: EncoderProgram) -> [String] {
    program.names { node in
      switch node.operation {
      case .conv1d, .linear: true
      default: false
      }
    }
  }
  /// Everything `[frames, channels]` but the mel.
  @Sendable static func activationsOfAnyKind(_ program: EncoderProgram) -> [String] {
    program.names { !$0.isAttentionMap && $0.name != "mel" }
  }
  @Sendable static func blocks(_ program: EncoderProgram) -> [String] { program.blockOutputs }
  @Sendable static func output(_ program: EncoderProgram) -> [String] { ["encoder.ln_post"] }
}
