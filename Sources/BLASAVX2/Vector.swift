/// The vector of the `avx2` loops: a vector register of the instruction set.
typealias Vector = SIMD8<Float>
typealias IntegerVector = SIMD8<Int32>

/// a·b + c with one rounding.
@inline(__always)
func multiplyAdd(_ a: Vector, _ b: Vector, _ c: Vector) -> Vector { c.addingProduct(a, b) }
