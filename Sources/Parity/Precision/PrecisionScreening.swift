import EncoderModel
import TensorCore

/// Precisions of a dense layer tried on some of its frames, so that most need not be tried on all.
final class PrecisionScreening {
  /// Frames that are tried, spread over all of them.
  private static let numRows = 64

  private let node: ProgramNode
  private let oracle: any OperationEvaluator
  private let input: Tensor
  private let rows: [Int]
  private let exact: Tensor
  private let candidate: Tensor
  /// Σe² of the candidate over those frames.
  private let errorSquared: Double
  /// The input's frames as each coding leaves them: scales may be a tensor's.
  private var codedInputs: [OperandCoding: Tensor] = [:]

  /// `nil` where the segment is no single dense layer on the candidate's own input, has few frames,
  /// or is right in the frames that would be tried.
  init?(
    _ segment: [ProgramNode], roots: [String: Tensor], exact: Tensor, candidate: Tensor,
    oracle: any OperationEvaluator
  ) {
    guard segment.count == 1, let node = segment.first, case .linear = node.operation,
      let input = node.inputs.first.flatMap({ roots[$0] }), input.rowCount > 2 * Self.numRows,
      exact.rowCount == input.rowCount, candidate.elementCount == exact.elementCount
    else { return nil }
    rows = (0..<Self.numRows).map { $0 * input.rowCount / Self.numRows }
    self.node = node
    self.oracle = oracle
    self.input = input
    self.exact = exact.gatheredRows(rows)
    self.candidate = candidate.gatheredRows(rows)
    errorSquared = squaredDistance(self.candidate, self.exact)
    guard errorSquared > 0, errorSquared.isFinite else { return nil }
  }

  /// What the variant leaves of the error, and the error's size over the variant's.
  func trial(_ variant: PrecisionVariant) throws -> (residual: Double, size: Double) {
    let coded =
      codedInputs[variant.activations] ?? variant.read(input, by: node).gatheredRows(rows)
    codedInputs[variant.activations] = coded
    let value = variant.stored(try oracle.evaluate(variant.altering(node), inputs: [coded]))
    return (
      (squaredDistance(candidate, value) / errorSquared).squareRoot(),
      (errorSquared / squaredDistance(value, exact)).squareRoot()
    )
  }
}

extension Tensor {
  /// The rows of those numbers, in Float64.
  fileprivate func gatheredRows(_ rows: [Int]) -> Tensor {
    let width = innerExtent
    return withFloat64 { source in
      Tensor.float64([rows.count, width]) { target in
        for (index, row) in rows.enumerated() {
          for column in 0..<width { target[index * width + column] = source[row * width + column] }
        }
      }
    }
  }
}
