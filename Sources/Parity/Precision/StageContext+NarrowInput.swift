import EncoderModel
import TensorCore

extension StageContext {
  /// Residual, as part of the error, under which a rounded input counts as reproduced.
  private static let reproduced = 0.35
  /// Range of the error's size over that of the reproduction where a norm's statistics are narrow too.
  private static let similarSize = 0.4...2.5

  /// A layer norm, an activation or a sum whose results lie on a narrow grid, but not within its
  /// rounding: what it reads was rounded to that grid too, as where a cast stands before it.
  func narrowInput(
    _ grid: NumberFormat, _ segment: [ProgramNode], _ outcome: Outcome, _ candidate: Tensor,
    _ scan: ErrorScan
  ) throws -> PrecisionFinding? {
    guard [.bfloat16, .float16, .tf32].contains(grid), let node = segment.last,
      segment.count == 1, !node.isProduct
    else { return nil }
    let inputs = node.inputs.compactMap { outcome.roots[$0]?.rounded(to: grid) }
    guard inputs.count == node.inputs.count, scan.errorSquared > 0 else { return nil }
    let value = try judge.oracle.evaluate(node, inputs: inputs).rounded(to: grid)
    let exact = outcome.exact.tensor
    guard value.elementCount == candidate.elementCount else { return nil }
    let residual = (squaredDistance(candidate, value) / scan.errorSquared).squareRoot()
    if residual < Self.reproduced {
      return PrecisionFinding(
        format: grid, evidence: "input and result rounded to \(grid.rawValue)", variant: nil,
        residual: residual)
    }
    let size = (scan.errorSquared / squaredDistance(value, exact)).squareRoot()
    // An activation is also read off tables of narrow values, which err otherwise.
    guard case .layerNorm = node.operation, Self.similarSize.contains(size),
      ErrorShape(candidate: candidate, exact: exact, numPieces: 1).isRandomLike
    else { return nil }
    return PrecisionFinding(
      format: grid, evidence: "random-like, of the size of an input rounded to \(grid.rawValue)",
      variant: nil)
  }
}
