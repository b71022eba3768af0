/// Squares of four by four, rows for columns: what packing is made of.

/// Four rows of four that lie `stride` apart, written as columns of rows that lie `targetStride` apart.
/// Bits are moved as they are, whatever they stand for.
@inline(__always)
func transposeSquare(
  _ source: UnsafePointer<Float>, stride: Int, to target: UnsafeMutablePointer<Float>,
  targetStride: Int
) {
  let a = loadFour(source)
  let b = loadFour(source + stride)
  let c = loadFour(source + 2 * stride)
  let d = loadFour(source + 3 * stride)
  storeFour(SIMD4(a[0], b[0], c[0], d[0]), target)
  storeFour(SIMD4(a[1], b[1], c[1], d[1]), target + targetStride)
  storeFour(SIMD4(a[2], b[2], c[2], d[2]), target + 2 * targetStride)
  storeFour(SIMD4(a[3], b[3], c[3], d[3]), target + 3 * targetStride)
}

@inline(__always)
private func loadFour(_ address: UnsafePointer<Float>) -> SIMD4<UInt32> {
  UnsafeRawPointer(address).loadUnaligned(as: SIMD4<UInt32>.self)
}

@inline(__always)
private func storeFour(_ words: SIMD4<UInt32>, _ address: UnsafeMutablePointer<Float>) {
  UnsafeMutableRawPointer(address).storeBytes(of: words, as: SIMD4<UInt32>.self)
}
