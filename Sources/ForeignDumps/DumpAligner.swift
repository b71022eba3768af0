package import EncoderModel
import TensorCore
package import TensorIO

/// Finds the program's taps in a foreign dump: by a mapping file, by names, by shape where there is
/// but one tensor, and by values for what is left.
package struct DumpAligner {
  let program: EncoderProgram
  let reference: ReferenceSamples
  let mapping: DumpMapping?
  let names: TapNames
  let nodes: [String: ProgramNode]
  let loneTap: String

  /// - `reference`: samples of the reference's taps; without them names and shapes decide alone.
  /// - `mapping`: outranks everything else.
  /// - `loneTap`: what a dump's only tensor is when its name does not tell.
  package init(
    program: EncoderProgram, reference: ReferenceSamples = ReferenceSamples(),
    mapping: DumpMapping? = nil, loneTap: String = EncoderStage.lnPost.outputTap
  ) {
    self.loneTap = loneTap
    self.program = program
    self.reference = reference
    self.mapping = mapping
    names = TapNames(program)
    nodes = Dictionary(
      program.nodes.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// Aligns `source`. Reads the shapes of all tensors, and elements only where values decide.
  /// - Throws: what is wrong with a tensor; a mapping that names what is not there.
  package func align(_ source: any TensorSource) throws(TensorIOError) -> AlignedDump {
    var state = AlignmentState(source: source)
    if let mapping { try apply(mapping, &state) }
    try alignByName(.exact, &state)
    try alignByName(.certain, &state)
    try alignLoneOutput(&state)
    try alignByName(.likely, &state)
    try alignByValues(&state)
    undoConventions(&state)
    for name in source.names where !state.used.contains(name) && state.reasons[name] == nil {
      state.reasons[name] =
        names.knownOther(name) ?? "no tap by name\(reference.taps.isEmpty ? "" : " or values")"
    }
    let unmapped = source.names.filter { !state.used.contains($0) }
      .map { (name: $0, reason: state.reasons[$0] ?? "") }
    let possibleOutputs = try possibleOutputs(state)
    let untold = possibleOutputs.filter { state.reasons[$0] != "ambiguous" }
    if !untold.isEmpty {
      state.ambiguities.append(
        AlignedDump.Ambiguity(subject: output, candidates: Array(untold.prefix(3))))
    }
    return AlignedDump(
      source: source, program: program, alignments: state.alignments, unmapped: unmapped,
      ambiguities: state.ambiguities, possibleOutputs: possibleOutputs)
  }

  private var output: String { EncoderStage.lnPost.outputTap }

  /// Where values have not told which tensor is the encoder's output: those of its shape that are no
  /// other tap. One that is like nothing, or a copy of what the final norm reads, may be what a faulty
  /// port returns.
  private func possibleOutputs(_ state: AlignmentState) throws(TensorIOError) -> [String] {
    guard mapping == nil, reference[output] != nil, state.alignments[output] == nil,
      let node = nodes[output]
    else { return [] }
    var found: [String] = []
    for name in state.source.names
    where !state.used.contains(name) && names.knownOther(name) == nil {
      if let copied = state.copies[name], !node.inputs.contains(copied) { continue }
      let layouts = candidates(try state.source.info(name).shape, for: node)
      if layouts.contains(where: { !$0.isReversed && !$0.isFromBatch }) { found.append(name) }
    }
    return found
  }

  // MARK: Mapping

  private func apply(
    _ mapping: DumpMapping, _ state: inout AlignmentState
  ) throws(TensorIOError) {
    for (tap, entry) in mapping.entries.sorted(by: { $0.key < $1.key }) {
      guard let node = nodes[tap], node.isTap else {
        throw TensorIOError(
          mapping.path, .invalidField("taps", expected: "taps of this model", found: "'\(tap)'"))
      }
      let info = try state.source.info(entry.tensor)
      var layouts = candidates(info.shape, for: node)
      if let name = entry.layout { layouts.removeAll { $0.name != name } }
      guard let best = try best(of: layouts, for: node, tensor: entry.tensor, &state) else {
        throw TensorIOError(
          mapping.path,
          .invalidField(
            "taps.\(tap).layout", expected: "one that brings \(info.shape) to \(node.shape)",
            found: entry.layout ?? "none that fits"))
      }
      state.accept(
        node.name, entry.tensor, .mapping, best.layout, scale: entry.scale,
        relativeError: best.match?.relativeError)
    }
  }

  // MARK: Names

  /// Gives every tap the tensor whose name means it with just this certainty.
  private func alignByName(
    _ certainty: TapNames.Certainty, _ state: inout AlignmentState
  ) throws(TensorIOError) {
    var claims: [String: [(tensor: String, choice: LayoutChoice)]] = [:]
    for tensor in state.source.names where !state.used.contains(tensor) {
      guard let meaning = names.meaning(of: tensor), meaning.certainty == certainty else {
        continue
      }
      for tap in meaning.taps where state.alignments[tap] == nil {
        guard let node = nodes[tap] else { continue }
        let shape = try state.source.info(tensor).shape
        // Reversed time under a tap's own name is a fault of the port, not of the dump.
        let layouts = candidates(shape, for: node).filter { !$0.isReversed }
        guard let choice = try best(of: layouts, for: node, tensor: tensor, &state) else {
          state.reasons[tensor] =
            "named like '\(tap)', but shape \(shape) does not fit \(node.shape)"
          continue
        }
        // A name that could be anything's has to agree with the values, where they are known.
        if certainty == .likely, let match = choice.match, match.cosine < 0.5 { continue }
        claims[tap, default: []].append((tensor, choice))
      }
    }
    for (tap, claimants) in claims.sorted(by: { $0.key < $1.key }) {
      settle(tap, claimants, &state)
    }
  }

  /// One of several tensors that are called the same tap: the one whose values agree.
  private func settle(
    _ tap: String, _ claimants: [(tensor: String, choice: LayoutChoice)],
    _ state: inout AlignmentState
  ) {
    let ranked = claimants.sorted { $0.choice.error < $1.choice.error }
    guard let first = ranked.first else { return }
    let isClear =
      ranked.count < 2 || first.choice.error <= ValueLimits.rounding
      || first.choice.error * ValueLimits.lead <= ranked[1].choice.error
        && first.choice.error.isFinite
    if !isClear {
      state.ambiguities.append(
        AlignedDump.Ambiguity(subject: tap, candidates: claimants.map(\.tensor)))
      for claimant in claimants { state.reasons[claimant.tensor] = "ambiguous" }
      return
    }
    state.accept(
      tap, first.tensor, .name, first.choice.layout,
      relativeError: first.choice.match?.relativeError)
  }

  // MARK: Shape

  /// A dump of one tensor is the encoder's output, or the one tap that was asked for.
  private func alignLoneOutput(_ state: inout AlignmentState) throws(TensorIOError) {
    let tap = loneTap
    guard state.source.names.count == 1, let tensor = state.source.names.first,
      !state.used.contains(tensor), let node = nodes[tap]
    else { return }
    let layouts = candidates(try state.source.info(tensor).shape, for: node).filter {
      !$0.isReversed && !$0.isFromBatch
    }
    guard let choice = try best(of: layouts, for: node, tensor: tensor, &state) else { return }
    state.accept(
      tap, tensor, .shape, choice.layout, relativeError: choice.match?.relativeError)
  }

  // MARK: Layouts

  /// Layouts that bring `shape` to the tap's; fused ones for query, key and value.
  func candidates(_ shape: [Int], for node: ProgramNode) -> [TapLayout] {
    let part = [".attn.query", ".attn.key", ".attn.value"].firstIndex { node.name.hasSuffix($0) }
    return TapLayout.candidates(
      shape, for: node, numHeads: program.dimensions.numAudioHeads, part: part)
  }

  /// The layout whose values agree best; the natural one unless another is clearly better.
  func best(
    of layouts: [TapLayout], for node: ProgramNode, tensor: String, _ state: inout AlignmentState
  ) throws(TensorIOError) -> LayoutChoice? {
    guard let natural = layouts.first else { return nil }
    guard let sample = reference[node.name] else {
      return LayoutChoice(layout: natural, match: nil)
    }
    let elements = try state.elements(of: tensor)
    return elements.withUnsafeBytes { bytes in
      var best = LayoutChoice(
        layout: natural, match: ValueMatch(sample, bytes, elements.scalarType, natural))
      for layout in layouts.dropFirst() {
        let match = ValueMatch(sample, bytes, elements.scalarType, layout)
        let choice = LayoutChoice(layout: layout, match: match)
        // A faulty port's tensor agrees with nothing: then the natural layout stays.
        if let match, match.cosine > ValueLimits.cosine, choice.distance * 2 < best.distance {
          best = choice
        }
      }
      return best
    }
  }
}

/// A layout and how well the values then agree with the reference.
struct LayoutChoice {
  let layout: TapLayout
  let match: ValueMatch?

  /// Relative error; infinite where nothing is known.
  var error: Double { match?.relativeError ?? .infinity }
  /// 1 − cosine: does not see conventions of scale.
  var distance: Double { match.map { max(1 - $0.cosine, 0x1p-52) } ?? .infinity }
}

/// When values are believed.
enum ValueLimits {
  /// Least cosine of a tensor that is recognised by values alone.
  static let cosine = 0.9
  /// The best candidate's error must be smaller than the next one's by this factor.
  static let lead = 3.0
  /// Errors below this are no better than one another.
  static let exact = 0x1p-40
  /// Candidates this near are the same value up to rounding (bf16's 2⁻⁸ and some operations).
  static let rounding = 0x1p-6
}

/// What is known while a dump is aligned.
struct AlignmentState {
  let source: any TensorSource
  var alignments: [String: AlignedDump.Alignment] = [:]
  var used: Set<String> = []
  /// Why a tensor is no tap.
  var reasons: [String: String] = [:]
  /// Tensors that agree with a tap which another tensor is: the tap.
  private(set) var copies: [String: String] = [:]
  var ambiguities: [AlignedDump.Ambiguity] = []
  /// The tensor that was read last.
  private var latest: (name: String, tensor: Tensor)?

  init(source: any TensorSource) { self.source = source }

  mutating func noteCopy(_ tensor: String, of tap: String) {
    copies[tensor] = tap
    reasons[tensor] = "another copy of '\(tap)'"
  }

  mutating func elements(of name: String) throws(TensorIOError) -> Tensor {
    if let latest, latest.name == name { return latest.tensor }
    let tensor = try source.tensor(name)
    latest = (name, tensor)
    return tensor
  }

  mutating func accept(
    _ tap: String, _ tensor: String, _ means: AlignedDump.Means, _ layout: TapLayout,
    scale: Double = 1, relativeError: Double?, notes: [String] = []
  ) {
    used.insert(tensor)
    alignments[tap] = AlignedDump.Alignment(
      tap: tap, tensor: tensor, means: means, layout: layout, scale: scale,
      relativeError: relativeError, notes: layout.notes + notes)
  }
}
