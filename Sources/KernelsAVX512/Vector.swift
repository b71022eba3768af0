/// The vector that this instruction set computes with: a zmm register.

import CProcessor

typealias Vector = SIMD16<Float>
typealias HalfVector = SIMD8<Float>
/// A register of Float64: half a vector's elements.
typealias Doubles = SIMD8<Double>
typealias IntegerVector = SIMD16<Int32>

/// The larger of both; NaN where `value` is NaN.
@inline(__always)
func larger(_ bound: Vector, _ value: Vector) -> Vector { encoder_diff_max16(bound, value) }
