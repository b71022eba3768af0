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
          guard let base = bytes.baseAddress else { return }
          nonisolated(unsafe) let out = target
          nonisolated(unsafe) let left = r
          nonisolated(unsafe) let right = base
          let isWide = exact != nil
          flags = mapChunks(target.count / width, chunk: max(1, 32768 / width)) { rows in
            isWide
              ? subtractRows(left, right, Float64Element.self, out, rows: rows, width: width)
              : subtractRows(left, right, Float32Element.self, out, rows: rows, width: width)
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

private func subtractRows<X: FigureElement>(
  _ r: UnsafeBufferPointer<Double>, _ x: UnsafeRawPointer, _: X.Type,
  _ out: UnsafeMutableBufferPointer<Float>, rows: Range<Int>, width: Int
) -> RowFlags {
  var flags = RowFlags()
  for row in rows {
    var (difference, size) = (0.0, 0.0)
    for index in (row &* width)..<((row &+ 1) &* width) {
      let value = X.load(x, index)
      let d = value - r[index]
      out[index] = Float(d)
      difference += d * d
      size += value * value
    }
    if difference != 0 { flags.isZero = false }
    // A comparison with NaN is false: rows with NaN or ∞ are never small.
    if !(difference <= size / 256) { flags.isSmall = false }
  }
  return flags
}
