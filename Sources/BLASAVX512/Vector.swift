/// The vector of the `avx512` loops: a vector register of the instruction set.
typealias Vector = SIMD16<Float>
typealias IntegerVector = SIMD16<Int32>

/// a·b + c with one rounding.
@inline(__always)
func multiplyAdd(_ a: Vector, _ b: Vector, _ c: Vector) -> Vector { c.addingProduct(a, b) }
