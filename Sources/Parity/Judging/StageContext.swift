import EncoderModel
import TensorCore

/// Walks the operations of one stage with the candidate's values where it has them, and Float64
/// replays where it has not.
struct StageContext {
  let judge: Judge
  let nodes: [ProgramNode]
  let reference: (String) -> Tensor?
  var values: [String: NodeValue] = [:]
  /// The reduced precision found last, likely to be that of the next product too.
  var hint: PrecisionVariant?
  /// Whether an error beyond rounding is compared with reduced precisions.
  var infersPrecision = true
  /// The exact output of the operation that was judged last; `nil` where none was.
  private(set) var judged: ExactValue?

  init(judge: Judge, nodes: [ProgramNode], reference: @escaping (String) -> Tensor?) {
    self.judge = judge
    self.nodes = nodes
    self.reference = reference
  }

  /// Takes the next node: judges the candidate's value, or replays the node where there is none.
  /// - Returns: the introduced error, where there is a value and its inputs are to be had.
  mutating func advance(_ node: ProgramNode, candidate: Tensor?, seed: UInt64) throws
    -> IntroducedError?
  {
    judged = nil
    if case .input = node.operation {
      values[node.name] =
        candidate.map { .known($0) } ?? reference(node.name).map(judge.mel)
      return nil
    }
    if candidate == nil, node.isAttentionMap, canDefer(node) {
      values[node.name] = .deferred
      return nil
    }
    defer { if let candidate { values[node.name] = .known(candidate) } }
    guard var outcome = try evaluate(node, candidate: candidate) else { return nil }
    guard let candidate else {
      values[node.name] = .replayed(replay(outcome, node: node, seed: seed))
      return nil
    }
    if !outcome.replicas.isEmpty {
      outcome.model.addSpread(of: outcome.replicas, around: outcome.exact.tensor)
    }
    judged = outcome.exact
    return try introducedError(outcome, node: node, candidate: candidate)
  }

  /// Whether nobody shows this map or the one that follows from it, so that the context may
  /// evaluate it in blocks.
  private func canDefer(_ node: ProgramNode) -> Bool {
    switch node.operation {
    case .attentionScores: return true
    case .softmax(let softmax):
      guard softmax.axis == .keys, softmax.mask == .none, let input = node.inputs.first else {
        return false
      }
      if case .deferred? = values[input] { return true }
      return false
    default: return false
    }
  }

  private func replay(_ outcome: Outcome, node: ProgramNode, seed: UInt64) -> Replay {
    let exact = outcome.exact.tensor
    let centres =
      outcome.replicas.isEmpty
      ? [Tensor](repeating: exact, count: Replay.numReplicas) : outcome.replicas
    // A name gives each node its own stream, whatever the order of evaluation.
    let stream = node.name.utf8.reduce(UInt64(14_695_981_039_346_656_037)) {
      ($0 ^ UInt64($1)) &* 1_099_511_628_211
    }
    let replicas = centres.enumerated().map { index, centre in
      outcome.model.noisy(
        centre, around: exact, seed: seed &+ UInt64(index), stream: stream)
    }
    return Replay(
      value: exact, replicas: replicas, segment: outcome.segment, roots: outcome.roots)
  }
}

/// An operation evaluated on a candidate's inputs.
struct Outcome {
  var exact: ExactValue
  var model: ErrorModel
  /// The operation on each replica of its inputs; empty where all inputs are the candidate's own.
  var replicas: [Tensor]
  /// Operations judged together, this one last.
  var segment: [String]
  /// The candidate's own values that the segment starts from.
  var roots: [String: Tensor]
}
