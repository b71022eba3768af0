/// The vector of the `portable` loops: a vector register of the instruction set.
typealias Vector = SIMD4<Float>
typealias IntegerVector = SIMD4<Int32>

/// a·b + c with two roundings: not every processor has the one instruction.
@inline(__always)
func multiplyAdd(_ a: Vector, _ b: Vector, _ c: Vector) -> Vector { a * b + c }
