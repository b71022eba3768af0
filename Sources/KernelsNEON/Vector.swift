/// The vector that this instruction set computes with: a q register.
typealias Vector = SIMD4<Float>
typealias HalfVector = SIMD2<Float>
/// A register of Float64: half a vector's elements.
typealias Doubles = SIMD2<Double>
typealias IntegerVector = SIMD4<Int32>

/// The larger of both; NaN where `value` is NaN.
@inline(__always)
func larger(_ bound: Vector, _ value: Vector) -> Vector {
  value.replacing(with: bound, where: bound .> value)
}
