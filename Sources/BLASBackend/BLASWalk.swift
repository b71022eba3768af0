/// The order of a stage's calls, and when each value's memory may go.
import EncoderModel

/// One call: an operation, or a whole attention whose maps nobody looks at.
struct BLASStep {
  enum Work {
    case operation(ProgramNode)
    /// Inputs q, k and v; a map for one head and a block of queries is all that exists of it.
    case attention(AttentionScores, Softmax, AttentionContext)
  }
  var name: String
  var inputs: [String]
  var work: Work
  var isTap: Bool
}

/// A stage as steps.
struct BLASWalk {
  private(set) var steps: [BLASStep] = []
  /// For each step, the values that nobody reads afterwards.
  private(set) var lastUses: [[String]] = []

  init(_ program: EncoderProgram, _ stage: EncoderStage, observing taps: Set<String>) {
    let nodes = program.nodes(in: stage)
    var uses: [String: Int] = [:]
    for name in nodes.flatMap(\.inputs) { uses[name, default: 0] += 1 }
    let producers = Dictionary(nodes.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    var hidden: Set<String> = []
    for node in nodes.reversed() where !hidden.contains(node.name) {
      let attention = Self.attention(endingIn: node, producers) {
        uses[$0] == 1 && !taps.contains($0)
      }
      if let attention {
        hidden.formUnion(attention.maps)
        steps.append(attention.step)
      } else {
        let isInput = node.operation == .input
        steps.append(
          BLASStep(
            name: node.name, inputs: isInput ? [node.name] : node.inputs, work: .operation(node),
            isTap: node.isTap && !isInput))
      }
    }
    steps.reverse()
    var last: [String: Int] = [:]
    for (index, step) in steps.enumerated() {
      for name in step.inputs + [step.name] { last[name] = index }
    }
    last[stage.outputTap] = nil
    lastUses = steps.indices.map { index in last.filter { $0.value == index }.map(\.key) }
  }

  /// The attention whose context is `node`, where its maps are hidden from everybody else.
  private static func attention(
    endingIn node: ProgramNode, _ producers: [String: ProgramNode], isHidden: (String) -> Bool
  ) -> (step: BLASStep, maps: [String])? {
    guard case .attentionContext(let context) = node.operation, context.precision == .exact,
      node.inputs.count == 2, let probs = producers[node.inputs[0]], isHidden(probs.name),
      case .softmax(let softmax) = probs.operation, softmax.axis == .keys, probs.inputs.count == 1,
      let map = producers[probs.inputs[0]], isHidden(map.name),
      case .attentionScores(let scores) = map.operation, scores.precision == .exact,
      scores.numHeads == context.numHeads
    else { return nil }
    let step = BLASStep(
      name: node.name, inputs: map.inputs + [node.inputs[1]],
      work: .attention(scores, softmax, context), isTap: node.isTap)
    return (step, [probs.name, map.name])
  }
}
