import ParityArithmetic
package import TensorCore

/// The largest |x − r| that tensors which are bit-equal in the candidate's type can show: half a
/// step of the type at the largest value, which is at most ‖·‖₂. A cheap screen before `areBitEqual`.
func bitEqualityCeiling(_ type: ScalarType, _ sums: FigureSums, _ pivot: Double) -> Double {
  let n = Double(sums.count)
  let norm2 = sums.shiftedSquared + 2 * abs(pivot * sums.shifted) + n * pivot * pivot
  return (type.unitRoundoff ?? 0) * 2 * norm2.squareRoot() + 0x1p-149
}

/// Whether the reference, rounded to the candidate's element type, has the candidate's very bits;
/// NaN equals NaN, and −0 differs from 0.
package func areBitEqual(reference: Tensor, candidate: Tensor) -> Bool {
  if reference.scalarType == candidate.scalarType {
    return reference.withUnsafeBytes { r in candidate.withUnsafeBytes { x in bytesAreEqual(r, x) } }
      || hasEqualBits(reference, candidate)
  }
  return hasEqualBits(reference, candidate)
}

private func bytesAreEqual(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bool {
  a.count == b.count && a.elementsEqualFast(b)
}

extension UnsafeRawBufferPointer {
  /// Word by word, leaving at the first difference.
  fileprivate func elementsEqualFast(_ other: UnsafeRawBufferPointer) -> Bool {
    let words = count / 8
    for i in 0..<words
    where loadUnaligned(fromByteOffset: i &* 8, as: UInt64.self)
      != other.loadUnaligned(fromByteOffset: i &* 8, as: UInt64.self)
    {
      return false
    }
    for i in (words * 8)..<count where self[i] != other[i] { return false }
    return true
  }
}

private func hasEqualBits(_ reference: Tensor, _ candidate: Tensor) -> Bool {
  switch candidate.scalarType {
  case .float64:
    return reference.withFloat64 { r in
      candidate.withFloat64 { x in
        x.indices.allSatisfy {
          r[$0].bitPattern == x[$0].bitPattern || (r[$0].isNaN && x[$0].isNaN)
        }
      }
    }
  case .float32:
    return equalAsFloat32(reference, candidate) { $0 }
  case .float16:
    return equalAsFloat32(reference, candidate) { Float(Float16($0)) }
  case .bfloat16:
    return equalAsFloat32(reference, candidate) {
      Float(bitPattern: UInt32(bfloat16Bits(Float($0))) << 16)
    }
  default:
    return false
  }
}

/// Compares element by element after `round` has taken the reference to the candidate's type.
private func equalAsFloat32(_ reference: Tensor, _ candidate: Tensor, _ round: (Float) -> Float)
  -> Bool
{
  func matches(_ r: Float, _ x: Float) -> Bool {
    let rounded = round(r)
    return rounded.bitPattern == x.bitPattern || (rounded.isNaN && x.isNaN)
  }
  return candidate.withFloat32 { x in
    if reference.scalarType == .float64 {
      return reference.withFloat64 { r in x.indices.allSatisfy { matches(Float(r[$0]), x[$0]) } }
    }
    return reference.withFloat32 { r in x.indices.allSatisfy { matches(r[$0], x[$0]) } }
  }
}
