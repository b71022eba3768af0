/// The vector that this instruction set computes with: a ymm register.

import CProcessor

typealias Vector = SIMD8<Float>
typealias HalfVector = SIMD4<Float>
/// A register of Float64: half a vector's elements.
typealias Doubles = SIMD4<Double>
typealias IntegerVector = SIMD8<Int32>

/// The larger of both; NaN where `value` is NaN.
@inline(__always)
func larger(_ bound: Vector, _ value: Vector) -> Vector { encoder_diff_max8(bound, value) }
