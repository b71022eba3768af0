import EncoderModel
import TensorCore

/// Values of many programs over one candidate, each computed once: equal operations on equal inputs
/// are one value, so that a hypothesis costs only what lies behind its fault.
///
/// Not thread-safe: one search owns it. Operations themselves run in parallel.
final class ValueGraph {
  /// What defines a value.
  enum Definition: Hashable {
    /// The candidate's own tap.
    case shown(String)
    /// A mel that stands for the one that the candidate does not show.
    case mel(String)
    case operation(Operation, [Int])
  }

  private let oracle: any OperationEvaluator
  private let shown: (String) -> Tensor?
  private var ids: [Definition: Int] = [:]
  private var definitions: [Definition] = []
  private var kept: [Int: Tensor] = [:]
  /// Values computed last, by age; forgotten when they take too much memory.
  private var recent: [Int: Tensor] = [:]
  private var order: [Int] = []
  private var recentBytes = 0
  private let budgetBytes: Int
  private var mels: [String: Tensor] = [:]

  /// Values are those of `oracle` on what the candidate has `shown`; `budgetBytes` are for those
  /// that may be used again.
  init(
    oracle: any OperationEvaluator, budgetBytes: Int = 512 << 20,
    shown: @escaping (String) -> Tensor?
  ) {
    self.oracle = oracle
    self.shown = shown
    self.budgetBytes = budgetBytes
  }

  /// Makes a mel known under a name of its own.
  func add(mel: Tensor, named name: String) { mels[name] = mel }

  /// A mel that was made known.
  func mel(named name: String) -> Tensor? { mels[name] }

  private func id(_ definition: Definition) -> Int {
    if let known = ids[definition] { return known }
    ids[definition] = definitions.count
    definitions.append(definition)
    return definitions.count - 1
  }

  /// What the program of `nodes` predicts for each of its values, from the candidate's own where
  /// `taps` says that it shows them, and from the mel called `mel` where it shows none.
  func predictions(of nodes: [ProgramNode], shown taps: Set<String>, mel: String) -> [String: Int] {
    var predicted: [String: Int] = [:]
    for node in nodes {
      guard node.operation != .input else {
        predicted[node.name] = id(.mel(mel))
        continue
      }
      let inputs = node.inputs.map { name in
        taps.contains(name) ? id(.shown(name)) : predicted[name] ?? id(.shown(name))
      }
      predicted[node.name] =
        node.operation.isIdentity ? inputs[0] : id(.operation(node.operation, inputs))
    }
    return predicted
  }

  /// Keeps a value for good once it is computed.
  func keep(_ id: Int) throws { kept[id] = try value(id) }

  /// The value in Float64 (a shown one as it is).
  /// - Throws: `ExplainError.missingValue` where a program reads what nobody has.
  func value(_ id: Int) throws -> Tensor {
    if let known = kept[id] ?? recent[id] { return known }
    switch definitions[id] {
    case .shown(let tap):
      guard let tensor = shown(tap) else { throw ExplainError.missingValue(tap) }
      kept[id] = tensor
      return tensor
    case .mel(let name):
      guard let tensor = mels[name] else { throw ExplainError.missingValue(name) }
      return tensor
    case .operation(let operation, let inputs):
      let result = try compute(operation, inputs)
      remember(id, result)
      return result
    }
  }

  private func compute(_ operation: Operation, _ inputs: [Int]) throws -> Tensor {
    if case .attentionContext = operation, kept[inputs[0]] == nil, recent[inputs[0]] == nil,
      case .operation(.softmax(let softmax), let maps) = definitions[inputs[0]],
      recent[maps[0]] == nil,
      case .operation(.attentionScores(let scores), let projections) = definitions[maps[0]]
    {
      return try oracle.evaluateAttention(
        scores: bare(.attentionScores(scores)), softmax: bare(.softmax(softmax)),
        context: bare(operation), query: value(projections[0]), key: value(projections[1]),
        value: value(inputs[1]))
    }
    return try oracle.evaluate(bare(operation), inputs: inputs.map { try value($0) })
  }

  /// Shapes come from the inputs.
  private func bare(_ operation: Operation) -> ProgramNode {
    ProgramNode(name: "hypothesis", stage: .stem, operation: operation, inputs: [], shape: [])
  }

  private func remember(_ id: Int, _ tensor: Tensor) {
    recent[id] = tensor
    order.append(id)
    recentBytes += tensor.byteCount
    var forgotten = 0
    while recentBytes > budgetBytes, forgotten < order.count - 1 {
      if let old = recent.removeValue(forKey: order[forgotten]) { recentBytes -= old.byteCount }
      forgotten += 1
    }
    order.removeFirst(forgotten)
  }
}

extension Operation {
  /// Whether the value is its first input as it stands.
  var isIdentity: Bool {
    switch self {
    case .transform(.identity), .gelu(.identity): true
    default: false
    }
  }
}
