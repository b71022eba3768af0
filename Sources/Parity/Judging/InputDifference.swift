import ParityArithmetic
import TensorCore

/// candidate − reference in Float32, and whether every row of it is small against the candidate's.
///
/// The subtraction is made in Float64 and rounded once: relative error 2⁻²⁴ of the difference.
struct InputDifference {
  var tensor: Tensor
  var isZero: Bool
  /// ‖δᵢ‖ ≤ ‖xᵢ‖/16 for every row i.
  var isSmall: Bool

  init(reference: Tensor, candidate: Tensor) {
    let width = max(candidate.innerExtent, 1)
    var flags: [RowFlags] = []
    tensor = Tensor.float32(candidate.shape) { target in
      reference.withFloat64 { r in
        let exact = candidate.scalarType == .float64 ? candidate : nil
        (exact ?? candidate.converted(to: .float32)).withUnsafeBytes { bytes in
          guard let base = bytes.baseAddress, let left = r.baseAddress,
            let out = target.baseAddress
          else { return }
          let right = Elements(base, isFloat64: exact != nil)
          nonisolated(unsafe) let (source, result) = (left, out)
          flags = mapChunks(target.count / width, chunk: max(1, 32768 / width)) { rows in
            subtractRows(source, right, result, rows: rows, width: width)
          }
        }
      }
    }
    isZero = flags.allSatisfy(\.isZero)
    isSmall = flags.allSatisfy(\.isSmall)
  }
}

private struct RowFlags: Sendable {
  var isZero = true
  var isSmall = true
}

private func subtractRows(
  _ r: UnsafePointer<Double>, _ x: Elements, _ out: UnsafeMutablePointer<Float>,
  rows: Range<Int>, width: Int
) -> RowFlags {
  var flags = RowFlags()
  for row in rows {
    let (difference, size) = ParityArithmetic.best.differences(
      r, x, out, (row &* width)..<((row &+ 1) &* width))
    if difference != 0 { flags.isZero = false }
    // A comparison with NaN is false: rows with NaN or ∞ are never small.
    if !(difference <= size / 256) { flags.isSmall = false }
  }
  return flags
}
