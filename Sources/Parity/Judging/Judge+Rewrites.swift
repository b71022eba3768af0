package import EncoderModel
package import TensorCore

extension Judge {
  /// Judges taps of a rewritten program on the candidate's own values: what the error would be if
  /// the candidate computed *that*. Reduced precision is not looked for.
  /// - Parameters:
  ///   - targets: taps that the candidate shows.
  ///   - program: any rewrite of the sound program; helpers without taps are replayed.
  ///   - candidate: the candidate's tap of that name; `nil` where it has none.
  /// - Returns: by tap; taps whose inputs are not to be had are left out.
  /// - Throws: what the oracle throws on operations that do not fit their inputs.
  package func introducedErrors(
    at targets: Set<String>, of program: EncoderProgram, candidate: (String) -> Tensor?
  ) throws -> [String: IntroducedError] {
    let byName = Dictionary(program.nodes.map { ($0.name, $0) }) { first, _ in first }
    var needed: Set<String> = targets
    var open = Array(targets)
    var known: [String: Tensor] = [:]
    while let name = open.popLast() {
      for input in byName[name]?.inputs ?? [] where known[input] == nil {
        if let tensor = candidate(input) {
          known[input] = tensor
        } else if needed.insert(input).inserted {
          open.append(input)
        }
      }
    }
    let nodes = program.nodes.filter { needed.contains($0.name) }
    var context = StageContext(judge: self, nodes: nodes) { _ in nil }
    context.infersPrecision = false
    for (name, tensor) in known {
      context.values[name] = name == "mel" ? mel(tensor) : .known(tensor)
    }
    var results: [String: IntroducedError] = [:]
    for (index, node) in nodes.enumerated() {
      let tap = targets.contains(node.name) ? candidate(node.name) : nil
      guard tap == nil || tap?.elementCount == node.shape.reduce(1, *) else { continue }
      if let introduced = try context.advance(node, candidate: tap, seed: UInt64(index)) {
        results[node.name] = introduced
      }
    }
    return results
  }
}
