import EncoderModel

/// How errors travel through the program: which taps lie downstream of a divergence, and how much
/// rounding may have piled up by then.
struct ErrorLineage {
  private struct Entry {
    var isDownstreamOfDivergence: Bool
    /// Σ of squared relative errors that rounding has introduced up to here.
    var roundingSquared: Double
  }
  private var entries: [String: Entry] = [:]

  /// Cumulative rounding stays within this factor of the root of summed squares, unless a stage
  /// amplifies it: what a layer norm or a softmax of a well-conditioned encoder does.
  private static let allowance = 16.0
  /// Rounding of one Float32 operation, as relative L2, where nothing was measured.
  private static let floor = 0x1p-23

  private func inherited(_ node: ProgramNode) -> Entry {
    node.inputs.compactMap { entries[$0] }.reduce(
      Entry(isDownstreamOfDivergence: false, roundingSquared: 0)
    ) {
      Entry(
        isDownstreamOfDivergence: $0.isDownstreamOfDivergence || $1.isDownstreamOfDivergence,
        roundingSquared: max($0.roundingSquared, $1.roundingSquared))
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
  /// where a divergence lies upstream *and* the cumulative error is more than the rounding of all
  /// operations before it explains — a bias on k cancels in the softmax, and nothing is inherited
  /// after it. Without a divergence upstream, growth is rounding, amplified or not.
  mutating func verdict(
    _ node: ProgramNode, introduced: IntroducedError?, cumulative: TapFigures?
  ) -> TapVerdict {
    let isDivergent = introduced?.verdict.isDivergence ?? false
    let upstream = inherited(node)
    let own = introduced?.relativeL2 ?? 0
    record(node, relativeL2: own, isDivergent: isDivergent)
    if let introduced, isDivergent { return introduced.verdict }
    guard let cumulative else { return introduced?.verdict ?? .rounding }
    if cumulative.isBitEqual { return .identical }
    if cumulative.nonFinite > cumulative.nonFiniteReference { return .inherited }
    let expected = (upstream.roundingSquared + max(own, Self.floor) * max(own, Self.floor))
      .squareRoot()
    let isBeyondRounding = (cumulative.relativeL2 ?? 0) > Self.allowance * expected
    if upstream.isDownstreamOfDivergence && isBeyondRounding { return .inherited }
    return introduced == nil && isBeyondRounding ? .structural : .rounding
  }
}
