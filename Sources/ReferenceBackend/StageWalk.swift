/// The order in which a stage's values are computed, and when each is no longer needed.
import EncoderModel

/// A stage's nodes, with unobserved attention maps folded into one step.
struct StageWalk {
  struct Step {
    enum Work {
      case node(ProgramNode)
      /// Inputs q, k, v.
      case attention(AttentionOperations)
    }
    var name: String
    var inputs: [String]
    var work: Work
    /// Whether the stage hands the value out; the mel is its input, which others have already.
    var isTap: Bool
  }

  let steps: [Step]
  /// For each step, the values that nobody reads after it.
  let lastUses: [[String]]

  init(_ program: EncoderProgram, _ stage: EncoderStage, observing taps: Set<String>) {
    let nodes = program.nodes(in: stage)
    let folded = Self.foldedAttention(nodes, observing: taps)
    let hidden = Set(folded.values.flatMap(\.hidden))
    var steps: [Step] = []
    for node in nodes where !hidden.contains(node.name) {
      if let attention = folded[node.name] {
        steps.append(attention.step)
      } else {
        // The mel is the stage's input already; its node hands it on.
        let inputs = node.operation == .input ? [node.name] : node.inputs
        steps.append(
          Step(
            name: node.name, inputs: inputs, work: .node(node),
            isTap: node.isTap && node.operation != .input))
      }
    }
    self.steps = steps
    var lastUse: [String: Int] = [:]
    for (index, step) in steps.enumerated() {
      lastUse[step.name] = index
      for input in step.inputs { lastUse[input] = index }
    }
    lastUse[stage.outputTap] = nil
    var ends = [[String]](repeating: [], count: steps.count)
    for (name, index) in lastUse { ends[index].append(name) }
    lastUses = ends
  }

  /// By the context's name: the folded step, and the maps that it makes unnecessary.
  private static func foldedAttention(
    _ nodes: [ProgramNode], observing taps: Set<String>
  ) -> [String: (step: Step, hidden: [String])] {
    let byName = Dictionary(nodes.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let readers = nodes.flatMap(\.inputs).reduce(into: [String: Int]()) { $0[$1, default: 0] += 1 }
    func isHidden(_ node: ProgramNode) -> Bool {
      readers[node.name] == 1 && !taps.contains(node.name)
    }
    var folded: [String: (step: Step, hidden: [String])] = [:]
    for node in nodes {
      guard case .attentionContext(let context) = node.operation, node.inputs.count == 2,
        let probs = byName[node.inputs[0]], case .softmax(let softmax) = probs.operation,
        probs.inputs.count == 1, let map = byName[probs.inputs[0]],
        case .attentionScores(let scores) = map.operation, isHidden(probs), isHidden(map)
      else { continue }
      let operations = AttentionOperations(scores: scores, softmax: softmax, context: context)
      let step = Step(
        name: node.name, inputs: map.inputs + [node.inputs[1]], work: .attention(operations),
        isTap: node.isTap)
      folded[node.name] = (step, [probs.name, map.name])
    }
    return folded
  }
}
