/// The vector of the `avx2` loops: an AVX2 register.
typealias Vector = SIMD4<Double>
typealias IntegerVector = SIMD4<Int64>

/// a·b + c with one rounding.
@inline(__always)
func multiplyAdd(_ a: Vector, _ b: Vector, _ c: Vector) -> Vector { c.addingProduct(a, b) }
