import TensorCore

/// The same values as Float32, exactly; f16 and bf16 on all cores, f32 as it stands.
///
/// Half-precision conversion without hardware support is a library call per element, so it is
/// written as integer arithmetic that vectorises everywhere. NaN stays NaN, ∞ stays ∞.
func expandedToFloat32(_ tensor: Tensor) -> Tensor {
  guard tensor.scalarType == .float16 || tensor.scalarType == .bfloat16 else {
    return tensor.converted(to: .float32)
  }
  let isHalf = tensor.scalarType == .float16
  return Tensor.float32(tensor.shape) { target in
    tensor.withUnsafeBytes { source in
      inParallelChunks(of: target) { start, part in
        // The two loops are spelt out so that each vectorises.
        if isHalf {
          for i in part.indices {
            part[i] = float32(
              fromHalfBits: source.loadUnaligned(
                fromByteOffset: 2 * (start + i), as: UInt16.self))
          }
        } else {
          for i in part.indices {
            let bits = source.loadUnaligned(fromByteOffset: 2 * (start + i), as: UInt16.self)
            part[i] = Float(bitPattern: UInt32(bits) << 16)
          }
        }
      }
    }
  }
}

/// The value of an IEEE binary16, subnormals included: exponents are moved by a multiplication
/// with 2¹¹², which is exact.
@inline(__always)
private func float32(fromHalfBits half: UInt16) -> Float {
  let sign = UInt32(half & 0x8000) << 16
  let magnitude = UInt32(half & 0x7FFF) << 13
  let scaled = (Float(bitPattern: magnitude) * 0x1p112).bitPattern
  // Exponent 31 is ∞ or NaN, which the multiplication would turn into a number.
  let special: UInt32 = magnitude >= 0x0F80_0000 ? 0x7F80_0000 : 0
  return Float(bitPattern: sign | scaled | special)
}
