import EncoderModel
import TensorCore

/// What was found about the precision of a segment.
struct PrecisionFinding {
  var format: NumberFormat
  var evidence: String
  /// The variant that reproduced the output, to be tried first at the next operation.
  var variant: PrecisionVariant?
  /// What that variant leaves, as part of the error.
  var residual: Double?
}

extension StageContext {
  /// Residual, as part of the error, under which a variant counts as reproduced: another order of
  /// summation leaves 2⁻²⁴ against 2⁻¹² at most; only flips at ties remain.
  private static let reproduced = 0.35
  /// Residual above which another variant may explain more: what is computed as the engine does it
  /// leaves the flips at ties and no more.
  private static let whole = 0.03
  /// Range of the error's size over that of a variant that is not reproduced bit by bit.
  private static let similarSize = 0.4...2.5
  /// The same for a format's first variant, beyond which its others are not tried: operands or
  /// weights alone round less than both, by a factor of two at most but for outliers.
  private static let comparableSize = 0.2...5.0
  /// Relative error of a segment beyond which no precision is tried: 4-bit weights give 0.1.
  private static let largestRelative = 0.3

  /// Looks for a reduced precision that explains an error beyond rounding.
  ///
  /// First, results that all lie on a narrow grid, within that grid's rounding. Then the segment is
  /// computed with its products' operands rounded — both, weights alone, activations alone, in every
  /// scheme of integers — and
  /// what reproduces the candidate is named. A product that is not reproduced (an engine may round
  /// elsewhere too) is still of that precision where its error has the variant's size and what the
  /// variant does not explain looks random: rounded weights, averaged by attention or by frames that
  /// resemble each other, err alike in every frame, but so they do in the variant.
  func precision(_ outcome: Outcome, node: ProgramNode, candidate: Tensor, scan: ErrorScan) throws
    -> PrecisionFinding?
  {
    let grid = resultGrid(candidate)
    if let grid, explains(grid, outcome, candidate) {
      return PrecisionFinding(
        format: grid, evidence: "results rounded to \(grid.rawValue)", variant: nil)
    }
    let segment = outcome.segment.compactMap { judge.program.node(named: $0) }
    if let grid, let found = try narrowInput(grid, segment, outcome, candidate, scan) {
      return found
    }
    guard segment.contains(where: \.isProduct),
      judge.infersPrecisionOfEncoders || Set(segment.map(\.stage)).count <= 2
    else { return nil }
    let exact = outcome.exact.tensor
    var similar: Similar?
    var excluded = Set<OperandCoding>()
    let screening = PrecisionScreening(
      segment, roots: outcome.roots, exact: exact, candidate: candidate, oracle: judge.oracle)
    let variants = variants(outcome, segment, grid: grid, scan: scan)
    for (index, variant) in variants.enumerated() where !variant.isMade(of: excluded) {
      if let found = try screening?.trial(variant) {
        if !Self.comparableSize.contains(found.size) { excluded.formUnion(variant.singleCoding) }
        guard found.residual < 2 * Self.reproduced || isSimilar(variant, found.size) else {
          continue
        }
      }
      guard let trial = try trial(variant, segment, outcome, exact, candidate, scan) else {
        continue
      }
      if trial.residual < Self.reproduced {
        return try reproduced(
          trial, among: variants[(index + 1)...], screening, segment, outcome, exact, candidate,
          scan)
      }
      if !Self.comparableSize.contains(trial.size) { excluded.formUnion(variant.singleCoding) }
      if isSimilar(variant, trial.size) {
        let next = Similar(
          trial, candidate: candidate, exact: exact, numPieces: segment.last?.numHeads ?? 1,
          isAttention: segment.last?.numHeads != nil, isOneLayer: segment.count == 1)
        if similar.map({ next.isBetter(than: $0) }) ?? true { similar = next }
      }
    }
    return similar?.finding
  }

  /// Whether the error may be that of a variant of this size, rounded elsewhere too.
  private func isSimilar(_ variant: PrecisionVariant, _ size: Double) -> Bool {
    variant.codesBoth && Self.similarSize.contains(size)
      && PrecisionVariant.operandFormats.contains(variant.format)
  }

  /// A variant computed and compared with the candidate.
  private struct Trial {
    var variant: PrecisionVariant
    /// ‖candidate − variant‖ over ‖candidate − exact‖.
    var residual: Double
    /// The candidate's error over the variant's.
    var size: Double
    var value: Tensor
  }

  /// A variant of the error's size that is not the candidate bit by bit.
  private struct Similar {
    private let trial: Trial
    private let isRandomLike: Bool
    /// Whether the segment is one dense layer or convolution, whose rounded operands are known.
    private let isOneLayer: Bool

    /// Residual below which part of the error is the variant's own: errors that have nothing to do
    /// with each other leave √(1 + 1/size²), more than 1.
    private static let related = 0.95

    /// Share of attention's rows that may be right by chance.
    private static let fewRows = 0.05

    /// Whether this explains clearly more than `other`, which was tried first.
    func isBetter(than other: Similar) -> Bool {
      guard isRandomLike == other.isRandomLike else { return isRandomLike }
      return trial.residual < Self.related * min(other.trial.residual, 1)
    }

    var finding: PrecisionFinding? {
      guard isRandomLike else { return nil }
      let format = trial.variant.format
      // f16 and tf32 have equally long significands.
      let names = format == .float16 ? "f16 or tf32" : format.rawValue
      let doubt =
        isOneLayer && format == .bfloat16
        ? "; rounded operands do not reproduce it, so that sums kept in f16 may be meant" : ""
      return PrecisionFinding(
        format: format, evidence: "random-like, of the size of \(names) products" + doubt,
        variant: nil)
    }

    init(
      _ trial: Trial, candidate: Tensor, exact: Tensor, numPieces: Int, isAttention: Bool,
      isOneLayer: Bool
    ) {
      self.trial = trial
      self.isOneLayer = isOneLayer
      let whole = ErrorShape(candidate: candidate, exact: exact, numPieces: numPieces)
      if isAttention, whole.untouched > Self.fewRows {
        isRandomLike = false
        return
      }
      guard !whole.isRandomLike, trial.residual < Self.related else {
        isRandomLike = whole.isRandomLike
        return
      }
      let left = ErrorShape(
        candidate: candidate, exact: exact, explained: trial.value, numPieces: numPieces)
      isRandomLike = left.isRandomLike
    }
  }

  private func trial(
    _ variant: PrecisionVariant, _ segment: [ProgramNode], _ outcome: Outcome, _ exact: Tensor,
    _ candidate: Tensor, _ scan: ErrorScan
  ) throws -> Trial? {
    guard let value = try simulate(variant, segment, roots: outcome.roots),
      value.elementCount == exact.elementCount
    else { return nil }
    return Trial(
      variant: variant,
      residual: (squaredDistance(candidate, value) / scan.errorSquared).squareRoot(),
      size: (scan.errorSquared / squaredDistance(value, exact)).squareRoot(), value: value)
  }

  /// Names what reproduced the candidate. f16 and tf32 round alike within f16's range, and so do
  /// int8 and q8_0 in short rows: of such twins the one that leaves clearly less is meant. What is
  /// reproduced but for some of its error may be one of `others` more exactly.
  private func reproduced(
    _ found: Trial, among others: ArraySlice<PrecisionVariant>, _ screening: PrecisionScreening?,
    _ segment: [ProgramNode], _ outcome: Outcome, _ exact: Tensor, _ candidate: Tensor,
    _ scan: ErrorScan
  ) throws -> PrecisionFinding {
    var best = found
    var remark = ""
    if found.residual > Self.whole {
      let formats = [found.variant.format, found.variant.twin?.format]
      for variant in others where formats.contains(variant.format) {
        if let part = try screening?.trial(variant), part.residual > best.residual { continue }
        guard let other = try trial(variant, segment, outcome, exact, candidate, scan) else {
          continue
        }
        if other.residual < best.residual / 2 { best = other }
      }
    }
    if best.variant == found.variant, let twin = found.variant.twin {
      if let other = try trial(twin, segment, outcome, exact, candidate, scan) {
        if other.residual < found.residual / 2 {
          best = other
        } else if other.residual < found.residual * 2 {
          if [.float16, .q8_0].contains(twin.format) { best = other }
          let second = best.variant == twin ? found.variant : twin
          remark = "; \(second.format.rawValue) would round these values alike"
        }
      }
    }
    let share = percent(1 - best.residual * best.residual)
    return PrecisionFinding(
      format: best.variant.format,
      evidence: "\(best.variant.text): explains \(share) of the error\(remark)",
      variant: best.variant, residual: best.residual)
  }

  private func percent(_ share: Double) -> String {
    let tenths = Int((share * 1000).rounded())
    return "\(tenths / 10).\(tenths % 10) %"
  }

  private func explains(_ grid: NumberFormat, _ outcome: Outcome, _ candidate: Tensor) -> Bool {
    var model = outcome.model
    for index in model.panels.indices {
      guard grid == .int8 else {
        let ratio = grid.unitRoundoff / model.unit
        model.panels[index].result += ratio * ratio
        if grid == .float16 {
          model.panels[index].floor += (0x1p-25 / model.unit) * (0x1p-25 / model.unit)
        }
        continue
      }
      guard model.panels[index].separable.count < ErrorPanel.maxSeparable else { return false }
      model.panels[index].addRowSteps(of: candidate, unit: model.unit)
    }
    return model.accepts(model.scan(candidate: candidate, exact: outcome.exact))
  }

  /// Variants worth trying: the last that was found, then those whose size the error may have.
  private func variants(
    _ outcome: Outcome, _ segment: [ProgramNode], grid: NumberFormat?, scan: ErrorScan
  ) -> [PrecisionVariant] {
    let effective =
      segment.count == 1
      ? outcome.model.productEnergy.map { (scan.errorSquared / $0).squareRoot() } : nil
    let relative = scan.exactSquared > 0 ? (scan.errorSquared / scan.exactSquared).squareRoot() : 1
    let hasWeights = segment.contains(where: \.hasWeightMatrix)
    let hasMaps = segment.contains { if case .softmax = $0.operation { true } else { false } }
    var found: [PrecisionVariant] = hint.map { [$0] } ?? []
    for variant in PrecisionVariant.all(
      hasWeights: hasWeights, hasMaps: hasMaps,
      isOverEncoder: Set(segment.map(\.stage)).count > 2, result: grid ?? .float32)
    {
      let isPlausible =
        effective.map(variant.plausibleRoundoff.contains) ?? (relative < Self.largestRelative)
      if isPlausible && !found.contains(variant) { found.append(variant) }
    }
    return found
  }
}
