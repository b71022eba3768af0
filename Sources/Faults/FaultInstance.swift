package import EncoderModel

/// A fault at one site with one value: what is injected, and what a search tries.
package struct FaultInstance: Sendable, CustomStringConvertible {
  package let fault: Fault
  package let site: String
  package let value: FaultValue

  package init(fault: Fault, site: String, value: FaultValue? = nil) {
    self.fault = fault
    self.site = site
    self.value = value ?? fault.parameter?.defaultValue ?? .none
  }

  /// `slug=value@tap`, as `--inject` reads it.
  package var description: String { "\(name)@\(site)" }

  /// `slug=value`, or the slug alone.
  package var name: String {
    guard fault.parameter != nil, value != .none else { return fault.slug }
    return "\(fault.slug)=\(value)"
  }

  /// The program with this fault in it.
  package func applied(to program: EncoderProgram) -> EncoderProgram {
    var copy = program
    fault.rewrite(&copy, site, value)
    return copy
  }

  /// Taps of `program` whose definition the fault changes, in order.
  package func changedTaps(in program: EncoderProgram) -> [String] {
    program.changedTaps(in: applied(to: program))
  }
}

extension EncoderProgram {
  /// Taps that `other` defines otherwise: by another operation, other inputs, or through helpers.
  package func changedTaps(in other: EncoderProgram) -> [String] {
    var changed: [String] = []
    let theirs = Dictionary(other.nodes.map { ($0.name, $0) }) { first, _ in first }
    for node in nodes where node.isTap && theirs[node.name] != node { changed.append(node.name) }
    return changed
  }
}
