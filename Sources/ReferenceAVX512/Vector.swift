/// The vector of the `avx512` loops: an AVX-512 register.
typealias Vector = SIMD8<Double>
typealias IntegerVector = SIMD8<Int64>

/// a·b + c with one rounding.
@inline(__always)
func multiplyAdd(_ a: Vector, _ b: Vector, _ c: Vector) -> Vector { c.addingProduct(a, b) }
