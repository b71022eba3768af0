import EncoderModel
import TensorCore

extension StageContext {
  /// Evaluates `node` on the candidate's inputs, or `nil` where an input is not to be had.
  func evaluate(_ node: ProgramNode, candidate: Tensor?) throws -> Outcome? {
    // Heads that are not laid out again row by row need all queries at once.
    if case .attentionContext(let context) = node.operation, context.headOrder != .unpermuted,
      let maps = deferredMaps(of: node)
    {
      return try evaluateFused(node, maps: maps, output: candidate?.scalarType ?? .float32)
    }
    guard let inputs = try materialised(node.inputs) else { return nil }
    let storage = StorageRounding(
      inputs: inputs.map(\.storedType), output: candidate?.scalarType ?? .float32,
      claim: judge.builder.claim)
    let tensors = inputs.map(\.tensor)
    let exact = try exactValue(of: node, inputs: inputs)
    let model =
      try judge.builder.model(for: node, inputs: tensors, storage: storage)
      ?? ErrorModel(panels: [], unit: judge.builder.claim.unit)
    return Outcome(
      exact: exact, model: model, replicas: try replicas(of: node, inputs: inputs, exact: exact),
      segment: segment(inputs, node), roots: roots(of: inputs))
  }

  /// One input as the evaluation sees it.
  struct Input {
    var name: String
    var tensor: Tensor
    var replicas: [Tensor]
    var segment: [String]
    var roots: [String: Tensor]
    /// The element type of the candidate's dump; `nil` for a replay, which is not rounded.
    var storedType: ScalarType?

    func replica(_ index: Int) -> Tensor { index < replicas.count ? replicas[index] : tensor }
  }

  private func roots(of inputs: [Input]) -> [String: Tensor] {
    inputs.reduce(into: [:]) { $0.merge($1.roots) { first, _ in first } }
  }

  private func segment(_ inputs: [Input], _ node: ProgramNode) -> [String] {
    let replayed = Set(inputs.flatMap(\.segment))
    let before = inputs.flatMap(\.segment).filter { !nodes.map(\.name).contains($0) }
    let here = nodes.map(\.name).filter { replayed.contains($0) }
    var seen = Set<String>()
    return (before + here + [node.name]).filter { seen.insert($0).inserted }
  }

  /// The values of `names`; deferred maps are evaluated whole. `nil` where one is unknown.
  private func materialised(_ names: [String]) throws -> [Input]? {
    var inputs: [Input] = []
    for name in names {
      switch values[name] {
      case .known(let tensor):
        inputs.append(
          Input(
            name: name, tensor: tensor, replicas: [], segment: [], roots: [name: tensor],
            storedType: tensor.scalarType))
      case .replayed(let replay):
        inputs.append(
          Input(
            name: name, tensor: replay.value, replicas: replay.replicas, segment: replay.segment,
            roots: replay.roots))
      case .deferred:
        guard let node = nodes.first(where: { $0.name == name }),
          let outcome = try evaluate(node, candidate: nil)
        else { return nil }
        let exact = outcome.exact.tensor
        let centres =
          outcome.replicas.isEmpty
          ? [Tensor](repeating: exact, count: Replay.numReplicas) : outcome.replicas
        let noisy = centres.enumerated().map { index, centre in
          outcome.model.noisy(centre, around: exact, seed: UInt64(index), stream: 1)
        }
        inputs.append(
          Input(
            name: name, tensor: exact, replicas: noisy, segment: outcome.segment,
            roots: outcome.roots))
      case nil: return nil
      }
    }
    return inputs
  }

  /// Scores and softmax of a context whose maps are both deferred.
  private func deferredMaps(of node: ProgramNode) -> (scores: ProgramNode, softmax: ProgramNode)? {
    guard let probs = node.inputs.first, case .deferred? = values[probs],
      let softmax = nodes.first(where: { $0.name == probs }), let map = softmax.inputs.first,
      case .deferred? = values[map], let scores = nodes.first(where: { $0.name == map })
    else { return nil }
    return (scores, softmax)
  }

  private func evaluateFused(
    _ node: ProgramNode, maps: (scores: ProgramNode, softmax: ProgramNode), output: ScalarType
  ) throws -> Outcome? {
    guard let inputs = try materialised(maps.scores.inputs + node.inputs.dropFirst()),
      inputs.count == 3
    else { return nil }
    let attention = FusedAttention(
      scores: maps.scores, softmax: maps.softmax, context: node, oracle: judge.oracle)
    let storage = StorageRounding(
      inputs: inputs.map(\.storedType), output: output, claim: judge.builder.claim)
    var (value, model) = try attention.evaluate(
      inputs[0].tensor, inputs[1].tensor, inputs[2].tensor, builder: judge.builder,
      storage: storage)
    for index in model?.panels.indices ?? 0..<0 {
      model?.panels[index].result += storage.output
      model?.panels[index].floor += storage.outputFloor
    }
    var replicas: [Tensor] = []
    if inputs.contains(where: { !$0.replicas.isEmpty }) {
      for index in 0..<Replay.numReplicas {
        let replica = inputs.map { $0.replica(index) }
        replicas.append(
          try attention.evaluate(
            replica[0], replica[1], replica[2], builder: nil, storage: storage
          ).value)
      }
    }
    let names = [maps.scores.name, maps.softmax.name, node.name]
    return Outcome(
      exact: ExactValue(base: value),
      model: model ?? ErrorModel(panels: [], unit: judge.builder.claim.unit), replicas: replicas,
      segment: segment(inputs, node).dropLast() + names, roots: roots(of: inputs))
  }

  /// The operation on each replica of its inputs; none where all inputs are the candidate's own.
  ///
  /// Replicas differ from the value by rounding: a product of theirs is that of the value, and the
  /// product of the difference.
  private func replicas(of node: ProgramNode, inputs: [Input], exact: ExactValue) throws -> [Tensor]
  {
    guard inputs.contains(where: { !$0.replicas.isEmpty }) else { return [] }
    let linear = inputs.count == 1 ? node.withoutBias : nil
    let centre = linear.map { _ in ExactValue(base: exact.tensor) }
    return try (0..<Replay.numReplicas).map { index in
      if let differences = judge.differences, let linear, var sum = centre {
        let delta = InputDifference(
          reference: inputs[0].tensor, candidate: inputs[0].replica(index))
        if delta.isSmall {
          sum.difference = try differences.evaluate(linear, inputs: [delta.tensor])
          return sum.tensor
        }
      }
      return try judge.oracle.evaluate(node, inputs: inputs.map { $0.replica(index) })
    }
  }

  /// The Float64 operation on `inputs`: from the reference's own output where that is the same or
  /// nearly so, else in full.
  private func exactValue(of node: ProgramNode, inputs: [Input]) throws -> ExactValue {
    if inputs.allSatisfy({ $0.replicas.isEmpty }), let output = reference(node.name),
      output.scalarType == .float64,
      let shortcut = try shortcut(node, inputs: inputs, output: output)
    {
      return shortcut
    }
    return ExactValue(base: try judge.oracle.evaluate(node, inputs: inputs.map(\.tensor)))
  }

  private func shortcut(_ node: ProgramNode, inputs: [Input], output: Tensor) throws
    -> ExactValue?
  {
    var deltas: [InputDifference] = []
    for input in inputs {
      guard let base = reference(input.name), base.elementCount == input.tensor.elementCount
      else { return nil }
      deltas.append(InputDifference(reference: base, candidate: input.tensor))
    }
    if deltas.allSatisfy(\.isZero) { return ExactValue(base: output) }
    guard let differences = judge.differences, let linear = node.withoutBias,
      deltas.allSatisfy(\.isSmall)
    else { return nil }
    return ExactValue(
      base: output,
      difference: try differences.evaluate(linear, inputs: deltas.map(\.tensor)))
  }
}

extension ProgramNode {
  /// The operation's linear part, for those that are an exact product with a weight.
  fileprivate var withoutBias: ProgramNode? {
    var copy = self
    switch operation {
    case .linear(var linear) where linear.precision == .exact:
      linear.bias = nil
      copy.operation = .linear(linear)
    case .conv1d(var conv) where conv.precision == .exact:
      conv.bias = nil
      copy.operation = .conv1d(conv)
    default: return nil
    }
    return copy
  }
}
