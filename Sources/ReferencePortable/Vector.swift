/// The vector of the `portable` loops: what every processor has.
typealias Vector = SIMD2<Double>
typealias IntegerVector = SIMD2<Int64>

/// a·b + c; fused only where every processor of the architecture can.
@inline(__always)
func multiplyAdd(_ a: Vector, _ b: Vector, _ c: Vector) -> Vector {
  #if arch(x86_64)
    a * b + c
  #else
    c.addingProduct(a, b)
  #endif
}
