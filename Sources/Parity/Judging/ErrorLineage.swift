import EncoderModel

/// How errors travel through the program: which taps lie downstream of a divergence, and how much
/// rounding may have piled up by then.
struct ErrorLineage {
  private struct Entry {
    var isDownstreamOfDivergence = false
    /// Σ of squared relative errors that rounding has introduced up to here.
    var roundingSquared = 0.0
    /// The operation upstream that amplifies rounding most, where one was found.
    var amplifier: Amplifier?
  }

  /// An ill-conditioned operation.
  struct Amplifier {
    var tap: String
    /// Growth of a rounding-size perturbation.
    var factor: Double
  }

  /// What is said of one tap.
  struct Statement {
    var verdict: TapVerdict
    /// Growth through this operation, where it was measured.
    var amplification: Double?
    var note: String?
  }

  private var entries: [String: Entry] = [:]

  /// Cumulative rounding stays within this factor of the root of summed squares, unless a stage
  /// amplifies it: what a layer norm or a softmax of a well-conditioned encoder does.
  private static let allowance = 16.0
  /// Growth of a perturbation from which an operation counts as ill-conditioned.
  private static let illConditioned = 8.0
  /// Rounding of one Float32 operation, as relative L2, where nothing was measured.
  private static let floor = 0x1p-23

  private func inherited(_ node: ProgramNode) -> Entry {
    node.inputs.compactMap { entries[$0] }.reduce(Entry()) { merged, next in
      Entry(
        isDownstreamOfDivergence: merged.isDownstreamOfDivergence || next.isDownstreamOfDivergence,
        roundingSquared: max(merged.roundingSquared, next.roundingSquared),
        amplifier: [merged.amplifier, next.amplifier].compactMap { $0 }
          .max { $0.factor < $1.factor })
    }
  }

  /// A value that the candidate does not show.
  mutating func pass(_ node: ProgramNode) { entries[node.name] = inherited(node) }

  /// A value with its introduced error.
  mutating func record(_ node: ProgramNode, relativeL2: Double?, isDivergent: Bool) {
    var entry = inherited(node)
    let own = isDivergent ? Self.floor : max(relativeL2 ?? 0, Self.floor)
    entry.roundingSquared += own * own
    entry.isDownstreamOfDivergence = entry.isDownstreamOfDivergence || isDivergent
    entries[node.name] = entry
  }

  /// The verdict of a tap. An introduced divergence stands; else the tap has inherited an error
  /// where its cumulative error is more than the rounding of all operations before it explains and
  /// either a divergence lies upstream — a bias on k cancels in the softmax, and nothing is
  /// inherited after it — or an operation amplifies perturbations of rounding size to it.
  /// `amplification` measures this operation's growth; it is asked for where it matters only.
  mutating func verdict(
    _ node: ProgramNode, introduced: IntroducedError?, cumulative: TapFigures?,
    amplification: () throws -> Double?
  ) rethrows -> Statement {
    let isDivergent = introduced?.verdict.isDivergence ?? false
    let upstream = inherited(node)
    let own = introduced?.relativeL2 ?? 0
    record(node, relativeL2: own, isDivergent: isDivergent)
    if let introduced, isDivergent { return Statement(verdict: introduced.verdict) }
    guard let cumulative else { return Statement(verdict: introduced?.verdict ?? .rounding) }
    if cumulative.isBitEqual { return Statement(verdict: .identical) }
    if cumulative.nonFinite > cumulative.nonFiniteReference {
      return Statement(verdict: .inherited)
    }
    let expected = (upstream.roundingSquared + max(own, Self.floor) * max(own, Self.floor))
      .squareRoot()
    guard (cumulative.relativeL2 ?? 0) > Self.allowance * expected else {
      return Statement(verdict: .rounding)
    }
    if upstream.isDownstreamOfDivergence { return Statement(verdict: .inherited) }
    guard introduced != nil else { return Statement(verdict: .structural) }
    return try amplified(node, upstream, amplification)
  }

  /// Growth beyond the expected without a divergence before it: rounding, by whom it is amplified.
  private mutating func amplified(
    _ node: ProgramNode, _ upstream: Entry, _ amplification: () throws -> Double?
  ) rethrows -> Statement {
    var statement = Statement(verdict: .rounding)
    var amplifier = upstream.amplifier
    if amplifier == nil, let factor = try amplification() {
      statement.amplification = factor
      if factor > Self.illConditioned { amplifier = Amplifier(tap: node.name, factor: factor) }
    }
    guard let amplifier else { return statement }
    entries[node.name]?.amplifier = amplifier
    statement.verdict = .inherited
    statement.note =
      "ill-conditioned at \(amplifier.tap): rounding-size noise grows "
      + "\(Int(amplifier.factor.rounded())) times"
    return statement
  }
}
