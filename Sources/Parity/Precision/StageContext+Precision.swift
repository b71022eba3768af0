import EncoderModel
import TensorCore

/// What was found about the precision of a segment.
struct PrecisionFinding {
  var format: NumberFormat
  var evidence: String
  /// The variant that reproduced the output, to be tried first at the next operation.
  var variant: PrecisionVariant?
}

extension StageContext {
  /// Residual, as part of the error, under which a variant counts as reproduced: another order of
  /// summation leaves 2⁻²⁴ against 2⁻¹² at most; only flips at ties remain.
  private static let reproduced = 0.35
  /// Range of the error's size over that of a variant that is not reproduced bit by bit.
  private static let similarSize = 0.4...2.5

  /// Looks for a reduced precision that explains an error beyond rounding.
  ///
  /// First, results that all lie on a narrow grid, within that grid's rounding. Then the segment is
  /// computed with its products' operands rounded — both, weights alone, activations alone — and
  /// what reproduces the candidate is named. A product that is not reproduced (an engine may round
  /// elsewhere too) is still of that precision where its error has the variant's size and looks
  /// random.
  func precision(_ outcome: Outcome, node: ProgramNode, candidate: Tensor, scan: ErrorScan) throws
    -> PrecisionFinding?
  {
    let grid = resultGrid(candidate)
    if let grid, explains(grid, outcome, candidate) {
      return PrecisionFinding(
        format: grid, evidence: "results rounded to \(grid.rawValue)", variant: nil)
    }
    let segment = outcome.segment.compactMap { judge.program.node(named: $0) }
    guard segment.contains(where: \.isProduct) else { return nil }
    let exact = outcome.exact.tensor
    var similar: PrecisionFinding?
    for variant in variants(outcome, segment, grid: grid, scan: scan) {
      guard let value = try simulate(variant, segment, roots: outcome.roots),
        value.elementCount == exact.elementCount
      else { continue }
      let residual = (squaredDistance(candidate, value) / scan.errorSquared).squareRoot()
      if residual < Self.reproduced {
        return PrecisionFinding(
          format: variant.format,
          evidence: "\(variant.text): explains \(percent(1 - residual * residual)) of the error",
          variant: variant)
      }
      let size = (scan.errorSquared / squaredDistance(value, exact)).squareRoot()
      if similar == nil, variant.rounded == .operands, Self.similarSize.contains(size) {
        similar = PrecisionFinding(
          format: variant.format,
          evidence: "random-like, of the size of \(variant.format.rawValue) products",
          variant: nil)
      }
    }
    guard similar != nil, ErrorShape(candidate: candidate, exact: exact).isRandomLike else {
      return nil
    }
    return similar
  }

  private func percent(_ share: Double) -> String {
    let tenths = Int((share * 1000).rounded())
    return "\(tenths / 10).\(tenths % 10) %"
  }

  private func explains(_ grid: NumberFormat, _ outcome: Outcome, _ candidate: Tensor) -> Bool {
    var model = outcome.model
    let ratio = grid.unitRoundoff / model.unit
    for index in model.panels.indices {
      model.panels[index].result += ratio * ratio
      if grid == .float16 {
        model.panels[index].floor += (0x1p-25 / model.unit) * (0x1p-25 / model.unit)
      }
    }
    let scan = model.scan(candidate: candidate, exact: outcome.exact)
    return scan.worst.squareRoot() <= model.deviations * model.unit
      && scan.rmsRatio(unit: model.unit) <= model.rmsLimit
  }

  /// Variants worth trying: the last that was found, then those whose size the error may have.
  private func variants(
    _ outcome: Outcome, _ segment: [ProgramNode], grid: NumberFormat?, scan: ErrorScan
  ) -> [PrecisionVariant] {
    let effective =
      segment.count == 1
      ? outcome.model.productEnergy.map { (scan.errorSquared / $0).squareRoot() } : nil
    let formats = [NumberFormat.bfloat16, .float16, .int8].filter { format in
      guard let effective, format != .int8 else { return true }
      // Rounding both operands gives 0.58u, one 0.41u; a result on the grid adds its own.
      return effective > 0.1 * format.unitRoundoff && effective < 8 * format.unitRoundoff
    }
    let hasWeights = segment.contains(where: \.hasWeightMatrix)
    var found: [PrecisionVariant] = hint.map { [$0] } ?? []
    for format in formats {
      for rounded in PrecisionVariant.Rounded.allCases where hasWeights || rounded == .operands {
        let variant = PrecisionVariant(
          format: format, rounded: rounded, result: grid ?? .float32)
        if !found.contains(variant) { found.append(variant) }
      }
    }
    return found
  }

  /// The segment's output with its products altered, from the candidate's own values.
  func simulate(
    _ variant: PrecisionVariant, _ segment: [ProgramNode], roots: [String: Tensor]
  ) throws -> Tensor? {
    var results = roots
    var index = 0
    while index < segment.count {
      let node = segment[index]
      if index + 2 < segment.count, case .attentionScores = node.operation,
        case .attentionContext = segment[index + 2].operation,
        let q = node.inputs.first.flatMap({ results[$0] }),
        let k = node.inputs.last.flatMap({ results[$0] }),
        let v = segment[index + 2].inputs.last.flatMap({ results[$0] })
      {
        let attention = FusedAttention(
          scores: variant.altering(node), softmax: segment[index + 1],
          context: variant.altering(segment[index + 2]), oracle: judge.oracle)
        results[segment[index + 2].name] =
          try attention.evaluate(
            q, k, v, builder: nil,
            storage: StorageRounding(inputs: [], output: .float32, unit: 0x1p-24)
          ).value
        index += 3
        continue
      }
      let inputs = node.inputs.compactMap { results[$0] }
      guard inputs.count == node.inputs.count else { return nil }
      results[node.name] = try judge.oracle.evaluate(variant.altering(node), inputs: inputs)
      index += 1
    }
    return segment.last.flatMap { results[$0.name] }
  }
}
