import EncoderModel
import TensorCore
import TensorIO

extension DumpAligner {
  /// Recognises tensors without telling names by their values; what fits two taps is reported.
  func alignByValues(_ state: inout AlignmentState) throws(TensorIOError) {
    let known = program.nodes.filter { $0.isTap && reference[$0.name] != nil }
    let open = Set(known.map(\.name).filter { state.alignments[$0] == nil })
    guard !open.isEmpty else { return }
    var claims: [String: [(tensor: String, choice: LayoutChoice)]] = [:]
    for tensor in state.source.names
    where !state.used.contains(tensor) && state.reasons[tensor] != "ambiguous" {
      var ranked = try rankedTaps(tensor, known, &state)
      // What agrees best with a tap that is found already is a copy of it, not another tap.
      if let best = ranked.first, !open.contains(best.tap), best.choice.error < ValueLimits.rounding
      {
        state.noteCopy(tensor, of: best.tap)
        continue
      }
      ranked.removeAll { !open.contains($0.tap) }
      guard let best = ranked.first else { continue }
      // A fused projection is three taps, each from its own part.
      if best.choice.layout.isFused {
        for part in ["query", "key", "value"] {
          let tap = "\(block(best.tap)).attn.\(part)"
          guard let choice = ranked.first(where: { $0.tap == tap })?.choice else { continue }
          claims[tap, default: []].append((tensor, choice))
        }
        continue
      }
      if ranked.count > 1,
        best.choice.distanceOrError * ValueLimits.lead > ranked[1].choice.distanceOrError
      {
        state.ambiguities.append(
          AlignedDump.Ambiguity(subject: tensor, candidates: ranked.prefix(3).map(\.tap)))
        state.reasons[tensor] = "ambiguous"
        continue
      }
      claims[best.tap, default: []].append((tensor, best.choice))
    }
    for (tap, claimants) in claims.sorted(by: { $0.key < $1.key }) {
      settleByValues(tap, claimants, &state)
    }
  }

  /// Taps that `tensor` may be, the best first.
  private func rankedTaps(
    _ tensor: String, _ nodes: [ProgramNode], _ state: inout AlignmentState
  ) throws(TensorIOError) -> [(tap: String, choice: LayoutChoice)] {
    let shape = try state.source.info(tensor).shape
    guard shape.reduce(1, { $0.multipliedReportingOverflow(by: $1).partialValue }) > 1 else {
      return []
    }
    var result: [(tap: String, choice: LayoutChoice)] = []
    for node in nodes {
      let layouts = candidates(shape, for: node)
      guard !layouts.isEmpty, let choice = try best(of: layouts, for: node, tensor: tensor, &state),
        let match = choice.match, match.cosine >= ValueLimits.cosine
      else { continue }
      result.append((node.name, choice))
    }
    return result.sorted {
      ($0.choice.distanceOrError, $0.tap) < ($1.choice.distanceOrError, $1.tap)
    }
  }

  /// Copies of one value may be in a dump under two names; the nearest is taken.
  private func settleByValues(
    _ tap: String, _ claimants: [(tensor: String, choice: LayoutChoice)],
    _ state: inout AlignmentState
  ) {
    let ranked = claimants.sorted { $0.choice.distanceOrError < $1.choice.distanceOrError }
    guard let best = ranked.first else { return }
    if ranked.count > 1, best.choice.distanceOrError > ValueLimits.rounding,
      best.choice.distanceOrError * ValueLimits.lead > ranked[1].choice.distanceOrError
    {
      state.ambiguities.append(
        AlignedDump.Ambiguity(subject: tap, candidates: ranked.map(\.tensor)))
      for claimant in ranked { state.reasons[claimant.tensor] = "ambiguous" }
      return
    }
    state.accept(
      tap, best.tensor, .values, best.choice.layout,
      relativeError: best.choice.match?.relativeError)
    for other in ranked.dropFirst() {
      state.noteCopy(other.tensor, of: tap)
    }
  }

  private func block(_ tap: String) -> String {
    tap.split(separator: ".").prefix(3).joined(separator: ".")
  }

  // MARK: Conventions of scale

  /// Takes 1/√headDim off queries and keys that carry it, and puts it on scores whose softmax
  /// applied it: conventions, not faults, and named as such.
  func undoConventions(_ state: inout AlignmentState) {
    let root = Double(program.dimensions.headDim).squareRoot()
    for (tap, alignment) in state.alignments.sorted(by: { $0.key < $1.key })
    where alignment.means != .mapping {
      let isProjection = tap.hasSuffix(".attn.query") || tap.hasSuffix(".attn.key")
      let isScores = tap.hasSuffix(".attn.scores") && hasSoundSoftmax(block(tap), state)
      guard isProjection || isScores else { continue }
      let conventions: [(scale: Double, note: String)] =
        isProjection
        ? [
          (root, "carries 1/√headDim: rescaled, a harmless convention"),
          (root.squareRoot(), "carries headDim^−1/4: rescaled, a harmless convention"),
        ] : [(1 / root, "without 1/√headDim, which its softmax applies: rescaled, harmless")]
      guard let ratio = ratio(of: alignment, state) else { continue }
      for convention in conventions where abs(ratio / convention.scale - 1) < 0.02 {
        state.accept(
          tap, alignment.tensor, alignment.means, alignment.layout, scale: convention.scale,
          relativeError: relativeError(of: alignment, scale: convention.scale, state),
          notes: [convention.note])
      }
    }
  }

  /// Whether probabilities or context agree with the reference although the scores do not.
  private func hasSoundSoftmax(_ block: String, _ state: AlignmentState) -> Bool {
    ["probs", "context", "out"].contains { part in
      (state.alignments["\(block).attn.\(part)"]?.relativeError ?? .infinity) < 0.05
    }
  }

  /// reference ≈ ratio·foreign, where they are proportional at all.
  private func ratio(of alignment: AlignedDump.Alignment, _ state: AlignmentState) -> Double? {
    guard let match = match(alignment, scale: 1, state), match.cosine > 0.99 else { return nil }
    return match.ratio
  }

  private func relativeError(
    of alignment: AlignedDump.Alignment, scale: Double, _ state: AlignmentState
  ) -> Double? {
    match(alignment, scale: scale, state)?.relativeError
  }

  private func match(
    _ alignment: AlignedDump.Alignment, scale: Double, _ state: AlignmentState
  ) -> ValueMatch? {
    guard let sample = reference[alignment.tap],
      let tensor = try? state.source.tensor(alignment.tensor)
    else { return nil }
    return tensor.withUnsafeBytes {
      ValueMatch(sample, $0, tensor.scalarType, alignment.layout, scale: scale)
    }
  }
}

extension LayoutChoice {
  /// What candidates are ranked by: relative error where it is small, else how proportional
  /// they are, so that a scaled query is still told from a scaled key.
  var distanceOrError: Double {
    max(ValueLimits.exact, min(error, (2 * max(distance, 0)).squareRoot()))
  }
}
