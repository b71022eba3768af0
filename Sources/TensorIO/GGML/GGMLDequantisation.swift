/// Dequantises ggml blocks to Float32 with the operations and the order of ggml itself.
import TensorCore

/// The elements of `count / 32` blocks at the start of `source`.
///
/// Every value is `scale · quant (+ minimum)` in Float32, as ggml's `dequantize_row_*` computes it;
/// scales are Float16. NaN and ∞ in a scale spread over its block.
/// - Precondition: `source` holds all blocks; `count` is a multiple of the block's extent.
func dequantised(
  _ source: UnsafeRawBufferPointer, as type: GGMLType,
  into target: UnsafeMutableBufferPointer<Float>
) {
  let blocks = target.count / type.blockExtent
  for block in 0..<blocks {
    let bytes = UnsafeRawBufferPointer(
      rebasing: source[(block * type.blockBytes)..<((block + 1) * type.blockBytes)])
    let out = UnsafeMutableBufferPointer(
      rebasing: target[(block * type.blockExtent)..<((block + 1) * type.blockExtent)])
    switch type {
    case .f32: out[0] = bytes.loadUnaligned(as: Float.self)
    case .f16: out[0] = half(bytes, 0)
    case .q4_0: dequantiseQ4(bytes, out, minimumOffset: nil)
    case .q4_1: dequantiseQ4(bytes, out, minimumOffset: 2)
    case .q5_0: dequantiseQ5(bytes, out, minimumOffset: nil)
    case .q5_1: dequantiseQ5(bytes, out, minimumOffset: 2)
    case .q8_0:
      let scale = half(bytes, 0)
      for i in 0..<32 { out[i] = Float(Int8(bitPattern: bytes[2 + i])) * scale }
    }
  }
}

private func half(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> Float {
  Float(Float16(bitPattern: bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self)))
}

/// q4_0: scale, 16 bytes of nibbles, value = (nibble − 8)·scale. q4_1: scale, minimum, nibbles,
/// value = nibble·scale + minimum. The low nibbles are the first 16 values.
private func dequantiseQ4(
  _ bytes: UnsafeRawBufferPointer, _ out: UnsafeMutableBufferPointer<Float>, minimumOffset: Int?
) {
  let scale = half(bytes, 0)
  let start = minimumOffset == nil ? 2 : 4
  let minimum = minimumOffset.map { half(bytes, $0) }
  for i in 0..<16 {
    let byte = bytes[start + i]
    out[i] = value(Int(byte & 0x0F), scale, minimum, centre: 8)
    out[i + 16] = value(Int(byte >> 4), scale, minimum, centre: 8)
  }
}

/// As `dequantiseQ4`, with the fifth bits of all 32 values in a 32-bit word before the nibbles.
private func dequantiseQ5(
  _ bytes: UnsafeRawBufferPointer, _ out: UnsafeMutableBufferPointer<Float>, minimumOffset: Int?
) {
  let scale = half(bytes, 0)
  let highOffset = minimumOffset == nil ? 2 : 4
  let minimum = minimumOffset.map { half(bytes, $0) }
  let high = UInt32(
    littleEndian: bytes.loadUnaligned(fromByteOffset: highOffset, as: UInt32.self))
  for i in 0..<16 {
    let byte = bytes[highOffset + 4 + i]
    let low = Int(byte & 0x0F) | Int((high >> UInt32(i)) & 1) << 4
    let upper = Int(byte >> 4) | Int((high >> UInt32(i + 16)) & 1) << 4
    out[i] = value(low, scale, minimum, centre: 16)
    out[i + 16] = value(upper, scale, minimum, centre: 16)
  }
}

@inline(__always)
private func value(_ quant: Int, _ scale: Float, _ minimum: Float?, centre: Int) -> Float {
  // Two roundings, product then sum: ggml's C code does not fuse them either.
  if let minimum { return Float(quant) * scale + minimum }
  return Float(quant - centre) * scale
}
