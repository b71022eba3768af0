package import EncoderModel

extension EncoderProgram {
  /// The program with several faults in it.
  ///
  /// Faults that put something behind an operation come after those that change the operation itself, which would
  /// not find it any more; else in their order.
  package func applying(_ faults: [FaultInstance]) -> EncoderProgram {
    let isMixed = faults.contains { $0.fault.slug != faults[0].fault.slug }
    guard isMixed else { return faults.reduce(self) { $1.applied(to: $0) } }
    let behind = FaultCatalogue.standingBehind
    let inner = faults.filter { !behind.contains($0.fault.slug) }
    let outer = faults.filter { behind.contains($0.fault.slug) }
    return (inner + outer).reduce(self) { $1.applied(to: $0) }
  }
}

extension FaultCatalogue {
  /// Slugs of faults that move an operation into a helper and let its tap be something else, as they do to a small
  /// encoder.
  static let standingBehind: Set<String> = {
    let program = EncoderProgram.whisper(
      WhisperDimensions(
        numMels: 8, numAudioContext: 16, audioWidth: 8, numAudioHeads: 2, numAudioLayers: 2))
    return Set(
      all.filter { fault in
        guard let faulty = instances(of: fault, in: program).first?.applied(to: program) else {
          return false
        }
        return faulty.nodes.contains { node in
          guard node.isTap, let input = node.inputs.first, input.hasPrefix("\(node.name)#"),
            let helper = faulty.node(named: input)
          else { return false }
          // A helper that alters what the operation reads stands before it.
          if case .transform = helper.operation { return false }
          return true
        }
      }.map(\.slug))
  }()
}
